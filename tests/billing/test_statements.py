"""Statements: every amount against a plain sum in Python, now and as of any instant, alone and over trees."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.billing.aging import BUCKETS, boundaries, bucket
from app.billing.balance import Balance, Issued, Settlement, settle_invoice
from app.entities.invoice import CreditNote, Invoice, InvoiceStatus, Payment
from app.entities.organization import Organization
from app.mongo.client import Store
from tests.asking import data
from tests.records import EPOCH, NOW, credential, credit_note, invoice, line, organization, payment, save, subscriber

FIELDS = """id currency scope asOf openInvoices lastPaymentAt outstandingBalance { amount currency }
  overdueBalance { amount } creditBalance { amount } writtenOff { amount } chargedToPayer { amount }
  aging { current { amount } days1To30 { amount } days31To60 { amount } days61To90 { amount } over90 { amount } }
  unpaidInvoices(first: 100) { totalCount nodes { number } }"""

QUERY = f"""query ($scope: StatementScope!, $asOf: DateTime) {{ organizations(first: 100) {{ nodes {{ name
  statements(scope: $scope, asOf: $asOf) {{ {FIELDS} }} }} }} }}"""


class Books:
    """A made-up ledger: organizations in trees, and documents of three years in two currencies."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)  # noqa: S311  # a test that repeats
        zones = ["UTC", "Pacific/Auckland", "America/St_Johns"]
        self.organizations: list[Organization] = []
        for n in range(14):
            parent = rng.choice([None, *self.organizations]) if n else None
            self.organizations.append(organization(f"o{n:02}", parent, n, timezone=rng.choice(zones)))
        self.payments: list[Payment] = []
        self.notes: list[CreditNote] = []
        self.invoices = [self.invoice(n) for n in range(90)]
        for n in range(10):
            self.payments.append(
                payment(f"advance{n}", rng.choice(self.organizations), rng.randrange(1, 50), self.day())
            )
        self.lines = [
            line(f"l{n}", bill, rng.choice(self.organizations), rng.randrange(1, 20))
            for n, bill in enumerate(rng.sample(self.invoices, 30))
        ]

    def day(self) -> datetime:
        """Some instant of the three years before now."""
        return NOW - timedelta(minutes=self.rng.randrange(1, 3 * 365 * 24 * 60))

    def invoice(self, n: int) -> Invoice:
        """An invoice, perhaps paid, credited, voided or written off; what was paid may come before it was issued."""
        rng, of, currency = self.rng, self.rng.choice(self.organizations), self.rng.choice(["USD", "USD", "EUR"])
        paid = [
            payment(f"{n}-{i}", of, rng.randrange(1, 80), self.day(), f"i{n}", currency)
            for i in range(rng.randrange(3))
        ]
        noted = [
            credit_note(f"{n}-{i}", of, rng.randrange(1, 20), self.day(), f"i{n}", currency)
            for i in range(rng.randrange(2))
        ]
        self.payments += paid
        self.notes += noted
        ended = {rng.choice(["voidedAt", "writtenOffAt"]): self.day()} if rng.random() < 0.3 else {}
        issued = self.day() if rng.random() < 0.9 else None
        ended = {} if issued is None else {name: max(at, issued) for name, at in ended.items()}
        due = (issued or EPOCH) + timedelta(minutes=rng.randrange(-9000, 90000))
        return invoice(f"i{n}", of, rng.randrange(0, 120), issued, [*paid, *noted], currency, dueAt=due, **ended)

    def balance(self, bill: Invoice, as_of: datetime) -> Balance:
        """The rule, on one invoice."""
        settlements = [Settlement(p.paid_at, p.amount.amount, True) for p in self.payments if p.invoice_id == bill.id]
        settlements += [
            Settlement(c.credited_at, c.amount.amount, False) for c in self.notes if c.invoice_id == bill.id
        ]
        return settle_invoice(
            Issued(bill.total.amount, bill.issued_at, bill.voided_at, bill.written_off_at), settlements, as_of
        )

    def members(self, of: Organization, scope: str) -> set[str]:
        """Whose documents count."""
        below = {each.id for each in self.organizations if of.id in each.ancestor_ids}
        return {of.id, *(below if scope == "TREE" else ())}

    def expected(self, of: Organization, scope: str, as_of: datetime) -> dict[str, dict[str, Any]]:
        """Currency → what the statement must say, summed up the plain way."""
        members = self.members(of, scope)
        currencies = {of.currency}
        found: dict[str, dict[str, Any]] = {}
        bills = [b for b in self.invoices if b.organization_id in members]
        for code in ("USD", "EUR"):
            ages, edges = dict.fromkeys(BUCKETS, Decimal(0)), boundaries(of.timezone, as_of)
            row: dict[str, Any] = {"open": [], "overdue": Decimal(0), "credit": Decimal(0), "writtenOff": Decimal(0)}
            for bill in (b for b in bills if b.currency == code):
                balance = self.balance(bill, as_of)
                row["credit"] += balance.excess
                if balance.status is InvoiceStatus.OPEN:
                    row["open"].append(bill.number)
                    ages[bucket(bill.due_at, edges)] += balance.due
                    row["overdue"] += balance.due if bill.due_at < edges[0] else 0
                if balance.status is InvoiceStatus.UNCOLLECTIBLE:
                    row["writtenOff"] += balance.due
            known = [
                p for p in self.payments if p.organization_id in members and p.currency == code and p.paid_at <= as_of
            ]
            row["credit"] += sum(p.amount.amount for p in known if p.invoice_id is None)
            row["last"] = max((p.paid_at for p in known), default=None)
            row["charged"] = sum(
                (each.amount.amount for each in self.lines if self.charged_outside(each.id, members, code, as_of)),
                Decimal(0),
            )
            row["ages"] = ages
            if row["open"] or row["credit"] or row["writtenOff"] or row["charged"] or row["last"] or code in currencies:
                found[code] = row
        return found

    def charged_outside(self, line_id: str, members: set[str], currency: str, as_of: datetime) -> bool:
        """Whether a line is for usage here and on an issued invoice of a payer outside."""
        each = next(one for one in self.lines if one.id == line_id)
        bill = next(one for one in self.invoices if one.id == each.invoice_id)
        issued = bill.issued_at is not None and bill.issued_at <= as_of
        voided = bill.voided_at is not None and bill.voided_at <= as_of
        inside = each.organization_id in members and each.payer_id not in members
        return inside and issued and not voided and each.amount.currency == currency


