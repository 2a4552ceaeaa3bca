"""How records hang together, as data. Resolver, loader and required indexes derive from each edge.

An edge knows what it needs of its parent (`needs`), how to make a key of it (`key`) and how to read many keys at once
(`read`). Whatever walks the graph calls `read`, and has no query of its own. Every edge names the scope it reads under:
that of the record it leads to. Where that differs from the scope of the record it starts from, a viewer may hold one
without the other, so the edge is nullable: denying it never nulls its parent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pymongo
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.access.viewer import Scope
from app.context import Context
from app.errors import Forbidden
from app.graph import read
from app.graph.connection import Connection, PendingEdge
from app.graph.declarations import Args, Argument, Declaration
from app.graph.documents import stored_values
from app.graph.filters import OrderDirection, filter_input, order_input
from app.graph.loaders import load
from app.graph.page import MAX_FIRST, Ordering, Page, Window
from app.graph.read import Fields, Key
from app.graph.record import RECORDS, Embedded, Record
from app.graph.scalars import Cursor
from app.mongo.client import Doc

LIVE: Doc = {"deletedAt": None}


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

    @property
    def needs(self) -> tuple[str, ...]:
        """The stored fields of the parent that make the key."""
        return ()

    def key(self, parent: Mapping[str, Any]) -> Key:
        """The parent's key; a tuple where it has several parts."""
        values = tuple(tuple(v) if isinstance(v := parent.get(name), list) else v for name in self.needs)
        return values[0] if len(values) == 1 else values

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        """What each key leads to, in as few commands as there can be; `fields` limits what is returned of it."""
        raise NotImplementedError

    def authorize(self, context: Context) -> None:
        """Refuse a viewer who lacks the scope."""
        if not context.viewer.may(self.scope):
            raise Forbidden(f"This needs the scope {self.scope}.", scope=self.scope.value)

    async def resolve(self, source: Any, context: Context, args: Args) -> Any:
        self.authorize(context)
        key = self.key(stored_values(source, self.needs)) if self.needs else None
        return await self.walk(context, key, args)

    async def walk(self, context: Context, key: Key, args: Args) -> Any:
        """What graphql-core walks on from one key, read together with its siblings."""
        raise NotImplementedError

    def entity(self, doc: Doc) -> Embedded:
        """A document as the record it is."""
        return self.record.model_validate(doc)


@dataclass(eq=False, kw_only=True)
class One(Edge):
    """The record whose id the parent holds in `via`; where it holds none, the one that `otherwise` describes."""

    via: str
    required: bool
    otherwise: Doc | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.via,)

    def graphql_type(self) -> Any:
        return self.record if self.required and not self.is_guarded else self.record | None

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        ids = [key for key in keys if key is not None]
        collection = self.stored_record.collection
        found: dict[Key, Any] = await read.by_ids(context.store, collection, ids, fields) if ids else {}
        if len(ids) < len(keys) and self.otherwise is not None:
            shown = read.projection(fields)
            found[None] = await context.store[collection].find_one(self.otherwise, shown)
        return found

    async def walk(self, context: Context, key: Key, args: Args) -> Any:
        if key is None and self.otherwise is None:
            return None
        doc = await load(context, self, args, key)
        return None if doc is None else self.entity(doc)


@dataclass(eq=False, kw_only=True)
class Refs(Edge):
    """The records whose ids the parent holds in the array `via`, in that order: a plain list, since it is bounded."""

    via: str

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.via,)

    def graphql_type(self) -> Any:
        return list[self.record] | None if self.is_guarded else list[self.record]  # type: ignore[name-defined]  # dynamic

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        ids = list(dict.fromkeys(each for key in keys for each in key))
        found = await read.by_ids(context.store, self.stored_record.collection, ids, fields) if ids else {}
        return {key: [found[each] for each in key if each in found] for key in keys}

    async def walk(self, context: Context, key: Key, args: Args) -> Any:
        return [self.entity(doc) for doc in await load(context, self, args, key)] if key else []


