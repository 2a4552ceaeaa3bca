"""Records for tests: whole and valid, with only what a test says differing. Stored as the program stores them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.billing.balance import Issued, Settlement, settle_invoice
from app.credentials.keys import with_keys
from app.entities.addresses import normalise_email
from app.entities.catalog import Feature, Plan
from app.entities.credential import Credential
from app.entities.invoice import CreditNote, Invoice, InvoiceLine, Payment
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber, name_key
from app.entities.subscription import PlanSubscription
from app.entities.usage_attribute import UsageAttribute
from app.graph.documents import to_document
from app.graph.record import Record
from app.graph.search_texts import search_fields
from app.mongo.client import Store
from app.mongo.keys import Claim
from app.organizations.domains import domain_of
from app.organizations.duplicates import match_keys

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def stamps(n: int) -> dict[str, Any]:
    """What all records carry; the n-th was made n minutes after the first."""
    at = EPOCH + timedelta(minutes=n)
    return {"createdAt": at, "updatedAt": at}


def organization(name: str, /, parent: Organization | None = None, n: int = 0, **more: Any) -> Organization:
    """`org_<name>`, below `parent`."""
    node_id = f"org_{name}"
    above = {"parentId": parent.id, "ancestorIds": [*parent.ancestor_ids, parent.id]} if parent else {}
    fields = {"_id": node_id, "name": name, "payerId": node_id, **above, **stamps(n), **more}
    made = Organization.model_validate(fields)
    return made.model_copy(update={"match_keys": match_keys(to_document(made))})


def subscriber(name: str, of: Organization, /, n: int = 0, **more: Any) -> Subscriber:
    """`sbr_<name>`, of an organization."""
    email = more.pop("email", f"{name}@example.com")
    email_key = normalise_email(email)
    key = {"email": email, "emailKey": email_key, "emailDomain": domain_of(email_key), "subscriberId": name}
    key["nameKey"] = name_key(more.get("lastName"), more.get("firstName"))
    return Subscriber.model_validate({"_id": f"sbr_{name}", "organizationId": of.id, **key, **stamps(n), **more})


def credential(name: str, of: Subscriber, /, n: int = 0, **more: Any) -> Credential:
    """`crd_<name>`, of a subscriber and its organization."""
    value = more.pop("credentialId", f"key-{name}")
    own = {"organizationId": of.organization_id, "subscriberId": of.id}
    keys = {"credentialId": value, "keys": [{"value": value, "validFrom": EPOCH, "status": "ACTIVE"}]}
    made = Credential.model_validate({"_id": f"crd_{name}", "name": name, **own, **keys, **stamps(n), **more})
    return with_keys(made, made.keys)


def usage_attribute(key: str, of: Organization, n: int = 0, **more: Any) -> UsageAttribute:
    """`att_<key>`, of an organization."""
    fields = {"_id": f"att_{key}", "key": key, "kind": "SUBJECT", "organizationId": of.id, **stamps(n), **more}
    return UsageAttribute.model_validate(fields)


def feature(key: str, n: int = 0) -> Feature:
    """`fea_<key>`."""
    return Feature.model_validate({"_id": f"fea_{key}", "key": key, "name": key.title(), **stamps(n)})


def plan(key: str, features: Sequence[Feature] = (), n: int = 0, **more: Any) -> Plan:
    """`pln_<key>`, with features."""
    fields = {"_id": f"pln_{key}", "key": key, "name": key.title(), "currency": "USD", "charging": "PASS_THROUGH"}
    return Plan.model_validate({**fields, "featureIds": [each.id for each in features], **stamps(n), **more})


def subscription(external_id: str, of: Organization, to: Plan, n: int = 0, **more: Any) -> PlanSubscription:
    """`sub_<external id>`, of an organization to a plan."""
    own = {"organizationId": of.id, "planId": to.id, "externalId": external_id}
    fields = {"_id": f"sub_{external_id}", "status": "ACTIVE", "activeFrom": EPOCH, **own, **stamps(n), **more}
    return PlanSubscription.model_validate(fields)


def money(amount: Decimal | int | str, currency: str = "USD") -> dict[str, Any]:
    """An amount as it is stored."""
    return {"amount": Decimal(amount), "currency": currency}


def payment(
    name: str, of: Organization, amount: int | str, at: datetime, on: str | None = None, currency: str = "USD"
) -> Payment:
    """`pay_<name>` by an organization, on the invoice of that name."""
    own = {"organizationId": of.id, "invoiceId": f"inv_{on}" if on else None, "currency": currency}
    fields = {"_id": f"pay_{name}", "amount": money(amount, currency), "paidAt": at, "reference": name}
    return Payment.model_validate({**fields, **own, **stamps(0)})


def credit_note(
    name: str, of: Organization, amount: int | str, at: datetime, on: str, currency: str = "USD"
) -> CreditNote:
    """`crn_<name>` to an organization, on the invoice of that name."""
    own = {"organizationId": of.id, "invoiceId": f"inv_{on}", "currency": currency, "number": name}
    fields = {"_id": f"crn_{name}", "amount": money(amount, currency), "creditedAt": at}
    return CreditNote.model_validate({**fields, **own, **stamps(0)})


def invoice(
    name: str,
    of: Organization,
    total: int | str,
    issued_at: datetime | None,
    settled_by: Sequence[Payment | CreditNote] = (),
    currency: str = "USD",
    now: datetime = NOW,
    **more: Any,
) -> Invoice:
    """`inv_<name>` to a payer, as it stands at `now` after what was paid and credited."""
    settlements = [
        Settlement(each.paid_at, each.amount.amount, True)
        if isinstance(each, Payment)
        else Settlement(each.credited_at, each.amount.amount, False)
        for each in settled_by
    ]
    ended = {"voided_at": more.get("voidedAt"), "written_off_at": more.get("writtenOffAt")}
    balance = settle_invoice(Issued(Decimal(total), issued_at, **ended), settlements, now)
    date = issued_at or EPOCH
    fields = {
        "_id": f"inv_{name}",
        "number": name,
        "organizationId": of.id,
        "currency": currency,
        "date": date,
        "issuedAt": issued_at,
        "dueAt": date + timedelta(days=30),
        "status": balance.status,
        "total": money(total, currency),
        "amountPaid": money(balance.paid, currency),
        "amountCredited": money(balance.credited, currency),
        "amountDue": money(balance.due, currency),
        "excess": balance.excess,
        "openUntil": balance.open_until,
    }
    return Invoice.model_validate({**fields, **stamps(0), **more})


def line(name: str, on: Invoice, used_by: Organization, amount: int | str, n: int = 0, **more: Any) -> InvoiceLine:
    """`inl_<name>` on an invoice, for an organization's usage."""
    own = {"invoiceId": on.id, "payerId": on.organization_id, "organizationId": used_by.id}
    fields = {
        "_id": f"inl_{name}",
        "description": name,
        "quantity": Decimal(1),
        "unitPrice": money(amount, on.currency),
        "amount": money(amount, on.currency),
        "date": on.date,
        "chargedElsewhere": used_by.id != on.organization_id,
    }
    return InvoiceLine.model_validate({**fields, **own, **stamps(n), **more})


