"""Upserts: what another system owns is made, changed or left alone, and the payload says which."""

from __future__ import annotations

from typing import Any

import pytest

from app.mongo.client import Store
from tests.asking import ask
from tests.commands import Commands
from tests.writing.doing import WHOLE, do, done, everything, made_of_each

SHOWN = {
    "Organization": "organization { id name externalId aliases description version parent { externalId } }",
    "Subscriber": "subscriber { id email subscriberId firstName version organization { externalId } }",
    "Credential": "credential { id credentialId name tags version subscriber { email } }",
}
CHANGES = "result changes { field before after }"
KEYS: dict[str, dict[str, Any]] = {
    "Organization": {"externalId": "acme"},
    "Subscriber": {"email": "c@x.com"},
    "Credential": {"credentialId": "k"},
}
CHANGED: dict[str, dict[str, Any]] = {
    "Organization": {"description": "d"},
    "Subscriber": {"firstName": "Carol"},
    "Credential": {"tags": ["prod"]},
}


async def upsert(store: Store, kind: str, **given: Any) -> Any:
    """The payload of an upsert that was not refused."""
    return await done(store, f"upsert{kind}", f"{SHOWN[kind]} {CHANGES}", **given)


async def wrong(store: Store, kind: str, **given: Any) -> list[tuple[str, str]]:
    """(path, code) of everything that an upsert is refused for; nothing is stored."""
    before = await everything(store)
    payload = await do(store, f"upsert{kind}", CHANGES, **given)
    assert (payload["result"], payload["changes"]) == (None, [])
    assert await everything(store) == before
    return [(".".join(each["field"]), each["code"]) for each in payload["userErrors"]]


@pytest.mark.parametrize("kind", SHOWN)
async def test_it_is_created_then_unchanged_then_changed(store: Store, kind: str) -> None:
    await made_of_each(store)
    whole = {**WHOLE[kind], "externalId": "new", "email": "new@x.com", "credentialId": "new"}
    whole = {name: value for name, value in whole.items() if name in WHOLE[kind]}
    created = await upsert(store, kind, **whole)
    field = kind.lower()
    assert (created["result"], created[field]["version"]) == ("CREATED", 1)
    assert {each["before"] for each in created["changes"] if not isinstance(each["before"], (list, dict))} == {None}
    before = await everything(store)
    again = await upsert(store, kind, **whole)
    assert (again["result"], again["changes"], again[field]) == ("UNCHANGED", [], created[field])
    assert await everything(store) == before, "nothing is written, not even a time"
    [(name, value)] = CHANGED[kind].items()
    changed = await upsert(store, kind, **whole, **CHANGED[kind])
    assert (changed["result"], changed[field]["version"], changed[field]["id"]) == ("CHANGED", 2, created[field]["id"])
    assert changed["changes"] == [{"field": name, "before": [] if name == "tags" else None, "after": value}]
    entry = await store["auditEntries"].find_one({"recordId": created[field]["id"], "recordVersion": 2})
    assert entry is not None
    assert entry["operation"] == f"upsert{kind}"


@pytest.mark.parametrize("kind", SHOWN)
async def test_what_is_left_out_is_left_alone_and_null_clears(store: Store, kind: str) -> None:
    await made_of_each(store)
    field, [(name, value)] = kind.lower(), CHANGED[kind].items()
    await upsert(store, kind, **KEYS[kind], **CHANGED[kind])
    kept = await upsert(store, kind, **KEYS[kind])
    assert (kept["result"], kept[field][name]) == ("UNCHANGED", value)
    cleared = await upsert(store, kind, **KEYS[kind], **{name: None})
    assert (cleared["result"], cleared[field][name]) == ("CHANGED", [] if name == "tags" else None)


@pytest.mark.parametrize("kind", SHOWN)
async def test_a_dry_run_says_what_would_be_and_writes_nothing(store: Store, kind: str) -> None:
    await made_of_each(store)
    before, field = await everything(store), kind.lower()
    new = {name: f"new{value}" for name, value in KEYS[kind].items()}
    for key, result in ((KEYS[kind], "CHANGED"), (new, "CREATED")):
        rest = {name: value for name, value in WHOLE[kind].items() if name not in key}
        found = await upsert(store, kind, **rest, **key, **CHANGED[kind], dryRun=True, idempotencyKey="k")
        assert (found["result"], found[field] is None) == (result, result == "CREATED")
        assert next(iter(CHANGED[kind])) in {each["field"] for each in found["changes"]}
    assert await everything(store) == before


async def test_a_new_one_needs_what_every_new_one_needs_and_all_is_told_at_once(store: Store) -> None:
    assert await wrong(store, "Organization", externalId="new", timezone="Mars", parent={"externalId": "none"}) == [
        ("timezone", "INVALID_TIMEZONE"),
        ("name", "REQUIRED"),
        ("parent.externalId", "NOT_FOUND"),
    ]
    assert await wrong(store, "Credential", credentialId="new") == [("name", "REQUIRED"), ("subscriber", "REQUIRED")]
    assert await wrong(store, "Subscriber", firstName="Carol") == [("", "REQUIRED")]
    assert await wrong(store, "Subscriber", subscriberId="new") == [("email", "REQUIRED")]


