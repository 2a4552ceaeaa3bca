"""Create, update, delete and restore: the same for every kind of record, by what each room says of it.

All that is wrong is found before anything is refused: fields that do not hold, records that are not there, keys that
are taken, and what the record's own rules object to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.entities.audit_entry import AuditAction
from app.entities.texts import encodable
from app.errors import Problem, Refused
from app.graph.documents import stored_fields
from app.graph.record import Record
from app.mongo.client import Doc
from app.mongo.keys import Claim, find_claims_by_record
from app.writing import references
from app.writing.inputs import Inputs, Path, Reference, default_of, read_fields
from app.writing.work import Work

Key = tuple[str, str, str]
"""(namespace, key, stored field) of a claim."""


LIFECYCLES: dict[str, Lifecycle] = {}
"""By the record's name: each room's registers itself."""


class Lifecycle:
    """What a room says of its record. What rooms override is pure, but for what it reads through `work`."""

    record: ClassVar[type[Record]]
    inputs: ClassVar[Inputs]
    field_of: ClassVar[dict[str, str]] = {}
    """Stored field → the input's, where a claim's field is not called what the input is."""

    def __init_subclass__(cls) -> None:
        LIFECYCLES[cls.record.__name__] = cls()

    def claims(self, doc: Doc) -> Iterable[Key]:
        """The keys that find a record."""
        return ()

    def derived(self, doc: Doc) -> Doc:
        """Stored facts that follow from the others."""
        return {}

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        """Complete and judge what a record is to be, in place; `before` is None where it is new.

        It is asked again where a deleted record returns: `before` has its `deletedAt` then.
        """

    async def in_the_way(self, work: Work, doc: Doc) -> list[Problem]:
        """What rests on a record and keeps it from being deleted."""
        return []

    def kept_keys(self) -> frozenset[str]:
        """Namespaces whose keys a deleted record keeps."""
        return frozenset()

    def may_take(self, work: Work, claim: Claim, doc: Doc) -> bool:
        """Whether a record may have a key that a deleted one kept."""
        return False

    def keeps(self, stored: str) -> bool:
        """Whether a caller may set that field."""
        return any(to_camel_case(each.name) == stored for each in self.inputs)

    @property
    def links(self) -> list[Reference]:
        """The inputs that name other records."""
        return [each for each in self.inputs if isinstance(each, Reference)]

    async def prepare(self, work: Work, givens: Sequence[Any], more: Iterable[references.By] = ()) -> None:
        """Have at hand every record that these inputs name."""
        await references.resolve(work, [*more, *(each for given in givens for each in self.named(given))])

    def named(self, given: Any) -> Iterable[references.By]:
        """The records that an input names."""
        for each in self.links:
            value = getattr(given, each.name, UNSET)
            if value is not UNSET and value is not None:
                yield from ((each.target, by) for by in (value if each.many else [value]))

    def referred(self, work: Work, given: Any, problems: list[Problem], path: Path) -> Doc:
        """Stored field → id, for each record that an input names; None where it is cleared."""
        said: Doc = {}
        for each in self.links:
            value = getattr(given, each.name, UNSET)
            here = (*path, to_camel_case(each.name))
            if value is UNSET:
                continue
            if value is None:
                if each.required:
                    problems.append(Problem("REQUIRED", here, "It always has one: leave it out to keep it."))
                said[each.stored] = [] if each.many else None
            elif each.many:
                found = [
                    references.find(work, each.target, by, problems, (*here, str(n))) for n, by in enumerate(value)
                ]
                said[each.stored] = list(dict.fromkeys(doc["_id"] for doc in found if doc))
            elif doc := references.find(work, each.target, value, problems, here):
                said[each.stored] = doc["_id"]
        return said

    async def create(self, work: Work, given: Any, problems: list[Problem], path: Path = (), **decided: Any) -> Doc:
        """A new record of what an input says; `prepare` came before. Added to the work if nothing is wrong with it.

        `decided` are stored values that the caller of this decided. Where `problems` were found the document returned
        is not stored, and not whole.
        """
        count = len(problems)
        said = read_fields(self.record, self.inputs, given, problems, path)
        said |= self.referred(work, given, problems, path) | decided
        after = self.blank(work) | said
        await self.settle(work, None, after, problems, path)
        after |= self.derived(after)
        keys = list(self.claims(after))
        await work.look_up(wanted(key for key in keys if key[1] != after["_id"]))
        problems += self.taken(work, keys, after, path)
        if len(problems) > count:
            self.pretend(work, keys, after)
            return after
        made = self.record.model_validate(after)
        doc = work.add(made)
        for key in keys:
            self.claim(work, key, doc)
        work.point_at(*self.pointed(doc))
        return doc

    def pretend(self, work: Work, keys: Iterable[Key], doc: Doc) -> None:
        """Have a record found that is refused, so that what names it can be judged: nothing of it is written."""
        work.records.setdefault(doc["_id"], doc)
        for namespace, text, name in keys:
            work.claims.setdefault((namespace, text), Claim(namespace, text, doc["_id"], name))

    def blank(self, work: Work) -> Doc:
        """A record before anything is said of it: an id, the time, and every default."""
        stored = stored_fields(self.record)
        blank = {name: default_of(self.record, attribute) for name, attribute in stored.items()}
        stamps = {"createdAt": work.now, "updatedAt": work.now, "version": 1}
        return {**blank, "_id": work.ids.new(self.record), **stamps}

    async def target(self, work: Work, given: Any, *, deleted: bool = False) -> Doc:
        """The record that an update, delete or restore means, at the version that is expected; raises Refused."""
        if deleted:
            await work.fetch([given.id] if encodable(given.id) else [])
        else:
            await self.prepare(work, [given], [(self.record.__name__, given.by)])
        problems: list[Problem] = []
        if deleted:
            doc = references.by_id(work, self.record.__name__, given.id, problems, ("id",))
            if doc and not doc.get("deletedAt"):
                problems.append(Problem("NOT_DELETED", ("id",), f"{doc['_id']} was not deleted."))
        else:
            doc = references.find(work, self.record.__name__, given.by, problems, ("by",))
        if doc is not None:
            problems += stale(doc, getattr(given, "expected_version", UNSET))
        if doc is None or problems:
            raise Refused(problems)
        return doc

    async def update(self, work: Work, given: Any) -> Doc:
        """A record with what an input says of it; what is absent is left alone. Raises Refused."""
        problems: list[Problem] = []
        try:
            before = await self.target(work, given)
        except Refused as refused:
            problems += refused.problems
            before = {}
        said = read_fields(self.record, self.inputs, given, problems, (), before)
        said |= self.referred(work, given, problems, ())
        if not before:
            raise Refused(problems)
        return await self.alter(work, before, said, problems)

    async def alter(self, work: Work, before: Doc, said: Doc, problems: list[Problem]) -> Doc:
        """A record with other values, judged by all its rules. Raises Refused."""
        after = before | said
        await self.settle(work, before, after, problems, ())
        after |= self.derived(after)
        had, has = list(self.claims(before)), list(self.claims(after))
        kept, claimed = {each[:2] for each in has}, set(had)
        new = [key for key in has if key not in claimed]  # or one that is another field's from now on
        await work.look_up(wanted(new))
        problems += self.taken(work, has, after, ())
        if problems:
            raise Refused(problems)
        doc = work.change(before["_id"], {name: after[name] for name in after if name not in STAMPS})
        for key in had:
            if key[:2] not in kept:
                work.release(*key[:2])
        for key in new:
            self.claim(work, key, doc)
        points = self.pointed(after)
        if not set(points) <= set(self.pointed(before)):
            work.point_at(*points)  # the others too: whether it may point there was judged by where they stand
        return doc

    async def delete(self, work: Work, given: Any) -> Doc:
        """A record deleted, its keys free again. Raises Refused with all that stands in the way."""
        doc = await self.target(work, given)
        if problems := await self.in_the_way(work, doc):
            raise Refused(problems)
        for claim in await find_claims_by_record(work.store, [doc["_id"]], work.session):
            if claim.namespace not in self.kept_keys():
                work.release(claim.namespace, claim.key)
        return work.change(doc["_id"], {"deletedAt": work.now}, AuditAction.DELETED)

    async def restore(self, work: Work, given: Any) -> Doc:
        """A deleted record brought back, its keys with it, judged by all its rules. Raises Refused."""
        doc = await self.target(work, given, deleted=True)
        if doc.get("mergedIntoId"):
            raise Refused([references.gone(doc, ("id",))])
        keys = list(self.claims(doc))
        await work.look_up(wanted(keys))
        await work.fetch(self.pointed(doc))
        survivors = self.survivors(work, doc)
        await work.fetch(each for each in survivors.values() if isinstance(each, str))
        doc = doc | survivors
        after, found = {**doc, "deletedAt": None}, list[Problem]()
        await self.settle(work, doc, after, found, ())
        after |= self.derived(after)
        problems = [
            references.gone(referred, ("id",))
            for each in self.pointed(after)
            if each and (referred := work.records.get(each)) and referred.get("deletedAt")
        ]
        problems += self.taken(work, keys, doc, ()) + found
        if problems:
            raise Refused([Problem(each.code, ("id",), each.message) for each in problems])
        restored = work.change(doc["_id"], after, AuditAction.RESTORED)
        for key in keys:
            self.claim(work, key, restored)
        work.point_at(*self.pointed(restored))
        return restored

    def survivors(self, work: Work, doc: Doc) -> Doc:
        """What a record refers to where that was merged away meanwhile: the survivor in its place."""
        found: Doc = {}
        for each in self.links:
            referred = None if each.many else work.records.get(doc.get(each.stored) or "")
            if referred and referred.get("mergedIntoId"):
                found[each.stored] = referred["mergedIntoId"]
        return found

    def pointed(self, doc: Doc) -> list[str | None]:
        """The ids that a record refers to."""
        found: list[str | None] = []
        for each in self.links:
            value = doc.get(each.stored)
            found += value if isinstance(value, list) else [value]
        return found

    def claim(self, work: Work, key: Key, doc: Doc) -> None:
        """Give a record its key, be it one that a deleted record kept."""
        namespace, text, name = key
        claim = Claim(namespace, text, doc["_id"], name)
        owner = work.owner(namespace, text)
        if owner is None:
            work.claim(claim)
        elif owner != claim:
            work.point_at(owner.record_id)  # it kept the key, and might be brought back with it meanwhile
            work.repoint(claim)

    def taken(self, work: Work, keys: Iterable[Key], doc: Doc, path: Path) -> list[Problem]:
        """A problem for each key that another record has, or that is given twice."""
        problems, seen = [], set()
        for namespace, text, name in keys:
            owner = work.owner(namespace, text)
            if (namespace, text) in seen:
                problems.append(Problem("DUPLICATE", self.place(doc, name, text, path), f"{text!r} is given twice."))
            elif owner is not None and owner.record_id != doc["_id"] and not self.may_take(work, owner, doc):
                problems.append(self.taken_problem(work, owner, self.place(doc, name, text, path), text))
            seen.add((namespace, text))
        return problems

    def place(self, doc: Doc, name: str, text: str, path: Path) -> Path:
        """Where in the input a key of a stored field was given."""
        values, here = doc.get(name), (*path, self.field_of.get(name, name))
        return (*here, str(values.index(text))) if isinstance(values, (list, tuple)) and text in values else here

    def taken_problem(self, work: Work, owner: Claim, path: Path, text: str) -> Problem:
        """Who has a key already."""
        return Problem("TAKEN", path, f"{text!r} finds {owner.record_id} already. Update that one, or take another.")


STAMPS = frozenset({"_id", "createdAt", "updatedAt", "version", "guard"})


def stale(doc: Doc, expected: Any) -> list[Problem]:
    """Whether somebody changed the record since the caller read it."""
    if expected is UNSET or expected is None or expected == doc.get("version", 1):
        return []
    message = f"It has version {doc.get('version', 1)} by now. Read it again, and decide anew."
    return [Problem("STALE_VERSION", ("expectedVersion",), message)]


def wanted(keys: Iterable[Key]) -> dict[str, set[str]]:
    """Namespace → keys, as they are looked up."""
    found: dict[str, set[str]] = {}
    for namespace, text, _ in keys:
        found.setdefault(namespace, set()).add(text)
    return found
