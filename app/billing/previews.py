"""What a move or a merge would do: what changes hands, what keeps it from being done, and what would be owed then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from app.access.viewer import Scope
from app.billing.amounts import normal
from app.billing.organization_hook import context_of
from app.billing.statements import debtor, of_organizations
from app.entities.organization import Organization
from app.entities.previews import StatementChange
from app.graph.documents import from_document
from app.mongo.client import Doc
from app.organizations.handed_over import HandedOver
from app.organizations.merging import HANDED_OVER_TEXT, MergeTerms, plan_merge
from app.organizations.moving import MoveTerms, plan_move
from app.organizations.subtrees import MOST_WRITES, SECONDS
from app.writing.input_types import operation_input
from app.writing.mutation import Preview
from app.writing.owned import count_owned
from app.writing.payloads import Payload, payload, shown, shown_list
from app.writing.problems import UserError
from app.writing.work import Work

AMOUNTS = {"outstanding": "outstandingBalance", "overdue": "overdueBalance", "credit": "creditBalance"}
TREE, OWN = {"scope": "TREE"}, {"scope": "OWN"}
MOST_STATEMENTS = 200


@operation_input
class PreviewMoveInput(MoveTerms):
    """Which organization would move, and where to."""


@payload
class PreviewMovePayload(Payload):
    """A move as it would be."""

    organization: Organization | None = shown("The organization that would move, as it is now.")
    old_parent: Organization | None = shown("Its parent now; null at the top of a tree.")
    new_parent: Organization | None = shown("Its parent after the move; null at the top of a tree.")
    handed_over: HandedOver | None = shown(HANDED_OVER_TEXT)
    losing_payer: list[Organization] = shown_list("The organizations whose payer would no longer be above them.")
    statements: list[StatementChange] = shown_list(
        "The TREE statements of all organizations that it would leave or join, now and after the move."
    )


@operation_input
class PreviewMergeInput(MergeTerms):
    """Which organizations would become one."""


@payload
class PreviewMergePayload(Payload):
    """A merge as it would be."""

    organization: Organization | None = shown("The target as it would be after the merge.")
    handed_over: HandedOver | None = shown(HANDED_OVER_TEXT)
    statements: list[StatementChange] = shown_list("The target's OWN statements, now and after the merge.")


async def preview_move(work: Work, given: PreviewMoveInput) -> PreviewMovePayload:
    """What `moveOrganization` would do."""
    move = await plan_move(work, given)
    ids, organization = move.subtree.ids, move.organization
    counts = {Organization.collection: len(ids), **await count_owned(work, Organization, ids, MOST_WRITES + 1)}
    old, new = organization.ancestor_ids, move.subtree.above
    await work.fetch([*old, *new])
    concerned = [each for each in dict.fromkeys([*old, *new]) if (each in old) is not (each in new)]
    affected = [found for each in concerned[:MOST_STATEMENTS] if (found := work.get(Organization, each))]
    return PreviewMovePayload(
        organization=organization,
        old_parent=work.get(Organization, organization.parent_id),
        new_parent=move.parent,
        handed_over=HandedOver(counts=counts),
        losing_payer=move.losing_payer[:MOST_STATEMENTS],
        statements=await tree_changes(work, organization, affected, set(new)),
        user_errors=[UserError.of(each) for each in move.problems],
    )


async def preview_merge(work: Work, given: PreviewMergeInput) -> PreviewMergePayload:
    """What `mergeOrganizations` would do."""
    merge = await plan_merge(work, given)
    everyone = [merge.target, *merge.sources]
    keys = [(each.id, each.currency, merge.target.timezone) for each in everyone]
    statements = await of_organizations(context_of(work), keys, OWN, None)
    after = [statement for key in keys for statement in statements[key]]
    return PreviewMergePayload(
        organization=merge.survivor,
        handed_over=HandedOver(counts=merge.counts),
        statements=list(changes(merge.target.id, statements[keys[0]], after)),
        user_errors=[UserError.of(each) for each in merge.problems],
    )


async def tree_changes(
    work: Work, moved: Organization, affected: Sequence[Organization], gaining: set[str]
) -> list[StatementChange]:
    """The TREE statements of all that lose or gain an organization with everything below it, before and after."""
    own = [debtor(each) for each in affected]
    parts_of = {zone: (moved.id, moved.currency, zone) for _, _, zone in own}
    if not own:
        return []
    context = context_of(work)
    statements = await of_organizations(context, own, TREE, None)
    parts = await of_organizations(context, list(parts_of.values()), TREE, None)
    found: list[StatementChange] = []
    for key in own:
        part, sign = parts[parts_of[key[2]]], 1 if key[0] in gaining else -1
        found += changes(key[0], statements[key], [*statements[key], *part], {id(each): sign for each in part})
    return found


def changes(
    organization_id: str, before: Sequence[Doc], after: Sequence[Doc], signs: Mapping[int, int] | None = None
) -> Iterable[StatementChange]:
    """One change a currency: what is owed before, and the sum of what is owed after, each counted by its sign."""
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
        yield from_document(StatementChange, row)


class OrganizationPreviews:
    """What can be looked at before it is done."""

    preview_move = Preview(
        doc="What `moveOrganization` would do: the records that would move, and what is owed before and after.",
        operation=preview_move,
        needs=lambda: frozenset({Scope.CUSTOMERS, Scope.BILLING}),
        seconds=SECONDS,
    )
    preview_merge = Preview(
        doc="What `mergeOrganizations` would do: the resulting organization, the records that would move to "
        "it, and what it would owe.",
        operation=preview_merge,
        needs=lambda: frozenset({Scope.CUSTOMERS, Scope.BILLING}),
        seconds=SECONDS,
    )
