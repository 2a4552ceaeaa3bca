"""Who waits in UNCLASSIFIED under the domains that imported organizations claim: told of, and moved where asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.entities.addresses import normalise_domain_or_text
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber
from app.errors import Problem, Problems
from app.organizations.domains import is_public
from app.organizations.waiting import MOST_AT_ONCE, Waiting, find_waiting, move_waiting, waiting_at
from app.transfer.rows import RawRow
from app.writing.owned import in_words
from app.writing.work import Work

DOMAINS = "associated_domains"
PLACE = (DOMAINS,)
SEVERAL = ""
"""In place of a claimant where several rows claim one domain."""


@dataclass(slots=True)
class ImportedClaims:
    """The domains that the rows of one import claim, with the only row that does, and those where somebody waits."""

    are_to_move: bool
    claimants: dict[str, str] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()

    def note(self, rows: Iterable[RawRow]) -> Iterable[RawRow]:
        """The rows, whose claims are noted as they pass."""
        for row in rows:
            name = str(row.values.get("external_id") or "").strip() or f" {row.line}"
            given = row.values.get(DOMAINS) or ()
            for domain in map(normalise_domain_or_text, texts_of(given)):
                self.claimants[domain] = name if self.claimants.get(domain, name) == name else SEVERAL
            yield row

    async def look_up(self, work: Work, domains: Iterable[str]) -> None:
        """Learn under which of these somebody waits: one read, whatever their number."""
        self.awaited = frozenset()
        asked = sorted({each for each in domains if self.claimants.get(each) and not is_public(each)})
        if not asked:
            return
        people = work.store[Subscriber.collection]
        found = await people.distinct("emailDomain", waiting_at(work, asked), session=work.session)
        self.awaited = frozenset(map(str, found))

    async def recognise(self, work: Work, organization: Organization) -> list[Problem]:
        """Warnings about those who wait for a new organization, or have moved to it."""
        domains = [each for each in organization.associated_domains if each in self.awaited]
        waiting = await find_waiting(work, organization, domains) if domains else Waiting()
        if not waiting.count:
            return []
        room = MOST_AT_ONCE - len(work.reassigned)
        if not self.are_to_move or room <= 0:
            return [warn_of_waiting(waiting.count)]
        problems = Problems(PLACE)
        handed_over = (await move_waiting(work, organization, waiting, problems, room)).handed_over
        if handed_over is None:
            return [Problem("SUBSCRIBERS_WAITING", PLACE, each.message) for each in problems.gathered]
        rest = waiting.count - handed_over.counts[Subscriber.collection]
        return [warn_of_move(handed_over.counts), *([warn_of_waiting(rest)] if rest else [])]


def texts_of(given: object) -> Iterable[str]:
    """The texts of a list, or of a cell that has them one after the other."""
    found = given.split() if isinstance(given, str) else given
    return [each for each in found if isinstance(each, str)] if isinstance(found, (list, tuple)) else []


def warn_of_waiting(count: int) -> Problem:
    """The warning that people still wait."""
    message = f"Subscribers in UNCLASSIFIED with addresses there: {count:,}. `moveWaitingSubscribers` moves them to it."
    return Problem("SUBSCRIBERS_WAITING", PLACE, message)


def warn_of_move(counts: Mapping[str, int]) -> Problem:
    """What was moved."""
    return Problem("SUBSCRIBERS_MOVED", PLACE, f"Moved to it from UNCLASSIFIED: {in_words(counts)}.")
