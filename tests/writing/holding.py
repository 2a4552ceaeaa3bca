"""What holds of the whole database between any two mutations."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from app.entities.identifiers import UNCLASSIFIED_ID
from app.graph.record import stored_records
from app.graph.search_texts import search_fields
from app.mongo.client import Doc
from app.organizations.duplicates import match_keys
from app.writing.audit import told

Everything = dict[str, list[Doc]]
Key = tuple[str, str]

SWEPT = {"organizationId", "parentId", "payerId", "mergedIntoId"}
"""What a move or merge changes beyond version and audit, in records below."""


def check(stored: Everything) -> None:
    """All of it."""
    records = {doc["_id"]: doc for each in stored_records().values() for doc in stored.get(each.collection, [])}
    check_tree(stored["organizations"], records)
    check_ownership(stored, records)
    check_keys(stored, records)
    check_history(stored, records)
    check_search(stored)
    assert [each["deletedAt"] for each in stored["billingProfiles"] if each["isDefault"]] == [None]


def check_tree(organizations: list[Doc], records: dict[str, Doc]) -> None:
    """Ancestors are the chain of parents; a payer is itself or one of them, in the same currency."""
    for doc in organizations:
        if doc["deletedAt"]:
            continue
        chain: list[str] = []
        at = doc
        while at["parentId"] and len(chain) < 200:
            at = records[at["parentId"]]
            assert at["deletedAt"] is None, f"{doc['_id']} stands below the deleted {at['_id']}"
            chain.insert(0, at["_id"])
        assert doc["ancestorIds"] == chain, doc["_id"]
        assert doc["payerId"] in (doc["_id"], *chain), doc["_id"]
        assert records[doc["payerId"]]["currency"] == doc["currency"], doc["_id"]
        assert doc["matchKeys"] == list(match_keys(doc)), doc["_id"]
        terms = doc["payerTerms"]
        assert terms == sorted(terms, key=lambda each: each["validFrom"]), doc["_id"]
        for each in doc["mergedIds"]:
            assert records[each]["mergedIntoId"] == doc["_id"], each


def check_search(stored: Everything) -> None:
    """Every live record is stored with what search goes by."""
    for record in stored_records().values():
        for doc in stored.get(record.collection, []):
            if doc["deletedAt"] is None and doc["_id"] != UNCLASSIFIED_ID:
                wanted = search_fields(doc, record.searched)
                assert {name: doc.get(name) for name in wanted} == wanted, doc["_id"]


def check_ownership(stored: Everything, records: dict[str, Doc]) -> None:
    """Nothing that is live hangs below what is not; a subscription covers its credentials."""
    assert all(doc["emailDomain"] == doc["emailKey"].rpartition("@")[2] for doc in stored.get("subscribers", []))
    links = ("organizationId", "subscriberId", "subscriptionId", "planId", "billingProfileId", "parentId", "payerId")
    for collection in ("organizations", "subscribers", "credentials", "usageAttributes", "subscriptions"):
        for doc in stored.get(collection, []):
            for name in links if doc["deletedAt"] is None else ():
                if name == "subscriberId" and collection == "subscribers":
                    continue
                if (name, collection) == ("planId", "subscriptions") and doc["status"] == "ENDED":
                    continue
                if (name, collection) == ("organizationId", "subscriptions") and doc["status"] == "ENDED":
                    continue
                if target := doc.get(name):
                    assert records[target]["deletedAt"] is None, f"{doc['_id']}.{name}: {target} is deleted"
    for doc in stored.get("credentials", []):
        if doc["deletedAt"] is None and doc["subscriptionId"]:
            own = records[doc["organizationId"]]
            over = records[doc["subscriptionId"]]["organizationId"]
            assert over in (own["_id"], *own["ancestorIds"]), doc["_id"]


def check_keys(stored: Everything, records: dict[str, Doc]) -> None:
    """Each claim is one that a record has, and each record has all of its claims."""
    claims: dict[Key, tuple[str, str]] = {}
    for row in stored["keys"]:
        assert (row["namespace"], row["key"]) not in claims
        claims[row["namespace"], row["key"]] = row["recordId"], row["field"]
    needed, allowed = expected(stored, records)
    for key, claim in needed.items():
        assert claims.get(key) == claim, f"{key} should find {claim}, and finds {claims.get(key)}"
    for key, claim in claims.items():
        assert needed.get(key) == claim or claim in allowed[key], f"{key} finds {claim}"
    for doc in stored.get("credentials", []):
        for key in doc["keys"]:
            assert ("credentialKey", key["value"]) in claims, f"{key['value']} of {doc['_id']} is free"


def expected(
    stored: Everything, records: dict[str, Doc]
) -> tuple[dict[Key, tuple[str, str]], dict[Key, set[tuple[str, str]]]]:
    """The claims that there must be, and those that there may be besides."""
    needed: dict[Key, tuple[str, str]] = {}
    allowed: dict[Key, set[tuple[str, str]]] = defaultdict(set)
    for collection in (
        "organizations",
        "subscribers",
        "credentials",
        "usageAttributes",
        "subscriptions",
        "plans",
        "invoices",
    ):
        for doc in stored.get(collection, []):
            for namespace, key, field in claims_of(collection, doc):
                if doc["deletedAt"] is None:
                    assert (namespace, key) not in needed, f"{key} is had by two"
                    needed[namespace, key] = doc["_id"], field
                elif namespace == "credentialKey":
                    allowed[namespace, key].add((doc["_id"], field))
                elif doc.get("mergedIntoId") and namespace.startswith("app:"):
                    allowed[namespace, key].add((doc["mergedIntoId"], field))
    return needed, allowed


def claims_of(collection: str, doc: Doc) -> list[tuple[str, str, str]]:
    """(namespace, key, field) of a record, as the domain has them."""
    found: list[tuple[str, str, str]] = []
    match collection:
        case "organizations":
            found += [("customer", each, "id") for each in (doc["_id"], *doc["mergedIds"])]
            found += [("customer", each, "aliases") for each in doc["aliases"]]
            found += [("customer", doc["externalId"], "externalId")] if doc["externalId"] else []
        case "subscribers":
            found += [("email", doc["emailKey"], "email"), ("subscriberId", doc["subscriberId"], "subscriberId")]
        case "credentials":
            found += [("credentialKey", key["value"], "keys") for key in doc["keys"]]
        case "usageAttributes":
            found += [("customer", doc["key"], "key")]
        case "subscriptions":
            found += [("subscription", doc["externalId"], "externalId")]
        case "plans":
            found += [("planKey", doc["key"], "key")]
        case "invoices":
            found += [("invoiceNumber", doc["number"], "number")]
    for row in doc.get("appMetadata", ()):
        found += [("app:stripe", row["data"]["customerId"], "appMetadata")] if row["app"] == "stripe" else []
    return found


def check_history(stored: Everything, records: dict[str, Doc]) -> None:
    """A record has an audit entry for each of its versions, and they come to what it is."""
    counts, last = Counter[str](), dict[tuple[str, str], Any]()
    begun = set()
    for entry in sorted(stored.get("auditEntries", []), key=lambda each: str(each["_id"])):
        counts[entry["recordId"]] += 1
        begun |= {entry["recordId"]} if entry["action"] == "CREATED" else set()
        for change in entry["changes"]:
            place = entry["recordId"], change["field"]
            if place in last and change["field"] not in SWEPT:
                assert change["before"] == last[place], f"{place}: {change['before']} was {last[place]}"
            last[place] = change["after"]
    for record_id, count in counts.items():
        doc = records[record_id]
        assert doc["version"] == count + (record_id not in begun), record_id
        for name, value in doc.items():
            if (record_id, name) in last and name not in SWEPT:
                assert told(value) == last[record_id, name], (record_id, name)
    assert "hush" not in repr(stored), "a secret is readable"
