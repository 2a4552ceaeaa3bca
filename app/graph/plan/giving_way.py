"""Why graphql-core answers an operation instead of a plan. All other exceptions inside a plan are faults of ours."""

from __future__ import annotations

from app.errors import Denial


class NotPlannable(Exception):  # noqa: N818  # a decision, not a fault
    """No plan covers the operation; the message says why."""


class NeedsGraphQLCore(Exception):  # noqa: N818
    """While a plan ran, it met an error of the request, of a scope or of a stored document, and only graphql-core can
    say at which field that belongs. The message says what it met."""


class IncompleteDocument(NeedsGraphQLCore):
    """A document lacks a value where the schema has no null."""

    def __init__(self) -> None:
        super().__init__("a document lacks what the schema promises")


class StepDenied(NeedsGraphQLCore):
    """The read of one step was refused. If it is the step of a root field, the plan itself can say where."""

    def __init__(self, step: object, denial: Denial) -> None:
        super().__init__(f"{type(denial).__name__}: {denial}")
        self.step = step
        self.denial = denial
