"""Requests that carry a secret: what is wrong with them is told without repeating anything of them.

graphql-core's messages quote values, and the objects around them; a secret would stand in an error, and then in a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from app.errors import Denial

SECRET_NAME = "secret"  # noqa: S105  # part of fields' names
"""Whatever is called so is taken for one."""

WHERE = re.compile(r"Variable '\$\w+' has invalid value(?: at [\w.\[\]]+)?(?=:)")
QUOTES_NAMES_ONLY = re.compile(
    r"(Cannot query field|Unknown (type|argument|fragment|directive)|Field '\w+' (of type|must not)|"
    r"Variable '\$\w+' is )[^:]*"
)
REDACTED = "Values are not repeated here, since the request carries a secret: compare it with the schema."


def contains_secret(text: str | None, variables: Mapping[str, Any] | None) -> bool:
    """Whether a secret may stand in a request, be its field's name mistyped: `external_secret`, `secret`."""
    return (text is not None and SECRET_NAME in text.lower()) or contains_secret_field(variables)


def contains_secret_field(value: Any) -> bool:
    """Whether a field of such a name is anywhere in a JSON value."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            if any(SECRET_NAME in name.lower() for name in each):
                return True
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return False


def redact_errors(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """The errors, those in graphql-core's own words without what they quote."""
    return [error if isinstance(error.original_error, Denial) else redact_error(error) for error in errors]


def redact_error(error: GraphQLError) -> GraphQLError:
    """One error, with what may be told of where it is, and nothing of what was there."""
    if error.original_error is not None and error.path is not None:
        return error  # what a resolver raised, which masking words
    if QUOTES_NAMES_ONLY.fullmatch(error.message):
        return error
    where = WHERE.match(error.message)
    message = f"{where[0] if where else 'The request does not hold'}. {REDACTED}"
    return GraphQLError(message, nodes=error.nodes, source=error.source, positions=error.positions, path=error.path)
