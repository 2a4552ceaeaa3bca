"""Usage attributes in the row of an organization: lists of keys, in a column for each kind.

Keys that the organization has besides are left alone. What else there is to say of a usage attribute stands in rows of
its own (`importing_attributes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.entities.identifiers import external_id
from app.entities.texts import texts
from app.entities.usage_attribute import UsageAttribute, UsageAttributeKind
from app.errors import Problem, Problems
from app.mongo.client import Doc
from app.organizations.usage_attributes import UsageAttributeRules
from app.transfer.chunk import Chunk
from app.transfer.columns import CellType, Column, ParsedRow
from app.writing import lifecycle
from app.writing.inputs import RecordInput

[BY_KEY] = UsageAttribute.finders
NAMESPACE = BY_KEY.namespace or ""
KINDS: Mapping[str, UsageAttributeKind] = {
    "usage_subjects": UsageAttributeKind.SUBJECT,
    "usage_consumers": UsageAttributeKind.CONSUMER,
    "usage_applications": UsageAttributeKind.APPLICATION,
}
"""Column → the kind of the usage attributes whose keys it lists."""
EXAMPLES = {"usage_subjects": ["acme-west", "acme-east"]}
RULES = UsageAttributeRules()
COLUMNS = tuple(
    Column(
        name,
        f"Keys of usage attributes of kind {kind.value}, which it has from now on; others stay. A list.",
        texts(external_id),
        stored=name,
        default_by_rule=True,
        cell_type=CellType.LIST,
        normalise=set,
        exported=False,
        example=EXAMPLES.get(name),
    )
    for name, kind in KINDS.items()
)


def keys_in(parsed: ParsedRow) -> Iterator[tuple[str, str]]:
    """(column, key) for each key in the columns of a row."""
    for column in KINDS:
        for key in parsed.values.get(column) or ():
            yield column, key


def is_owned(column: str, key: str, organization_id: str, chunk: Chunk) -> bool:
    """Whether the organization has a usage attribute of the column's kind with that key."""
    doc = chunk.found(NAMESPACE, key, BY_KEY.fields)
    return bool(doc and doc.get("organizationId") == organization_id and doc.get("kind") == KINDS[column].value)


def with_owned_keys(parsed: ParsedRow, organization: Doc, chunk: Chunk) -> Doc:
    """An organization's document and, under the columns of a row, those of the row's keys that it has already."""
    owned: dict[str, list[str]] = {column: [] for column in KINDS if column in parsed.values}
    for column, key in keys_in(parsed):
        if is_owned(column, key, organization["_id"], chunk):
            owned[column].append(key)
    return organization | owned


async def judge_attributes(parsed: ParsedRow, organization_id: str, chunk: Chunk) -> list[Problem]:
    """What keeps the usage attributes of a row from being made, whose organization has that id; nothing is made."""
    values = parsed.values
    seen = {str(values.get("external_id")): "external_id"} | dict.fromkeys(values.get("aliases") or (), "aliases")
    problems = []
    for column, key in keys_in(parsed):
        if (other := seen.setdefault(key, column)) != column:
            problems.append(Problem("TAKEN", (column,), f"{key!r} stands in {other}, too: a key has one meaning."))
        elif not is_owned(column, key, organization_id, chunk):
            found = Problems()
            given = RecordInput({"kind": KINDS[column].value, "key": key})
            await lifecycle.create(chunk, RULES, given, found, ids={"organizationId": organization_id}, is_refused=True)
            problems += [Problem(each.code, (column,), each.message) for each in found.gathered]
    return problems


async def make_attributes(parsed: ParsedRow, organization_id: str, chunk: Chunk) -> list[Doc]:
    """Make the usage attributes of a row, found valid, that its organization does not have: the changes, by column."""
    changes = []
    for column in KINDS:
        keys = parsed.values.get(column) or ()
        missing = [key for key in keys if not is_owned(column, key, organization_id, chunk)]
        if missing:
            before, after = [key for key in keys if key not in missing], list(keys)
            changes.append({"field": column, "before": before, "after": after})
        for key in missing:
            given = RecordInput({"kind": KINDS[column].value, "key": key})
            await lifecycle.create(chunk, RULES, given, Problems(), ids={"organizationId": organization_id})
    return changes
