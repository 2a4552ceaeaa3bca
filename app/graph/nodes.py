"""Any record by its id alone: `node`, `nodes`, and edges to a record of whatever kind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import strawberry

from app.context import Context
from app.errors import BadRequest, Denial, NotFound
from app.graph import read
from app.graph.declarations import REQUIRED, Args, Argument, Sizing
from app.graph.documents import from_document
from app.graph.edges import Edge, forbidden
from app.graph.loaders import load
from app.graph.ownership import Ownership
from app.graph.page import MAX_FIRST
from app.graph.read import Fields, Key
from app.graph.record import RECORDS, Node, Record
from app.graph.registry import COMPUTED_EDGES
from app.mongo.client import Doc

MAX_ID = 100
"""How long an id may be, in characters: ids are repeated in messages and merged into one command."""


def unknown_id(node_id: str) -> NotFound:
    """The answer to an id that nothing has."""
    return NotFound(f"No record has the id {node_id}.", id=node_id)


@dataclass(eq=False, kw_only=True)
class NodeById(Edge):
    """Any records by their ids, whose prefixes say what they are. One command for each kind among them.

    With `via` it is the one record whose id the parent holds there, whatever it is.
    """

    plural: bool
    via: str | None = None
    owned: Ownership | None = None

    @property
    def key_fields(self) -> tuple[str, ...]:
        return (self.via,) if self.via else ()

    @property
    def is_guarded(self) -> bool:
        return True

    def description(self) -> str:
        return f"{self.doc} Null, with an error FORBIDDEN, where the viewer lacks the scope of its kind."

    def graphql_type(self) -> Any:
        return list[Node | None] if self.plural else Node | None

    def graphql_arguments(self) -> dict[str, Argument]:
        if self.via:
            return {}
        if self.plural:
            text = f"Their ids, at most {MAX_FIRST}; the answer has their order, with null for each that is not found."
            return {"ids": Argument(list[strawberry.ID], REQUIRED, text, sizing=Sizing.LENGTH)}
        return {"id": Argument(strawberry.ID, REQUIRED, "Its id.")}

    def authorize(self, context: Context) -> None:
        """Each kind is read under its own scope: `read` asks."""

    def ids(self, args: Args) -> list[str]:
        """The ids that are asked for, in their order."""
        ids = args["ids"] if self.plural else [args["id"]]
        if len(ids) > MAX_FIRST:
            raise BadRequest(f"`ids` has {len(ids)} ids; it may have {MAX_FIRST}.", argument="ids")
        if any(len(each) > MAX_ID for each in ids):
            raise BadRequest(f"An id has at most {MAX_ID} characters.", argument="ids" if self.plural else "id")
        return list(ids)

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        return dict(await self.documents(context, keys, {}))

    async def resolve_key(self, context: Context, key: Key, args: Args) -> Any:
        found = await load(context, self, args, key) or unknown_id(key)
        if isinstance(found, Denial):
            raise found
        return from_document(RECORDS[found[0]], found[1])

    async def resolve(self, source: Any, context: Context, args: Args) -> Any:
        if self.via:
            return await super().resolve(source, context, args)
        ids = self.ids(args)
        found = await self.documents(context, ids, {})
        nodes = [found[node_id] for node_id in ids]
        entities = [each if isinstance(each, Denial) else from_document(RECORDS[each[0]], each[1]) for each in nodes]
        if self.plural:
            return entities
        if isinstance(entities[0], Denial):
            raise entities[0]
        return entities[0]

    async def documents(
        self, context: Context, ids: Sequence[str], fields: Mapping[str, Fields]
    ) -> dict[str, tuple[str, Doc] | Denial]:
        """Each id's record and its document, or the Denial that says why there is none. `fields` is by record."""
        named: dict[str, list[str]] = {}
        found: dict[str, tuple[str, Doc] | Denial] = {}
        for node_id in dict.fromkeys(ids):
            kind = record_name_of(node_id)
            if kind is None:
                found[node_id] = BadRequest(
                    f"{node_id!r} is not an id: ids begin with {', '.join(record_names_by_prefix())}."
                )
            else:
                named.setdefault(kind, []).append(node_id)
        groups = await asyncio.gather(
            *(self.documents_of_record(context, kind, each, fields.get(kind)) for kind, each in named.items())
        )
        for group in groups:
            found |= group
        return found

    async def documents_of_record(
        self, context: Context, kind: str, ids: list[str], fields: Fields
    ) -> dict[str, tuple[str, Doc] | Denial]:
        """The records of one kind; what is computed has a batch of its own."""
        record = cast(type[Record], RECORDS[kind])
        if not context.viewer.may(record.read_scope):
            return dict.fromkeys(ids, forbidden(record.read_scope))
        if issubclass(record, Record):
            docs = await read.find_by_ids(context, record.collection, ids, fields)
        else:
            docs = await COMPUTED_EDGES[f"{kind}.id"](context, ids, {}, fields)
        return {each: (kind, docs[each]) if each in docs else unknown_id(each) for each in ids}


@cache
def record_names_by_prefix() -> Mapping[str, str]:
    """Id prefix → record."""
    return {cast(type[Record], cls).prefix: name for name, cls in RECORDS.items()}


def record_name_of(node_id: str) -> str | None:
    """The record that an id is one of, by its prefix; None for what is no id."""
    return record_names_by_prefix().get(node_id.partition("_")[0])


def node(*, doc: str) -> NodeById:
    """Declare the root field that fetches any record by its id."""
    return NodeById(target="Node", plural=False, doc=doc)


def nodes(*, doc: str) -> NodeById:
    """Declare the root field that fetches any records by their ids."""
    return NodeById(target="Node", plural=True, doc=doc)


def any_record(*, via: str, doc: str, owned: Ownership) -> NodeById:
    """Declare the record, of whatever kind, whose id stands in the parent's stored field `via`."""
    return NodeById(target="Node", plural=False, via=via, doc=doc, owned=owned)
