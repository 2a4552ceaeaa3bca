"""How old a debt is, in whole days of the debtor's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing.aging import BUCKETS, boundaries, bucket

ZONES = ["UTC", "Pacific/Auckland", "America/St_Johns", "Europe/Berlin", "Pacific/Kiritimati"]


@pytest.mark.parametrize(
    ("days", "name"),
    [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)],
)
def test_days_after_the_due_date_decide_the_bucket(days: int, name: int) -> None:
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert bucket(now - timedelta(days=days), boundaries("UTC", now)) == BUCKETS[name]


def test_due_today_is_current_in_the_debtors_time_zone() -> None:
    """00:30 on the 15th in Berlin is still the 14th in UTC: due on the 15th at 00:10 in Berlin is due today there."""
    now = datetime(2026, 6, 14, 22, 30, tzinfo=UTC)
    due = datetime(2026, 6, 14, 22, 10, tzinfo=UTC)
    assert bucket(due, boundaries("Europe/Berlin", now)) == "current"
    yesterday = datetime(2026, 6, 14, 21, 50, tzinfo=UTC)
    assert bucket(yesterday, boundaries("Europe/Berlin", now)) == "days1To30"
    assert bucket(yesterday, boundaries("UTC", now)) == "current"


instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds


@given(now=instants, due=instants, zone=st.sampled_from(ZONES))
def test_the_bucket_counts_calendar_days(now: datetime, due: datetime, zone: str) -> None:
    """Over changes to and from summer time too."""
    days = (now.astimezone(ZoneInfo(zone)).date() - due.astimezone(ZoneInfo(zone)).date()).days
    expected = 0 if days <= 0 else 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4
    assert bucket(due, boundaries(zone, now)) == BUCKETS[expected]
