"""Columns say what their record's rules say: which inputs there are, and which a row must give."""

from __future__ import annotations

from typing import ClassVar

from app.catalog.subscriptions import SubscriptionRules
from app.entities.subscriber import Subscriber
from app.entities.subscription import PlanSubscription
from app.transfer.columns import ReferenceTarget
from app.transfer.record_columns import ColumnBuilder
from app.writing.inputs import CUSTOM_METADATA, Inputs
from app.writing.rules import Rules


def test_a_record_has_no_column_for_metadata_that_is_no_input_of_it() -> None:
    class WithoutApps(Rules[Subscriber]):
        record = Subscriber
        inputs: ClassVar[Inputs] = (CUSTOM_METADATA,)

    assert [each.name for each in ColumnBuilder(WithoutApps).metadata()] == ["custom_metadata"]


def test_a_column_for_a_required_reference_is_required_unless_it_is_one_of_several() -> None:
    builder = ColumnBuilder(SubscriptionRules)
    target = ReferenceTarget("organization", PlanSubscription.finders[0], "UNKNOWN", "organization")
    assert builder.reference("organization", "Its organization.", target).required
    assert not builder.reference("organization", "Its organization.", target, is_one_of_several=True).required
