"""From the text of a document to one that can be run: parsed, within the limits, valid, and with its operation chosen.

Only the text, the name of the operation and the sizes in the variables of a request matter here. Nothing is kept:
`document_cache` does that. `execution` runs the operation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    OperationType,
    UniqueFragmentNamesRule,
    parse,
    specified_rules,
    validate,
)
from graphql.language.parser import MAX_NESTING_DEPTH as PARSER_DEPTH
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged as overlap
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.errors import Code, TooComplex
from app.graph.plan.planner import PlannedOperation
from app.http.deadlines import sum_own_deadlines
from app.http.limits import Limits, too_complex
from app.http.query_cost import QueryCost, operations_of
from app.settings import Settings

MAX_LENGTH = 100_000
"""How long a document may be, in characters: what it carries along belongs into variables."""

MAX_ERRORS, LONG, MAX_ERRORS_OF_LONG = 20, 4_000, 3
"""How many errors of a document are reported. Each may cost a search for the name that was meant, and may quote a whole
literal: of a document longer than `LONG` characters the first few have to do."""

RULES: tuple[type[ASTValidationRule], ...] = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""The specification's rules, and the two that Strawberry adds to them."""

SOUNDNESS: tuple[type[ASTValidationRule], ...] = (NoFragmentCyclesRule, UniqueFragmentNamesRule)

# The comparisons of fields that may conflict are the one part of validation that is not linear, and graphql-core's own
# budget of them holds the event loop for half a second.
overlap.MAX_COMPLEXITY_BUDGET = 20_000


class RequestErrors(Exception):  # noqa: N818  # the client's doing, not a fault of the program
    """A document that is not run, and all that is known to be wrong with it; `code` is that of each of the errors."""

    def __init__(self, code: Code, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.code, self.errors = code, list(errors)


VariableSizes = tuple[float | str | None, ...]
"""All that the cost of a document depends on in the variables of a request."""


@dataclass(slots=True)
class CacheState:
    """What the cache remembers of a document: the sizes with which it was last within the limits, and its own size."""

    accepted_sizes: VariableSizes | None = None
    characters: int = 0


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A valid document and the operation of it that is run: with other variables too, if their sizes are the same."""

    document: DocumentNode
    operation: OperationDefinitionNode
    cost: QueryCost
    planned: PlannedOperation
    cache_state: CacheState = field(default_factory=CacheState)
    seconds: float = 0.0
    """The deadline that its root fields have of their own; 0 where they have none."""

    @property
    def is_query(self) -> bool:
        """Whether running it changes nothing."""
        return self.operation.operation is OperationType.QUERY


class Preparation:
    """How documents are prepared for one schema, under one set of limits."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        self.schema = schema
        self.max_tokens = settings.max_tokens
        self.max_depth = settings.max_depth
        self.limits = Limits(schema, settings)

    def prepare(self, text: str, operation_name: str | None, variables: Mapping[str, object]) -> PreparedDocument:
        """A document that can be run; `RequestErrors` where it cannot. `variables` are as the client sent them."""
        if len(text) > MAX_LENGTH:
            raise _request_errors([too_complex("length", "has {} characters", MAX_LENGTH, len(text))])
        document = self._parse(text)
        operation = _choose_operation(document, operation_name)
        cost = self.limits.measure(document, operation, variables)
        if not cost.has_sound_fragments:
            self._validate(document, SOUNDNESS, MAX_ERRORS_OF_LONG)
        self._check_cost(cost)
        self._validate(document, RULES, MAX_ERRORS_OF_LONG if len(text) > LONG else MAX_ERRORS)
        planned = PlannedOperation.of(document, operation)
        seconds = sum_own_deadlines(self.schema, document, operation)
        return PreparedDocument(document, operation, cost, planned, seconds=seconds)

    def check_limits(self, prepared: PreparedDocument, variables: Mapping[str, object]) -> None:
        """Raise `RequestErrors` where a document that was prepared before exceeds a limit with these variables."""
        self._check_cost(self.limits.measure(prepared.document, prepared.operation, variables))

    def _check_cost(self, cost: QueryCost) -> None:
        if exceeded := self.limits.find_exceeded(cost):
            raise _request_errors(exceeded)

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self.max_tokens)
        except GraphQLSyntaxError as error:
            # Only their messages distinguish these two errors of graphql-core.
            if error.message.endswith("tokens. Parsing aborted."):
                raise _request_errors(
                    [too_complex("tokens", "has {} tokens or more", self.max_tokens, self.max_tokens + 1)]
                ) from None
            if error.message.endswith("nested too deeply. Parsing aborted."):
                raise _request_errors(
                    [too_complex("depth", "nests {} deep or more", self.max_depth, PARSER_DEPTH + 1)]
                ) from None
            raise RequestErrors(Code.GRAPHQL_PARSE_FAILED, [error]) from None

    def _validate(self, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...], max_errors: int) -> None:
        errors = validate(self.schema, document, rules, max_errors=max_errors)
        if any(error.message == "Validation aborted." for error in errors):
            raise _request_errors(
                [TooComplex("The query selects too much of the same to be checked.", limit="comparisons")]
            )
        if errors:
            raise RequestErrors(Code.GRAPHQL_VALIDATION_FAILED, errors)


def _choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of that name, or the only one; `RequestErrors` where there are several and no name."""
    operations = operations_of(document)
    named = [operation for operation in operations if operation.name is not None]
    if name is not None:
        for operation in named:
            if operation.name is not None and operation.name.value == name:
                return operation
        raise _not_found(f"The document has no operation named {name[:100]!r}.")
    if not operations:
        raise _not_found("The document has no operation.")
    if len(operations) > 1:
        names = ", ".join(o.name.value for o in named[:10] if o.name is not None)
        raise _not_found(
            f"The document has {len(operations)} operations: say by `operationName` which is meant ({names})."
        )
    return operations[0]


def _not_found(message: str) -> RequestErrors:
    return RequestErrors(Code.OPERATION_NOT_FOUND, [GraphQLError(message)])


def _request_errors(denials: Sequence[TooComplex]) -> RequestErrors:
    errors = [GraphQLError(denial.message, original_error=denial) for denial in denials]
    return RequestErrors(Code.QUERY_TOO_COMPLEX, errors)
