"""Errors as a client sees them: each with a code of the closed list, and nothing of the driver or the data.

A denial keeps its message, what is wrong with a request keeps graphql-core's, and an unreachable database has one of
ours. Everything else is a fault of the program: it is logged with its traceback, and the client gets the request id.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import structlog
from graphql import GraphQLError, GraphQLFormattedError
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, ServerSelectionTimeoutError

from app.errors import Code, Denial, Refused
from app.mongo.reads import is_retryable

MAX_LOGGED = 5
"""How many faults of one response are logged: each row of a long list may fail in the same way."""

MAX_FRAMES = 20
MAX_MESSAGE = 500

UNAVAILABLE = "The database cannot be reached at the moment. Try again in a little while."
TIMEOUT = "It took longer than it may. Ask for less at a time, or try again in a little while."
UNKNOWN = (
    "The answer of the database was lost, so the change may have been stored or not. Send the same again with the same "
    "idempotencyKey: what was stored is not stored twice."
)

log = structlog.get_logger(__name__)


class ErrorText(NamedTuple):
    """What a client sees of an error."""

    message: str
    extensions: dict[str, object]


def fault_message(request_id: str) -> str:
    """The message of a fault of the program."""
    return f"Something went wrong on our side. Request id: {request_id}"


def mask_errors(
    errors: Iterable[GraphQLError], request_id: str, code: Code = Code.BAD_VARIABLES
) -> list[GraphQLFormattedError]:
    """The errors as the response carries them. The faults among them are logged, and their messages replaced.

    `code` is that of graphql-core's errors about the whole request: those of a prepared document are about variables.
    """
    masked = []
    faults = 0
    for error in errors:
        text = _describe_error(error, code)
        if text is None:
            faults += 1
            if faults <= MAX_LOGGED:
                log_fault(_root_cause(error) or error, request_id, path=error.path)
            text = ErrorText(fault_message(request_id), {"code": Code.INTERNAL.value})
        masked.append(_format_error(error, text))
    if faults > MAX_LOGGED:
        log.error("more faults of the same response", request_id=request_id, faults=faults - MAX_LOGGED)
    return masked


def log_fault(cause: BaseException, request_id: str, path: list[str | int] | None = None) -> None:
    """Log a fault: what was raised, where in the response, and under which request id.

    The traceback is written here and not by the log's renderer, which may add the variables of each frame: records.
    """
    exception = "".join(traceback.format_exception(cause, limit=-MAX_FRAMES))
    log.error("fault", request_id=request_id, path=path, exception=exception)


def describe_database_error(error: PyMongoError) -> tuple[Code, str] | None:
    """The code and message of an error of a database that is late or away; None of any other, which is a fault."""
    if error.has_error_label("UnknownTransactionCommitResult"):
        return Code.OUTCOME_UNKNOWN, UNKNOWN
    if isinstance(error, ServerSelectionTimeoutError):
        return Code.UNAVAILABLE, UNAVAILABLE
    if error.timeout or isinstance(error, ExecutionTimeout):
        return Code.TIMEOUT, TIMEOUT
    was_undone = error.has_error_label("TransientTransactionError")
    if was_undone or isinstance(error, ConnectionFailure) or is_retryable(error):
        return Code.UNAVAILABLE, UNAVAILABLE
    return None


def _describe_error(error: GraphQLError, request_code: Code) -> ErrorText | None:
    """What a client sees of an error; None where it is a fault of the program."""
    cause = _root_cause(error)
    if isinstance(cause, Denial):
        return ErrorText(cause.message, cause.extensions)
    if isinstance(cause, Refused):
        return ErrorText(str(cause), {"code": Code.BAD_ARGUMENT.value})
    if isinstance(cause, PyMongoError):
        known = describe_database_error(cause)
        if known is not None:
            log.warning("database", code=known[0].value, error=type(cause).__name__, path=error.path)
        return ErrorText(known[1], {"code": known[0].value}) if known is not None else None
    if isinstance(cause, TimeoutError):
        return ErrorText(TIMEOUT, {"code": Code.TIMEOUT.value})
    if error.path is None or (cause is None and _is_about_an_argument(error)):
        message = _clean_message(error, cause)
        # Some quote what was sent, whatever its length.
        shortened = message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"
        return ErrorText(shortened, {"code": (request_code if error.path is None else Code.BAD_ARGUMENT).value})
    return None


def _causes(error: GraphQLError) -> Iterator[BaseException]:
    """The error, the exception that it wraps, the one that this wraps, and so on."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.original_error if isinstance(cause, GraphQLError) else None


def _root_cause(error: GraphQLError) -> Exception | None:
    """The exception that an error was made of; None where graphql-core itself raised it."""
    return next((c for c in _causes(error) if isinstance(c, Exception) and not isinstance(c, GraphQLError)), None)


def _is_about_an_argument(error: GraphQLError) -> bool:
    """Whether an error of a field says what is wrong with its arguments, rather than with what it answers.

    graphql-core raises the one at the argument's place in the document, and the other, from a scalar that cannot write
    a value, at none.
    """
    innermost = list(_causes(error))[-1]
    return innermost is not error and isinstance(innermost, GraphQLError) and bool(innermost.nodes)


def _clean_message(error: GraphQLError, cause: Exception | None) -> str:
    """graphql-core's message, without what a scalar's parser raised unless it was raised for the caller.

    Only a plain ValueError is: its subclasses (pydantic's, the codecs') describe our internals.
    """
    if cause is None or type(cause) is ValueError:
        return error.message
    return error.message.replace(f", but encountered error '{cause}'; found", ", found")


def _format_error(error: GraphQLError, text: ErrorText) -> GraphQLFormattedError:
    """An error as the specification of GraphQL writes it: message, locations, path, extensions."""
    formatted: GraphQLFormattedError = {"message": text.message}
    if error.locations:
        formatted["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        formatted["path"] = error.path
    formatted["extensions"] = text.extensions
    return formatted
