"""Every filter and order of the schema, on the demo's data: each finds on an index; none scans, no order sorts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLField, GraphQLInputObjectType, get_named_type
from strawberry.utils.str_converters import to_camel_case

from app.graph.filters import filter_input
from app.graph.record import Record, stored_records
from app.graph.scalars import show_instant
from app.http.explaining import Explainer
from app.mongo.client import Client, Store
from app.schema import build_schema
from tests.asking import ask
from tests.demo_store import demo_store
from tests.graph.test_explain import explaining, plan_of

__all__ = ["explaining"]

FIRST = 3
OF_ALL_LISTS = {"and", "or", "not"}


@pytest.fixture(scope="module")
async def demo(client: Client, worker_id: str) -> AsyncIterator[Store]:
    async with demo_store(client, f"lists_{worker_id}") as store:
        yield store


def root_lists() -> Iterator[tuple[str, type[Record], GraphQLField]]:
    """The root fields that list records: name, record, and the field of the schema."""
    query = build_schema()._schema.query_type
    assert query is not None
    by_filter = {f"{record.__name__}Filter": record for record in stored_records().values()}
    for name, field in query.fields.items():
        if "filter" in field.args:
            yield name, by_filter[get_named_type(field.args["filter"].type).name], field


LISTS = {name: (record, field) for name, record, field in root_lists()}


def order_names(field: GraphQLField) -> list[str]:
    """What a list can be ordered by."""
    kind = get_named_type(field.args["orderBy"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    names = get_named_type(kind.fields["field"].type)
    assert isinstance(names, GraphQLEnumType)
    return list(names.values)


ORDERED = [(name, order) for name, (_, field) in LISTS.items() for order in order_names(field)]


@pytest.mark.parametrize(("name", "order"), ORDERED, ids=[f"{name} by {order}" for name, order in ORDERED])
async def test_an_order_reads_its_page_off_an_index(demo: Store, explaining: Explainer, name: str, order: str) -> None:
    for direction in ("ASC", "DESC"):
        by = f"orderBy: {{field: {order}, direction: {direction}}}"
        [read] = (await plan_of(demo, explaining, f"{{ {name}(first: {FIRST}, {by}) {{ nodes {{ id }} }} }}"))["reads"]
        assert read["command"] == "find"
        assert len(read["indexes"]) == 1
        assert read["documentsExamined"] <= FIRST + 1


def conditions(record: type[Record], docs: list[dict[str, Any]]) -> Iterator[tuple[str, str, Any, str]]:
    """(filter, its condition, the value, the id of a record that has it) for each filter with something to find."""
    for name, field in filter_input(record).fields.items():  # type: ignore[attr-defined]  # made of the record
        kind = filter_kind(record, name)
        for doc in docs:
            found = condition(kind, doc, field.stored)
            if found is not None:
                yield name, kind, found, doc["_id"]
                break


def filter_kind(record: type[Record], name: str) -> str:
    """The GraphQL type of a filter."""
    made = build_schema()._schema.type_map[f"{record.__name__}Filter"]
    assert isinstance(made, GraphQLInputObjectType)
    return str(get_named_type(made.fields[to_camel_case(name)].type).name)


def condition(kind: str, doc: dict[str, Any], stored: str) -> Any:
    """The condition of a filter that a document meets; None where it has nothing there."""
    value: Any = doc
    for part in stored.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value in (None, [], "") or stored == "_id":
        return None
    match kind:
        case "StringFilter" | "SearchedStringFilter":
            return {"equals": value}
        case "StringListFilter":
            return {"contains": value[0]}
        case "DateTimeFilter":
            assert isinstance(value, datetime)
            return {"gte": show_instant(value), "lte": show_instant(value)}
        case "AppIdFilter":
            return {"name": value[0]["name"], "id": value[0]["value"]}
        case "MetadataFilter":
            return [{"name": value[0]["name"], "equals": value[0]["value"]}]
    return {"equals": value}


@pytest.mark.parametrize("name", LISTS)
async def test_a_filter_finds_on_an_index(demo: Store, explaining: Explainer, name: str) -> None:
    record, _ = LISTS[name]
    docs = await demo[record.collection].find({"deletedAt": None}).limit(500).to_list()
    tried = 0
    for field, kind, given, record_id in conditions(record, docs):
        camel = field.split("_")[0] + "".join(part.title() for part in field.split("_")[1:])
        query = (
            f"query ($given: {record.__name__}Filter!) {{ {name}(first: 100, filter: $given) {{ nodes {{ id }} }} }}"
        )
        answer = await ask(demo, query, given={camel: given})
        assert answer.messages == [], f"{name}: {camel}"
        ids = [each["id"] for each in answer.data[name]["nodes"]]
        assert record_id in ids or len(ids) == 100, f"{name}: {camel}"
        [read] = (await plan_of(demo, explaining, query, given={camel: given}))["reads"]
        assert read["indexes"], f"{name}: {camel} ({kind})"
        tried += 1
    assert tried or not docs