def instant(text: str) -> datetime:
    """A DateTime of an answer."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("scope", ["OWN", "TREE"])
@pytest.mark.parametrize("days_ago", [None, 0, 20, 200, 700, 1200])
async def test_every_amount_is_the_plain_sum(store: Store, scope: str, days_ago: int | None) -> None:
    books = Books(seed=days_ago or 7)
    await save(store, *books.organizations, *books.invoices, *books.payments, *books.notes, *books.lines)
    as_of = None if days_ago is None else NOW - timedelta(days=days_ago)
    answer = await data(store, QUERY, scope=scope, asOf=as_of and as_of.isoformat())
    by_name = {node["name"]: node["statements"] for node in answer["organizations"]["nodes"]}
    seen = 0
    for of in books.organizations:
        expected = books.expected(of, scope, as_of or NOW)
        statements = {each["currency"]: each for each in by_name[of.name]}
        assert {code for code, row in expected.items() if matters(row, code)} <= statements.keys()
        for code, statement in statements.items():
            check(statement, expected[code])
            seen += statement["openInvoices"]
    assert seen > 0 or days_ago == 1200


def matters(row: dict[str, Any], code: str) -> bool:
    """Whether a currency must have a statement: something in it, or it is the organization's own."""
    return bool(row["open"] or row["credit"] or row["writtenOff"] or row["charged"]) or code == "USD"


