"""What an invoice file may say. In CSV each row is a line of its invoice; in NDJSON each invoice is an object."""

from __future__ import annotations

from decimal import Decimal

from app.credentials.importing import EXAMPLE as EXAMPLE_CREDENTIAL
from app.entities.addresses import normalise_email
from app.entities.codes import currency_code
from app.entities.contacts import email_address
from app.entities.measures import EXACT, instant, number, positive
from app.entities.texts import text
from app.mongo.client import Doc
from app.organizations.importing import EXAMPLE as EXAMPLE_ORGANIZATION
from app.transfer.columns import Column, Columns, NestedColumn
from app.transfer.references import make_field_reader, organization_key

short = text(256)


def rounded(line: Doc) -> Decimal | None:
    """What a line bills, where that is not exactly quantity times unit price."""
    amount: Decimal = line["amount"]
    return amount if EXACT.multiply(line["quantity"], line["unitPrice"]) != amount else None


LINES = NestedColumn(
    "lines",
    "What it bills. In CSV: one row each, consecutive rows with the same number being one invoice.",
    (
        Column(
            "line_description",
            "What is billed, at most 1,024 characters.",
            text(1024),
            "description",
            required=True,
            example="Tokens, January",
        ),
        Column("quantity", "How many units.", number, "quantity", required=True, example="1200"),
        Column(
            "unit_price",
            "The price of one unit, with at most 12 decimals.",
            number,
            "unitPrice",
            required=True,
            example="0.25",
        ),
        Column(
            "line_amount",
            "What the line bills, where quantity times unit price was rounded; exactly that product if empty.",
            number,
            default_by_rule=True,
            export_value=rounded,
        ),
        Column(
            "period_start",
            "Start of the period it bills, with its offset.",
            instant,
            "periodStart",
            example="2026-01-01T00:00:00Z",
        ),
        Column("period_end", "End of that period, exclusive.", instant, "periodEnd", example="2026-02-01T00:00:00Z"),
        Column(
            "consumer_external_id",
            "Whose usage it bills, by external id, alias or id: the payer (if empty), or an organization below it.",
            short,
            "organizationId",
            export_reference=organization_key,
        ),
        Column(
            "subscription_external_id",
            "The subscription it bills under: the consumer's, or one above it.",
            short,
            "subscriptionId",
            export_reference=make_field_reader("externalId"),
        ),
        Column(
            "subscriber_email",
            "Who used it.",
            email_address,
            "subscriberId",
            normalise=normalise_email,
            export_reference=make_field_reader("email"),
            example="carol@acme.example",
        ),
        Column(
            "credential_id",
            "Any key of the credential that the usage came through.",
            short,
            "credentialId",
            export_reference=make_field_reader("credentialId"),
            example=EXAMPLE_CREDENTIAL,
        ),
    ),
    required=True,
)
PAYMENTS = NestedColumn(
    "payments",
    "What was paid on it. In CSV: on any of its rows; the same payment on several rows is one.",
    (
        Column(
            "paid_at",
            "When it was paid, with its offset.",
            instant,
            "paidAt",
            required=True,
            example="2026-02-20T00:00:00Z",
        ),
        Column(
            "paid_amount", "How much, in the invoice's currency.", positive, "amount", required=True, example="100.00"
        ),
        Column(
            "payment_reference", "What the bank or the payment app calls it.", short, "reference", example="transfer 77"
        ),
    ),
)
CREDIT_NOTES = NestedColumn(
    "credit_notes",
    "What was credited on it. In CSV: on any of its rows; the same credit note on several rows is one.",
    (
        Column("credited_at", "When it took effect, with its offset.", instant, "creditedAt", required=True),
        Column("credited_amount", "How much, in the invoice's currency.", positive, "amount", required=True),
        Column("credit_note_number", "Its number, unique.", short, "number", required=True),
        Column("credit_reason", "Why.", text(1024), "reason"),
    ),
)

COLUMNS: Columns = (
    Column(
        "number",
        "Its number, unique. An invoice is recognised by it when it comes again.",
        short,
        "number",
        required=True,
        example="INV-1001",
    ),
    Column(
        "organization_external_id",
        "The payer, by external id, alias or id. The invoice bears its name, address and payment instructions as they "
        "are now.",
        short,
        "organizationId",
        required=True,
        export_reference=organization_key,
        example=EXAMPLE_ORGANIZATION,
    ),
    Column(
        "currency",
        "ISO 4217; the payer's currency if empty.",
        currency_code,
        "currency",
        default_by_rule=True,
        example="USD",
    ),
    Column(
        "issued_at",
        "When it was issued, with its offset. Drafts are not imported.",
        instant,
        "issuedAt",
        required=True,
        example="2026-02-01T00:00:00Z",
    ),
    Column(
        "due_at",
        "When it is due; the payment term of the payer's billing profile after issue if empty.",
        instant,
        "dueAt",
        default_by_rule=True,
        example="2026-03-03T00:00:00Z",
    ),
    Column("voided_at", "When it was withdrawn.", instant, "voidedAt"),
    Column("written_off_at", "When what was due was given up.", instant, "writtenOffAt"),
    LINES,
    PAYMENTS,
    CREDIT_NOTES,
)
