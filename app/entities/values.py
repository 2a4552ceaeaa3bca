"""Values that several records hold: money, custom metadata, the documents of other apps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import strawberry
from pydantic import Field
from typing_extensions import TypedDict

from app.graph.declarations import Argument, Derived, derived
from app.graph.many import Many, many
from app.graph.record import Embedded, embedded
from app.graph.scalars import JSON, Currency, MetadataValue


@embedded(description="An exact amount in one currency. Amounts in different currencies are never added.")
class Money(Embedded):
    """An exact amount in one currency."""

    amount: Decimal = Field(description="In the currency's main unit: 12.50 is twelve dollars and fifty cents.")
    currency: Currency = Field(description="Its currency, ISO 4217.")


@embedded(description="One entry of custom metadata.")
class MetadataEntry(Embedded):
    """One entry of custom metadata."""

    name: str = Field(min_length=1, max_length=256, description="Its name: any text of 1 to 256 characters.")
    value: MetadataValue | None = Field(description="Its value: text, a number, a boolean or null.")


@embedded(description="The id of a record in another system.")
class AppId(Embedded):
    """The id of a record in another system."""

    name: str = Field(description='The app, such as "stripe".')
    value: str = Field(description='The record\'s id there, such as a customer id "cus_…".')


APP_IDS = (
    "Its ids in other systems, such as its Stripe customer; an organization also has those of the ones merged into it. "
    "Each finds it."
)


APP = "app:"


def app_namespace(app: str) -> str:
    """The namespace of keys in which the ids of an app are."""
    return f"{APP}{app}"


class AppDocument(TypedDict):
    """What one app keeps beside a record."""

    app: str
    data: dict[str, object]


def history() -> Many:
    """The field `history` of a record: its audit entries."""
    return many("AuditEntry", by="recordId", doc="The changes made to it, by whom and when. Secrets are never shown.")


METADATA = "Your own entries, in the order they were set; at most 64 KiB per record."


def app_document(rows: Sequence[AppDocument] | None, *, now: datetime, app: str | None = None) -> object:
    """The document of `app`, null where it has none; without `app`, all of them by app."""
    documents = {row["app"]: row["data"] for row in rows or ()}
    return documents if app is None else documents.get(app)


def app_metadata() -> Derived:
    """The field `appMetadata(app:)` over the stored rows of the same name."""
    return derived(
        JSON | None,
        of=("appMetadata",),
        by=app_document,
        doc="The metadata of other systems: the document of one app, or an object with those of all apps by name.",
        app=Argument(str | None, strawberry.UNSET, 'One app, such as "stripe"; all apps if omitted.'),
    )
