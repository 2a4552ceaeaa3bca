"""A mutation: one `input`, one payload, and the operation behind it, run in one transaction. And a preview of one.

An operation is a function `(work, given) -> payload`; the types of its parameters are GraphQL's input and payload. What
it refuses is data in `userErrors`; nothing of it is stored then.
"""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pymongo
import strawberry
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from app.access.viewer import Scope
from app.context import Context
from app.entities.identifiers import Identifiers
from app.errors import Problem, Refused
from app.graph.declarations import REQUIRED, Args, Argument, Declaration
from app.graph.edges import forbidden
from app.graph.record import declarations_of
from app.graph.scalars import to_the_millisecond
from app.mongo.client import Doc
from app.mongo.transactions import in_transaction
from app.mongo.write_locks import LockContended, WriteLock
from app.writing import idempotency
from app.writing.input_types import MutationInput
from app.writing.inputs import plain_value
from app.writing.payloads import Payload, WarningPayload, from_result, to_result
from app.writing.problems import UserError
from app.writing.retrying import RetryPolicy, is_outcome_unknown, is_too_large
from app.writing.work import Work

SECONDS = 8.0
"""How long a mutation may take in the database, tries included, unless it says otherwise."""

TOO_LARGE = "It is more than one transaction of this database holds. Do it in parts."

Operation = Callable[[Any, Any], Awaitable[Payload]]


@dataclass(eq=False, kw_only=True)
class Operated(Declaration):
    """A root field with one `input` and a payload.

    `needs` are the scopes, all of them; `seconds` is a deadline of its own; `unit` is the kind of unit of work that the
    operation gets.
    """

    operation: Operation
    needs: Callable[[], frozenset[Scope]]
    seconds: float = SECONDS
    unit: type[Work] = Work

    @cached_property
    def type_name(self) -> str:
        """`CreateOrganization`, of which the input and the payload have their names."""
        camel = to_camel_case(self.name)
        return camel[0].upper() + camel[1:]

    @cached_property
    def types(self) -> tuple[type, type[Payload]]:
        """The GraphQL input and payload: those that the operation takes and returns."""
        hints = typing.get_type_hints(self.operation)
        given, payload = list(hints.values())[1], hints["return"]
        for made, suffix in ((given, "Input"), (payload, "Payload")):
            if made.__name__ != f"{self.type_name}{suffix}":
                raise TypeError(f"{to_camel_case(self.name)} has {made.__name__}, not {self.type_name}{suffix}")
        return given, payload

    @property
    def input_type(self) -> type:
        """The GraphQL input."""
        return self.types[0]

    @property
    def payload_type(self) -> type[Payload]:
        """The GraphQL payload."""
        return self.types[1]

    def description(self) -> str:
        needed = sorted(self.needs())
        return f"{self.doc} Needs {', '.join(needed)}." if needed else self.doc

    def graphql_type(self) -> Any:
        return self.payload_type | None

    def graphql_arguments(self) -> dict[str, Argument]:
        return {"input": Argument(self.input_type, REQUIRED, "What to do.")}

    async def resolve(self, source: object, context: Context, args: Args) -> Payload:
        """The payload. Raises Forbidden, and what the database raises where it is away."""
        for scope in sorted(self.needs()):
            if not context.viewer.may(scope):
                raise forbidden(scope)
        try:
            with pymongo.timeout(self.seconds):
                stored = await self.run(context, args["input"])
                context.forget_reads()
        except Refused as refused:
            return self.payload_type.of_problems(refused.problems)
        return from_result(self.payload_type, stored)

    async def run(self, context: Context, given: object) -> Doc:
        """The payload that the operation returns, as it is stored."""
        raise NotImplementedError

    def begin(self, context: Context, session: AsyncClientSession, write_lock: WriteLock | None = None) -> Work:
        """The unit of work of one attempt."""
        now = to_the_millisecond(context.now)
        return self.unit(
            store=context.store,
            session=session,
            now=now,
            ids=Identifiers(now),
            viewer=context.viewer,
            operation=to_camel_case(self.name),
            cipher=context.cipher,
            write_lock=write_lock,
        )


@dataclass(eq=False, kw_only=True)
class Preview(Operated):
    """A root field that says what a mutation would do: the same operation's plan, of which nothing is written."""

    async def run(self, context: Context, given: object) -> Doc:
        async def once(session: AsyncClientSession) -> Doc:
            return to_result(await self.operation(self.begin(context, session), given))

        return await in_transaction(context.store, once, self.seconds)


@dataclass(eq=False, kw_only=True)
class Mutation(Operated):
    """A root field that changes something."""

    async def run(self, context: Context, given: object) -> Doc:
        """The result, as it was stored the first time; tried again where other writers were in the way."""
        key = given.idempotency_key if isinstance(given, MutationInput) else None
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
            result = await self.operate(work, given)
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

    async def operate(self, work: Work, given: object) -> Doc:
        """The payload as it is stored, with the warnings that came up."""
        done = await self.operation(work, given)
        if work.warnings and isinstance(done, WarningPayload):
            done.warnings = [UserError.of(each) for each in work.warnings]
        return to_result(done)


def mutation_root(cls: type) -> type:
    """Turn a class of mutations into the schema's mutation type."""
    made = strawberry.type(cls, description="Everything that changes something. Each is one transaction.")
    get_object_definition(made, strict=True).fields.extend(each.field(made) for each in declarations_of(made))
    return made
