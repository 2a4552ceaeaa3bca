"""How records hang together, as data. Resolver, loader and required indexes derive from each edge.

An edge knows which stored fields of its parent it needs (`key_fields`), how to make a key of them (`key`) and how to
read many keys at once (`read`). Plans, loaders and resolvers call `read`, and have no query of their own. Every edge
names the scope it reads under: that of the record it leads to. Where that differs from the scope of the record it
starts from, a viewer may hold one without the other, so the edge is nullable: denying it never nulls its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

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
from app.graph.registry import COMPUTED_EDGES
from app.mongo.client import Doc

LIVE: Doc = {"deletedAt": None}
COMPUTED_LIST_WEIGHT = 3


@dataclass(eq=False, kw_only=True)
class Edge(Declaration):
    """A field that leads from one record to others."""

    target: str

    @property
    def record(self) -> type[Embedded]:
        """The record at the other end."""
        return RECORDS[self.target]

    @property
    def stored_record(self) -> type[Record]:
        """The same, where it has a collection."""
        return cast(type[Record], self.record)

    @property
    def scope(self) -> Scope:
        """What the edge reads under."""
        return self.stored_record.read_scope

    @property
    def is_guarded(self) -> bool:
        """Whether a viewer who sees the parent may be denied the edge."""
        return getattr(self.owner, "read_scope", None) is not self.scope

    def description(self) -> str:
        if not self.is_guarded:
            return self.doc
        return f"{self.doc} Null, with an error FORBIDDEN, for a viewer without {self.scope}."

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The stored fields of the parent that make the key."""
        return ()

    @cached_property
    def key(self) -> Callable[[Mapping[str, Any]], Key]:
        """The parent's key, of its stored fields: a tuple where it has several parts, or where it is an array."""
        names = self.key_fields
        if any(is_array(self.owner, name) for name in names):
            if len(names) == 1:
                return lambda parent: hashable_part(parent.get(names[0]))
            return lambda parent: tuple([hashable_part(parent.get(name)) for name in names])
        if len(names) == 1:
            return lambda parent: parent.get(names[0])
        return lambda parent: tuple(map(parent.get, names))

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        """What each key leads to, in as few commands as there can be; `fields` limits what is returned of it."""
        raise NotImplementedError

    def authorize(self, context: Context) -> None:
        """Refuse a viewer who lacks the scope."""
        if not context.viewer.may(self.scope):
            raise forbidden(self.scope)

    async def resolve(self, source: Any, context: Context, args: Args) -> Any:
        self.authorize(context)
        key = self.key(stored_values(source, self.key_fields)) if self.key_fields else None
        return await self.resolve_key(context, key, args)

    async def resolve_key(self, context: Context, key: Key, args: Args) -> Any:
        """What graphql-core walks on from one key, read together with its siblings."""
        raise NotImplementedError

    def entity(self, doc: Doc) -> Embedded:
        """A document as the record it is."""
        return from_document(self.record, doc)


def hashable_part(value: Any) -> Any:
    """A stored value as part of a key."""
    return tuple(value) if isinstance(value, list) else value


def forbidden(scope: Scope) -> Forbidden:
    """The denial of a viewer who lacks a scope."""
    return Forbidden(f"This needs the scope {scope}.", scope=scope.value)


@dataclass(eq=False, kw_only=True)
class One(Edge):
    """The record whose id the parent holds in `via`; where it holds none, the one that `otherwise` describes."""

    via: str
    required: bool
    otherwise: Doc | None = None
    owned: Ownership | None = None

    @property
    def key_fields(self) -> tuple[str, ...]:
        return (self.via,)

    def graphql_type(self) -> Any:
        return self.record if self.required and not self.is_guarded else self.record | None

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        ids = [key for key in keys if key is not None]
        collection = self.stored_record.collection
        found: dict[Key, Any] = await read.find_by_ids(context, collection, ids, fields) if ids else {}
        if len(ids) < len(keys) and self.otherwise is not None:
            docs = await read.find_documents(context, collection, self.otherwise, fields, limit=1)
            found[None] = docs[0] if docs else None
        return found

    async def resolve_key(self, context: Context, key: Key, args: Args) -> Any:
        if key is None and self.otherwise is None:
            return None
        doc = await load(context, self, args, key)
        return None if doc is None else self.entity(doc)


@dataclass(eq=False, kw_only=True)
class Refs(Edge):
    """The records whose ids the parent holds in the array `via`, in that order: a plain list, since it is bounded."""

    via: str
    owned: Ownership | None = None

    @property
    def weight(self) -> int:
        return DEFAULT_FIRST

    @property
    def key_fields(self) -> tuple[str, ...]:
        return (self.via,)

    def graphql_type(self) -> Any:
        return list[self.record] | None if self.is_guarded else list[self.record]  # type: ignore[name-defined]  # dynamic

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        ids = list(dict.fromkeys(each for key in keys for each in key))
        found = await read.find_by_ids(context, self.stored_record.collection, ids, fields) if ids else {}
        return {key: [found[each] for each in key if each in found] for key in keys}

    async def resolve_key(self, context: Context, key: Key, args: Args) -> Any:
        return [self.entity(doc) for doc in await load(context, self, args, key) or ()] if key else []


@dataclass(eq=False, kw_only=True)
class Computed(Edge):
    """Documents that no collection holds, worked out for many parents at once by the batch that `batch` names."""

    of: tuple[str, ...]
    batch: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    plural: bool

    @property
    def weight(self) -> int:
        """Of what is stored there may be as many as on a page; what is only worked out comes in a few."""
        if not self.plural:
            return 1
        return DEFAULT_FIRST if issubclass(self.record, Record) else COMPUTED_LIST_WEIGHT

    @property
    def key_fields(self) -> tuple[str, ...]:
        return self.of

    def graphql_type(self) -> Any:
        if not self.plural:
            return self.record | None
        return list[self.record] | None if self.is_guarded else list[self.record]  # type: ignore[name-defined]  # dynamic

    def graphql_arguments(self) -> dict[str, Argument]:
        return dict(self.arguments)

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        return await COMPUTED_EDGES[self.batch](context, keys, args, fields)

    async def resolve_key(self, context: Context, key: Key, args: Args) -> Any:
        found = await load(context, self, args, key)
        if self.plural:
            return [self.entity(doc) for doc in found or ()]
        return None if found is None else self.entity(found)


def one(
    target: str,
    *,
    via: str,
    doc: str,
    required: bool = False,
    otherwise: Doc | None = None,
    owned: Ownership | None = None,
) -> One:
    """Declare the record whose id stands in the parent's stored field `via`; `owned` says what that means."""
    return One(target=target, via=via, doc=doc, required=required, otherwise=otherwise, owned=owned)


def refs(target: str, *, via: str, doc: str, owned: Ownership | None = None) -> Refs:
    """Declare the records whose ids stand in the parent's array `via`; `owned` says what that means."""
    return Refs(target=target, via=via, doc=doc, owned=owned)


def computed(
    target: str, *, of: tuple[str, ...], batch: str, doc: str, plural: bool = False, **arguments: Argument
) -> Computed:
    """Declare documents worked out from the parent's stored fields `of` by the batch registered as `batch`."""
    return Computed(target=target, of=of, batch=batch, doc=doc, arguments=arguments, plural=plural)
