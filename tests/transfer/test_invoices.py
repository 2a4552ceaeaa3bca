"""Invoices from files: lines, payments and credit notes, exact amounts, and where each invoice then stands."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.entities.identifiers import UNCLASSIFIED_ID
from app.mongo.client import Doc, Store
from app.transfer.outcome import Outcome, Result
from tests.transfer.running import NOW, Files, by_line, codes, results, subscribed

ISSUED = "2026-01-31T00:00:00.000Z"


@pytest.fixture
async def payer(files: Files, store: Store) -> Doc:
    """acme, with unit below it, and other beside it; carol and her key in unit; a subscription of acme."""
    made = await files.made(
        "organizations",
        external_id="acme",
        name="Acme",
        address1="Main Street 1",
        address2="Floor 2",
        country="US",
        phone="+1 212 555 0100",
        billing_email="bills@acme.com",
        remittance_instructions="Quote the number.",
        timezone="America/New_York",
    )
    await files.made("organizations", external_id="unit", name="Unit", parent_external_id="acme")
    await files.made("organizations", external_id="other", name="Other")
    await files.made("subscribers", email="carol@x.com", organization_external_id="unit")
    await files.made("credentials", credential_id="hak-1", name="Key", subscriber_email="carol@x.com")
    await subscribed(store, made["_id"], "sub_gold")
    return made


def line(quantity: object = 1, price: object = "100", **more: Any) -> dict[str, Any]:
    """A line."""
    return {"line_description": "Calls", "quantity": quantity, "unit_price": price, **more}


def invoice(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An invoice of acme's over 100, unless something else is said."""
    base = {"number": "A-1", "organization_external_id": "acme", "issued_at": ISSUED}
    return {**base, "lines": list(lines) or [line()], **more}


