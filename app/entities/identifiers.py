"""New ids: a record's prefix and a ULID, and what has the form of one. Pure but for the randomness."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from typing import Annotated, ClassVar

from ulid import ULID

from app.entities.texts import Invalid, text
from app.entities.value_rules import ReadBy
from app.graph.record import Record

UNCLASSIFIED_ID, UNCLASSIFIED_NAME = "org_unclassified", "UNCLASSIFIED"
"""The id of the organization that holds what belongs to no known customer."""

RANDOM_BITS = 80  # of a ULID; the rest is the time in milliseconds
TURN_BITS = 16
VERSION_BITS, ENTRY_TURN_BITS, ENTRY_RANDOM_BITS = 16, 12, 52
"""What the random bits are in an id that sorts by a version: only entries of one millisecond are told apart by them."""
ORGANIZATION_ID = re.compile(rf"{UNCLASSIFIED_ID}|org_[0-7][0-9A-HJKMNP-TV-Z]{{25}}")


def external_id(value: object) -> str:
    """A customer's own id. It shares one namespace with organizations' ids, and so cannot look like one."""
    found = text(256)(value)
    if is_organization_id(found):
        raise Invalid(
            "RESERVED", f"{found!r} looks like an organization's id, which only the system assigns: choose another."
        )
    return found


ExternalId = Annotated[str, ReadBy(external_id)]
"""An id that callers bring along: it finds an organization, or what produces usage for one."""


class Identifiers:
    """Ids of one instant, in rising order: records that are made together are listed as they were made.

    What this process makes later in the same millisecond comes later, too. A `seed` makes them the same every time, for
    data that is.
    """

    turns: ClassVar[tuple[int, int]] = 0, 0
    """The millisecond last begun with, and how often."""

    def __init__(self, at: datetime, seed: str | None = None) -> None:
        milliseconds = int(at.timestamp() * 1000)
        start = self.turn(milliseconds) if seed is None else digest(seed)
        self._last = milliseconds << RANDOM_BITS | start >> 1  # half of the room is left to count in

    @classmethod
    def turn(cls, milliseconds: int) -> int:
        """Random bits, above those of an earlier turn of the same millisecond."""
        latest, count = cls.turns
        count = count + 1 if latest == milliseconds else 0
        cls.turns = milliseconds, count
        rest = RANDOM_BITS - TURN_BITS
        return count % (1 << TURN_BITS) << rest | secrets.randbits(rest)

    def new(self, record: type[Record]) -> str:
        """The next one, for a record of that type."""
        self._last += 1
        return f"{record.prefix}_{ULID.from_int(self._last)}"

    def new_of_version(self, record: type[Record], at: datetime, version: int) -> str:
        """One that sorts by that instant, then by the version: entries about one record, as its versions were made."""
        self._last += 1
        turn = self._last >> RANDOM_BITS - TURN_BITS - 1  # the first bit is left free, to count in
        parts = ((version, VERSION_BITS), (turn, ENTRY_TURN_BITS), (self._last, ENTRY_RANDOM_BITS))
        value = int(at.timestamp() * 1000)
        for part, bits in parts:
            value = value << bits | part & (1 << bits) - 1
        return f"{record.prefix}_{ULID.from_int(value)}"


def digest(seed: str) -> int:
    """As many bits as a ULID has at random, of a text."""
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=RANDOM_BITS // 8).digest())


def is_organization_id(text: str) -> bool:
    """Whether the text has the form of an organization's id, and so cannot be anything else's key."""
    return ORGANIZATION_ID.fullmatch(text) is not None