def check(statement: dict[str, Any], row: dict[str, Any]) -> None:
    """One statement against what it must say."""
    assert Decimal(statement["outstandingBalance"]["amount"]) == sum(row["ages"].values())
    assert {name: Decimal(each["amount"]) for name, each in statement["aging"].items()} == row["ages"]
    assert Decimal(statement["overdueBalance"]["amount"]) == row["overdue"]
    assert Decimal(statement["creditBalance"]["amount"]) == row["credit"]
    assert Decimal(statement["writtenOff"]["amount"]) == row["writtenOff"]
    assert Decimal(statement["chargedToPayer"]["amount"]) == row["charged"]
    assert statement["openInvoices"] == len(row["open"]) == statement["unpaidInvoices"]["totalCount"]
    assert sorted(node["number"] for node in statement["unpaidInvoices"]["nodes"]) == sorted(row["open"])
    assert (statement["lastPaymentAt"] and instant(statement["lastPaymentAt"])) == row["last"]


async def test_a_statement_is_a_node(store: Store) -> None:
    """Its id names organization, currency, scope and instant, and fetches the same again."""
    books = Books(seed=3)
    await save(store, *books.organizations, *books.invoices, *books.payments, *books.notes, *books.lines)
    for scope in ("OWN", "TREE"):
        for as_of in (None, (NOW - timedelta(days=90)).isoformat()):
            answer = await data(store, QUERY, scope=scope, asOf=as_of)
            statements = [each for node in answer["organizations"]["nodes"] for each in node["statements"]]
            query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Statement {{ {FIELDS} }} }} }}"
            again = await data(store, query, ids=[each["id"] for each in statements])
            assert again["nodes"] == statements


async def test_every_customer_is_listed_also_one_that_owes_nothing(store: Store) -> None:
    await save(store, organization("quiet", currency="JPY"))
    answer = await data(store, QUERY, scope="OWN")
    [statement] = next(n for n in answer["organizations"]["nodes"] if n["name"] == "quiet")["statements"]
    assert statement["currency"] == "JPY"
    assert statement["outstandingBalance"] == {"amount": "0", "currency": "JPY"}
    assert statement["lastPaymentAt"] is None


async def test_a_voided_invoice_leaves_its_payment_as_credit(store: Store) -> None:
    """100 invoiced, 30 paid, voided: 0 outstanding, 30 credit."""
    org = organization("acme")
    paid = payment("p", org, 30, EPOCH, on="i")
    await save(store, org, paid, invoice("i", org, 100, EPOCH, [paid], voidedAt=EPOCH + timedelta(days=5)))
    answer = await data(store, QUERY, scope="OWN")
    [statement] = next(n for n in answer["organizations"]["nodes"] if n["name"] == "acme")["statements"]
    assert (statement["outstandingBalance"]["amount"], statement["creditBalance"]["amount"]) == ("0.00", "30.00")
    assert statement["openInvoices"] == 0


async def test_one_currency_can_be_asked_for(store: Store) -> None:
    org = organization("acme")
    await save(store, org, invoice("e", org, 5, EPOCH, currency="EUR"))
    query = """query ($c: Currency) { organization(by: {id: "org_acme"}) { statement(currency: $c) {
      currency openInvoices } } }"""
    for asked, expected in (("EUR", ("EUR", 1)), (None, ("USD", 0)), ("CHF", ("CHF", 0))):
        found = (await data(store, query, c=asked))["organization"]["statement"]
        assert (found["currency"], found["openInvoices"]) == expected


async def test_everything_below_counts_unless_the_scope_is_own(store: Store) -> None:
    """Of an organization and of a credential's payer, in one currency or all."""
    top = organization("top")
    below = organization("below", top)
    key = credential("k", subscriber("who", top))
    await save(store, top, below, key, invoice("i", top, 5, EPOCH), invoice("j", below, 7, EPOCH))
    query = """{ organization(by: {id: "org_top"}) {
      statement { openInvoices } own: statement(scope: OWN) { openInvoices }
      statements { scope openInvoices } credentials { nodes {
        statement { openInvoices } own: statement(scope: OWN) { openInvoices } } } } }"""
    found = (await data(store, query))["organization"]
    for each in (found, *found["credentials"]["nodes"]):
        assert (each["statement"]["openInvoices"], each["own"]["openInvoices"]) == (2, 1)
    assert found["statements"] == [{"scope": "TREE", "openInvoices": 2}]
