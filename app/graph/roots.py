"""The root fields of queries that find one record by a key, or list all records of a type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import strawberry
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from app.context import Context
from app.errors import Ambiguous, BadArgument, NotFound
from app.graph import read
from app.graph.by import By
from app.graph.declarations import REQUIRED, Args, Argument
from app.graph.edges import LIVE, Edge
from app.graph.filters import class_with_fields
from app.graph.many import Many, many
from app.graph.nodes import MAX_ID, unknown_id
from app.graph.read import Fields, Key
from app.graph.record import Finder, Record, declarations_of, with_article
from app.mongo.client import Doc

MAX_CANDIDATES = 10
"""How many ids an AMBIGUOUS error names at most."""

MAX_KEY = 1_000
"""How long a key other than an id may be, in characters: they are repeated in messages."""


@cache
def by_input(record: type[Record]) -> type:
    """The `@oneOf` input that names one record, such as `OrganizationBy`: by its id or one of its finders."""
    fields: list[tuple[str, object, object]] = [
        ("id", strawberry.ID | None, strawberry.field(default=UNSET, description="Its id."))
    ]
    fields += [
        (finder.name, finder.annotation | None, strawberry.field(default=UNSET, description=finder.doc))
        for finder in record.finders
    ]
    cls = class_with_fields(f"{record.__name__}By", fields, By)
    cast(Any, cls).record = record
    return strawberry.input(
        cls, one_of=True, description=f"Exactly one way to say which {record.singular_name()} is meant."
    )


@dataclass(eq=False, kw_only=True)
class RecordByKey(Edge):
    """The root field that finds one record by its id or another key, or raises NotFound or Ambiguous."""

    def graphql_type(self) -> object:
        return self.record | None

    def graphql_arguments(self) -> dict[str, Argument]:
        return {"by": Argument(by_input(self.stored_record), REQUIRED, "Which one.")}

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> Mapping[Key, Doc]:
        by = args["by"]
        [(name, value)] = [(f.name, v) for f in dataclasses.fields(by) if (v := getattr(by, f.name)) is not UNSET]
        finder = next((finder for finder in self.stored_record.finders if finder.name == name), None)
        if finder:
            finder, value = finder.resolve(value)
        if not value.strip():
            raise BadArgument(f"`by.{to_camel_case(name)}` is blank. Give the key itself.", argument="by")
        if len(value) > (limit := MAX_ID if name == "id" else MAX_KEY):
            raise BadArgument(
                f"`by.{to_camel_case(name)}` has {len(value)} characters; it may have {limit}.", argument="by"
            )
        if finder is None:
            return {None: await self.by_id(context, value, fields)}
        doc = await self.by_finder(context, finder, value, fields)
        if doc is None:
            raise NotFound(
                f"No {self.stored_record.singular_name()} has that {finder.graphql_name}.", key=finder.graphql_name
            )
        return {None: doc}

    async def by_id(self, context: Context, node_id: str, fields: Fields) -> Doc:
        """The record with that id, deleted or not."""
        record = self.stored_record
        if not node_id.startswith(f"{record.prefix}_"):
            raise BadArgument(
                f"`by.id` is not the id of {with_article(record.singular_name())}: theirs begin with {record.prefix}_.",
                argument="by",
            )
        docs = await read.find_by_ids(context, record.collection, [node_id], fields)
        if node_id not in docs:
            raise unknown_id(node_id)
        return docs[node_id]

    async def by_finder(self, context: Context, finder: Finder, value: str, fields: Fields) -> Doc | None:
        """The record that has the key, unless it is deleted; None where no record has it, or Ambiguous."""
        key, collection = finder.normalise(value) if finder.normalise else value, self.stored_record.collection
        if finder.namespace is not None:
            return await read.find_by_key(context, finder.namespace, key, finder.fields, collection, fields)
        matches: list[Doc] = [{field: {"$eq": key}} for field in finder.fields]
        query = {**(matches[0] if len(matches) == 1 else {"$or": matches}), **LIVE}
        docs = await read.find_documents(context, collection, query, fields, limit=MAX_CANDIDATES, sort=[("_id", 1)])
        if len(docs) > 1:
            raise Ambiguous(
                f"{at_least(len(docs))} {self.stored_record.collection} bear "
                f"that {finder.graphql_name}. Ask for one of the candidates by id.",
                candidates=[doc["_id"] for doc in docs],
            )
        return docs[0] if docs else None

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        return self.entity((await self.read(context, [None], args, None))[None])


def at_least(size: int) -> str:
    """A number of candidates in words, "10 or more" where more were not looked for."""
    return f"{size} or more" if size == MAX_CANDIDATES else str(size)


def find(target: str, *, doc: str) -> RecordByKey:
    """Declare a root field that finds one record by its id or any of its finders."""
    return RecordByKey(target=target, doc=doc)


def page(target: str, *, doc: str) -> Many:
    """Declare a root field that lists all records of a type that are not deleted."""
    return many(target, by={}, doc=doc)


def query(cls: type) -> type:
    """Make the schema's query type of a class whose attributes are root fields."""
    made = strawberry.type(cls, description="Where every question starts.")
    get_object_definition(made, strict=True).fields.extend(declared.field(made) for declared in declarations_of(made))
    return made
