"""Edges: the fields that lead from one record to others, as data. Resolvers, loaders and indexes derive from them.

An edge knows which stored fields of its parent it needs (`key_fields`), how to make a key of them (`key`) and how to
read many keys at once (`read`). Plans, loaders and resolvers call `read`, and have no query of their own. Every edge
names the scope it reads under: that of the record it leads to. Where that differs from the scope of the record it
starts from, a viewer may hold one without the other, so the edge is nullable: denying it never nulls its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from pydantic import BaseModel

from app.access.viewer import Scope
from app.context import Context
from app.errors import Forbidden
from app.graph import read
from app.graph.declarations import Args, Argument, Declaration
from app.graph.documents import from_document, is_array, stored_values
from app.graph.loaders import load
from app.graph.ownership import Ownership
from app.graph.page import DEFAULT_FIRST
from app.graph.read import Fields, Key
from app.graph.record import RECORDS, Embedded, Record
from app.graph.registry import COMPUTED_EDGES, Computation
from app.mongo.client import Doc

LIVE: Doc = {"deletedAt": None}
"""The filter that leaves out what is deleted."""

COMPUTED_LIST_WEIGHT = 3
"""How many records a list that is only computed counts for against the limit on a query's cost."""


@dataclass(eq=False, kw_only=True)
class Edge(Declaration):
    """A field that leads from one record to others."""

    target: str

    @property
    def record(self) -> type[Embedded]:
        """The class of the records that it leads to."""
        return RECORDS[self.target]

    @property
    def stored_record(self) -> type[Record]:
        """The same, for an edge to records that are stored."""
        return cast(type[Record], self.record)

    @property
    def scope(self) -> Scope:
        """The scope that a viewer needs to read it."""
        return self.stored_record.read_scope

    @property
    def is_guarded(self) -> bool:
        """Whether its scope is not the parent's, so that a viewer who sees the parent may be denied the edge."""
        return getattr(self.owner, "read_scope", None) is not self.scope

    def description(self) -> str:
        if not self.is_guarded:
            return self.doc
        return f"{self.doc} Null, with an error FORBIDDEN, for a viewer without {self.scope}."

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The stored fields of the parent that its key is made of."""
        return ()

    @cached_property
    def key(self) -> Callable[[Mapping[str, object]], Key]:
        """The function from a parent's document to its key: a tuple where it has several parts or is an array."""
        names = self.key_fields
        if any(is_array(self.owner, name) for name in names):
            if len(names) == 1:
                return lambda parent: hashable_part(parent.get(names[0]))
            return lambda parent: tuple([hashable_part(parent.get(name)) for name in names])
        if len(names) == 1:
            return lambda parent: parent.get(names[0])
        return lambda parent: tuple(map(parent.get, names))

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> Mapping[Key, object]:
        """What each key leads to, in as few commands as there can be. `fields` are the stored names that are wanted of
        each document; None is all of them."""
        raise NotImplementedError

    def authorize(self, context: Context) -> None:
        """Raise Forbidden for a viewer who lacks the scope."""
        if not context.viewer.may(self.scope):
            raise forbidden(self.scope)

    async def resolve(self, source: object, context: Context, args: Args) -> object:
        self.authorize(context)
        key = self.key(stored_values(cast(BaseModel, source), self.key_fields)) if self.key_fields else None
        return await self.resolve_key(context, key, args)

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        """What `resolve` returns for one parent's key, read together with the keys of its siblings."""
        raise NotImplementedError

    def entity(self, doc: Mapping[str, object]) -> Embedded:
        """A document as an entity of the record that the edge leads to."""
        return from_document(self.record, doc)