def claims(record: Record) -> list[Claim]:
    """The keys that find a record."""
    match record:
        case Organization():
            found = [("customer", alias, "aliases") for alias in record.aliases] + [("customer", record.id, "id")]
            found += [("customer", record.external_id, "externalId")] if record.external_id else []
        case Subscriber():
            found = [("email", record.email_key, "email"), ("subscriberId", record.subscriber_id, "subscriberId")]
        case Credential():
            found = [("credentialKey", key.value, "keys") for key in record.keys]
        case PlanSubscription():
            found = [("subscription", record.external_id, "externalId")]
        case Plan():
            found = [("planKey", record.key, "key")]
        case Feature():
            found = [("featureKey", record.key, "key")]
        case UsageAttribute():
            found = [("customer", record.key, "key")]
        case Invoice():
            found = [("invoiceNumber", str(record.number), "number")]
        case CreditNote():
            found = [("creditNoteNumber", record.number, "number")]
        case _:
            found = []
    return [Claim(namespace, key, record.id, field) for namespace, key, field in found]


def stored(record: Record) -> dict[str, Any]:
    """A record's document as the program stores it: with what it is searched by."""
    doc = to_document(record)
    return {**doc, **search_fields(doc, record.searched)}


async def save(store: Store, *records: Record) -> None:
    """Store records and the claims of their keys."""
    by_collection: dict[str, list[Record]] = {}
    for record in records:
        by_collection.setdefault(record.collection, []).append(record)
    for name, group in by_collection.items():
        await store[name].insert_many([stored(record) for record in group], ordered=False)
    rows = [claim.document() for record in records for claim in claims(record)]
    if rows:
        await store["keys"].insert_many(rows, ordered=False)
