"""The schema as a reader meets it: committed as it is built, described throughout, its lists bounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    is_specified_scalar_type,
)

from app import schema
from app.mongo.client import Store
from tests.asking import data

COMMITTED = Path(__file__).parent.parent / "schema.graphql"
BOUNDED_LISTS = {
    "Query.nodes": "as many as ids, at most 100",
    "DuplicateCandidate.reasons": "each at most once",
    "Query.attribution": "one an event, at most 1,000",
    "Attribution.tried": "one a rule",
    "Attribution.conflicts": "at most as many as an event has fields",
    "Attribution.effects": "each at most once",
    "Attribution.problems": "at most as many as an event has fields",
    "Organization.aliases": "stored in the record",
    "Organization.associatedDomains": "stored in the record",
    "Organization.formerNames": "stored in the record",
    **{f"{kind}.appIds": "stored in the record" for kind in ("Organization", "Subscriber", "Credential")},
    "Organization.mergedFrom": "stored in the record",
    "MergeOrganizationsPayload.mergedIds": "as many as were named, at most 20",
    "PreviewMovePayload.losingPayer": "the first 200",
    "PreviewMovePayload.statements": "one a currency of each that loses or gains it, at most 200 of those",
    "PreviewMergePayload.statements": "one a currency",
    **{
        f"OnboardCustomerPayload.{each}": "as many as were named"
        for each in ("subscribers", "usageAttributes", "subscriptions", "credentials", "created", "moved")
    },
    **{f"Upsert{kind}Payload.changes": "one a field" for kind in ("Organization", "Subscriber", "Credential")},
    "WaitingSubscribers.subscribers": "the first 25",
    "UserError.field": "as deep as the input nests",
    "ImportRow.userErrors": "as much as was given",
    "ImportRow.changes": "one a field",
    "ImportRow.warnings": "as much as was given",
    "ImportOrganizationsPayload.rows": "as many as were given, at most 1,000",
    "ImportSubscribersPayload.rows": "as many as were given, at most 1,000",
    "ImportCredentialsPayload.rows": "as many as were given, at most 1,000",
    "AuditEntry.changes": "as many as the record has fields",
    "Organization.payerTerms": "stored in the record",
    "Organization.ancestors": "the depth of the tree, at most 100",
    "Organization.features": "the features of its plans",
    "Organization.statements": "one a currency",
    "Plan.features": "stored in the record",
    "Plan.unitPrices": "stored in the record",
    "Credential.keys": "stored in the record",
    **{f"{kind}.formerOwners": "one a change of owners" for kind in ("Credential", "Subscriber")},
    "Credential.tags": "stored in the record",
}


def core() -> dict[str, object]:
    """The schema's own types by name."""
    types = build_schema(schema.sdl()).type_map
    return {
        name: each for name, each in types.items() if not name.startswith("__") and not is_specified_scalar_type(each)
    }


def test_the_committed_schema_is_the_one_that_is_built() -> None:
    """`make schema` writes it anew."""
    assert COMMITTED.read_text() == schema.sdl()


def undescribed() -> Iterator[str]:
    for name, each in core().items():
        if not getattr(each, "description", None):
            yield name
        if isinstance(each, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            for field_name, field in each.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                for argument_name, argument in getattr(field, "args", {}).items():
                    if not argument.description:
                        yield f"{name}.{field_name}({argument_name})"
        if isinstance(each, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, facts in each.values.items() if not facts.description)


def test_everything_is_described() -> None:
    assert list(undescribed()) == []


def test_every_list_is_bounded() -> None:
    """A list is the page of a connection, or one of the few whose bound is known."""
    for name, each in core().items():
        if not isinstance(each, GraphQLObjectType) or name.endswith("Connection"):
            continue
        for field_name, field in each.fields.items():
            kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
            told = field_name in ("userErrors", "warnings") and name.endswith("Payload")  # as much as was given
            if isinstance(kind, GraphQLList) and field_name != "customMetadata" and not told:
                assert f"{name}.{field_name}" in BOUNDED_LISTS


def test_connections_are_relays() -> None:
    for name, each in core().items():
        if name.endswith("Connection"):
            assert isinstance(each, GraphQLObjectType)
            assert set(each.fields) == {"edges", "nodes", "pageInfo", "totalCount"}


def test_every_record_is_a_node() -> None:
    """What has an id is fetched by `node`."""
    for each in core().values():
        if isinstance(each, GraphQLObjectType) and "id" in each.fields:
            assert [interface.name for interface in each.interfaces] == ["Node"]


ONLY_ON_CREATE = {
    "Credential.credentialId": "`rotateCredential` gives it another key",
    "Credential.validFrom": "a key begins once",
    "Organization.usageAttributes": "each has mutations of its own",
}
"""What is given once, when a record is made, and why."""


def test_an_update_takes_what_a_create_takes() -> None:
    types = schema.build_schema()._schema.type_map
    kinds = [name.removeprefix("Create").removesuffix("Input") for name in types if name.startswith("Create")]
    missing = set()
    for kind in (each for each in kinds if f"Update{each}Input" in types):
        created, updated = types[f"Create{kind}Input"], types[f"Update{kind}Input"]
        assert isinstance(created, GraphQLInputObjectType)
        assert isinstance(updated, GraphQLInputObjectType)
        missing |= {f"{kind}.{name}" for name in created.fields.keys() - updated.fields.keys()}
    assert missing == ONLY_ON_CREATE.keys()


def test_scalars_say_what_specifies_them() -> None:
    scalars = [each for each in core().values() if isinstance(each, GraphQLScalarType)]
    assert [each.name for each in scalars if not each.specified_by_url] == []


async def test_what_takes_one_of_several_keys_says_so_in_introspection(store: Store) -> None:
    query = "{ __schema { types { name isOneOf } } }"
    types = (await data(store, query))["__schema"]["types"]
    marked = {each["name"] for each in types if each["isOneOf"]}
    assert {"OrganizationBy", "SubscriberBy", "CredentialBy"} <= marked
    assert marked == {
        name for name, each in core().items() if isinstance(each, GraphQLInputObjectType) and each.is_one_of
    }
