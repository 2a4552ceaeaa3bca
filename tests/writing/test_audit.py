"""The audit trail: one entry for each record that a write concerned, and never a secret."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.access.viewer import LOCAL_ADMIN, Everything, Scope, Viewer
from app.entities.audit_entry import AuditAction, AuditChange, AuditEntry
from app.entities.identifiers import Identifiers
from app.graph.documents import from_document, stored_fields, to_document
from app.mongo.client import Client, Doc, Store
from app.writing.audit import Author, entry
from tests.asking import ask, data
from tests.commands import Commands
from tests.records import EPOCH, NOW
from tests.writing.doing import WHOLE, done, everything, made_of_each, refused, send

ENTRY = "actor operation action recordId version createdAt changes { field before after }"
CANARY = "canary-5a1c0ffee"


async def log(store: Store, **narrowed: Any) -> list[Any]:
    """The audit log, the oldest entry first."""
    query = f"query Q($filter: AuditEntryFilter) {{ auditLog(filter: $filter) {{ nodes {{ {ENTRY} }} }} }}"
    found = (await data(store, query, filter=narrowed or None))["auditLog"]["nodes"]
    return list(found)


def changes(entry: Any) -> dict[str, tuple[Any, Any]]:
    """Field → (before, after)."""
    return {each["field"]: (each["before"], each["after"]) for each in entry["changes"]}


async def test_who_did_what_and_each_field_before_and_after(store: Store) -> None:
    given = {"name": "Acme", "externalId": "acme", "billing": {"city": "Berlin"}, "associatedDomains": ["acme.com"]}
    carol = Viewer(id="carol", scopes=frozenset(Scope), reach=Everything())
    made = (await send(store, "createOrganization", given, viewer=carol)).data["createOrganization"]["organization"]
    by = {"id": made["id"]}
    await done(store, "updateOrganization", by=by, name="B", externalId=None, billing={"city": None}, currency="EUR")
    await done(store, "updateOrganization", by=by, name="B")
    await done(store, "deleteOrganization", by=by)
    await done(store, "restoreOrganization", **by)
    entries = await log(store, recordId={"equals": made["id"]})
    created, deleted, restored, updated = sorted(entries, key=lambda each: str(each["action"]))
    own = {"recordId": made["id"], "createdAt": "2026-06-15T12:00:00.000Z", "version": 1}
    assert created == created | own | {"actor": "carol", "operation": "createOrganization", "action": "CREATED"}
    told = changes(created)
    assert told["name"] == (None, "Acme")
    assert told["billing"][1]["city"] == "Berlin"
    assert told["associatedDomains"] == (None, ["acme.com"])
    assert {"id", "version", "createdAt", "ancestorIds", "description", "aliases"}.isdisjoint(told)
    assert updated == updated | own | {"actor": "local-admin", "operation": "updateOrganization", "action": "UPDATED"}
    assert changes(updated) == changes(updated) | {
        "name": ("Acme", "B"),
        "externalId": ("acme", None),
        "currency": ("USD", "EUR"),
        "formerNames": ([], ["Acme"]),
    }
    assert set(changes(updated)) == {"name", "externalId", "currency", "formerNames", "billing"}
    assert (deleted["action"], restored["action"]) == ("DELETED", "RESTORED")
    assert changes(deleted) == {"deletedAt": (None, "2026-06-15T12:00:00.000Z")}
    assert changes(restored) == {"deletedAt": ("2026-06-15T12:00:00.000Z", None)}


async def test_every_record_that_a_mutation_concerned_has_an_entry(store: Store) -> None:
    ids = await made_of_each(store)
    await done(store, "updateSubscriber", by={"id": ids["Subscriber"]}, organization={"id": "org_unclassified"})
    await done(store, "updateBillingProfile", by={"id": ids["BillingProfile"]}, isDefault=True)
    for operation, concerned in (
        ("updateSubscriber", {ids["Subscriber"], ids["Credential"]}),
        ("updateBillingProfile", {ids["BillingProfile"], "bpr_default"}),
    ):
        entries = await log(store, operation={"equals": operation})
        assert {each["recordId"] for each in entries} == concerned
        assert len(entries) == len(concerned)


@pytest.mark.parametrize("kind", WHOLE)
async def test_every_record_has_a_history(store: Store, kind: str) -> None:
    ids = await made_of_each(store)
    of_type = "PlanSubscription" if kind == "Subscription" else kind
    query = (
        f"query Q($id: ID!) {{ node(id: $id) {{ ... on {of_type} {{ history {{ nodes {{ action recordId }} }} }} }} }}"
    )
    found = await data(store, query, id=ids[kind])
    assert found["node"]["history"]["nodes"] == [{"action": "CREATED", "recordId": ids[kind]}]
    blind = Viewer(id="x", scopes=LOCAL_ADMIN.scopes - {Scope.AUDIT}, reach=Everything())
    answer = await ask(store, query, id=ids[kind], viewer=blind)
    assert (answer.data["node"]["history"], answer.codes) == (None, {"node.history": "FORBIDDEN"})
    assert (await ask(store, "{ auditLog { totalCount } }", viewer=blind)).codes == {"auditLog": "FORBIDDEN"}


async def test_the_log_is_narrowed_and_ordered(store: Store) -> None:
    ids = await made_of_each(store)
    whole = await log(store)
    assert len(whole) == len(WHOLE)
    for narrowed, count in (
        ({"recordId": {"equals": ids["Plan"]}}, 1),
        ({"actor": {"equals": "local-admin"}}, len(WHOLE)),
        ({"actor": {"equals": "nobody"}}, 0),
        ({"operation": {"in": ["createPlan", "createFeature"]}}, 2),
        ({"action": {"equals": "CREATED"}}, len(WHOLE)),
        ({"action": {"equals": "DELETED"}}, 0),
        ({"createdAt": {"gt": "2026-06-15T12:00:00.000Z"}}, 0),
    ):
        assert len(await log(store, **narrowed)) == count, narrowed


async def test_a_refused_or_forbidden_mutation_leaves_nothing(store: Store) -> None:
    await made_of_each(store)
    before = await everything(store)
    for kind, given in WHOLE.items():
        if kind != "BillingProfile":
            await refused(store, f"create{kind}", **given)
        powerless = Viewer(id="x", scopes=frozenset(), reach=Everything())
        answer = await send(store, f"create{kind}", given, viewer=powerless)
        assert set(answer.codes.values()) == {"FORBIDDEN"}
        await refused(store, f"delete{kind}", by={"id": "org_1" if kind != "Organization" else "sbr_1"})
    assert await everything(store) == before


async def test_no_secret_is_anywhere(store: Store, client: Client) -> None:
    """Not in a record, the audit trail, an idempotency row, an error, nor what MongoDB writes of it."""
    await made_of_each(store)
    secret: dict[str, Any] = {"externalSecret": CANARY, "idempotencyKey": CANARY[::-1]}
    given = {"name": "x", "credentialId": "k-1", "subscriber": {"email": "c@x.com"}}
    shown = (
        "credential { id name credentialId keys { value } appMetadata history { nodes { changes { field after } } } }"
    )
    payloads = [await done(store, "createCredential", shown, **given, **secret)]
    by = {"by": {"credentialId": "k-1"}}
    payloads += [await done(store, "rotateCredential", shown, credentialId="k-2", **by, **secret)]
    payloads += [await done(store, "updateCredential", shown, **by, **secret)]
    for _ in range(2):
        payloads += [await done(store, "updateCredential", shown, **by, externalSecret=CANARY + "2")]
    wrong = {"credentialId": "k-2", "externalSecret": CANARY * 500}
    answers = [await send(store, "createCredential", given | wrong), await send(store, "rotateCredential", by | wrong)]
    answers += [await send(store, "createCredential", given | {"externalSecret": [CANARY]})]
    assert "[secret]" in str(payloads)
    assert CANARY not in str(payloads)
    assert [CANARY in str((each.data, each.codes)) for each in answers] == [False] * 3
    documents = await everything(store)
    assert {"auditEntries", "idempotencyKeys", "credentials", "keys"} <= documents.keys()
    assert CANARY not in str(documents)
    assert CANARY.encode() not in b"".join(bytes(each) for each in sealed(documents))
    written = client["local"]["oplog.rs"].find({"ns": re.compile(rf"^{store.name}\.|^admin\.\$cmd$")})
    oplog = str(await written.to_list())
    assert "k-2" in oplog
    assert CANARY not in oplog


def sealed(documents: Any) -> list[bytes]:
    """Every byte string in them."""
    if isinstance(documents, dict):
        return [found for each in documents.values() for found in sealed(each)]
    if isinstance(documents, list):
        return [found for each in documents for found in sealed(each)]
    return [documents] if isinstance(documents, bytes) else []


async def test_an_entry_leads_to_its_record_whatever_it_is_in_one_read_a_kind(store: Store, commands: Commands) -> None:
    await done(store, "createOrganization", name="Acme", externalId="acme")
    for n in range(5):
        await done(store, "createSubscriber", email=f"s{n}@acme.com", organization={"externalId": "acme"})
    await done(store, "deleteSubscriber", by={"email": "s4@acme.com"})
    shown = "__typename ... on Subscriber { email deletedAt } ... on Organization { name }"
    with commands.counting() as sent:
        found = await data(store, f"{{ auditLog {{ nodes {{ action record {{ {shown} }} }} }} }}")
    assert sent.reads == 3
    records = [each["record"] for each in found["auditLog"]["nodes"]]
    assert records[0] == {"__typename": "Organization", "name": "Acme"}
    assert [each["deletedAt"] is None for each in records[1:]] == [True, True, True, True, False, False]


async def test_a_record_under_a_scope_that_a_viewer_lacks_is_null(store: Store) -> None:
    await done(store, "createOrganization", name="Acme")
    auditor = Viewer(id="auditor", scopes=frozenset({Scope.AUDIT}), reach=Everything())
    answer = await ask(store, "{ auditLog { nodes { action record { id } } } }", viewer=auditor)
    assert answer.data["auditLog"]["nodes"] == [{"action": "CREATED", "record": None}]
    assert answer.codes == {"auditLog.nodes.0.record": "FORBIDDEN"}


def test_an_entry_has_exactly_the_fields_of_its_record() -> None:
    after: Doc = {"_id": "org_1", "name": "Acme", "aliases": [], "payerId": None, "updatedAt": EPOCH, "version": 1}
    made = entry(Identifiers(EPOCH, "seed"), Author("a", "b"), AuditAction.CREATED, None, after)
    assert to_document(from_document(AuditEntry, made)) == made
    assert set(made) == set(stored_fields(AuditEntry))
    assert [set(change) for change in made["changes"]] == [set(stored_fields(AuditChange))]


async def test_a_history_tells_writes_in_their_order_within_a_millisecond_and_the_version_of_each(
    store: Store,
) -> None:
    """Whoever began first may be the last to write, and clocks differ: the version decides."""
    await done(store, "createOrganization", name="v1", externalId="acme")
    by = {"externalId": "acme"}
    for n, now in enumerate((NOW, NOW, NOW - timedelta(hours=1), NOW, NOW - timedelta(milliseconds=1)), 2):
        answer = await send(store, "updateOrganization", {"by": by, "name": f"v{n}"}, now=now)
        assert answer.data["updateOrganization"]["organization"]["version"] == n
    query = """{ organization(by: {externalId: "acme"}) { updatedAt
        history { nodes { createdAt recordVersion changes { field after } } } } }"""
    found = (await data(store, query))["organization"]
    names = [
        [change["after"] for change in entry["changes"] if change["field"] == "name"]
        for entry in found["history"]["nodes"]
    ]
    assert names == [[f"v{n}"] for n in range(1, 7)]
    assert [entry["recordVersion"] for entry in found["history"]["nodes"]] == [1, 2, 3, 4, 5, 6]
    assert {entry["createdAt"] for entry in found["history"]["nodes"]} == {found["updatedAt"]}
