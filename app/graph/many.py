"""The edge to many records, those that refer to the parent: a connection with pages, filter, order and total."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pymongo
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.context import Context
from app.errors import BadArgument
from app.graph import read
from app.graph.choices import Choice, choices
from app.graph.connection import Connection
from app.graph.declarations import Args, Argument, Sizing
from app.graph.edges import LIVE, Edge
from app.graph.filters import filter_input
from app.graph.loaders import load, load_count
from app.graph.orders import OrderDirection, order_input
from app.graph.page import DEFAULT_FIRST, EMPTY_PAGE, MAX_FIRST, Ordering, Page, Window
from app.graph.read import Fields, Key
from app.graph.record import BY_CHANGE, Embedded
from app.graph.scalars import Cursor
from app.mongo.client import Doc


@dataclass(eq=False, kw_only=True)
class Many(Edge):
    """The records that refer to the parent, as a connection.

    `by` maps a stored field of theirs to one of the parent's, or to (operator, field) where the two are not compared
    for equality; with an empty `by` it is the list of all records. `in_array`: their field is an array, or the
    parent's is. `narrow` makes further conditions of the edge's own `arguments`.
    """

    by: Mapping[str, str | tuple[str, str]]
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    narrow: Callable[..., list[Doc]] | None = None
    in_array: bool = False

    @property
    def weight(self) -> int:
        return DEFAULT_FIRST

    @property
    def key_fields(self) -> tuple[str, ...]:
        return tuple(own if isinstance(own, str) else own[1] for own in self.by.values())

    @property
    def operators(self) -> dict[str, str | None]:
        """The operator that compares each field of theirs with its part of the key; None is equality."""
        return {name: None if isinstance(own, str) else own[0] for name, own in self.by.items()}

    @property
    def lists_deleted(self) -> bool:
        """Whether it takes the argument `deleted`, as lists of all records do that can be sorted by `updatedAt`."""
        return not self.by and BY_CHANGE in self.stored_record.orders

    @property
    def list_name(self) -> str:
        """The list's name in its cursors and indexes."""
        name = to_camel_case(self.name)
        return f"{self.owner.__name__}.{name}" if self.by else name

    def graphql_type(self) -> object:
        made = Connection[self.record]  # type: ignore[name-defined]  # dynamic
        return made | None if self.is_guarded else made

    def graphql_arguments(self) -> dict[str, Argument]:
        default = self.stored_record.orders[0].name.upper()
        return {
            "first": Argument(
                int | None,
                UNSET,
                f"How many from the front, 1 to {MAX_FIRST}; 25 where neither is given.",
                sizing=Sizing.PAGE,
            ),
            "after": Argument(Cursor | None, UNSET, "Only what comes after this cursor."),
            "last": Argument(int | None, UNSET, f"How many from the back, 1 to {MAX_FIRST}.", sizing=Sizing.PAGE),
            "before": Argument(Cursor | None, UNSET, "Only what comes before this cursor."),
            "filter": Argument(filter_input(self.stored_record) | None, UNSET, "Only those that match."),
            "order_by": Argument(order_input(self.stored_record) | None, UNSET, f"Default: {default}, ascending."),
            **({"deleted": DELETED_ARGUMENT} if self.lists_deleted else {}),
            **self.arguments,
        }

    def ordering(self, args: Args) -> Ordering:
        """The order that the arguments ask for."""
        chosen = args.get("order_by")
        order = self.stored_record.order_named(chosen.field.value if chosen else None)
        return Ordering(
            list_name=self.list_name,
            order_name=order.name.upper(),
            key=order.stored,
            is_instant=self.stored_record.is_instant(order.stored),
            descending=bool(chosen and chosen.direction is OrderDirection.DESC),
        )

    def query(self, args: Args, now: datetime) -> Doc:
        """The MongoDB filter for the records that match the arguments `filter` and `deleted` at that instant."""
        chosen = args.get("filter")
        conditions = chosen.to_mongo(now) if chosen else {}
        which = self.deleted_or_not(args)
        return {"$and": [which, conditions]} if conditions else which

    def deleted_or_not(self, args: Args) -> Doc:
        """The MongoDB filter for the argument `deleted`; a BadArgument in an order in which no index has them."""
        deleted = args.get("deleted")
        if deleted in (None, UNSET, DeletedRecords.EXCLUDE):
            return LIVE
        chosen = args.get("order_by")
        if not chosen or chosen.field.value != BY_CHANGE.name:
            message = "Deleted records are listed by the time of their change: give `orderBy: {field: UPDATED_AT}`."
            raise BadArgument(message, argument="deleted")
        return {} if deleted is DeletedRecords.INCLUDE else {"deletedAt": {"$ne": None}}

    def window(self, args: Args, now: datetime) -> Window:
        """The part of the list that the arguments ask for, or a BadArgument."""
        return Window.of(args, self.ordering(args), self.query(args, now))

    def conditions(self, args: Args) -> list[Doc]:
        """The conditions that `narrow` makes of the edge's own arguments."""
        own = {name: args.get(name) for name in self.arguments}
        return self.narrow(**own) if self.narrow else []

    async def read(self, context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Page]:
        return await self.read_window(context, keys, args, self.window(args, context.now), fields)

    async def read_window(
        self, context: Context, keys: Sequence[Key], args: Args, window: Window, fields: Fields
    ) -> dict[Key, Page]:
        """As `read`, for a caller that has the window of these arguments already."""
        collection = self.stored_record.collection
        if not self.by:
            return {None: await read.find_page(context, collection, window, fields)}
        if len(self.by) == 1 and not self.in_array:
            return await read.find_pages(context, collection, next(iter(self.by)), keys, window, fields)
        conditions = self.conditions(args)
        return await read.find_pages_by_lookup(context, collection, self.operators, keys, window, fields, conditions)

    async def count(self, context: Context, keys: Sequence[Key], args: Args) -> dict[Key, int]:
        """How many there are on all pages, for each key."""
        collection, query = self.stored_record.collection, self.query(args, context.now)
        with pymongo.timeout(read.COUNT_SECONDS):
            return await read.count_by_key(context, collection, self.operators, keys, query, self.conditions(args))

    async def resolve_key(self, context: Context, key: Key, args: Args) -> object:
        self.window(args, context.now)  # wrong arguments are refused here, at the field that has them
        self.conditions(args)
        return Connection(lazy_page=EdgePage(self, key, args, context))


