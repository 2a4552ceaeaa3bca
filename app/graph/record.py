"""The base of all records: one frozen pydantic model is the stored document, the validator and the GraphQL type.

`record` turns a model into a GraphQL type; its class attributes that are declarations (edges, derived fields) become
GraphQL fields. Records find each other by name, through `RECORDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast

import strawberry
from pydantic import BaseModel, ConfigDict, Field
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from app.access.viewer import Scope
from app.graph.declarations import Declaration
from app.graph.documents import stored_fields
from app.graph.ownership import MongoFilter, Ownership

M = TypeVar("M", bound=BaseModel)
Normalise = Callable[[str], str]
Matches = Callable[[Any, datetime], MongoFilter]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key of lists: a stored field that is never null; every edge to the record has an index for it."""

    name: str
    stored: str
    doc: str


@dataclass(frozen=True, slots=True)
class Filterable:
    """A field that lists can be filtered by. `indexed`: it has an index of its own, as text with many values should.

    `matches` is there where the field is derived: of a value and an instant, the MongoDB filter for the records that
    have it then. `also` are stored fields in which a text is looked for as well. `doc` and `annotation` are given where
    the filter is on no shown field of the record.
    """

    name: str
    stored: str
    indexed: bool
    normalise: Normalise | None
    matches: Matches | None = None
    also: tuple[str, ...] = ()
    doc: str | None = None
    annotation: object = None

    @property
    def shown(self) -> str:
        """The stored field that is shown under the filter's name; `stored` may be its normal form."""
        return to_camel_case(self.name)


@strawberry.input(description="The id of a record in another system.")
class AppIdInput:
    """The id of a record in another system."""

    name: str = strawberry.field(description='The app, such as "stripe".')
    id: str = strawberry.field(description='Its id there, such as "cus_NffrFeUfNV2Hib".')


