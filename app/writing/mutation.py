"""A mutation: one `input`, one payload, and the operation behind it, run in one transaction. And a preview of one.

An operation gets a `Work` and the input, and returns what the payload shows: records by the payload's field names, as
they are stored. What it refuses is data in `userErrors`; nothing of it is stored then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pymongo
import strawberry
from pydantic import BaseModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from app.access.secrets import SECRET
from app.access.viewer import Scope
from app.context import Context
from app.entities.identifiers import Identifiers
from app.errors import Problem, Refused
from app.graph.declarations import REQUIRED, Args, Argument, Declaration
from app.graph.documents import from_document, stored_value
from app.graph.edges import forbidden
from app.graph.filters import class_with_fields
from app.graph.nodes import record_name_of
from app.graph.record import RECORDS, Node, declarations_of
from app.graph.scalars import to_the_millisecond
from app.mongo.client import Doc
from app.mongo.transactions import in_transaction
from app.mongo.write_locks import LockContended, WriteLock
from app.writing import idempotency
from app.writing.audit import Author
from app.writing.inputs import IDEMPOTENCY_KEY, Described, input_class, plain_value
from app.writing.problems import UserError, from_row, rows
from app.writing.retrying import RetryPolicy, is_outcome_unknown, is_too_large
from app.writing.work import Work

SECONDS = 8.0
"""How long a mutation may take in the database, tries included, unless it says otherwise."""

WARNINGS, PROBLEMS = "warnings", "problems"
TOO_LARGE = "It is more than one transaction of this database holds. Do it in parts."

Operation = Callable[[Work, Any, Context], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a payload: the name of a record, or an annotation, and whether there are many."""

    of: str | Any
    doc: str
    many: bool = False
    made: Callable[[Any], Any] | None = None
    """What makes of a stored value what is shown, where that is no record."""

    @property
    def inner(self) -> Any:
        """What one of them is."""
        return RECORDS[self.of] if isinstance(self.of, str) else self.of

    @property
    def annotation(self) -> Any:
        """The field's GraphQL type; null, or an empty list, where nothing was done."""
        inner = self.inner
        return list[inner] if self.many else inner | None  # type: ignore[valid-type]  # dynamic

    def value(self, stored: Any) -> Any:
        """What graphql-core walks on."""
        if stored is None:
            return [] if self.many else None
        inner = self.inner
        if inner is Node:
            inner = RECORDS[str(record_name_of(stored["_id"]))]
        if self.made:
            return [self.made(each) for each in stored] if self.many else self.made(stored)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return [from_document(inner, each) for each in stored] if self.many else from_document(inner, stored)
        return stored


@dataclass(eq=False, kw_only=True)
class Operated(Declaration):
    """A root field with one `input` and a payload.

    `needs` are the scopes, all of them; `seconds` is a deadline of its own; `unit` is the kind of unit of work that the
    operation gets.
    """

    operation: Operation
    inputs: Callable[[], Sequence[Described]]
    shows: Mapping[str, Shown]
    needs: Callable[[], frozenset[Scope]]
    seconds: float = SECONDS
    warns: bool = False
    unit: type[Work] = Work

    @property
    def more_inputs(self) -> Sequence[Described]:
        """What every input of the kind has."""
        return ()

    @cached_property
    def type_name(self) -> str:
        """`CreateOrganization`, of which the input and the payload have their names."""
        camel = to_camel_case(self.name)
        return camel[0].upper() + camel[1:]

    @cached_property
    def input_type(self) -> Any:
        """The GraphQL input."""
        text = f"What `{to_camel_case(self.name)}` is to do."
        return input_class(f"{self.type_name}Input", text, [*self.inputs(), *self.more_inputs])

    @cached_property
    def payload_type(self) -> Any:
        """The GraphQL payload."""
        fields: list[Described] = [
            (name, shown.annotation, strawberry.field(description=shown.doc)) for name, shown in self.shows.items()
        ]
        if self.warns:
            text = "What was done, and should be known."
            fields.append(("warnings", list[UserError], strawberry.field(description=text)))
        text = "Everything that is wrong with the input, at once; empty where it was done."
        fields.append(("user_errors", list[UserError], strawberry.field(description=text)))
        cls = class_with_fields(f"{self.type_name}Payload", fields)
        return strawberry.type(cls, description=f"What came of `{to_camel_case(self.name)}`.")

    def description(self) -> str:
        needed = sorted(self.needs())
        return f"{self.doc} Needs {', '.join(needed)}." if needed else self.doc

    def graphql_type(self) -> Any:
        return self.payload_type | None

    def graphql_arguments(self) -> dict[str, Argument]:
        return {"input": Argument(self.input_type, REQUIRED, "What to do.")}

    async def resolve(self, source: Any, context: Context, args: Args) -> Any:
        """The payload. Raises Forbidden, and what the database raises where it is away."""
        for scope in sorted(self.needs()):
            if not context.viewer.may(scope):
                raise forbidden(scope)
        try:
            with pymongo.timeout(self.seconds):
                stored = await self.run(context, args["input"])
                context.loaders.clear()  # what was loaded for a mutation before this one may be another by now
        except Refused as refused:
            return self.payload({}, refused.problems)
        return self.payload(stored, [from_row(each) for each in stored.get(PROBLEMS, ())])

    def payload(self, stored: Mapping[str, Any], problems: Sequence[Problem]) -> Any:
        """The payload's object."""
        values = {name: shown.value(stored.get(name)) for name, shown in self.shows.items()}
        if self.warns:
            values[WARNINGS] = [UserError.of(from_row(each)) for each in stored.get(WARNINGS, ())]
        return self.payload_type(**values, user_errors=[UserError.of(each) for each in problems])

    async def run(self, context: Context, given: Any) -> Doc:
        """What the operation comes to, as documents."""
        raise NotImplementedError

    def begin(self, context: Context, session: AsyncClientSession, write_lock: WriteLock | None = None) -> Work:
        """What one try reads, and is to write."""
        now, author = to_the_millisecond(context.now), Author(context.viewer.id, to_camel_case(self.name))
        return self.unit(context.store, session, now, Identifiers(now), author, context.cipher, write_lock)