@choices(description="Whether deleted records are listed: a mirror of the data follows them by `updatedAt`.")
class DeletedRecords(Choice):
    """Whether deleted records are listed."""

    EXCLUDE = "EXCLUDE", "Only records that are not deleted."
    INCLUDE = "INCLUDE", "Deleted records, too; `deletedAt` tells them apart."
    ONLY = "ONLY", "Only deleted records."


DELETED_ARGUMENT = Argument(
    DeletedRecords, DeletedRecords.EXCLUDE, "Whether deleted records are listed; others than EXCLUDE by UPDATED_AT."
)


@dataclass(frozen=True)
class EdgePage:
    """The page of an edge for one parent, as a `LazyPage`: read and counted together with those of its siblings."""

    edge: Many
    key: Key
    args: Args
    context: Context

    async def page(self) -> Page:
        return await load(self.context, self.edge, self.args, self.key) or EMPTY_PAGE

    async def total(self) -> int:
        return await load_count(self.context, self.edge, self.args, self.key)

    def cursor(self, doc: Doc) -> str:
        return self.edge.ordering(self.args).encode(doc)

    def entity(self, doc: Doc) -> Embedded:
        return self.edge.entity(doc)


def many(
    target: str,
    *,
    by: str | Mapping[str, str | tuple[str, str]],
    doc: str,
    in_array: bool = False,
    narrow: Callable[..., list[Doc]] | None = None,
    **arguments: Argument,
) -> Many:
    """Declare an edge to the records whose stored field `by` holds the parent's id; `in_array`: it is an array of ids.

    `by` may also map several of their fields to the parent's, see `Many`.
    """
    pairs = {by: "_id"} if isinstance(by, str) else by
    return Many(target=target, by=pairs, doc=doc, in_array=in_array, narrow=narrow, arguments=arguments)
