"""Stored fields that follow from others of their document: filled in where they are missing or out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from app.credentials.keys import hash_key, valid_until
from app.entities.credential import Credential, CredentialKey
from app.entities.metadata import app_ids
from app.entities.subscriber import Subscriber, SubscriberKind, name_key
from app.entities.values import AppDocument, AppId
from app.graph.documents import from_document, stored_fields
from app.graph.edges import LIVE
from app.graph.record import Record, stored_records
from app.graph.search_texts import SEARCH_PARTS, SEARCH_TEXTS, search_fields
from app.mongo.client import Doc, Store
from app.mongo.migrations import change_documents
from app.organizations.domains import domain_of
from app.organizations.duplicates import NEEDED, match_keys


async def replace_null_app_metadata(store: Store) -> int:
    """No documents of apps are an empty list, never null."""
    changed = 0
    for record in records_with("appMetadata"):
        query = {"appMetadata": {"$type": "null"}}
        changed += await change_documents(store, record.collection, query, lambda _: {"appMetadata": []}, ())
    return changed


async def fill_app_ids(store: Store) -> int:
    """`appIds` hold the ids in the documents of known apps, and those that merges have added."""
    changed = 0
    for record in records_with("appIds"):
        changed += await change_documents(store, record.collection, {}, missing_app_ids, ("appMetadata", "appIds"))
    return changed


def missing_app_ids(doc: Doc) -> Doc:
    """The app ids of a document, if it has others."""
    rows = tuple(AppDocument(app=row["app"], data=row["data"]) for row in doc.get("appMetadata") or ())
    kept = [AppId(name=row["name"], value=row["value"]) for row in doc.get("appIds") or ()]
    return differing(doc, {"appIds": [{"name": each.name, "value": each.value} for each in app_ids(rows, kept)]})


async def fill_match_keys(store: Store) -> int:
    """`matchKeys` of live organizations are those by which their duplicates are found."""
    return await change_documents(
        store, "organizations", LIVE, lambda doc: differing(doc, {"matchKeys": match_keys(doc)}), (*NEEDED, "matchKeys")
    )


async def fill_subscribers(store: Store) -> int:
    """Subscribers have a kind, and the domain of their e-mail address."""
    shown = ("emailKey", "emailDomain", "kind")
    return await change_documents(store, Subscriber.collection, {}, subscriber_fields, shown)


def subscriber_fields(doc: Doc) -> Doc:
    """What a subscriber lacks."""
    kind = doc.get("kind") or SubscriberKind.PERSON.value
    return differing(doc, {"emailDomain": domain_of(doc["emailKey"]), "kind": kind})


async def fill_name_keys(store: Store) -> int:
    """Subscribers have a sort key of their names."""
    shown = ("firstName", "lastName", "nameKey")
    return await change_documents(store, Subscriber.collection, {}, missing_name_key, shown)


def missing_name_key(doc: Doc) -> Doc:
    """The sort key of a subscriber, if it is another."""
    return differing(doc, {"nameKey": name_key(doc.get("lastName"), doc.get("firstName"))})


async def fill_key_hashes(store: Store) -> int:
    """Credentials are found by the hashes of their keys, too."""
    return await change_documents(store, Credential.collection, {}, missing_key_hashes, ("keys", "keyHashes"))


def missing_key_hashes(doc: Doc) -> Doc:
    """The hashes of a credential's keys, if it has others."""
    return differing(doc, {"keyHashes": [hash_key(key["value"]) for key in doc["keys"]]})


async def fill_validity(store: Store) -> int:
    """Credentials say until when the last of their keys works."""
    return await change_documents(store, Credential.collection, {}, missing_validity, ("keys", "validUntil"))


def missing_validity(doc: Doc) -> Doc:
    """Until when a credential works, if that is not stored yet."""
    until = valid_until([from_document(CredentialKey, key) for key in doc["keys"]])
    return {} if "validUntil" in doc and doc["validUntil"] == until else {"validUntil": until}


async def fill_search_fields(store: Store) -> int:
    """What search goes by follows from the names and identifiers of each record, of deleted ones too."""
    changed = 0
    for record in stored_records().values():
        if searched := record.searched:
            shown = (*searched, SEARCH_TEXTS, SEARCH_PARTS)
            change = partial(missing_search_fields, searched=searched)
            changed += await change_documents(store, record.collection, {}, change, shown)
    return changed


def missing_search_fields(doc: Doc, searched: Sequence[str]) -> Doc:
    """What search goes by that a document has otherwise."""
    return differing(doc, search_fields(doc, searched))


def differing(doc: Doc, fields: Mapping[str, object]) -> Doc:
    """Those of the fields that a document does not have as they are given."""
    return {name: value for name, value in fields.items() if doc.get(name) != value}


def records_with(field: str) -> Sequence[type[Record]]:
    """The stored records that have a stored field of that name."""
    return [record for record in stored_records().values() if field in stored_fields(record)]