@dataclass(eq=False, kw_only=True)
class Preview(Operated):
    """A root field that says what a mutation would do: the same operation's plan, of which nothing is written."""

    async def run(self, context: Context, given: Any) -> Doc:
        async def once(session: AsyncClientSession) -> Doc:
            planned = await self.operation(self.begin(context, session), given, context)
            result: Doc = without_secrets(stored_value(dict(planned)))
            return result

        return await in_transaction(context.store, once, self.seconds)


@dataclass(eq=False, kw_only=True)
class Mutation(Operated):
    """A root field that changes something."""

    @property
    def more_inputs(self) -> Sequence[Described]:
        return (IDEMPOTENCY_KEY,)

    async def run(self, context: Context, given: Any) -> Doc:
        """The result, as it was stored the first time; tried again where others were in the way."""
        key = given.idempotency_key
        scope = hashed = None
        if key is not UNSET and key is not None:
            idempotency.check_key(key)
            scope = (context.viewer.id, to_camel_case(self.name), key)
            hashed = idempotency.digest(plain_value(given), context.cipher)

        write_lock, policy = WriteLock(context.write_locks), RetryPolicy(self.seconds)

        async def once(session: AsyncClientSession) -> Doc:
            if scope and hashed:
                write_lock.acquire([idempotency.row_id(scope)])
                if before := await idempotency.earlier(context.store, scope, hashed, session):
                    return before
            work = self.begin(context, session, write_lock)
            result: Doc = without_secrets(stored_value(dict(await self.operation(work, given, context))))
            if work.warnings:
                result[WARNINGS] = rows(work.warnings)
            await work.write()
            if scope and hashed and not work.dry_run:
                await idempotency.remember(context.store, scope, hashed, result, session)
            return result

        unknown: PyMongoError | None = None
        with write_lock:
            while True:
                try:
                    return await in_transaction(context.store, once, self.seconds)
                except LockContended:
                    async with asyncio.timeout(policy.seconds_left):
                        await write_lock.acquire_when_free()
                except PyMongoError as error:
                    if is_too_large(error):
                        raise Refused([Problem("TOO_LARGE", (), TOO_LARGE)]) from error
                    unknown = error if is_outcome_unknown(error) else unknown
                    if (unknown and not scope) or not policy.should_retry(error):
                        # Without a key of the caller's, what may have been stored is not stored again.
                        if unknown is not None and unknown is not error:
                            raise unknown from error
                        raise
                    await policy.back_off()


def without_secrets(value: Any) -> Any:
    """A result without what is encrypted in it; another app's document may have a text of that name."""
    if isinstance(value, dict):
        return {
            name: without_secrets(each)
            for name, each in value.items()
            if name != SECRET or not (isinstance(each, dict) and "sealed" in each)
        }
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


def mutation_root(cls: type) -> type:
    """Turn a class of mutations into the schema's mutation type."""
    made = strawberry.type(cls, description="Everything that changes something. Each is one transaction.")
    get_object_definition(made, strict=True).fields.extend(each.field(made) for each in declarations_of(made))
    return made
