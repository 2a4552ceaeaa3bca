"""`duplicateCandidates`: organizations that are probably the same customer, found by shared keys and then scored.

Every read is bounded. A key that more than `MAX_SHARING` organizations share is ignored; of those that share other
keys, at most `MAX_CANDIDATES` are scored, those with most shared keys first. For one organization, that is one read of
ids and one of documents. For all, organizations are read in the order of their ids, in at most `MAX_BATCHES` batches a
request, and a pair is listed under the smaller of its two ids.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.context import Context
from app.errors import BadArgument
from app.graph.declarations import Args
from app.graph.edges import LIVE
from app.graph.page import ComputedPage, Page, decode_cursor, encode_cursor, invalid_cursor
from app.graph.read import Fields, Key, find_by_ids, find_documents, look_up
from app.graph.roots import find as finding
from app.mongo.client import Doc
from app.organizations.duplicates import NEEDED, Score, Traits, score

MAX_SHARING, MAX_CANDIDATES = 50, 100
BATCH, MAX_BATCHES = 100, 5
LIST = "duplicateCandidates"
SHOWN = (*NEEDED, "matchKeys", "deletedAt")
ASKED = finding("Organization", doc="The organization to find duplicates of.")
ID_PATTERN = re.compile(r"dup_(org_[0-9A-Za-z]+)_(org_[0-9A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class CandidateCursor:
    """A position in the list: a pair of an organization, or, without the other, the end of all its pairs."""

    organization_id: str
    score: float | None = None
    other_id: str | None = None

    def is_before(self, doc: Doc) -> bool:
        """Whether the cursor is before that pair."""
        if doc["organizationId"] != self.organization_id:
            return bool(doc["organizationId"] > self.organization_id)
        if self.score is None or self.other_id is None:
            return False
        return (-doc["score"], doc["otherId"]) > (-self.score, self.other_id)

    def encode(self, of: str | None) -> str:
        """The cursor, of the candidates of one organization or of all."""
        return encode_cursor([LIST, of, self.organization_id, self.score, self.other_id])


def decode_candidate_cursor(cursor: str | None, of: str | None) -> CandidateCursor | None:
    """The decoded cursor of the candidates of the organization `of`, or of all; raises BadArgument for another one."""
    if cursor is None:
        return None
    match decode_cursor(cursor, "after"):
        case [str(name), str() | None as whose, str(organization_id), float() | None as at, str() | None as other_id]:
            if name == LIST and whose == of:
                return CandidateCursor(organization_id, at, other_id)
            if name == LIST:
                raise BadArgument(
                    "`after` is a cursor of another list of candidates: pass the same `of` on every page.",
                    argument="after",
                )
    raise invalid_cursor("after")


async def duplicate_candidates(context: Context, args: Args, size: int) -> ComputedPage:
    """A page of candidates, of one organization or of all."""
    minimum = args["minimum_score"]
    if not 0 <= minimum <= 1:
        raise BadArgument(f"`minimumScore` is {minimum}; it must be between 0 and 1.", argument="minimumScore")
    by, after = args.get("of"), args.get("after")
    if by is None:
        return await find_all_pairs(context, minimum, size, decode_candidate_cursor(after, None))
    [about] = (await ASKED.read(context, [None], {"by": by}, SHOWN)).values()
    place = decode_candidate_cursor(after, about["_id"])
    docs = [] if about.get("deletedAt") else (await find_candidates(context, [about], minimum))[about["_id"]]
    rest = [doc for doc in docs if place is None or place.is_before(doc)]
    return ComputedPage(
        Page([with_cursor(doc, about["_id"]) for doc in rest[:size]], len(rest) > size, place is not None), len(docs)
    )


async def find_all_pairs(context: Context, minimum: float, size: int, place: CandidateCursor | None) -> ComputedPage:
    """A page of pairs of all organizations; a shorter one if a full page would take more than `MAX_BATCHES` reads."""
    found: list[Doc] = []
    at, ended = (place.organization_id if place else ""), False
    bound = "$gte" if place and place.score is not None else "$gt"
    for _ in range(MAX_BATCHES):
        query = {"_id": {bound: at}, **LIVE}
        batch = await find_documents(context, "organizations", query, SHOWN, limit=BATCH, sort=[("_id", 1)])
        pairs = await find_candidates(context, batch, minimum, only_after=True)
        found += [doc for each in batch for doc in pairs[each["_id"]] if place is None or place.is_before(doc)]
        at, bound, ended = (batch[-1]["_id"] if batch else at), "$gt", len(batch) < BATCH
        if ended or len(found) > size:
            break
    docs = [with_cursor(doc, None) for doc in found[:size]]
    goes_on = len(found) > size or not ended
    end = CandidateCursor(at).encode(None) if goes_on and len(found) <= size else None
    return ComputedPage(Page(docs, goes_on, place is not None, end), None)


def with_cursor(doc: Doc, of: str | None) -> Doc:
    """The candidate with its cursor added."""
    return doc | {"cursor": CandidateCursor(doc["organizationId"], doc["score"], doc["otherId"]).encode(of)}


async def find_candidates(
    context: Context, docs: Sequence[Doc], minimum: float, *, only_after: bool = False
) -> dict[str, list[Doc]]:
    """The candidates of each organization with at least that score, best first. Two commands for all of them.

    `only_after`: only those whose id comes after its own.
    """
    near = await find_sharing(context, docs, only_after=only_after)
    ids = sorted(set().union(*near.values()))
    query = {"_id": {"$in": ids}, **LIVE}
    others = await find_documents(context, "organizations", query, NEEDED, limit=len(ids)) if ids else []
    return await asyncio.to_thread(score_pairs, docs, near, others, minimum)


async def find_sharing(context: Context, docs: Sequence[Doc], *, only_after: bool) -> dict[str, list[str]]:
    """For each organization, the ids of others that share match keys with it, those with most shared keys first."""
    keys = sorted({key for doc in docs for key in doc.get("matchKeys") or ()})
    limited: list[Doc] = [{"$limit": MAX_SHARING + 1}, {"$project": {"_id": 1}}]
    rows = await look_up(context, "organizations", {"matchKeys": None}, keys, LIVE, limited, ()) if keys else {}
    holders = {key: [row["_id"] for row in found] for key, found in rows.items() if len(found) <= MAX_SHARING}
    near = {}
    for doc in docs:
        own = doc["_id"]
        counted = Counter(each for key in doc.get("matchKeys") or () for each in holders.get(key, ()))
        others = [each for each in counted if (each > own if only_after else each != own)]
        near[own] = sorted(others, key=lambda each: (-counted[each], each))[:MAX_CANDIDATES]
    return near


def score_pairs(
    docs: Iterable[Doc], near: Mapping[str, Sequence[str]], others: Iterable[Doc], minimum: float
) -> dict[str, list[Doc]]:
    """For each organization, its candidates with at least the minimum score, best first."""
    traits = {doc["_id"]: Traits.from_document(doc) for doc in (*others, *docs)}
    found = {}
    for doc in docs:
        own = doc["_id"]
        pairs = [(each, score(traits[own], traits[each])) for each in near[own] if each in traits]
        kept = [candidate(own, each, by) for each, by in pairs if by.reasons and by.score >= minimum]
        found[own] = sorted(kept, key=lambda each: (-each["score"], each["otherId"]))
    return found


def candidate(own: str, other: str, by: Score) -> Doc:
    """A candidate in the form of a stored document."""
    reasons = [each.value for each in by.reasons]
    return {"_id": f"dup_{own}_{other}", "organizationId": own, "otherId": other, "score": by.score, "reasons": reasons}


async def by_id(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, Doc]:
    """Candidates by their ids, whatever their score; pairs without any reason are left out."""
    named = {key: match for key in keys if (match := ID_PATTERN.fullmatch(key)) and match[1] != match[2]}
    ids = list(dict.fromkeys(each for match in named.values() for each in match.groups()))
    known = await find_by_ids(context, "organizations", ids, NEEDED) if ids else {}
    traits = {own: Traits.from_document(doc) for own, doc in known.items()}
    pairs = {key: match.groups() for key, match in named.items() if traits.keys() >= set(match.groups())}
    found = {key: candidate(own, other, score(traits[own], traits[other])) for key, (own, other) in pairs.items()}
    return {key: doc for key, doc in found.items() if doc["reasons"]}