@dataclass(frozen=True, slots=True)
class Finder:
    """A key that finds one record: a claim in the collection `keys`, or, with no `namespace`, fields that need not be
    unique."""

    name: str
    doc: str
    namespace: str | None
    fields: tuple[str, ...]
    normalise: Normalise | None
    within: str | None = None
    """Where a field is an array of objects: the field in each of them that holds the key."""
    namespace_of: Callable[[str], str] | None = None
    """Where the key is an id in an app: the namespace of that app's ids."""

    @property
    def annotation(self) -> type:
        """What a caller gives for the key."""
        return AppIdInput if self.namespace_of else str

    def resolve(self, value: object) -> tuple[Finder, str]:
        """The finder and key for a value that was given: of an id in an app, in the namespace of that app."""
        if isinstance(value, AppIdInput) and self.namespace_of:
            return replace(self, namespace=self.namespace_of(value.name.strip())), value.id.strip()
        return self, str(value)

    @property
    def graphql_name(self) -> str:
        """Its name as the schema shows it."""
        return to_camel_case(self.name)


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A stored field whose values are keys of the record in `namespace` besides those of its finders."""

    namespace: str
    stored: str
    claimed_as: str
    """What the claim calls the field."""


def order(name: str, doc: str, *, on: str | None = None) -> Order:
    """Declare a sort key, whose stored field is `on` (by default the one of that name)."""
    return Order(name, on or to_camel_case(name), doc)


BY_CHANGE = order("updated_at", "By the time of the last change: `deleted` and this order are what a mirror follows.")
"""The order of the records that can be listed deleted, too."""


def filterable(
    name: str,
    *,
    on: str | None = None,
    indexed: bool = False,
    normalise: Normalise | None = None,
    also: tuple[str, ...] = (),
) -> Filterable:
    """Declare a filter on the field `name`, whose stored field is `on`; `normalise` made the value stored there."""
    return Filterable(name, on or to_camel_case(name), indexed, normalise, also=also)


def filterable_as(name: str, doc: str, *, on: str | None = None, indexed: bool = False) -> Filterable:
    """Declare a filter on stored text that the record does not show under that name, such as the id of another."""
    return Filterable(name, on or to_camel_case(name), indexed, None, doc=doc, annotation=str)


def filterable_choice(name: str, *, matches: Matches) -> Filterable:
    """Declare a filter on a derived field whose values are of a closed list; `matches` is its rule for MongoDB."""
    return Filterable(name, "_id", indexed=False, normalise=None, matches=matches)


def claimed(
    name: str,
    namespace: str,
    doc: str,
    *,
    fields: tuple[str, ...] = (),
    normalise: Normalise | None = None,
    within: str | None = None,
) -> Finder:
    """Declare a unique key: a claim in `namespace` made by one of `fields` (stored names; by default the key's own)."""
    return Finder(name, doc, namespace, fields or (to_camel_case(name),), normalise, within)


def by_app(namespace_of: Callable[[str], str]) -> Finder:
    """Declare the finder `app`: the id that an app has for the record, claimed in that app's namespace."""
    doc = "Its id in another system, such as its Stripe customer."
    return Finder("app", doc, "app:", ("appMetadata",), None, namespace_of=namespace_of)


def named(name: str, doc: str, *, fields: tuple[str, ...] = ()) -> Finder:
    """Declare a key that need not be unique: exact text in one of `fields`. If several records have it, AMBIGUOUS."""
    return Finder(name, doc, None, fields or (to_camel_case(name),), None)


class Embedded(BaseModel):
    """A value inside a record, stored under its GraphQL (camelCase) names."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel_case, populate_by_name=True, ignored_types=(Declaration,)
    )

    held_ids: ClassVar[Mapping[str, Ownership]] = {}
    """Stored fields that hold the id of a record and are no edge: what that means."""


@strawberry.pydantic.interface(description="Anything that has an id: `node(id:)` fetches it.")
class Node(Embedded):
    """The interface that every record implements."""

    id: strawberry.ID = Field(
        validation_alias="_id",
        serialization_alias="_id",
        description="Opaque, globally unique, type-prefixed. Never changes, and survives renames.",
    )


class Record(Node):
    """A stored record: its collection, the scope that reads it, and how it is sorted, filtered, found and searched.

    `noun` is what sentences and payloads call it, if not the name of its class. `dated` are the stored links to owners
    of which it keeps the former ones, with their times. `own_keys` are keys that it claims
    besides those of its finders. `is_mergeable`: one may be merged into another, so every edge to one says what a merge
    does with it. `needed_indexes` are those that no edge, order or filter implies, by stored names. `covering_indexes`
    hold deleted documents too: for reads that are answered from the index alone, where being deleted is no question.
    """

    collection: ClassVar[str]
    prefix: ClassVar[str]
    noun: ClassVar[str | None] = None
    read_scope: ClassVar[Scope]
    orders: ClassVar[tuple[Order, ...]]
    filters: ClassVar[tuple[Filterable, ...]] = ()
    finders: ClassVar[tuple[Finder, ...]] = ()
    own_keys: ClassVar[tuple[OwnKey, ...]] = ()
    is_mergeable: ClassVar[bool] = False
    dated: ClassVar[tuple[str, ...]] = ()
    searched: ClassVar[tuple[str, ...]] = ()
    needed_indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()
    covering_indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()

    created_at: datetime = Field(description="When it was made, UTC.")
    updated_at: datetime = Field(description="When a caller last changed it, UTC.")
    deleted_at: datetime | None = Field(
        default=None,
        description="When it was deleted, UTC. A deleted record is found by id, never by key or in a list.",
    )
    version: int = Field(
        default=1, description="Rises by one with every change that a caller asked for; derived facts do not count."
    )

    @classmethod
    def singular_name(cls) -> str:
        """What one is called in a sentence: "billing profile"."""
        return cls.noun or spaced(cls.__name__)

    @classmethod
    def plural_name(cls) -> str:
        """What several are called in a sentence: "billing profiles"."""
        return spaced(cls.collection)

    @classmethod
    def order_named(cls, name: str | None) -> Order:
        """The sort key of that name; the record's first where none is given."""
        return cls.orders[0] if name is None else next(order for order in cls.orders if order.name == name)

    @classmethod
    def is_instant(cls, stored: str) -> bool:
        """Whether a stored sort key holds instants; otherwise it holds text."""
        return cls.model_fields[stored_fields(cls)[stored]].annotation is datetime


def spaced(name: str) -> str:
    """A name in camel case as words in small letters."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def with_article(noun: str) -> str:
    """A noun with "a" or "an" before it, by its first letter; "usage attribute" is spoken with a consonant."""
    return f"{'an' if noun[0].lower() in 'aeio' else 'a'} {noun}"


RECORDS: dict[str, type[Embedded]] = {}
"""Every GraphQL type made by `record`, by name: the stored records, and those that are computed."""


def record(*, description: str) -> Callable[[type[M]], type[M]]:
    """A class decorator that makes a GraphQL type, with this description, of a model and its declarations."""

    def wrap(cls: type[M]) -> type[M]:
        RECORDS[cls.__name__] = cast(type[Embedded], cls)
        return embedded(description=description)(cls)

    return wrap


def embedded(*, description: str) -> Callable[[type[M]], type[M]]:
    """As `record`, for a value inside a record: it is not in `RECORDS`."""

    def wrap(cls: type[M]) -> type[M]:
        strawberry.pydantic.type(cls, description=description)
        fields = get_object_definition(cls, strict=True).fields
        fields.extend(declaration.field(cls) for declaration in declarations_of(cls))
        return cls

    return wrap


def declarations_of(cls: type) -> list[Declaration]:
    """The edges and derived fields declared on a class and then its bases, in the order they were written."""
    return [value for base in cls.__mro__ for value in vars(base).values() if isinstance(value, Declaration)]


def node_types() -> dict[str, type[Node]]:
    """The records that have an id, by name, stored or computed: what `node(id:)` may lead to."""
    return {name: cls for name, cls in RECORDS.items() if issubclass(cls, Node)}


def stored_records() -> dict[str, type[Record]]:
    """The records that have a collection, by name."""
    return {name: cls for name, cls in RECORDS.items() if issubclass(cls, Record)}
