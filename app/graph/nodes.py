"""Any record by its id alone: `node`, `nodes`, and edges to a record of any type."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import strawberry

from app.context import Context
from app.errors import BadArgument, Denial, NotFound
from app.graph import read
from app.graph.declarations import REQUIRED, Args, Argument, Sizing
from app.graph.documents import from_document
from app.graph.edges import Edge, forbidden
from app.graph.loaders import load
from app.graph.ownership import Ownership
from app.graph.page import MAX_FIRST
from app.graph.read import Fields, Key
from app.graph.record import RECORDS, Embedded, Node, Record, node_types
from app.graph.registry import COMPUTED_EDGES, Computation
from app.mongo.client import Doc

MAX_ID = 100
"""How long an id may be, in characters: ids are repeated in messages and merged into one command."""


def unknown_id(node_id: str) -> NotFound:
    """The error for an id that no record has."""
    return NotFound(f"No record has the id {node_id}.", id=node_id)


NodeResult = tuple[str, Doc] | Denial
"""What an id leads to: the name of a record and its document, or the error that says why there is none."""


@dataclass(eq=False, kw_only=True)
class NodeById(Edge):
    """Records of any type by their ids, whose prefixes name the type. One command for each type among them.

    With `via` it is an edge to the one record whose id the parent stores there.
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
        return f"{self.doc} Null, with an error FORBIDDEN, where the viewer lacks the scope of its type."

    def graphql_type(self) -> object:
        return list[Node | None] if self.plural else Node | None

    def graphql_arguments(self) -> dict[str, Argument]:
        if self.via:
            return {}
        if self.plural:
            text = f"Their ids, at most {MAX_FIRST}; the answer has their order, with null for each that is not found."
            return {"ids": Argument(list[strawberry.ID], REQUIRED, text, sizing=Sizing.LENGTH)}
        return {"id": Argument(strawberry.ID, REQUIRED, "Its id.")}

    def authorize(self, context: Context) -> None:
        """Nothing yet: each type has its own scope, which `documents` asks for."""

    def ids(self, args: Args) -> list[str]:
        """The ids in the arguments, in their order; a BadArgument for too many or too long ones."""
        ids = args["ids"] if self.plural else [args["id"]]
        if len(ids) > MAX_FIRST:
            raise BadArgument(f"`ids` has {len(ids)} ids; it may have {MAX_FIRST}.", argument="ids")
        if any(len(node_id) > MAX_ID for node_id in ids):
            raise BadArgument(f"An id has at most {MAX_ID} characters.", argument="ids" if self.plural else "id")
        return list(ids)

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> Mapping[Key, NodeResult]:
        return await self.documents(context, keys, {})

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        node = node_entity(await load(context, self, args, key) or unknown_id(key))
        if isinstance(node, Denial):
            raise node
        return node

    async def resolve(self, source: object, context: Context, args: Args) -> object:
        if self.via:
            return await super().resolve(source, context, args)
        ids = self.ids(args)
        results = await self.documents(context, ids, {})
        nodes = [node_entity(results[node_id]) for node_id in ids]
        if self.plural:
            return nodes  # graphql-core reports an exception in a list as an error of its item
        if isinstance(nodes[0], Denial):
            raise nodes[0]
        return nodes[0]

    async def documents(
        self, context: Context, ids: Sequence[str], fields: Mapping[str, Fields]
    ) -> dict[str, NodeResult]:
        """What each id leads to. `fields` is, for each record's name, the stored names that are wanted of it."""
        results: dict[str, NodeResult] = {}
        ids_by_record: dict[str, list[str]] = {}
        for node_id in dict.fromkeys(ids):
            name = record_name_of(node_id)
            if name is None:
                prefixes = ", ".join(record_names_by_prefix())
                results[node_id] = BadArgument(f"{node_id!r} is not an id: ids begin with {prefixes}.")
            else:
                ids_by_record.setdefault(name, []).append(node_id)
        groups = await asyncio.gather(
            *(self.documents_of_record(context, name, of_it, fields.get(name)) for name, of_it in ids_by_record.items())
        )
        for group in groups:
            results |= group
        return results

    async def documents_of_record(
        self, context: Context, name: str, ids: list[str], fields: Fields
    ) -> dict[str, NodeResult]:
        """What each id of one record leads to. A record that is computed is read by a registered function."""
        record = cast(type[Record], RECORDS[name])
        if not context.viewer.may(record.read_scope):
            return dict.fromkeys(ids, forbidden(record.read_scope))
        docs: Mapping[str, Computation]
        if issubclass(record, Record):
            docs = await read.find_by_ids(context, record.collection, ids, fields)
        else:
            docs = await COMPUTED_EDGES[f"{name}.id"](context, ids, {}, fields)
        return {
            node_id: (name, doc) if isinstance(doc := docs.get(node_id), dict) else unknown_id(node_id)
            for node_id in ids
        }


def node_entity(result: NodeResult) -> Embedded | Denial:
    """What an id leads to as an entity; the Denial where it leads to none."""
    return result if isinstance(result, Denial) else from_document(RECORDS[result[0]], result[1])


@cache
def record_names_by_prefix() -> Mapping[str, str]:
    """The prefix of ids → the record's name."""
    return {cast(type[Record], cls).prefix: name for name, cls in node_types().items()}


def record_name_of(node_id: str) -> str | None:
    """The name of the record that an id belongs to, by its prefix; None for what is no id."""
    return record_names_by_prefix().get(node_id.partition("_")[0])


def node(*, doc: str) -> NodeById:
    """Declare the root field that fetches any record by its id."""
    return NodeById(target="Node", plural=False, doc=doc)


def nodes(*, doc: str) -> NodeById:
    """Declare the root field that fetches any records by their ids."""
    return NodeById(target="Node", plural=True, doc=doc)


def any_record(*, via: str, doc: str, owned: Ownership) -> NodeById:
    """Declare an edge to the record, of any type, whose id the parent stores in `via`."""
    return NodeById(target="Node", plural=False, via=via, doc=doc, owned=owned)
