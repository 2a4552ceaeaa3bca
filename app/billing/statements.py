"""Statements, worked out for many organizations at once: one command for OWN, two for TREE, whatever the fan-out.

As things stand now, the database adds up the derived amounts that stand on each document. As of an earlier instant, the
documents are read and settled again by the same rule (`balance.py`). Both give rows, of which `fold` makes statements.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from app.billing.aging import BUCKETS, boundaries
from app.billing.amounts import normal
from app.billing.balance import ZERO
from app.billing.statement_rows import Parts, Row, rows_at, rows_now
from app.context import Context
from app.entities.organization import Organization
from app.entities.statement import StatementScope
from app.graph.declarations import Args
from app.graph.read import Fields, Key, find_by_ids
from app.graph.scalars import EARLIEST, LATEST, currencies
from app.mongo.client import Doc
from app.mongo.reads import aggregate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID_PATTERN = re.compile(r"stm_(org_[0-9A-Za-z]+)_([A-Z]{3})(_TREE)?(?:_(0|-?[1-9][0-9]{0,13}))?")


Debtor = tuple[str, str, str]
"""Whose statement: an organization's id, its currency and its time zone."""


@dataclass(frozen=True)
class Question:
    """What is asked about all debtors alike: whose documents count, as of when (None is now), and which parts."""

    scope: StatementScope
    as_of: datetime | None
    parts: Parts

    @classmethod
    def of(cls, args: Args, parts: Parts) -> Question:
        """The question that the arguments of the field ask."""
        return cls(StatementScope(args.get("scope") or StatementScope.TREE), args.get("as_of") or None, parts)

    @cached_property
    def scope_name(self) -> str:
        """The scope as a stored record would have it."""
        return str(self.scope.value)

    @cached_property
    def suffix(self) -> str:
        """The end of the ids of the statements that answer it."""
        tree = "_TREE" if self.scope is StatementScope.TREE else ""
        return tree + (f"_{(self.as_of - EPOCH) // timedelta(milliseconds=1)}" if self.as_of else "")


async def of_organizations(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, list[Doc]]:
    """Every currency's statement for each (id, currency, time zone), by currency.

    All parts are worked out whatever is asked for: which currencies there are depends on them.
    """
    found = await find_totals(context, keys, Question.of(args, Parts()))
    codes: dict[str, set[str]] = {node_id: {own} for node_id, own, _ in keys}
    for node_id, code in found.rows:
        codes[node_id].add(code)
    return {key: [found.statement(key, code) for code in sorted(codes[key[0]])] for key in keys}


async def of_organization(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Doc]:
    """One currency's statement for each (id, currency, time zone)."""
    found = await find_totals(context, keys, Question.of(args, Parts.of(fields)))
    asked = args.get("currency") or None
    return {key: found.statement(key, asked or key[1]) for key in keys}


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
        context.session,
    )
    payers = {row["_id"]: debtor_of(row["payer"]) for row in rows}
    found = await find_totals(context, list(dict.fromkeys(payers.values())), Question.of(args, Parts.of(fields)))
    return {key: found.statement(payer, payer[1]) for key, payer in payers.items()}


async def by_id(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Doc]:
    """Statements by their ids; an id that names no organization is not among the keys."""
    named = {key: match for key in keys if (match := ID_PATTERN.fullmatch(key)) and means_something(match)}
    ids = list({match[1] for match in named.values()})
    known = await find_by_ids(context, "organizations", ids, ("currency", "timezone")) if ids else {}
    answers: dict[Key, Doc] = {}
    groups: dict[tuple[StatementScope, str | None], list[str]] = defaultdict(list)
    for key, match in named.items():
        if match[1] in known:
            groups[StatementScope.TREE if match[3] else StatementScope.OWN, match[4]].append(key)
    for (scope, instant), members in groups.items():
        asked = {key: debtor_of(known[named[key][1]]) for key in members}
        as_of = EPOCH + timedelta(milliseconds=int(instant)) if instant else None
        found = await find_totals(
            context, list(dict.fromkeys(asked.values())), Question(scope, as_of, Parts.of(fields))
        )
        answers |= {key: found.statement(each, named[key][2]) for key, each in asked.items()}
    return answers


def means_something(match: re.Match[str]) -> bool:
    """Whether an id names a currency that there is, and an instant that may be asked for."""
    milliseconds = int(match[4] or 0)
    known = timedelta(milliseconds=milliseconds)
    return match[2] in currencies() and EARLIEST - EPOCH <= known <= LATEST - EPOCH


