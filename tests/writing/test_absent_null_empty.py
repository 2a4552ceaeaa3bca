"""Absent, null and empty, in every place of every mutation's input: taken, or refused in a sentence; never an error of
the program. A NUL is taken nowhere. The places are those of the schema, so that a new input is tried as soon as it is
there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, get_args

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
)

from app.graph.documents import stored_fields
from app.graph.record import stored_records
from app.mongo.client import Store
from app.schema import build_schema
from tests.asking import ask
from tests.writing.doing import WHOLE, done, made_of_each

SCHEMA = build_schema()._schema
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields
COLLECTIONS = {record.collection for record in stored_records().values()}
EXAMPLES = {
    "DateTime": "2026-01-01T00:00:00Z",
    "Int": 1,
    "Boolean": True,
    "JSON": {"customerId": "cus_x"},
    "Decimal": "1",
}
Given = dict[str, Any]


def input_type(mutation: str) -> GraphQLInputObjectType:
    """The type of a mutation's argument `input`."""
    found = get_named_type(MUTATIONS[mutation].args["input"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def example(of: GraphQLInputType) -> Any:
    """Some value of a type; of an object, what it must have, or its first field."""
    if isinstance(of, GraphQLNonNull):
        return example(of.of_type)
    if isinstance(of, GraphQLList):
        return [example(of.of_type)]
    if isinstance(of, GraphQLInputObjectType):
        must = [name for name, field in of.fields.items() if isinstance(field.type, GraphQLNonNull)]
        return {name: example(of.fields[name].type) for name in must or list(of.fields)[:1]}
    if isinstance(of, GraphQLEnumType):
        return next(iter(of.values))
    return EXAMPLES.get(of.name, "some text")


def odd_values(of: GraphQLInputType, there: Any) -> Iterator[Any]:
    """A value with each of its places absent, null or empty, one at a time; `there` is what stands in it otherwise."""
    if isinstance(of, GraphQLNonNull):
        yield from (each for each in odd_values(of.of_type, there) if each is not None)
        return
    yield None
    if isinstance(of, GraphQLList):
        yield []
        item = there[0] if isinstance(there, list) and there else example(of.of_type)
        yield from ([each] for each in odd_values(of.of_type, item))
        yield [item, item]
    elif isinstance(of, GraphQLInputObjectType):
        yield {}
        whole = there if isinstance(there, dict) and there else example(of)
        yield from odd_inside(of, whole)
    elif not isinstance(of, GraphQLEnumType):
        yield {"Int": 0, "Boolean": False, "JSON": {}}.get(of.name, "")
        yield {"Int": -1, "JSON": []}.get(of.name, " ")
        yield {"Int": 1, "Boolean": True, "JSON": {"a": ["\0"]}}.get(of.name, "a\0b")


def odd_objects(of: GraphQLInputObjectType, whole: Given) -> Iterator[tuple[str, Given]]:
    """Each field of an input object, and the field absent (an empty object), whole, or odd inside."""
    for name, field in of.fields.items():
        yield name, {}
        yield name, {name: whole.get(name, example(field.type))}
        for value in odd_values(field.type, whole.get(name)):
            yield name, {name: value}


def odd_inside(of: GraphQLInputObjectType, whole: Given) -> Iterator[Given]:
    """An input object with one of its fields odd, and the others as they were."""
    for name, odd in odd_objects(of, whole):
        yield {**({} if of.is_one_of else {key: each for key, each in whole.items() if key != name}), **odd}


Base = Callable[[Store, int], Awaitable[Given]]
"""Makes the input of the n-th try, all of which holds."""


def new(kind: str, n: int) -> Given:
    """What makes the n-th record of a kind."""
    own = {"externalId": f"e{n}", "email": f"p{n}@x.com", "key": f"key_{n}", "credentialId": f"k{n}"}
    return {**WHOLE[kind], **{name: value for name, value in own.items() if name in WHOLE[kind]}}


def creating(kind: str) -> Base:
    """To make a record of a kind."""

    async def base(store: Store, n: int) -> Given:
        return new(kind, n)

    return base


def changing(kind: str, **more: Any) -> Base:
    """To do something with a new record of a kind; `{n}` in a text is the number of the try."""

    async def base(store: Store, n: int) -> Given:
        made = await make(store, kind, n)
        return {"by": {"id": made}, **numbered(more, n)}

    return base


def restoring(kind: str) -> Base:
    """To bring back a new record of a kind that was deleted."""

    async def base(store: Store, n: int) -> Given:
        made = await make(store, kind, n)
        if kind == "Subscription":
            await done(store, "updateSubscription", by={"id": made}, status="ENDED")
        await done(store, f"delete{kind}", by={"id": made})
        return {"id": made}

    return base


def giving(**given: Any) -> Base:
    """To do what is said here; `{n}` in a text is the number of the try."""

    async def base(store: Store, n: int) -> Given:
        return dict(numbered(given, n))

    return base


async def setting(store: Store, n: int) -> Given:
    """To give metadata to a new organization."""
    return {"id": await make(store, "Organization", n), "app": "stripe", "data": {"customerId": f"cus_{n}"}}


async def make(store: Store, kind: str, n: int) -> str:
    """The id of the n-th record of a kind."""
    field = kind[0].lower() + kind[1:]
    return str((await done(store, f"create{kind}", f"{field} {{ id }}", **new(kind, n)))["id"])


def numbered(value: Any, n: int) -> Any:
    """A value with `{n}` in its texts replaced."""
    if isinstance(value, dict):
        return {name: numbered(each, n) for name, each in value.items()}
    if isinstance(value, list):
        return [numbered(each, n) for each in value]
    return value.replace("{n}", str(n)) if isinstance(value, str) else value


def leaves(of: GraphQLOutputType | GraphQLNamedType, depth: int = 0) -> Iterator[str]:
    """A selection of all values of a payload and of the records in it."""
    assert isinstance(of, GraphQLObjectType)
    for name, field in of.fields.items():
        inner = get_named_type(field.type)
        if not isinstance(inner, GraphQLObjectType):
            yield name
        elif depth < 1:
            yield f"{name} {{ {' '.join(leaves(inner, depth + 1))} }}"


ACME = {"externalId": "acme"}
BASES: dict[str, Base] = {
    **{f"create{kind}": creating(kind) for kind in WHOLE},
    **{f"update{kind}": changing(kind) for kind in WHOLE},
    **{f"upsert{kind}": creating(kind) for kind in ("Organization", "Subscriber", "Credential")},
    **{f"delete{kind}": changing(kind) for kind in WHOLE},
    **{f"restore{kind}": restoring(kind) for kind in WHOLE},
    "moveOrganization": changing("Organization", parent=ACME),
    "moveWaitingSubscribers": changing("Organization"),
    "mergeOrganizations": giving(target=ACME, sources=[{"name": "Acme"}]),
    "rotateCredential": changing("Credential", credentialId="new{n}"),
    "revokeCredential": changing("Credential"),
    "setAppMetadata": setting,
    "setCustomMetadata": setting,
    "onboardCustomer": giving(
        organization={"name": "New", "externalId": "new{n}"},
        subscribers=[{"email": "new{n}@y.com"}],
        subscriptions=[{"externalId": "new{n}", "plan": {"key": "gold"}}],
        credentials=[{"name": "key", "credentialId": "new{n}", "subscriber": {"email": "new{n}@y.com"}}],
    ),
    "importOrganizations": giving(rows=[{"externalId": "new{n}", "name": "New"}]),
    "importSubscribers": giving(rows=[{"email": "new{n}@y.com"}]),
    "importCredentials": giving(rows=[{"credentialId": "new{n}", "name": "key", "subscriberEmail": "c@x.com"}]),
}


def test_every_mutation_is_tried() -> None:
    assert set(BASES) == set(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_absent_null_and_empty_are_taken_or_refused(store: Store, mutation: str) -> None:
    await made_of_each(store)
    of, base = input_type(mutation), BASES[mutation]
    holds = {name: each for name, each in (await base(store, 0)).items() if name in of.fields}
    shown = " ".join(leaves(get_named_type(MUTATIONS[mutation].type)))
    query = f"mutation M($input: {of.name}!) {{ {mutation}(input: $input) {{ {shown} }} }}"
    failed = []
    for n, (place, odd) in enumerate(odd_objects(of, holds), 1):
        whole = await base(store, n)
        given = {**{name: each for name, each in whole.items() if name in of.fields and name != place}, **odd}
        answer = await ask(store, query, input=given)
        if "INTERNAL" in answer.codes.values():
            failed.append((given, answer.messages))
    assert not failed
    assert await nulls(store) == set()
    for name in COLLECTIONS:
        assert "\\u0000" not in json.dumps(await store[name].find().to_list(), default=str), name


async def nulls(store: Store) -> set[tuple[str, str]]:
    """(collection, field) of each null that is stored where the record allows none."""
    found = set()
    for record in stored_records().values():
        for stored, name in stored_fields(record).items():
            takes_null = type(None) in get_args(record.model_fields[name].annotation)
            is_null = {"$expr": {"$eq": [f"${stored}", None]}}
            if not takes_null and await store[record.collection].find_one(is_null):
                found.add((record.collection, stored))
    return found
