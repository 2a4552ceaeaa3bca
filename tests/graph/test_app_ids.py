"""The ids that other systems have for a record find it: by key, in lists and in search, after a merge too."""

from __future__ import annotations

from typing import Any

import pytest

from app.http.explaining import Explainer
from app.mongo.client import Store
from tests.asking import Ask, Data
from tests.commands import Commands
from tests.graph.test_explain import explaining, plan_of
from tests.records import organization, save
from tests.writing.doing import do, done, made_of_each

__all__ = ["explaining"]

FIELDS = {"Organization": "name", "Subscriber": "email", "Credential": "name"}


def stripe(number: int) -> list[dict[str, Any]]:
    """The document that connects a record to a Stripe customer."""
    return [{"app": "stripe", "data": {"customerId": f"cus_{number}"}}]


@pytest.mark.parametrize("kind", FIELDS)
async def test_an_app_id_finds_its_record(store: Store, data: Data, ask: Ask, commands: Commands, kind: str) -> None:
    ids, field = await made_of_each(store), kind.lower()
    await done(store, f"update{kind}", by={"id": ids[kind]}, appMetadata=stripe(1))
    query = f'{{ {field}(by: {{app: {{name: "stripe", id: "cus_1"}}}}) {{ id appIds {{ name value }} }} }}'
    with commands.counting() as sent:
        found = (await data(store, query))[field]
    assert found == {"id": ids[kind], "appIds": [{"name": "stripe", "value": "cus_1"}]}
    assert sent.reads == 1
    listed = await data(
        store, f'{{ {field}s(filter: {{appIds: {{name: "stripe", id: "cus_1"}}}}) {{ nodes {{ id }} }} }}'
    )
    assert listed[f"{field}s"]["nodes"] == [{"id": ids[kind]}]
    searched = await data(store, '{ search(text: "cus_1") { nodes { id } } }')
    assert [each["id"] for each in searched["search"]["nodes"]] == [ids[kind]]
    by = {"app": {"name": "stripe", "id": "cus_1"}}
    renamed = await done(
        store, f"update{kind}", f"{field} {{ appIds {{ value }} version }}", by=by, appMetadata=stripe(2)
    )
    assert (renamed["appIds"], renamed["version"]) == ([{"value": "cus_2"}], 3)
    assert (await ask(store, query)).codes == {field: "NOT_FOUND"}
    missing = await do(store, f"update{kind}", by=by)
    assert [(each["field"], each["code"]) for each in missing["userErrors"]] == [(["by", "app"], "NOT_FOUND")]


@pytest.mark.parametrize("value", ['{name: "stripe", id: " "}', '{name: "", id: "x"}', '{name: "nobody", id: "cus_1"}'])
async def test_what_is_no_app_id_is_refused(store: Store, ask: Ask, value: str) -> None:
    answer = await ask(store, f"{{ organization(by: {{app: {value}}}) {{ id }} }}")
    assert set(answer.codes.values()) <= {"BAD_ARGUMENT", "NOT_FOUND"}
    assert answer.codes


async def test_after_a_merge_both_find_the_survivor_and_are_shown(store: Store, data: Data) -> None:
    for number, name in enumerate(("acme", "bolt"), 1):
        await done(store, "createOrganization", name=name, externalId=name, appMetadata=stripe(number))
    merged = {"target": {"externalId": "acme"}, "sources": [{"externalId": "bolt"}]}
    await done(store, "mergeOrganizations", "organization { id }", **merged)
    both = [{"name": "stripe", "value": "cus_1"}, {"name": "stripe", "value": "cus_2"}]
    for number in (1, 2):
        app = f'{{name: "stripe", id: "cus_{number}"}}'
        query = f"{{ organization(by: {{app: {app}}}) {{ name appIds {{ name value }} }} }}"
        assert (await data(store, query))["organization"] == {"name": "acme", "appIds": both}
        query = f"{{ organizations(filter: {{appIds: {app}}}) {{ nodes {{ name }} }} }}"
        assert (await data(store, query))["organizations"]["nodes"] == [{"name": "acme"}]
    by = {"externalId": "acme"}
    changed = await done(store, "updateOrganization", "organization { appIds { value } }", by=by, appMetadata=stripe(3))
    assert [each["value"] for each in changed["appIds"]] == ["cus_3", "cus_2"]
    taken = await do(store, "createOrganization", name="New", appMetadata=stripe(2))
    assert [each["code"] for each in taken["userErrors"]] == ["TAKEN"]


async def test_lists_by_app_are_served_by_an_index(store: Store, explaining: Explainer) -> None:
    await save(store, *(organization(f"x{n}") for n in range(100)))
    await done(store, "createOrganization", name="acme", appMetadata=stripe(1))
    query = '{ organizations(filter: {appIds: {name: "stripe", id: "cus_1"}}) { nodes { id } } }'
    [read] = (await plan_of(store, explaining, query))["reads"]
    assert (read["indexes"], read["documentsExamined"]) == (["filter on app_ids"], 1)
