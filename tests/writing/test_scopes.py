"""Who may write what: every mutation names its scopes, and refuses whoever lacks one of them."""

from __future__ import annotations

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull

from app.access.viewer import Everything, Scope, Viewer
from app.context import Context
from app.errors import Forbidden
from app.graph.record import declarations_of
from app.mongo.client import Store
from app.schema import Mutation as Root
from app.schema import build_schema
from app.writing.mutation import Mutation
from app.writing.registry import RULES
from tests.commands import Commands
from tests.writing.doing import WHOLE, everything, made_of_each, send

WRITTEN_UNDER = {
    "Organization": "customers",
    "Subscriber": "customers",
    "UsageAttribute": "customers",
    "Credential": "credentials",
    "Plan": "catalog",
    "Feature": "catalog",
    "Subscription": "catalog",
    "BillingProfile": "billing",
}
BY_THE_RECORD = {"setCustomMetadata", "setAppMetadata"}  # they need what the record that is meant needs
MAKE = ("create", "upsert", "onboard", "import")
MUTATIONS = {each.name: each for each in declarations_of(Root) if isinstance(each, Mutation)}
BY_GRAPHQL_NAME = {each.type_name[0].lower() + each.type_name[1:]: each for each in MUTATIONS.values()}


def test_every_mutation_of_the_schema_names_a_scope_to_write_under() -> None:
    root = build_schema()._schema.mutation_type
    assert root is not None
    assert set(root.fields) == set(BY_GRAPHQL_NAME)
    for name, mutation in BY_GRAPHQL_NAME.items():
        needed = mutation.needs()
        assert name in BY_THE_RECORD or any(scope.value.endswith(":write") for scope in needed), name
        assert all(scope.value in (root.fields[name].description or "") for scope in needed), name


def test_every_mutation_of_a_record_names_that_records_scopes() -> None:
    for name, mutation in BY_GRAPHQL_NAME.items():
        for record, area in WRITTEN_UNDER.items():
            if name.endswith(record):
                assert {f"{area}:read", f"{area}:write"} <= {scope.value for scope in mutation.needs()}, name


def test_every_mutation_takes_an_idempotency_key_and_every_change_an_expected_version() -> None:
    root = build_schema()._schema.mutation_type
    assert root is not None
    for name, field in root.fields.items():
        kind = field.args["input"].type
        assert isinstance(kind, GraphQLNonNull)
        assert isinstance(kind.of_type, GraphQLInputObjectType)
        given = kind.of_type.fields
        assert "idempotencyKey" in given, name
        assert name.startswith(MAKE) or "expectedVersion" in given, name


@pytest.mark.parametrize("name", BY_GRAPHQL_NAME)
async def test_whoever_lacks_one_scope_is_forbidden_before_anything_is_read(
    store: Store, commands: Commands, name: str
) -> None:
    mutation = BY_GRAPHQL_NAME[name]
    for scope in mutation.needs():
        viewer = Viewer(id="x", scopes=frozenset(Scope) - {scope}, reach=Everything())
        with commands.counting() as sent, pytest.raises(Forbidden) as denied:
            await mutation.resolve(None, Context(store=store, viewer=viewer), {"input": None})
        assert denied.value.facts == {"scope": scope.value}
        assert sent.seen == []


@pytest.mark.parametrize("kind", WRITTEN_UNDER)
async def test_a_viewer_who_may_only_read_changes_nothing(store: Store, kind: str) -> None:
    ids = await made_of_each(store)
    before = await everything(store)
    scopes = frozenset(scope for scope in Scope if scope.value.endswith(":read"))
    reader = Viewer(id="x", scopes=scopes, reach=Everything())
    for verb, given in (
        ("create", WHOLE[kind]),
        ("update", {"by": {"id": ids[kind]}}),
        ("delete", {"by": {"id": ids[kind]}}),
        ("restore", {"id": ids[kind]}),
    ):
        name = f"{verb}{kind}"
        answer = await send(store, name, given, viewer=reader)
        assert (answer.data, answer.codes) == ({name: None}, {name: "FORBIDDEN"})
    if next(r for name, r in RULES.items() if name.endswith(kind)).accepts("customMetadata"):
        given = {"id": ids[kind], "entries": [{"name": "n", "value": 1}]}
        answer = await send(store, "setCustomMetadata", given, "record { id }", viewer=reader)
        assert answer.codes == {"setCustomMetadata": "FORBIDDEN"}
    assert await everything(store) == before
