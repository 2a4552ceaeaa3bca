"""Whatever is done in whatever order: what holds of the graph, its keys, its history and its money holds after each.

`WRITE_SEEDS` asks for more sequences than the budget of `make test`.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.mongo.client import Store
from tests.asking import ask
from tests.records import EPOCH, NOW, invoice, line, payment, save
from tests.writing.anything import Anything
from tests.writing.doing import everything
from tests.writing.holding import check

SEEDS = int(os.environ.get("WRITE_SEEDS", "3"))
FIRST = int(os.environ.get("WRITE_FIRST", "0"))
STEPS = 70
AMOUNTS = "outstanding{0} {{ amount }} overdue{0} {{ amount }} credit{0} {{ amount }} openInvoices{0}"
OWED = "currency outstandingBalance { amount } overdueBalance { amount } creditBalance { amount } openInvoices"
PREVIEWED = f"statements {{ organization {{ id }} currency {AMOUNTS.format('After')} }} userErrors {{ code }}"
Owed = dict[tuple[str, str], tuple[Decimal, Decimal, Decimal, int]]
"""(organization, currency) → outstanding, overdue, credit, open invoices."""


async def payload(store: Store, operation: str, field: str, given: Any, shown: str, at: int) -> Any:
    """What a root field answers; no error of any kind."""
    kind = field[0].upper() + field[1:].replace("previewM", "PreviewM")
    query = f"{operation} M($input: {kind}Input!) {{ {field}(input: $input) {{ {shown} }} }}"
    answer = await ask(store, query, input=given, now=NOW + timedelta(seconds=at))
    assert not answer.messages, (field, given, answer.messages)
    return answer.data[field]


async def owed(store: Store, scope: str, at: int) -> Owed:
    """What every organization owes."""
    query = f"{{ organizations(first: 100) {{ nodes {{ id statements(scope: {scope}) {{ {OWED} }} }} }} }}"
    answer = await ask(store, query, now=NOW + timedelta(seconds=at))
    assert not answer.messages, answer.messages
    return {
        (node["id"], each["currency"]): (
            *(Decimal(each[name]["amount"]) for name in ("outstandingBalance", "overdueBalance", "creditBalance")),
            each["openInvoices"],
        )
        for node in answer.data["organizations"]["nodes"]
        for each in node["statements"]
    }


def summed(found: Owed) -> dict[str, tuple[Any, ...]]:
    """Of all organizations, by currency, where there is something; what is overdue depends on time zones."""
    totals: dict[str, list[Any]] = {}
    for (_, currency), (outstanding, _, credit, count) in found.items():
        total = totals.setdefault(currency, [0, 0, 0])
        totals[currency] = [total[0] + outstanding, total[1] + credit, total[2] + count]
    return {currency: tuple(total) for currency, total in totals.items() if any(total)}


async def bill(store: Store, stored: Any, n: int, rng: Any) -> None:
    """An invoice to some organization for its own usage and another's, perhaps overpaid."""
    live = [cast(Any, SimpleNamespace(id=each["_id"])) for each in stored["organizations"] if not each["deletedAt"]]
    payer, used_by, name = rng.choice(live), rng.choice(live), f"i{n}"
    paid = [payment(name, payer, rng.randrange(1, 20), EPOCH, on=name)] if rng.random() < 0.5 else []
    made = invoice(name, payer, 10, EPOCH, paid)
    await save(store, *paid, made, line(f"a{n}", made, payer, 6), line(f"b{n}", made, used_by, 4))


async def step(store: Store, field: str, given: dict[str, Any], at: int) -> bool:
    """One mutation. Whether it was done; a move or merge comes to what its preview says."""
    preview, before = None, None
    if field in ("moveOrganization", "mergeOrganizations") and "idempotencyKey" not in given:
        asked = "previewMove" if field == "moveOrganization" else "previewMerge"
        told = {name: value for name, value in given.items() if name != "expectedVersion"}
        preview = await payload(store, "query", asked, told, PREVIEWED, at)
        before = await owed(store, "OWN", at)
    made = await payload(store, "mutation", field, given, "userErrors { code field message }", at)
    if preview is not None and before is not None:
        assert {each["code"] for each in preview["userErrors"]} == {each["code"] for each in made["userErrors"]}
        if not made["userErrors"]:
            own = await owed(store, "OWN", at)
            assert summed(own) == summed(before), "what is owed in all is what it was"
            now = own if field == "mergeOrganizations" else await owed(store, "TREE", at)
            for row in preview["statements"]:
                place = row["organization"]["id"], row["currency"]
                names = ("outstandingAfter", "overdueAfter", "creditAfter")
                will = (*(Decimal(row[name]["amount"]) for name in names), row["openInvoicesAfter"])
                assert now.get(place, (0, 0, 0, 0)) == will, (place, will)
    return not made["userErrors"]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
async def test_what_holds_holds_after_anything(store: Store, seed: int) -> None:
    anything, done = Anything(seed), 0
    stored = await everything(store)
    for n in range(STEPS):
        field, given = anything.mutation(stored)
        try:
            done += await step(store, field, given, n)
            stored = await everything(store)
            check(stored)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, step {n}: {field}({given})\n{error}") from error
        if n % 8 == 7:
            await bill(store, stored, n, anything.rng)
            stored = await everything(store)
    assert done > STEPS / 4, "too few were done for this to mean much"
