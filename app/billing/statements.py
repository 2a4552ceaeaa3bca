"""Statements, worked out for many organizations at once: one command for OWN, two for TREE, whatever the fan-out.

As things stand now, the database adds up the derived amounts that stand on each document. As of an earlier instant, the
documents are read and settled again by the same rule (`balance.py`). Both give rows, of which `fold` makes statements.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.billing.aging import BUCKETS, boundaries
from app.billing.amounts import normal
from app.billing.balance import ZERO
from app.billing.statement_rows import Parts, Row, rows_at, rows_now
from app.context import Context
from app.entities.statement import StatementScope
from app.graph.declarations import Args
from app.graph.edges import computes
from app.graph.read import Fields, Key, by_ids
from app.graph.scalars import EARLIEST, LATEST, currencies
from app.mongo.client import Doc
from app.mongo.reads import aggregate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID_PATTERN = re.compile(r"stm_(org_[0-9A-Za-z]+)_([A-Z]{3})(_TREE)?(?:_(0|-?[1-9][0-9]{0,13}))?")


@dataclass(frozen=True, slots=True)
class Debtor:
    """Whose statement: an organization, its currency and time zone, and whose documents count."""

    id: str
    currency: str
    timezone: str
    scope: StatementScope


@dataclass(slots=True)
class Sums:
    """What adds up to one statement."""

    ages: list[Decimal] = field(default_factory=lambda: [ZERO] * len(BUCKETS))
    open_invoices: int = 0
    due: Decimal = ZERO
    overdue: Decimal = ZERO
    written_off: Decimal = ZERO
    credit: Decimal = ZERO
    charged_to_payer: Decimal = ZERO
    last_payment_at: datetime | None = None
    open_in: list[str] = field(default_factory=list)

    def add(self, row: Row, zone: str, members: frozenset[str]) -> None:
        """Count one row."""
        for bucket, amount in enumerate(row.ages.get(zone, ())):
            self.ages[bucket] += amount
        if row.open_invoices:
            self.open_in.append(row.organization_id)
        self.open_invoices += row.open_invoices
        self.due += row.due
        self.overdue += row.overdue.get(zone, ZERO)
        self.written_off += row.written_off
        self.credit += row.credit
        for payer, amount in row.charged_to.items():
            self.charged_to_payer += amount if payer not in members else ZERO
        if row.last_payment_at and (self.last_payment_at is None or row.last_payment_at > self.last_payment_at):
            self.last_payment_at = row.last_payment_at


@computes("Organization.statements")
async def of_organizations(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, list[Doc]]:
    """Every currency's statement for each (id, currency, time zone), by currency.

    All parts are worked out whatever is asked for: which currencies there are depends on them.
    """
    made = await statements(context, debtors(keys, args), args.get("as_of") or None, Parts())
    return {key: [made[key[0]][code] for code in sorted(made[key[0]])] for key in keys}


@computes("Organization.statement")
async def of_organization(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Doc]:
    """One currency's statement for each (id, currency, time zone)."""
    as_of, asked = args.get("as_of") or None, args.get("currency") or None
    made = await statements(context, debtors(keys, args), as_of, Parts.of(fields), asked)
    return {key: made[key[0]][asked or key[1]] for key in keys}


@computes("Credential.statement")
async def of_credentials(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Doc]:
    """The statement of the payer of each organization id, in the payer's currency."""
    shown = {"currency": 1, "timezone": 1}
    rows = await aggregate(
        context.store,
        "organizations",
        [
            {"$match": {"_id": {"$in": list(keys)}}},
            {
                "$lookup": {
                    "from": "organizations",
                    "localField": "payerId",
                    "foreignField": "_id",
                    "pipeline": [{"$project": shown}],
                    "as": "payer",
                }
            },
            {"$unwind": "$payer"},
            {"$project": {"payer": 1}},
        ],
    )
    payers = {row["_id"]: row["payer"] for row in rows}
    unique = {payer["_id"]: payer for payer in payers.values()}
    asked = [Debtor(p["_id"], p["currency"], p["timezone"], StatementScope.OWN) for p in unique.values()]
    made = await statements(context, asked, None, Parts.of(fields))
    return {key: made[payer["_id"]][payer["currency"]] for key, payer in payers.items()}