def payment(amount: object, at: str = "2026-02-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    """A payment."""
    return {"paid_at": at, "paid_amount": amount, **more}


def credit(amount: object, number: str = "CN-1", at: str = "2026-02-02T00:00:00.000Z") -> dict[str, Any]:
    """A credit note."""
    return {"credited_at": at, "credited_amount": amount, "credit_note_number": number}


async def parts(store: Store, invoice_id: str) -> tuple[list[Doc], list[Doc], list[Doc]]:
    """Its lines, payments and credit notes, in their order."""
    names = ("invoiceLines", "payments", "creditNotes")
    found = [await store[name].find({"invoiceId": invoice_id}).sort("_id").to_list() for name in names]
    return found[0], found[1], found[2]


async def test_every_column_is_kept(files: Files, store: Store, payer: Doc) -> None:
    whole = line(
        "1200.5",
        "0.02",
        period_start="2026-01-01T00:00:00.000Z",
        period_end="2026-01-31T00:00:00.000Z",
        consumer_external_id="unit",
        subscription_external_id="sub_gold",
        subscriber_email="carol@x.com",
        credential_id="hak-1",
    )
    made = await files.made(
        "invoices",
        **invoice(
            whole,
            line(2, 3),
            currency="EUR",
            due_at="2026-02-14T00:00:00.000Z",
            payments=[payment("5", payment_reference="bank 1")],
            credit_notes=[{**credit("1.01"), "credit_reason": "Sorry"}],
        ),
    )
    unit = await store["organizations"].find_one({"externalId": "unit"})
    carol = await store["subscribers"].find_one({})
    key = await store["credentials"].find_one({})
    assert unit
    assert carol
    assert key
    assert (made["number"], made["currency"], made["organizationId"]) == ("A-1", "EUR", payer["_id"])
    assert made["issuedAt"] == made["date"] == datetime(2026, 1, 31, tzinfo=UTC)
    assert made["dueAt"] == datetime(2026, 2, 14, tzinfo=UTC)
    assert made["billedTo"] == {
        "name": "Acme", "address1": "Main Street 1", "address2": "Floor 2",
        "city": None, "state": None, "zip": None, "country": "US",
        "phone": "+1 212 555 0100", "email": "bills@acme.com", "remittanceInstructions": "Quote the number.",
    }  # fmt: skip
    assert made["total"] == {"amount": Decimal("30.01"), "currency": "EUR"}
    amounts = [made[name]["amount"] for name in ("amountPaid", "amountCredited", "amountDue")]
    assert amounts == [Decimal(5), Decimal("1.01"), Decimal(24)]
    lines, payments, notes = await parts(store, made["_id"])
    assert [each["organizationId"] for each in lines] == [unit["_id"], payer["_id"]]
    assert [each["chargedElsewhere"] for each in lines] == [True, False]
    assert {each["payerId"] for each in lines} == {payer["_id"]}
    assert lines[0]["amount"] == {"amount": Decimal("24.010"), "currency": "EUR"}
    assert (lines[0]["subscriptionId"], lines[0]["subscriberId"]) == ("sub_sub_gold", carol["_id"])
    assert (lines[0]["credentialId"], lines[0]["date"]) == (key["_id"], made["date"])
    assert lines[0]["periodEnd"] == datetime(2026, 1, 31, tzinfo=UTC)
    assert (payments[0]["reference"], payments[0]["organizationId"]) == ("bank 1", payer["_id"])
    assert (notes[0]["number"], notes[0]["reason"], notes[0]["currency"]) == ("CN-1", "Sorry", "EUR")
    claims = await store["keys"].find({"namespace": {"$in": ["invoiceNumber", "creditNoteNumber"]}}).to_list()
    assert {(each["key"], each["recordId"]) for each in claims} == {("A-1", made["_id"]), ("CN-1", notes[0]["_id"])}
    for collection in ("subscribers", "credentials", "subscriptions"):
        assert await store[collection].count_documents({"guard": {"$gte": 1}}) == 1


@pytest.mark.parametrize(
    ("more", "status", "paid", "due", "excess"),
    [
        ({}, "OPEN", 0, 100, 0),
        ({"payments": [payment(30)]}, "OPEN", 30, 70, 0),
        ({"payments": [payment(30), payment(70)]}, "PAID", 100, 0, 0),
        ({"payments": [payment("130.50")]}, "PAID", "130.50", 0, "30.50"),
        ({"credit_notes": [credit(100)]}, "PAID", 0, 0, 0),
        ({"payments": [payment(30)], "voided_at": "2026-03-01T00:00:00.000Z"}, "VOID", 30, 0, 30),
        ({"payments": [payment(30)], "written_off_at": "2026-03-01T00:00:00.000Z"}, "UNCOLLECTIBLE", 30, 70, 0),
    ],
)
async def test_where_it_stands_follows_from_its_facts(
    files: Files, payer: Doc, more: dict[str, Any], status: str, paid: object, due: object, excess: object
) -> None:
    made = await files.made("invoices", **invoice(**more))
    found = (made["status"], made["amountPaid"]["amount"], made["amountDue"]["amount"], made["excess"])
    assert found == (status, Decimal(str(paid)), Decimal(str(due)), Decimal(str(excess)))


async def test_it_is_due_after_the_payment_term_on_the_payers_clock(files: Files, store: Store, payer: Doc) -> None:
    made = await files.made("invoices", **invoice(issued_at="2026-03-01T12:00:00-05:00"))
    assert made["dueAt"] == datetime(2026, 3, 31, 16, tzinfo=UTC)  # noon in New York, in summer time by then
    stamps = {"createdAt": NOW, "updatedAt": NOW, "deletedAt": None, "version": 1}
    await store["billingProfiles"].insert_one({"_id": "bpr_x", "name": "X", "paymentTermDays": 7, **stamps})
    await store["organizations"].update_one({"_id": payer["_id"]}, {"$set": {"billingProfileId": "bpr_x"}})
    made = await files.made("invoices", **invoice(number="A-2"))
    assert made["dueAt"] == datetime(2026, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("currency", "price", "fits"),
    [
        ("JPY", "100", True),
        ("JPY", "100.5", False),
        ("USD", "0.01", True),
        ("USD", "0.001", False),
        ("KWD", "0.001", True),
        ("KWD", "0.0001", False),
        ("CLF", "0.0001", True),
    ],
)
async def test_a_total_is_as_fine_as_its_currency(
    files: Files, payer: Doc, currency: str, price: str, fits: bool
) -> None:
    outcome = await files.one("invoices", **invoice(line(1, price), currency=currency))
    assert codes(outcome) == (set() if fits else {("TOO_PRECISE", "lines")})


async def test_lines_may_be_finer_than_their_total(files: Files, payer: Doc) -> None:
    made = await files.made("invoices", **invoice(line(1, "0.005"), line(3, "0.005")))
    assert str(made["total"]["amount"]) == "0.02"


async def test_a_line_may_say_how_it_was_rounded(files: Files, store: Store, payer: Doc) -> None:
    made = await files.made("invoices", **invoice(line("7340115", "0.000002", line_amount="14.68")))
    assert made["total"]["amount"] == Decimal("14.68")
    wrong = await files.one("invoices", **invoice(line(1, 1, line_amount="1.01"), number="B"))
    assert codes(wrong) == {("AMOUNT_MISMATCH", "lines.0.line_amount")}


async def test_numbers_are_exact_also_as_json_numbers(files: Files, store: Store, payer: Doc) -> None:
    text = (
        '{"number": "A", "organization_external_id": "acme", "issued_at": "2026-01-31T00:00:00.000Z", "lines": '
        '[{"line_description": "x", "quantity": 3, "unit_price": 0.1},'
        ' {"line_description": "x", "quantity": 100000000000000, "unit_price": 0.01}]}'
    )
    (outcome,) = await files.rows("invoices", text)
    made = await store["invoices"].find_one({"_id": outcome.record_id})
    assert made is not None
    assert made["total"]["amount"] == Decimal("1000000000000.30")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (invoice(number=""), ("REQUIRED", "number")),
        (invoice(organization_external_id="none"), ("UNKNOWN_ORGANIZATION", "organization_external_id")),
        (invoice(organization_external_id=UNCLASSIFIED_ID), ("UNCLASSIFIED_FIXED", "organization_external_id")),
        (invoice(issued_at=None), ("REQUIRED", "issued_at")),
        (invoice(issued_at="2026-01-31T00:00:00"), ("INVALID_INSTANT", "issued_at")),
        (invoice(issued_at="2026-07-01T00:00:00.000Z"), ("IN_FUTURE", "issued_at")),
        (invoice(due_at="2026-01-30T00:00:00.000Z"), ("BEFORE_ISSUE", "due_at")),
        (invoice(voided_at="2026-01-30T00:00:00.000Z"), ("BEFORE_ISSUE", "voided_at")),
        (invoice(written_off_at="2026-07-30T00:00:00.000Z"), ("IN_FUTURE", "written_off_at")),
        (invoice(currency="XAU"), ("INVALID_CURRENCY", "currency")),
        (invoice(lines=[]), ("REQUIRED", "lines")),
        (invoice(lines={"a": 1}), ("INVALID_TYPE", "lines")),
        (invoice(lines=[1]), ("INVALID_TYPE", "lines.0")),
        (invoice(line(line_description="")), ("REQUIRED", "lines.0.line_description")),
        (invoice(line(), line(quantity="many")), ("INVALID_NUMBER", "lines.1.quantity")),
        (invoice(line(quantity=True)), ("INVALID_NUMBER", "lines.0.quantity")),
        (invoice(line(price="1e20")), ("INVALID_NUMBER", "lines.0.unit_price")),
        (invoice(line(price="1e999999999")), ("INVALID_NUMBER", "lines.0.unit_price")),
        (invoice(line(price="NaN")), ("INVALID_NUMBER", "lines.0.unit_price")),
        (invoice(line("123456789012345.123456789012", "1.123456789012")), ("TOO_PRECISE", "lines.0.line_amount")),
        (invoice(line(-1)), ("INVALID_TOTAL", "lines")),
        (invoice(line(colour="red")), ("UNKNOWN_COLUMN", "lines.0.colour")),
        (invoice(line(consumer_external_id="other")), ("CONSUMER_ELSEWHERE", "lines.0.consumer_external_id")),
        (invoice(line(consumer_external_id="none")), ("UNKNOWN_ORGANIZATION", "lines.0.consumer_external_id")),
        (invoice(line(subscription_external_id="none")), ("UNKNOWN_SUBSCRIPTION", "lines.0.subscription_external_id")),
        (invoice(line(subscriber_email="x@x.com")), ("UNKNOWN_SUBSCRIBER", "lines.0.subscriber_email")),
        (invoice(line(credential_id="none")), ("UNKNOWN_CREDENTIAL", "lines.0.credential_id")),
        (
            invoice(line(period_start=ISSUED, period_end="2026-01-01T00:00:00.000Z")),
            ("INVALID_PERIOD", "lines.0.period_end"),
        ),
        (invoice(payments=[payment(0)]), ("INVALID_NUMBER", "payments.0.paid_amount")),
        (invoice(payments=[payment("0.001")]), ("TOO_PRECISE", "payments.0.paid_amount")),
        (invoice(payments=[payment(1, "2027-01-01T00:00:00.000Z")]), ("IN_FUTURE", "payments.0.paid_at")),
        (invoice(payments=[{"paid_at": ISSUED}]), ("REQUIRED", "payments.0.paid_amount")),
        (invoice(credit_notes=[credit(1, "")]), ("REQUIRED", "credit_notes.0.credit_note_number")),
        (invoice(credit_notes=[credit(1), credit(2)]), ("TAKEN", "credit_notes.1.credit_note_number")),
    ],
)
async def test_an_invoice_that_breaks_a_rule_is_refused(
    files: Files, store: Store, payer: Doc, row: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert codes(await files.one("invoices", **row)) == {problem}
    assert await store["invoiceLines"].count_documents({}) == 0


async def test_all_problems_of_an_invoice_come_at_once(files: Files, payer: Doc) -> None:
    row = invoice(line(quantity="x", consumer_external_id="none"), currency="E", organization_external_id="none")
    assert {code for code, _ in codes(await files.one("invoices", **row))} == {
        "INVALID_NUMBER", "UNKNOWN_ORGANIZATION", "INVALID_CURRENCY",
    }  # fmt: skip


async def test_a_credit_notes_number_is_unique(files: Files, payer: Doc) -> None:
    await files.made("invoices", **invoice(credit_notes=[credit(1)]))
    outcome = await files.one("invoices", **invoice(number="A-2", credit_notes=[credit(1)]))
    assert codes(outcome) == {("TAKEN", "credit_notes.0.credit_note_number")}


async def test_credit_notes_without_numbers_are_not_told_to_have_the_same_one(files: Files, payer: Doc) -> None:
    outcome = await files.one("invoices", **invoice(credit_notes=[credit(1, ""), credit(2, "")]))
    assert codes(outcome) == {("REQUIRED", f"credit_notes.{number}.credit_note_number") for number in (0, 1)}


async def test_an_invoice_that_comes_again_is_compared_whole(files: Files, payer: Doc) -> None:
    row = invoice(line(2, "1.50", consumer_external_id="unit"), payments=[payment(1)], credit_notes=[credit("0.5")])
    await files.made("invoices", **row)
    assert (await files.one("invoices", **row)).result is Result.UNCHANGED
    assert (await files.one("invoices", **invoice(*row["lines"]))).result is Result.UNCHANGED  # it says less
    changed = row | {"lines": [line(3, "1.50")], "payments": [], "due_at": "2026-05-01T00:00:00.000Z"}
    assert codes(await files.one("invoices", **changed)) == {
        ("EXISTS_DIFFERENT", name) for name in ("lines", "payments", "due_at")
    }


HEADER = (
    "number,organization_external_id,issued_at,line_description,quantity,unit_price,paid_at,paid_amount,"
    "credited_at,credited_amount,credit_note_number"
)


async def run(files: Files, *lines: str) -> dict[int, Outcome]:
    """The outcomes of a CSV file of these lines, by line."""
    return by_line(await files.run("invoices", files.csv(HEADER, *lines)))


async def test_consecutive_rows_with_a_number_are_one_invoice(files: Files, store: Store, payer: Doc) -> None:
    outcomes = await run(
        files,
        f"A,acme,{ISSUED},One,1,1.00,2026-02-01T00:00:00.000Z,0.50,,,",
        f"A,acme,{ISSUED},Two,2,1.00,2026-02-01T00:00:00.000Z,0.50,2026-02-02T00:00:00.000Z,0.25,CN-1",
        "A,,,Two,2,1.00,2026-02-03T00:00:00.000Z,0.10,,,",
        f"B,other,{ISSUED},Three,1,9,,,,,",
    )
    assert sorted(outcomes) == [2, 5]
    made = await store["invoices"].find_one({"_id": outcomes[2].record_id})
    assert made is not None
    lines, payments, notes = await parts(store, made["_id"])
    assert [each["description"] for each in lines] == ["One", "Two", "Two"]
    assert [each["amount"]["amount"] for each in payments] == [Decimal("0.50"), Decimal("0.10")]
    assert [each["number"] for each in notes] == ["CN-1"]
    assert made["amountDue"]["amount"] == Decimal("4.15")


async def test_rows_of_an_invoice_must_agree(files: Files, payer: Doc) -> None:
    outcomes = await run(files, f"A,acme,{ISSUED},One,1,1,,,,,", f"A,other,{ISSUED},Two,1,1,,,,,")
    assert codes(outcomes[2]) == {("INCONSISTENT", "organization_external_id")}


async def test_an_invoice_whose_rows_stand_apart_is_refused_whole(files: Files, store: Store, payer: Doc) -> None:
    rows = [f"{number},acme,{ISSUED},{what},1,1,,,,," for number, what in (("A", "One"), ("B", "One"), ("A", "Two"))]
    outcomes = await run(files, *rows)
    assert codes(outcomes[2]) == codes(outcomes[4]) == {("ROWS_APART", "number")}
    assert outcomes[2].problems == outcomes[4].problems
    assert outcomes[2].problems[0].message == (
        "The rows of one invoice must follow each other: sort the file by number. "
        "Those of 'A' begin on line 2 and line 4."
    )
    assert outcomes[3].result is Result.CREATED
    assert await store["invoices"].count_documents({}) == await store["invoiceLines"].count_documents({}) == 1


async def test_an_invoice_in_many_pieces_names_its_first_lines(files: Files, payer: Doc) -> None:
    rows = [f"{number},acme,{ISSUED},{n},1,1,,,,," for n in range(15) for number in ("A", f"B{n}")]
    message = (await run(files, *rows))[4].problems[0].message
    assert message.endswith(
        " on line 2, line 4, line 6, line 8, line 10, line 12, line 14, line 16, line 18 and 6 more."
    )


async def test_the_same_invoice_again_is_unchanged_wherever_it_stands(files: Files, payer: Doc) -> None:
    one, other = (f"{number},acme,{ISSUED},One,1,1,,,,," for number in "AB")
    two = one.replace("One", "Two")
    outcomes = await run(files, one, two, other, one, f" {two}")
    assert results(outcomes.values()) == {"CREATED": 2, "UNCHANGED": 1}
    assert [outcomes[at].rows for at in (2, 4, 5)] == [2, 1, 2]
    assert codes((await run(files, one, two, other, one))[2]) == {("ROWS_APART", "number")}


async def test_an_object_that_says_something_else_is_refused_alone(files: Files, payer: Doc) -> None:
    first, other = await files.rows("invoices", invoice(), invoice(line(2)))
    assert first.result is Result.CREATED
    assert codes(other) == {("DUPLICATE_IN_FILE", "number")}


async def test_every_amount_is_stored_in_one_form(files: Files, store: Store, payer: Doc) -> None:
    made = await files.made("invoices", **invoice(line("18.5000", "2.000"), line(1, "0.0000020", line_amount="0")))
    names = ("total", "amountPaid", "amountCredited", "amountDue")
    assert [f"{made[name]['amount']:f}" for name in names] == ["37.00", "0.00", "0.00", "37.00"]
    assert str(made["excess"]) == "0.00"
    lines, _, _ = await parts(store, made["_id"])
    told = [f"{each[name]['amount']:f}" for each in lines for name in ("unitPrice", "amount")]
    assert told == ["2.00", "37.00", "0.000002", "0.00"]


@pytest.mark.parametrize(("currency", "total", "paid"), [("JPY", "5", "2"), ("KWD", "5.000", "2.000")])
async def test_amounts_have_their_currencys_decimals(
    files: Files, store: Store, payer: Doc, currency: str, total: str, paid: str
) -> None:
    row = invoice(line(1, "5.0"), currency=currency, payments=[payment("2.0")], credit_notes=[credit(9)])
    made = await files.made("invoices", **row)
    _, payments, notes = await parts(store, made["_id"])
    assert (str(made["total"]["amount"]), str(payments[0]["amount"]["amount"])) == (total, paid)
    assert str(made["excess"]) == str(notes[0]["amount"]["amount"] - 3)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (invoice(line(-1)), "The total of the lines is -100.00 USD, less than zero."),
        (invoice(line("900000000000000", 2)), "It must be less than 1,000,000,000,000,000."),
        (invoice(issued_at="2026-07-01T02:00:00+02:00"), "2026-07-01T00:00:00.000Z has not come yet."),
        (
            invoice(due_at="2026-01-30T00:00:00.000Z"),
            "2026-01-30T00:00:00.000Z is before the invoice was issued, at 2026-01-31T00:00:00.000Z.",
        ),
        (invoice(line(consumer_external_id="other")), "'other' is neither the payer 'acme' nor below it."),
        (
            invoice(line(subscription_external_id="sub_gold"), organization_external_id="other"),
            "'sub_gold' belongs neither to 'other' nor to an organization above it",
        ),
    ],
)
async def test_messages_speak_as_the_file_does(files: Files, payer: Doc, row: dict[str, Any], message: str) -> None:
    (problem,) = (await files.one("invoices", **row)).problems
    assert message in problem.message


async def test_differences_are_told_in_the_files_words(files: Files, payer: Doc) -> None:
    await files.made("invoices", **invoice())
    outcome = await files.one(
        "invoices", **invoice(organization_external_id="other", issued_at="2026-02-28T01:00:00.000Z")
    )
    messages = {problem.field: problem.message for problem in outcome.problems}
    assert messages["organization_external_id",].endswith(
        "the row has 'other'. An import does not change records of this kind."
    )
    assert "with 2026-01-31T00:00:00.000Z; the row has 2026-02-28T01:00:00.000Z." in messages["issued_at",]


async def test_an_invoice_of_nothing_is_stored_with_a_warning(files: Files, payer: Doc) -> None:
    outcome = await files.one("invoices", **invoice(line(1, 0)))
    assert outcome.result is Result.CREATED
    assert [(each.code, each.field) for each in outcome.warnings] == [("NOTHING_BILLED", ("lines",))]


async def test_no_invoice_is_stored_beside_a_row_that_cannot_be_read(files: Files, store: Store, payer: Doc) -> None:
    rows = [f"{number},acme,{ISSUED},One,1,1,,,,," for number in ("A", "B")]
    outcomes = await run(files, rows[0], "A,acme", rows[1], rows[1].replace("B,", "C,"))
    assert codes(outcomes[3]) == {("FIELD_COUNT", "")}
    assert codes(outcomes[2]) == codes(outcomes[4]) == {("INCOMPLETE", "")}
    assert outcomes[5].result is Result.CREATED
    assert await store["invoices"].count_documents({}) == 1


async def test_invoices_of_many_lines_fill_chunks_by_their_lines(files: Files, store: Store, payer: Doc) -> None:
    many = [invoice(*[line(1, 1)] * 400, number=f"N-{n}") for n in range(6)]
    assert results(await files.rows("invoices", *many)) == {"CREATED": 6}
    assert await store["invoiceLines"].count_documents({}) == 2_400


async def test_a_line_names_no_other_customers_people_or_keys(files: Files, payer: Doc) -> None:
    await files.made("subscribers", email="eve@x.com", organization_external_id="other")
    await files.made("credentials", credential_id="hak-eve", name="Key", subscriber_email="eve@x.com")
    await files.made("subscribers", email="top@x.com", organization_external_id="acme")
    stolen = line(subscriber_email="eve@x.com", credential_id="hak-eve")
    found = await files.one("invoices", **invoice(stolen))
    assert codes(found) == {
        ("SUBSCRIBER_ELSEWHERE", "lines.0.subscriber_email"),
        ("CREDENTIAL_ELSEWHERE", "lines.0.credential_id"),
    }
    assert "'hak-eve' is a credential of 'other', which is neither the payer 'acme' nor below it" in str(found.problems)
    above = invoice(line(subscriber_email="top@x.com"), organization_external_id="unit")
    assert codes(await files.one("invoices", **above)) == {("SUBSCRIBER_ELSEWHERE", "lines.0.subscriber_email")}
    own = [line(subscriber_email="carol@x.com", credential_id="hak-1"), line(subscriber_email="top@x.com")]
    await files.made("invoices", **invoice(*own))


async def test_an_instant_before_the_calendar_is_refused_by_itself(files: Files, payer: Doc) -> None:
    first, second = await files.rows("invoices", invoice(issued_at="0001-01-01T00:00:00+00:00"), invoice(number="A-2"))
    assert codes(first) == {("INVALID_INSTANT", "issued_at")}
    assert second.result is Result.CREATED


@pytest.mark.parametrize("quantity", ["1_0", "１０"])
async def test_a_quantity_is_written_in_ascii_digits(files: Files, payer: Doc, quantity: str) -> None:
    assert codes(await files.one("invoices", **invoice(line(quantity)))) == {("INVALID_NUMBER", "lines.0.quantity")}


@pytest.mark.parametrize("nothing", [None, "", []])
async def test_a_list_that_is_null_says_that_there_is_nothing(files: Files, payer: Doc, nothing: object) -> None:
    await files.made("invoices", **invoice(payments=nothing, credit_notes=nothing))
    assert (await files.one("invoices", **invoice(payments=nothing))).result is Result.UNCHANGED
    paid = invoice(number="A-2", payments=[payment(30)])
    await files.made("invoices", **paid)
    assert codes(await files.one("invoices", **paid | {"payments": nothing})) == {("EXISTS_DIFFERENT", "payments")}
    assert codes(await files.one("invoices", **invoice() | {"lines": nothing})) == {("REQUIRED", "lines")}
