"""How old a debt is: whole days after its due date, counted in the debtor's time zone. Pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

STEPS = (0, 30, 60, 90)
BUCKETS = ("current", "days1To30", "days31To60", "days61To90", "over90")


def boundaries(timezone: str, as_of: datetime) -> tuple[datetime, ...]:
    """The instants between the buckets, latest first, UTC: starts of days in `timezone`.

    An invoice due at or after the first is current (due today is current); due at or after the second, 1 to 30 days
    over; and so on.
    """
    zone = ZoneInfo(timezone)
    today = as_of.astimezone(zone).date()
    return tuple(datetime.combine(today - timedelta(days=step), time(), zone).astimezone(UTC) for step in STEPS)


def bucket(due_at: datetime, edges: tuple[datetime, ...]) -> str:
    """The bucket of a due date, between `boundaries`."""
    return BUCKETS[sum(due_at < edge for edge in edges)]