@dataclass(eq=False, kw_only=True)
class Many(Edge):
    """The records that point at the parent, as a connection.

    `by` maps a field of theirs to one of the parent's, or to (operator, field) where it is not compared for equality.
    With an empty `by` it is the list of them all. `narrow` makes conditions of the arguments of its own.
    """

    by: Mapping[str, str | tuple[str, str]]
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    narrow: Callable[..., list[Doc]] | None = None
    in_array: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(each if isinstance(each, str) else each[1] for each in self.by.values())

    @property
    def operators(self) -> dict[str, str | None]:
        """How each field is compared with its part of the key; None is equality."""
        return {name: None if isinstance(each, str) else each[0] for name, each in self.by.items()}

    @property
    def list_name(self) -> str:
        """What a cursor calls the list."""
        name = to_camel_case(self.name)
        return f"{self.owner.__name__}.{name}" if self.by else name

    def graphql_type(self) -> Any:
        made = Connection[self.record]  # type: ignore[name-defined]  # dynamic
        return made | None if self.is_guarded else made

    def graphql_arguments(self) -> dict[str, Argument]:
        default = self.stored_record.orders[0].name.upper()
        return {
            "first": Argument(
                int | None, UNSET, f"How many from the front, 1 to {MAX_FIRST}; 25 where neither is given."
            ),
            "after": Argument(Cursor | None, UNSET, "Only what comes after this cursor."),
            "last": Argument(int | None, UNSET, f"How many from the back, 1 to {MAX_FIRST}."),
            "before": Argument(Cursor | None, UNSET, "Only what comes before this cursor."),
            "filter": Argument(filter_input(self.stored_record) | None, UNSET, "Only those that match."),
            "order_by": Argument(order_input(self.stored_record) | None, UNSET, f"Default: {default}, ascending."),
            **self.arguments,
        }

    def ordering(self, args: Args) -> Ordering:
        """The list in the order that the arguments ask for."""
        chosen = args.get("order_by")
        order = self.stored_record.order_named(chosen.field.value if chosen else None)
        return Ordering(
            list_name=self.list_name,
            order_name=order.name.upper(),
            key=order.stored,
            is_instant=self.stored_record.is_instant(order.stored),
            descending=bool(chosen and chosen.direction is OrderDirection.DESC),
        )

    def query(self, args: Args) -> Doc:
        """The live records that the filter lets through."""
        chosen = args.get("filter")
        wanted = chosen.to_mongo() if chosen else {}
        return {"$and": [LIVE, wanted]} if wanted else LIVE

    def window(self, args: Args) -> Window:
        """The window that the arguments describe, or a BadRequest."""
        return Window.of(args, self.ordering(args), self.query(args))

    def conditions(self, args: Args) -> list[Doc]:
        """What the arguments of its own add."""
        given = {name: args.get(name) for name in self.arguments}
        return self.narrow(**given) if self.narrow else []

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Page]:
        window, collection = self.window(args), self.stored_record.collection
        if not self.by:
            return {None: await read.page(context.store, collection, window, fields)}
        if len(self.by) == 1 and not self.in_array:
            return await read.pages(context.store, collection, next(iter(self.by)), keys, window, fields)
        conditions = self.conditions(args)
        return await read.pages_each(context.store, collection, self.operators, keys, window, fields, conditions)

    async def count(self, context: Context, keys: Sequence[Key], args: Args) -> dict[Key, int]:
        """How many there are on all pages, for each key."""
        collection, query = self.stored_record.collection, self.query(args)
        with pymongo.timeout(read.COUNT_SECONDS):
            return await read.counts(context.store, collection, self.operators, keys, query, self.conditions(args))

    async def walk(self, context: Context, key: Key, args: Args) -> Any:
        self.window(args)  # a bad page is refused here, on the field that asked for it
        self.conditions(args)
        return Connection(pending=PendingEdge(self, key, args, context))


Batch = Callable[[Context, Sequence[Key], Args, Fields], Awaitable[dict[Key, Any]]]
BATCHES: dict[str, Batch] = {}
"""How computed edges are read, by the name they are declared with; the room that can compute them registers itself."""


@dataclass(eq=False, kw_only=True)
class Computed(Edge):
    """Documents that no collection holds, worked out for many parents at once by the batch that `batch` names."""

    of: tuple[str, ...]
    batch: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    plural: bool

    @property
    def needs(self) -> tuple[str, ...]:
        return self.of

    def graphql_type(self) -> Any:
        if not self.plural:
            return self.record | None
        return list[self.record] | None if self.is_guarded else list[self.record]  # type: ignore[name-defined]  # dynamic

    def graphql_arguments(self) -> dict[str, Argument]:
        return dict(self.arguments)

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Any]:
        return await BATCHES[self.batch](context, keys, args, fields)

    async def walk(self, context: Context, key: Key, args: Args) -> Any:
        found = await load(context, self, args, key)
        if self.plural:
            return [self.entity(doc) for doc in found or ()]
        return None if found is None else self.entity(found)


def computes(name: str) -> Callable[[Batch], Batch]:
    """Register how the computed edges named `name` are read."""

    def wrap(batch: Batch) -> Batch:
        BATCHES[name] = batch
        return batch

    return wrap


def one(target: str, *, via: str, doc: str, required: bool = False, otherwise: Doc | None = None) -> One:
    """Declare the record whose id stands in the parent's stored field `via`."""
    return One(target=target, via=via, doc=doc, required=required, otherwise=otherwise)


def refs(target: str, *, via: str, doc: str) -> Refs:
    """Declare the records whose ids stand in the parent's array `via`."""
    return Refs(target=target, via=via, doc=doc)


def many(
    target: str,
    *,
    by: str | Mapping[str, str | tuple[str, str]],
    doc: str,
    in_array: bool = False,
    narrow: Callable[..., list[Doc]] | None = None,
    **arguments: Argument,
) -> Many:
    """Declare the records whose stored field `by` holds the parent's id (`in_array`: among others)."""
    pairs = {by: "_id"} if isinstance(by, str) else by
    return Many(target=target, by=pairs, doc=doc, in_array=in_array, narrow=narrow, arguments=arguments)


def computed(
    target: str, *, of: tuple[str, ...], batch: str, doc: str, plural: bool = False, **arguments: Argument
) -> Computed:
    """Declare documents worked out from the parent's stored fields `of` by the batch registered as `batch`."""
    return Computed(target=target, of=of, batch=batch, doc=doc, arguments=arguments, plural=plural)