def hashable_part(value: object) -> object:
    """A stored value as part of a key: an array as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def forbidden(scope: Scope) -> Forbidden:
    """The error for a viewer who lacks a scope."""
    return Forbidden(f"This needs the scope {scope}.", scope=scope.value)


@dataclass(eq=False, kw_only=True)
class One(Edge):
    """The record whose id the parent stores in `via`; if it stores none, the one that the filter `otherwise` finds."""

    via: str
    required: bool
    otherwise: Doc | None = None
    owned: Ownership | None = None

    @property
    def key_fields(self) -> tuple[str, ...]:
        return (self.via,)

    def graphql_type(self) -> object:
        return self.record if self.required and not self.is_guarded else self.record | None

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> Mapping[Key, Doc | None]:
        ids = [key for key in keys if key is not None]
        collection = self.stored_record.collection
        docs: dict[Key, Doc] = await read.find_by_ids(context, collection, ids, fields) if ids else {}
        if len(ids) == len(keys) or self.otherwise is None:
            return docs
        default = await read.find_documents(context, collection, self.otherwise, fields, limit=1)
        return {**docs, None: default[0]} if default else docs

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        if key is None and self.otherwise is None:
            return None
        doc = await load(context, self, args, key)
        return None if doc is None else self.entity(doc)


@dataclass(eq=False, kw_only=True)
class Refs(Edge):
    """The records whose ids the parent stores in the array `via`, in its order: a plain list, as arrays are bounded."""

    via: str
    owned: Ownership | None = None

    @property
    def weight(self) -> int:
        return DEFAULT_FIRST

    @property
    def key_fields(self) -> tuple[str, ...]:
        return (self.via,)

    def graphql_type(self) -> object:
        return list[self.record] | None if self.is_guarded else list[self.record]  # type: ignore[name-defined]  # dynamic

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> Mapping[Key, list[Doc]]:
        ids = list(dict.fromkeys(node_id for key in keys for node_id in key))
        docs = await read.find_by_ids(context, self.stored_record.collection, ids, fields) if ids else {}
        return {key: [docs[node_id] for node_id in key if node_id in docs] for key in keys}

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        return [self.entity(doc) for doc in await load(context, self, args, key) or ()] if key else []


@dataclass(eq=False, kw_only=True)
class Computed(Edge):
    """Documents that no collection holds, computed of the parent's fields `of`, for many parents at once.

    `batch` is the name under which the function that computes them is in the `registry`.
    """

    of: tuple[str, ...]
    batch: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    plural: bool

    @property
    def weight(self) -> int:
        """A list of stored records counts as a page of them, a list that is only computed as a few."""
        if not self.plural:
            return 1
        return DEFAULT_FIRST if issubclass(self.record, Record) else COMPUTED_LIST_WEIGHT

    @property
    def key_fields(self) -> tuple[str, ...]:
        return self.of

    def graphql_type(self) -> object:
        if not self.plural:
            return self.record | None
        return list[self.record] | None if self.is_guarded else list[self.record]  # type: ignore[name-defined]  # dynamic

    def graphql_arguments(self) -> dict[str, Argument]:
        return dict(self.arguments)

    async def read(
        self, context: Context, keys: Sequence[Key], args: Args, fields: Fields
    ) -> Mapping[Key, Computation]:
        return await COMPUTED_EDGES[self.batch](context, keys, args, fields)

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        computation = await load(context, self, args, key)
        if isinstance(computation, dict):
            return self.entity(computation)
        return [self.entity(doc) for doc in computation or ()] if self.plural else None


def one(
    target: str,
    *,
    via: str,
    doc: str,
    required: bool = False,
    otherwise: Doc | None = None,
    owned: Ownership | None = None,
) -> One:
    """Declare an edge to the record whose id the parent stores in `via`; `required`: it always stores one.

    `owned` says what it means for the parent that the id stands in it.
    """
    return One(target=target, via=via, doc=doc, required=required, otherwise=otherwise, owned=owned)


def refs(target: str, *, via: str, doc: str, owned: Ownership | None = None) -> Refs:
    """Declare an edge to the records whose ids the parent stores in the array `via`; `owned` says what that means."""
    return Refs(target=target, via=via, doc=doc, owned=owned)


def computed(
    target: str, *, of: tuple[str, ...], batch: str, doc: str, plural: bool = False, **arguments: Argument
) -> Computed:
    """Declare an edge to what is computed of the parent's stored fields `of`: one document, or a list if `plural`.

    The function that computes it is registered under the name `batch` (`registry.register_computed_edges`).
    """
    return Computed(target=target, of=of, batch=batch, doc=doc, arguments=arguments, plural=plural)