def debtor(organization: Organization) -> Debtor:
    """The debtor of an organization."""
    return organization.id, organization.currency, organization.timezone


def debtor_of(doc: Doc) -> Debtor:
    """The debtor of an organization's document."""
    return doc["_id"], doc["currency"], doc["timezone"]


async def find_totals(context: Context, asked: Sequence[Debtor], question: Question) -> StatementTotals:
    """What the statements of these organizations are made of; each organization is asked for once.

    What is dear is counted once in a request, however many of its fields ask the same.
    """
    if question.scope is StatementScope.OWN and question.as_of is None:
        return await compute_totals(context, asked, question)
    if question.as_of is not None:
        question = replace(question, parts=Parts())  # all of them are read in any case
    return await context.once((tuple(asked), question), lambda: compute_totals(context, asked, question))


async def compute_totals(context: Context, asked: Sequence[Debtor], question: Question) -> StatementTotals:
    """The totals of these organizations, read from the database."""
    members = {node_id: {node_id} for node_id, _, _ in asked}
    if question.scope is StatementScope.TREE:
        members = await context.once(("trees", *members), lambda: find_trees(context, list(members)))
    at = question.as_of or context.now
    edges = {zone: boundaries(zone, at) for zone in sorted({zone for _, _, zone in asked})}
    counting: dict[str, list[str]] = defaultdict(list)
    for node_id, ids in members.items():
        for each in ids:
            counting[each].append(node_id)
    if question.as_of is None:
        rows = await rows_now(context, sorted(counting), at, edges, question.parts)
    else:
        rows = await rows_at(context, sorted(counting), at, edges)
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        own = row["_id"]
        for node_id in counting[own["o"]]:
            found[node_id, own["c"]].append(row)
    return StatementTotals(question, at, {zone: f"z{n}" for n, zone in enumerate(edges)}, members, found)


async def find_trees(context: Context, roots: Sequence[str]) -> dict[str, set[str]]:
    """For each root, the ids of itself and of all live organizations below it."""
    members = {root: {root} for root in roots}
    query: Doc = {"ancestorIds": {"$in": list(roots)}, "deletedAt": None}
    shown = {"ancestorIds": 1}
    below = context.store["organizations"].find(query, shown, batch_size=100_000, session=context.session)
    async for doc in below:
        for root in members.keys() & set(doc["ancestorIds"]):
            members[root].add(doc["_id"])
    return members


@dataclass(frozen=True, slots=True)
class StatementTotals:
    """What many statements are made of: at which instant, in which columns each time zone's amounts stand, whose
    documents count for each organization, and the rows of these by (organization, currency)."""

    question: Question
    at: datetime
    columns: Mapping[str, str]
    members: Mapping[str, Set[str]]
    rows: Mapping[tuple[str, str], Sequence[Row]]

    def statement(self, debtor: Debtor, currency: str) -> Doc:
        """A statement as a stored record would be, with the parts that are asked for."""
        node_id, _, zone = debtor
        rows, column, parts = self.rows.get((node_id, currency), ()), self.columns[zone], self.question.parts

        def money(name: str) -> Doc:
            amount = sum([Decimal(row[name]) for row in rows if name in row], ZERO)
            return {"amount": normal(amount, currency), "currency": currency}

        made: Doc = {
            "_id": f"stm_{node_id}_{currency}{self.question.suffix}",
            "organizationId": node_id,
            "currency": currency,
            "scope": self.question.scope_name,
            "asOf": self.at,
            "outstandingBalance": money("due"),
            "openInvoices": sum([row.get("open", 0) for row in rows]),
        }
        if parts.open_in:
            made["openIn"] = tuple(sorted({row["_id"]["o"] for row in rows if row.get("open")}))
        if parts.overdue:
            made["overdueBalance"] = money(f"{column}o")
        if parts.aging:
            made["aging"] = {name: money(f"{column}b{n}") for n, name in enumerate(BUCKETS)}
        if parts.written_off:
            made["writtenOff"] = money("writtenOff")
        if parts.payments:
            made["lastPaymentAt"] = max([row["last"] for row in rows if "last" in row], default=None)
        if parts.credit:
            made["creditBalance"] = money("credit")
        if parts.charges:
            rows = [row for row in rows if row["_id"].get("p") not in self.members[node_id]]
            made["chargedToPayer"] = money("charged")
        return made
