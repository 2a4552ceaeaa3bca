"""The keys that find records: which ones a record claims, by its own declarations, and which one an input names.

`RecordKey` is how an input or a row names another record; all of them are resolved together, in one read of keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.entities.metadata import app_claims
from app.entities.texts import encodable
from app.errors import Problem, Problems
from app.graph.record import Finder, Record, with_article
from app.graph.roots import MAX_CANDIDATES
from app.mongo.client import Doc
from app.writing.naming import name_record
from app.writing.work import Work

APP_METADATA = "appMetadata"


class Key(NamedTuple):
    """A key that a record claims, and the stored field that it comes from."""

    namespace: str
    text: str
    stored: str


def claimed_keys(record: type[Record], doc: Mapping[str, object]) -> Iterator[Key]:
    """Every key that a document claims as a record of that kind: by its finders, its own keys, and its apps' ids."""
    for own in record.own_keys:
        yield from (Key(own.namespace, text, own.claimed_as) for text in texts_in(doc.get(own.stored)))
    for finder in record.finders:
        for stored in finder.fields if finder.namespace else ():
            for text in texts_in(doc.get(stored), finder.within):
                yield Key(finder.namespace or "", compared(finder, text), stored)
    for namespace, text in app_claims(tuple(doc.get(APP_METADATA) or ())):  # type: ignore[arg-type]  # rows of it
        yield Key(namespace, text, APP_METADATA)


def given_keys(record: type[Record], values: Mapping[str, object]) -> Iterator[Key]:
    """The keys in what was given of a record that is still to be made."""
    whole = dict(values)
    for finder in record.finders:
        if finder.within and (text := values.get(finder.graphql_name)):
            whole[finder.fields[0]] = [{finder.within: text}]
    return claimed_keys(record, whole)


def texts_in(value: object, within: str | None = None) -> Iterator[str]:
    """The texts in a stored value: the value itself, or those in an array of texts or of objects that hold them."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item[within] if within else item)
    elif isinstance(value, str) and value:
        yield value


def by_namespace(keys: Iterable[Key]) -> dict[str, set[str]]:
    """Namespace → keys, as they are looked up."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        found[key.namespace].add(key.text)
    return found


def compared(finder: Finder, text: str) -> str:
    """A key in the form in which keys of that sort are compared."""
    return finder.normalise(text) if finder.normalise else text


class UnknownKey(NamedTuple):
    """How it is told that no record has a key, where it is told otherwise than by NOT_FOUND."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Which record of a kind is meant: the one with the id `value`, or, with a `finder`, the one that it finds."""

    record: type[Record]
    value: str
    finder: Finder | None = None
    unknown: UnknownKey | None = None

    @property
    def name(self) -> str:
        """What the key is called in the input."""
        return self.finder.graphql_name if self.finder else "id"


async def resolve_keys(
    work: Work, wanted: Iterable[RecordKey], more: Mapping[str, Iterable[str]] | None = None
) -> None:
    """Have at hand every record that is named, and the owners of `more` keys (namespace → keys)."""
    claimed: dict[str, set[str]] = defaultdict(set)
    ids: list[str] = []
    names: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for key in wanted:
        if not encodable(key.value):
            continue  # nothing has such a key
        if key.finder is None:
            ids.append(key.value)
        elif key.finder.namespace is not None:
            claimed[key.finder.namespace].add(compared(key.finder, key.value))
        else:
            names[key.record.collection, key.finder.fields].add(key.value)
    for namespace, texts in (more or {}).items():
        claimed[namespace].update(texts)
    await work.look_up(claimed)
    await work.fetch(ids)
    for (collection, fields), values in names.items():
        await read_names(work, collection, fields, sorted(values))


async def read_names(work: Work, collection: str, fields: Sequence[str], texts: list[str]) -> None:
    """Have at hand the live records that bear these names, and who bears which."""
    query: Doc = {"$or": [{field: {"$in": texts}} for field in fields], "deletedAt": None}
    for doc in await work.find(collection, query, limit=MAX_CANDIDATES * len(texts)):
        work.records.setdefault(doc["_id"], doc)
        for text in (text for field in fields for text in texts_in(doc.get(field))):
            bearers = work.named.setdefault((collection, text), [])
            if doc["_id"] not in bearers:
                bearers.append(doc["_id"])


def find_named(work: Work, key: RecordKey, problems: Problems) -> Doc | None:
    """The document of the live record that a resolved key names; None, and a problem, where there is none."""
    here = problems.at(key.name)
    found = by_id(work, key, here) if key.finder is None else by_finder(work, key, key.finder, here)
    if found is not None and found.get("deletedAt"):
        here.extend([removed(found, here.path)])
        return None
    return found


def by_id(work: Work, key: RecordKey, problems: Problems) -> Doc | None:
    """The record with that id, deleted or not."""
    kind = key.record
    if not key.value.startswith(f"{kind.prefix}_"):
        noun = with_article(kind.singular_name())
        message = f"{key.value[:60]!r} is not the id of {noun}: theirs begin with {kind.prefix}_."
        problems.add("INVALID_ID", (), message)
        return None
    if key.value not in work.records:
        problems.add("NOT_FOUND", (), f"No {kind.singular_name()} has the id {key.value[:60]!r}.")
    return work.records.get(key.value)


def by_finder(work: Work, key: RecordKey, finder: Finder, problems: Problems) -> Doc | None:
    """The live record that a key other than the id finds."""
    if finder.namespace is not None:
        found = work.found(finder.namespace, compared(finder, key.value), finder.fields)
    else:
        ids = work.named.get((key.record.collection, key.value), [])
        if len(ids) > 1:
            message = f"{len(ids)} records have that name: give the id of the one you mean, {' or '.join(ids)}."
            problems.add("AMBIGUOUS", (), message)
            return None
        found = work.records[ids[0]] if ids else None
    if found is None:
        message = f"No live {key.record.singular_name()} has the {key.name} {key.value[:60]!r}."
        code, message = key.unknown or UnknownKey("NOT_FOUND", message)
        problems.add(code, (), message)
    return found


def removed(record: Doc, path: tuple[str, ...]) -> Problem:
    """A record that is named was deleted, or merged away."""
    name = name_record(record)
    name = name[0].upper() + name[1:]
    if into := record.get("mergedIntoId"):
        return Problem("MERGED", path, f"{name} was merged into {into}: name that one.")
    return Problem("DELETED", path, f"{name} was deleted. Restore it first, or name another.")