async def test_an_organization_is_found_by_an_alias_which_stays_one(store: Store) -> None:
    await done(store, "createOrganization", name="Acme", externalId="acme")
    await done(store, "createOrganization", name="Acme Inc", externalId="acme-2")
    sources = [{"externalId": "acme-2"}]
    await done(store, "mergeOrganizations", "organization { id }", target={"externalId": "acme"}, sources=sources)
    found = await upsert(store, "Organization", externalId="acme-2", name="Acme")
    assert (found["result"], found["organization"]["externalId"]) == ("UNCHANGED", "acme")
    renamed = await upsert(store, "Organization", externalId="acme-2", name="Acme Corp")
    assert (renamed["organization"]["externalId"], renamed["organization"]["aliases"]) == ("acme", ["acme-2"])


async def test_another_parent_moves_by_the_rules_of_moves(store: Store) -> None:
    for name in ("a", "b"):
        await upsert(store, "Organization", externalId=name, name=name)
    moved = await upsert(store, "Organization", externalId="a", parent={"externalId": "b"})
    assert (moved["result"], moved["organization"]["parent"]) == ("CHANGED", {"externalId": "b"})
    assert (await upsert(store, "Organization", externalId="a", parent={"externalId": "b"}))["result"] == "UNCHANGED"
    assert await wrong(store, "Organization", externalId="b", parent={"externalId": "a"}) == [("parent", "CYCLE")]


async def test_a_subscriber_is_found_by_either_key_and_the_other_changes(store: Store) -> None:
    await upsert(store, "Subscriber", email="c@x.com", subscriberId="c")
    await upsert(store, "Subscriber", email="d@x.com", subscriberId="d")
    moved = await upsert(store, "Subscriber", email="carol@x.com", subscriberId="c")
    assert (moved["result"], moved["subscriber"]["email"]) == ("CHANGED", "carol@x.com")
    assert await wrong(store, "Subscriber", email="carol@x.com", subscriberId="d") == [("", "SUBSCRIBER_MISMATCH")]


async def test_a_credential_is_found_by_a_former_key_and_the_same_secret_is_no_change(store: Store) -> None:
    await made_of_each(store)
    await done(store, "rotateCredential", by={"credentialId": "k"}, credentialId="k2")
    found = await upsert(store, "Credential", credentialId="k", name="Key")
    assert (found["result"], found["credential"]["credentialId"]) == ("UNCHANGED", "k2")
    assert (await upsert(store, "Credential", credentialId="k2", externalSecret="s"))["result"] == "CHANGED"
    assert (await upsert(store, "Credential", credentialId="k2", externalSecret="s"))["result"] == "UNCHANGED"
    changed = await upsert(store, "Credential", credentialId="k2", externalSecret="t", validFrom="2026-01-01T00:00:00Z")
    assert changed["result"] == "CHANGED"
    assert "t" not in str(changed["changes"]).replace("externalSecret", "").split()


async def test_a_deleted_one_is_made_anew(store: Store) -> None:
    first = await upsert(store, "Organization", externalId="acme", name="Acme")
    await done(store, "deleteOrganization", by={"externalId": "acme"})
    second = await upsert(store, "Organization", externalId="acme", name="Acme")
    assert second["result"] == "CREATED"
    assert second["organization"]["id"] != first["organization"]["id"]


async def test_a_retry_with_its_key_is_answered_as_the_first_time(store: Store) -> None:
    given = {"externalId": "acme", "name": "Acme", "idempotencyKey": "night-1"}
    first = await upsert(store, "Organization", **given)
    assert await upsert(store, "Organization", **given) == first


async def test_an_unchanged_record_costs_reads_alone(store: Store, commands: Commands) -> None:
    await upsert(store, "Organization", externalId="acme", name="Acme")
    with commands.counting() as sent:
        answer = await ask(
            store, 'mutation { upsertOrganization(input: {externalId: "acme", name: "Acme"}) { result } }'
        )
    assert answer.data["upsertOrganization"]["result"] == "UNCHANGED"
    assert {name for name, _ in sent.seen} <= {"find", "aggregate", "commitTransaction"}
    assert len(sent.seen) <= 3


@pytest.mark.parametrize("kind", SHOWN)
async def test_a_changed_record_costs_as_much_as_an_update_of_it(store: Store, commands: Commands, kind: str) -> None:
    await made_of_each(store)
    [(field, value)] = CHANGED[kind].items()
    with commands.counting() as sent:
        await done(store, f"update{kind}", "userErrors { code }", by=KEYS[kind], **{field: value})
    by_update = sorted(name for name, _ in sent.seen)
    other = {"description": "e", "firstName": "Carla", "tags": ["test"]}[field]
    with commands.counting() as sent:
        payload = await done(store, f"upsert{kind}", "result", **KEYS[kind], **{field: other})
    assert payload == "CHANGED"
    assert sorted(name for name, _ in sent.seen) == by_update


async def test_a_dry_run_of_a_move_writes_nothing_either(store: Store) -> None:
    for name in ("a", "b", "c"):
        await upsert(store, "Organization", externalId=name, name=name)
    await upsert(store, "Organization", externalId="c", parent={"externalId": "b"})
    before = await everything(store)
    given = {"externalId": "c", "parent": {"externalId": "a"}}
    assert (await upsert(store, "Organization", **given, dryRun=True))["result"] == "CHANGED"
    assert await everything(store) == before, "not even the lock of the tree"
