"""What a class attribute of a record may declare besides stored fields, and how it becomes a Strawberry field.

`Declaration` is the base of edges (`edges.py`) and of derived fields, which are pure functions of the record's own
stored fields. Nothing is loaded here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from app.context import Context
from app.graph.documents import stored_values

REQUIRED = inspect.Parameter.empty
Args = Mapping[str, Any]


class Argument(NamedTuple):
    """An argument of a field: its Python annotation, its default (`REQUIRED` or `UNSET` for none) and description."""

    annotation: Any
    default: Any
    doc: str


@dataclass(eq=False, kw_only=True)
class Declaration:
    """A field of a record that is not stored as it is shown."""

    doc: str
    name: str = field(init=False, default="")
    owner: type = field(init=False, default=object)

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def description(self) -> str:
        """What the schema says of it, when every record is known."""
        return self.doc

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
