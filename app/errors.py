"""What can go wrong, in three families.

*Refusals* are expected and are data (`Problem`): a row or a mutation that breaks a rule. *Denials* are top-level
GraphQL errors with a stable code from a closed list. *Faults* are everything else: masked, logged with a request id,
and they leak nothing of the driver or the data. An exception carries its facts as attributes. No HTTP, no database
here.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


class Code(enum.StrEnum):
    """`extensions.code` of a top-level error. The list is closed: clients switch on it."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_NOT_FOUND = "OPERATION_NOT_FOUND"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    BAD_VARIABLES = "BAD_VARIABLES"
    BAD_ARGUMENT = "BAD_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    AMBIGUOUS = "AMBIGUOUS"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


CODES: Mapping[Code, str] = {
    Code.UNAUTHENTICATED: "The caller is not known: send credentials that are valid.",
    Code.FORBIDDEN: "The viewer may not see or do this; `scope` names what is needed, where that would do.",
    Code.BAD_REQUEST: "It is no request of GraphQL over HTTP: its method, media type, body or parameters are wrong.",
    Code.GRAPHQL_PARSE_FAILED: "The document is not GraphQL; `locations` says where it stops being.",
    Code.GRAPHQL_VALIDATION_FAILED: "The document does not fit the schema: compare it with `schema.graphql`.",
    Code.OPERATION_NOT_FOUND: "The document has no operation of that name, or several and none was named.",
    Code.PERSISTED_QUERY_NOT_FOUND: "No document has that id: send it with its text, or add it to the trusted ones.",
    Code.BAD_VARIABLES: "A variable is missing, or its value does not fit its type.",
    Code.BAD_ARGUMENT: "A value of an argument cannot be used: a page size, a cursor, a filter; `argument` names it.",
    Code.NOT_FOUND: "There is no live record with that id or key, or nothing at that address.",
    Code.AMBIGUOUS: "Several records have that name; `candidates` are their ids.",
    Code.QUERY_TOO_COMPLEX: "The document exceeds a limit: `limit` names it, with `allowed` and `actual`.",
    Code.RATE_LIMITED: "The caller sends more than it may: try again later.",
    Code.TIMEOUT: "It took longer than it may, and nothing was changed: ask for less, or try again later.",
    Code.OUTCOME_UNKNOWN: "Whether the change was stored is not known: send it again with the same `idempotencyKey`.",
    Code.UNAVAILABLE: "The database cannot be reached: try again later.",
    Code.INTERNAL: "A fault of the server, logged under the request id that the message names.",
}
"""Every code, and what it says."""


class Denial(Exception):  # noqa: N818  # a denial is not a fault of the program
    """A request, or a part of one, that is not answered. The message tells the caller why and what to do."""

    code = Code.BAD_REQUEST

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    @property
    def extensions(self) -> dict[str, object]:
        """The `extensions` of the GraphQL error: the code, and the facts under their camelCase names."""
        return {"code": self.code.value, **self.facts}


class BadArgument(Denial):
    """A value of an argument that is wrong by itself, whatever is stored; the message says how to put it right."""

    code = Code.BAD_ARGUMENT


class NotFound(Denial):
    """No record has the id or key that was given."""

    code = Code.NOT_FOUND


class Ambiguous(Denial):
    """Several records have the name that was given; `candidates` are their ids."""

    code = Code.AMBIGUOUS


class TooComplex(Denial):
    """A document that exceeds a limit: which (`limit`), what is `allowed`, and what the document has (`actual`)."""

    code = Code.QUERY_TOO_COMPLEX


class Forbidden(Denial):
    """The viewer lacks the scope that is needed; `scope` names it."""

    code = Code.FORBIDDEN


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input: a stable code, where it stands, and how to put it right."""

    code: str
    field: tuple[str, ...]
    message: str

    def moved_to(self, *path: str) -> Problem:
        """The same problem at another place."""
        return Problem(self.code, path, self.message)


class Refused(Exception):  # noqa: N818
    """An input that breaks rules: every problem found, not only the first. Nothing was stored."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class SetupError(Exception):
    """The program cannot start as it was asked to; the message is for the operator and says what to do."""


class Problems:
    """Everything that is wrong with one input, gathered while it is judged, each with its place in the input."""

    def __init__(self, path: tuple[str, ...] = (), gathered: list[Problem] | None = None) -> None:
        self.path = path
        self.gathered: list[Problem] = [] if gathered is None else gathered

    def add(self, code: str, field: str | tuple[str, ...], message: str) -> None:
        """Add a problem; `field` is its place below this one's path."""
        inner = (field,) if isinstance(field, str) else field
        self.gathered.append(Problem(code, (*self.path, *inner), message))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems whose places are whole already."""
        self.gathered.extend(problems)

    def at(self, *names: str) -> Problems:
        """The same problems, for a part of the input that stands below this one's path."""
        return Problems((*self.path, *names), self.gathered)

    def mention(self, field: str) -> bool:
        """Whether something is wrong with that field, or with a part of it."""
        place = (*self.path, field)
        return any(problem.field[: len(place)] == place for problem in self.gathered)

    def __len__(self) -> int:
        return len(self.gathered)

    def refuse(self) -> None:
        """Raise Refused with all of them, if there are any."""
        if self.gathered:
            raise Refused(self.gathered)
