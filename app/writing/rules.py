"""What a room says of a record that can be written: which fields callers may give, and the rules that judge it.

`writing/lifecycle.py` calls these in the order in which they stand here. Rules take and return entities. A field whose
value did not hold has none in an entity (or an empty text): `problems.mention` says for which that is so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from app.errors import Problem, Problems
from app.graph.documents import from_document
from app.graph.record import Record
from app.mongo.client import Doc
from app.mongo.keys import Claim
from app.writing import owned
from app.writing.inputs import Field, Inputs, RecordInput
from app.writing.keys import Key
from app.writing.owner_hooks import hooks_of
from app.writing.work import Work

R = TypeVar("R", bound=Record)


class Rules(Generic[R]):
    """The table of inputs and the rules of one kind of record. It has no state of its own."""

    record: type[R]
    inputs: ClassVar[Inputs]
    input_of: ClassVar[Mapping[str, str]] = {}
    """Stored field → the input that it comes from, where that has another name."""
    kept_namespaces: ClassVar[frozenset[str]] = frozenset()
    """The namespaces whose keys a deleted record keeps."""

    is_made_along: ClassVar[bool] = False
    """Whether such records can be given with the one that owns them wherever that is made."""

    def accepts(self, stored: str) -> bool:
        """Whether a caller may give that stored field."""
        return any(isinstance(each, Field) and each.stored == stored for each in self.inputs)

    async def prefetch(self, work: Work, given: Sequence[RecordInput]) -> None:
        """Read what the rules will look at for several inputs at once; the records that they name are at hand."""

    def construct(self, work: Work, base: Doc, before: R | None, given: RecordInput, problems: Problems) -> R:
        """The record with what was given. `base` is the document of `before`, or of a new record with every default."""
        return from_document(self.record, base | given.values)

    async def complete(self, work: Work, before: R | None, after: R) -> R:
        """The record with all that follows from its fields and from other records.

        `before` is None where it is new; where a deleted record comes back, `before` has its `deleted_at`.
        """
        return after

    async def validate(self, work: Work, before: R | None, after: R, problems: Problems) -> None:
        """Add what is wrong with what a record is to be, by what it and the records around it say."""

    async def consequences(
        self, work: Work, before: R | None, after: R, problems: Problems
    ) -> Sequence[tuple[Record, Record]]:
        """Other records that change along, each before and after; adds what keeps them from that to `problems`."""
        return ()

    async def deletion_blockers(self, work: Work, record: R) -> list[Problem]:
        """What keeps the record from being deleted."""
        blockers = await owned.deletion_blockers(work, record)
        for hook in hooks_of(self.record):
            blockers += await hook.deletion_blockers(work, record)
        return blockers

    def may_take(self, work: Work, claim: Claim, record: R) -> bool:
        """Whether a record may have a key that a deleted one kept."""
        return False

    def describe_taken(self, work: Work, claim: Claim, text: str) -> tuple[str, str]:
        """The code and message for a key that another record has."""
        return "TAKEN", f"{text!r} finds {work.name_of_owner(claim.record_id)} already.{work.taken_advice}"

    async def keys_to_restore(self, work: Work, record: R) -> Sequence[Key]:
        """Keys that a restored record gets back besides its own, unless another took them meanwhile."""
        return ()
