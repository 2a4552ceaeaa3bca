"""Errors of requests that contain a secret, without the values that graphql-core quotes in them.

A quoted value, or the object around it, would bring the secret into an answer and from there into a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from graphql import GraphQLError

from app.errors import Denial

SECRET_NAME = "secret"  # noqa: S105  # part of fields' names
"""Whatever has this in its name is taken for a secret."""

WHERE = re.compile(r"Variable '\$\w+' has invalid value(?: at [\w.\[\]]+)?(?=:)")
QUOTES_NAMES_ONLY = re.compile(
    r"(Cannot query field|Unknown (type|argument|fragment|directive)|Field '\w+' (of type|must not)|"
    r"Variable '\$\w+' is )[^:]*"
)
REDACTED = "Values are not repeated here, since the request carries a secret: compare it with the schema."


def contains_secret(text: str | None, variables: Mapping[str, object] | None) -> bool:
    """Whether a request may contain a secret, under whatever spelling of the field: `external_secret`, `secret`."""
    return (text is not None and SECRET_NAME in text.lower()) or contains_secret_field(variables)


def contains_secret_field(value: object) -> bool:
    """Whether a field with such a name is anywhere in a JSON value."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if any(SECRET_NAME in name.lower() for name in part):
                return True
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return False


def redact_errors(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """The errors, without what graphql-core's messages quote of the request; denials stay as they are."""
    return [error if isinstance(error.original_error, Denial) else redact_error(error) for error in errors]


def redact_error(error: GraphQLError) -> GraphQLError:
    """An error that says where in the request it is, and nothing of what is there."""
    if error.original_error is not None and error.path is not None:
        return error  # what a resolver raised, which masking words
    if QUOTES_NAMES_ONLY.fullmatch(error.message):
        return error
    where = WHERE.match(error.message)
    message = f"{where[0] if where else 'The request does not hold'}. {REDACTED}"
    return GraphQLError(message, nodes=error.nodes, source=error.source, positions=error.positions, path=error.path)
