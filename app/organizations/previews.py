"""What a move or a merge would do: what changes hands, what keeps it from being done, and what would be owed then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.billing.amounts import normal
from app.billing.statements import of_organizations
from app.context import Context
from app.mongo.client import Doc
from app.organizations.merging import MOVED, plan_merge
from app.organizations.moving import plan_move
from app.organizations.subtrees import counted
from app.writing.mutation import PROBLEMS
from app.writing.problems import rows
from app.writing.work import Work

AMOUNTS = {"outstanding": "outstandingBalance", "overdue": "overdueBalance", "credit": "creditBalance"}
TREE, OWN = {"scope": "TREE"}, {"scope": "OWN"}
SHOWN = ("subscribers", "credentials", "usageAttributes", "subscriptions", "invoices")
MOST_STATEMENTS = 200


async def preview_move(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """What `moveOrganization` would do."""
    move = await plan_move(work, given)
    ids = move.subtree.ids
    names = {name: MOVED[name] for name in SHOWN}
    counts = await counted(work, ids, names)
    old, new = move.organization["ancestorIds"], list(move.subtree.above)
    await work.fetch([*old, *new])
    concerned = [each for each in dict.fromkeys([*old, *new]) if (each in old) is not (each in new)]
    return {
        "organization": move.organization,
        "old_parent": work.records.get(move.organization.get("parentId") or ""),
        "new_parent": move.parent,
        "handed_over": handed_over({"organizations": len(ids), **counts}),
        "losing_payer": move.losing_payer[:MOST_STATEMENTS],
        "statements": await tree_changes(work, context, move.organization, concerned[:MOST_STATEMENTS], set(new)),
        PROBLEMS: rows(move.problems),
    }


async def preview_merge(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """What `mergeOrganizations` would do."""
    merge = await plan_merge(work, given)
    everyone = [merge.target, *merge.sources]
    zone = merge.target["timezone"]
    keys = [(each["_id"], each["currency"], zone) for each in everyone]
    made = await of_organizations(context, keys, OWN, None)
    before = made[keys[0]]
    after = [statement for key in keys for statement in made[key]]
    return {
        "organization": merge.target | merge.values,
        "handed_over": handed_over(merge.counts),
        "statements": list(changes(merge.target["_id"], before, after)),
        PROBLEMS: rows(merge.problems),
    }


def handed_over(counts: Mapping[str, int]) -> Doc:
    """Counts by their words, by the fields that show them."""
    by_words = {MOVED[name]: name for name in SHOWN} | {"organizations": "organizations"}
    return {by_words[words]: count for words, count in counts.items() if words in by_words}


async def tree_changes(
    work: Work, context: Context, moved: Doc, concerned: Sequence[str], gaining: set[str]
) -> list[Doc]:
    """The statements of all that lose or gain an organization with everything below it."""
    docs = [work.records[each] for each in concerned]
    own = [(doc["_id"], doc["currency"], doc["timezone"]) for doc in docs]
    zones = {zone: (moved["_id"], moved["currency"], zone) for _, _, zone in own}
    made = await of_organizations(context, own, TREE, None) if own else {}
    parts = await of_organizations(context, list(zones.values()), TREE, None) if zones else {}
    found: list[Doc] = []
    for key in own:
        part = parts[zones[key[2]]]
        sign = 1 if key[0] in gaining else -1
        found += changes(key[0], made[key], [*made[key], *part], {id(each): sign for each in part})
    return found


def changes(
    organization_id: str, before: Sequence[Doc], after: Sequence[Doc], signs: Mapping[int, int] | None = None
) -> list[Doc]:
    """One row a currency: what is owed before, and the sum of what is owed after, each counted by its sign."""
    found = []
    for currency in sorted({each["currency"] for each in after}):
        row: Doc = {"organizationId": organization_id, "currency": currency}
        was = [each for each in before if each["currency"] == currency]
        will = [((signs or {}).get(id(each), 1), each) for each in after if each["currency"] == currency]
        for name, field in AMOUNTS.items():
            old = sum((each[field]["amount"] for each in was), Decimal(0))
            new = sum((sign * each[field]["amount"] for sign, each in will), Decimal(0))
            row[f"{name}Before"] = {"amount": normal(old, currency), "currency": currency}
            row[f"{name}After"] = {"amount": normal(new, currency), "currency": currency}
        row["openInvoicesBefore"] = sum(each["openInvoices"] for each in was)
        row["openInvoicesAfter"] = sum(sign * each["openInvoices"] for sign, each in will)
        found.append(row)
    return found