@computes("Statement.id")
async def by_id(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Doc]:
    """Statements by their ids; an id that names no organization is not among the keys."""
    named = {key: match for key in keys if (match := ID_PATTERN.fullmatch(key)) and means_something(match)}
    ids = list({match[1] for match in named.values()})
    known = await by_ids(context, "organizations", ids, ("currency", "timezone")) if ids else {}
    answers: dict[Key, Doc] = {}
    groups: dict[tuple[StatementScope, str | None, str], list[str]] = defaultdict(list)
    for key, match in named.items():
        if match[1] in known:
            groups[StatementScope.TREE if match[3] else StatementScope.OWN, match[4], match[2]].append(key)
    for (scope, instant, currency), members in groups.items():
        asked = [Debtor(d["_id"], d["currency"], d["timezone"], scope) for d in (known[named[k][1]] for k in members)]
        as_of = EPOCH + timedelta(milliseconds=int(instant)) if instant else None
        made = await statements(context, asked, as_of, Parts.of(fields), currency)
        answers |= {key: made[named[key][1]][currency] for key in members}
    return answers


def means_something(match: re.Match[str]) -> bool:
    """Whether an id names a currency that there is, and an instant that may be asked for."""
    milliseconds = int(match[4] or 0)
    known = timedelta(milliseconds=milliseconds)
    return match[2] in currencies() and EARLIEST - EPOCH <= known <= LATEST - EPOCH


def debtors(keys: Sequence[Key], args: Args) -> list[Debtor]:
    """Whose statements are asked for."""
    scope = StatementScope(args.get("scope") or StatementScope.OWN)
    return [Debtor(node_id, currency, timezone, scope) for node_id, currency, timezone in keys]


async def statements(
    context: Context, asked: Sequence[Debtor], as_of: datetime | None, parts: Parts, currency: str | None = None
) -> dict[str, dict[str, Doc]]:
    """Organization id → currency → statement. Its own currency, or the one asked for, is always there."""
    members = await members_of(context, asked)
    everyone = sorted(set().union(*members.values()))
    edges = {zone: boundaries(zone, as_of or context.now) for zone in {each.timezone for each in asked}}
    if as_of is None:
        rows = await rows_now(context.store, everyone, context.now, edges, parts)
    else:
        rows = await rows_at(context.store, everyone, as_of, edges)
    by_organization: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_organization[row.organization_id].append(row)
    return {
        each.id: {
            code: document(each, code, sums, as_of, context.now, parts)
            for code, sums in fold(each, members[each.id], by_organization, currency or each.currency).items()
        }
        for each in asked
    }


async def members_of(context: Context, asked: Sequence[Debtor]) -> dict[str, frozenset[str]]:
    """Whose documents count for each: itself, and for TREE all that is live underneath it."""
    members = {each.id: {each.id} for each in asked}
    trees = [each.id for each in asked if each.scope is StatementScope.TREE]
    if trees:
        below = context.store["organizations"].find(
            {"ancestorIds": {"$in": trees}, "deletedAt": None}, {"ancestorIds": 1}, batch_size=100_000
        )
        async for doc in below:
            for root in members.keys() & set(doc["ancestorIds"]):
                members[root].add(doc["_id"])
    return {root: frozenset(ids) for root, ids in members.items()}


def fold(debtor: Debtor, members: frozenset[str], rows: Mapping[str, Iterable[Row]], always: str) -> dict[str, Sums]:
    """The rows of all members added up, by currency; never across currencies."""
    found: dict[str, Sums] = {always: Sums()}
    for member in sorted(members & rows.keys()):
        for row in rows[member]:
            sums = found.get(row.currency)
            if sums is None:
                sums = found[row.currency] = Sums()
            sums.add(row, debtor.timezone, members)
    return found


def document(debtor: Debtor, currency: str, sums: Sums, as_of: datetime | None, now: datetime, parts: Parts) -> Doc:
    """A statement as a stored record would be, with the parts that are asked for."""

    def money(amount: Decimal) -> Doc:
        return {"amount": normal(amount, currency), "currency": currency}

    tree = "_TREE" if debtor.scope is StatementScope.TREE else ""
    instant = f"_{(as_of - EPOCH) // timedelta(milliseconds=1)}" if as_of else ""
    made: Doc = {
        "_id": f"stm_{debtor.id}_{currency}{tree}{instant}",
        "organizationId": debtor.id,
        "currency": currency,
        "scope": debtor.scope.value,
        "asOf": as_of or now,
        "outstandingBalance": money(sums.due),
        "overdueBalance": money(sums.overdue),
        "openInvoices": sums.open_invoices,
        "lastPaymentAt": sums.last_payment_at,
        "openIn": tuple(sums.open_in),
    }
    if parts.credit:
        made["creditBalance"] = money(sums.credit)
    if parts.written_off:
        made["writtenOff"] = money(sums.written_off)
    if parts.aging:
        made["aging"] = dict(zip(BUCKETS, map(money, sums.ages), strict=True))
    if parts.charges:
        made["chargedToPayer"] = money(sums.charged_to_payer)
    return made
