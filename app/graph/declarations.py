"""The GraphQL fields of a record that are not stored as they are shown: each is declared as a class attribute.

`Declaration` is the base of edges (`edges.py`), which lead to other records, and of derived fields, which a pure
function computes of the record's own stored fields. A declaration becomes a Strawberry field, which it resolves.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, cast

from pydantic import BaseModel
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.utils.str_converters import to_camel_case

from app.context import Context
from app.graph.documents import stored_values

REQUIRED = inspect.Parameter.empty
Args = Mapping[str, Any]
"""The arguments of a field by their Python names, as Strawberry converts them."""


class Sizing(enum.Enum):
    """How the value of an argument says how many records a field gives for each of its parents."""

    PAGE = "The value is a number: at most so many."
    LENGTH = "The value is a list: one for each of its items."


class Argument(NamedTuple):
    """An argument of a field: its Python annotation, its default (`REQUIRED` or `UNSET` for none) and description.

    What it adds to the cost of a query: `sizing` says how many records its value makes the field give; `reads`, by the
    name of an enum's value, how many more are then read for each parent without being shown.
    """

    annotation: object
    default: object
    doc: str
    sizing: Sizing | None = None
    reads: Mapping[str, int] | None = None


@dataclass(eq=False, kw_only=True)
class Declaration:
    """A field of a record that is not stored as it is shown.

    `behind` is about how many records it reads for each parent without showing them. `seconds` is the deadline of a
    root field that may take longer than others, 0 where it has none of its own.
    """

    doc: str
    behind: int = 0
    seconds: float = 0.0
    name: str = field(init=False, default="")
    owner: type = field(init=False, default=object)

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def description(self) -> str:
        """Its description in the schema, once every record is known."""
        return self.doc

    @property
    def weight(self) -> int:
        """How many records it counts for against the limit on a query's cost, where no argument says how many."""
        return 1

    @cached_property
    def costly_arguments(self) -> dict[str, Argument]:
        """The arguments that add to the cost of a query, by their GraphQL names."""
        arguments = self.graphql_arguments()
        return {to_camel_case(name): each for name, each in arguments.items() if each.sizing or each.reads}

    def graphql_type(self) -> object:
        """The type of the field as a Python annotation, once every record is known."""
        raise NotImplementedError

    def graphql_arguments(self) -> dict[str, Argument]:
        """The field's arguments by Python name."""
        return {}

    async def resolve(self, source: object, context: Context, args: Args) -> object:
        """The value of the field for `source`, the parent's entity, from which graphql-core goes on."""
        raise NotImplementedError

    def field(self, owner: type) -> StrawberryField:
        """The Strawberry field, whose type and arguments `DeclarationExtension` sets when the schema is built."""

        async def unused() -> str:  # Strawberry wants a resolver; `DeclarationExtension` answers in its place
            raise NotImplementedError

        made = StrawberryField(
            python_name=self.name,
            type_annotation=StrawberryAnnotation(str),  # replaced by `DeclarationExtension.apply`
            origin=owner,
            description=self.doc,  # `DeclarationExtension.apply` may say more
            base_resolver=StrawberryResolver(unused),
            metadata={Declaration: self},
        )
        made.extensions.insert(0, DeclarationExtension(self))
        return made


class DeclarationExtension(FieldExtension):
    """Sets the type and arguments of a declaration's Strawberry field when the schema is built, and resolves it."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration

    def apply(self, field: StrawberryField) -> None:
        field.type = cast(type, self.declaration.graphql_type())
        field.description = self.declaration.description()
        field.arguments = [
            StrawberryArgument(
                python_name=name,
                graphql_name=None,
                type_annotation=StrawberryAnnotation(argument.annotation),
                description=argument.doc,
                default=argument.default,
            )
            for name, argument in self.declaration.graphql_arguments().items()
        ]

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: object, info: Info[Context, None], **kwargs: object
    ) -> object:
        return await self.declaration.resolve(source, info.context, kwargs)


@dataclass(eq=False, kw_only=True)
class Derived(Declaration):
    """A field that a pure function computes: `by(*the stored values of `of`, now=…, **the field's arguments)`."""

    annotation: object
    of: tuple[str, ...]
    by: Callable[..., object]
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def graphql_type(self) -> object:
        return self.annotation

    def graphql_arguments(self) -> dict[str, Argument]:
        return dict(self.arguments)

    def value(self, stored: Mapping[str, object], now: datetime, args: Args) -> object:
        """The value, from a document that has the stored fields `of`."""
        return self.by(*(stored.get(name) for name in self.of), now=now, **args)

    async def resolve(self, source: object, context: Context, args: Args) -> object:
        return self.value(stored_values(cast(BaseModel, source), self.of), context.now, args)


def derived(
    annotation: object, *, of: tuple[str, ...], by: Callable[..., object], doc: str, **arguments: Argument
) -> Derived:
    """Declare a field that the pure function `by` computes of the stored fields `of`."""
    return Derived(annotation=annotation, of=of, by=by, doc=doc, arguments=arguments)
