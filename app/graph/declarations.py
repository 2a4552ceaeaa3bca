"""What a class attribute of a record may declare besides stored fields, and how it becomes a Strawberry field.

`Declaration` is the base of edges (`edges.py`) and of derived fields, which are pure functions of the record's own
stored fields. Nothing is loaded here.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

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


class Sizing(enum.Enum):
    """How the value of an argument says how many records a field gives for each of its parents."""

    PAGE = "The value is a number: at most so many."
    LENGTH = "The value is a list: one for each of its items."


class Argument(NamedTuple):
    """An argument of a field: its Python annotation, its default (`REQUIRED` or `UNSET` for none) and description.

    What it adds to the cost of a query: `sizing` says how many records its value makes the field give; `reads`, by the
    name of an enum's value, how many more are then read for each parent without being shown.
    """

    annotation: Any
    default: Any
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
        """What the schema says of it, when every record is known."""
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

    def graphql_type(self) -> Any:
        """The annotation of the field, made when every record is known."""
        raise NotImplementedError

    def graphql_arguments(self) -> dict[str, Argument]:
        """The field's arguments by Python name."""
        return {}

    async def resolve(self, source: Any, context: Context, args: Args) -> Any:
        """What graphql-core walks on."""
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
    """Gives a declaration's Strawberry field its type and arguments, when the schema is built, and answers for it."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration

    def apply(self, field: StrawberryField) -> None:
        field.type = self.declaration.graphql_type()
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
        self, next_: AsyncExtensionResolver, source: Any, info: Info[Context, None], **kwargs: Any
    ) -> Any:
        return await self.declaration.resolve(source, info.context, kwargs)


@dataclass(eq=False, kw_only=True)
class Derived(Declaration):
    """A field worked out of the record's own stored fields: `by(*stored values, now=…, **arguments)`, pure."""

    annotation: Any
    of: tuple[str, ...]
    by: Callable[..., Any]
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def graphql_type(self) -> Any:
        return self.annotation

    def graphql_arguments(self) -> dict[str, Argument]:
        return dict(self.arguments)

    def value(self, stored: Mapping[str, Any], now: datetime, args: Args) -> Any:
        """The value, from the stored fields `of` names."""
        return self.by(*(stored.get(name) for name in self.of), now=now, **args)

    async def resolve(self, source: Any, context: Context, args: Args) -> Any:
        return self.value(stored_values(source, self.of), context.now, args)


def derived(
    annotation: Any, *, of: tuple[str, ...], by: Callable[..., Any], doc: str, **arguments: Argument
) -> Derived:
    """Declare a field that `by` works out of the stored fields `of`."""
    return Derived(annotation=annotation, of=of, by=by, doc=doc, arguments=arguments)
