"""`search`: records of every type that have all the words asked for, or parts that begin or hold them, best first.

One command over the search indexes of each collection. Words are compared in any case and without accents; none of them
is read as an operator. Of each type at most `MAX_MATCHES` records are looked at whose text begins with the words, those
with exactly that text first, and as many that have the words somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strawberry import UNSET

from app.context import Context
from app.errors import BadArgument
from app.graph.connection import Connection
from app.graph.declarations import REQUIRED, Args, Argument, Declaration, Sizing
from app.graph.documents import from_document
from app.graph.edges import LIVE
from app.graph.loaders import loader_named
from app.graph.page import DEFAULT_FIRST, MAX_FIRST, Page, decode_cursor, encode_cursor, invalid_cursor, page_size
from app.graph.record import Embedded, Node, Record, stored_records
from app.graph.scalars import Cursor
from app.graph.search_texts import SEARCH_PARTS, SEARCH_TEXTS, begins, fold, has_part
from app.mongo.client import Doc
from app.mongo.reads import aggregate

MAX_TEXT = 256
MAX_CANDIDATES, MAX_WORDS = 1_000, 8
"""How many records of a type that have one of several words are looked at for the others, and for how many words."""
MAX_MATCHES = 200
"""How many records of a type are found at most by how their text begins, and as many by parts of it."""
RECORD_NAME = "kind_"
"""The field of a match in which the record's name stands; no stored name ends so."""
RANK = "rank_"
"""The field of a match in which its rank stands, the best first."""
SEARCHED_TEXT = (
    "A key, the beginning of a name or of any other searched text, or words and parts of words, all of which must be "
    f"there; in any case, without accents, at most {MAX_TEXT} characters. What has exactly this text comes first, then "
    f"what begins with it, then the others: at most {MAX_MATCHES} of a type that begin with it, {MAX_MATCHES} others. "
    f"Of several words each is looked up, and of a type {MAX_CANDIDATES:,} records with it are held to the rest."
)
EXACT, BEGINNING, PART = 0, 1, 2
"""The ranks: a whole text is the one asked for, a text begins with it, a text has each of its words as a part."""


@dataclass(eq=False, kw_only=True)
class Search(Declaration):
    """The root field: a connection of records of all types that the viewer may read."""

    @property
    def weight(self) -> int:
        return DEFAULT_FIRST

    def graphql_type(self) -> object:
        return Connection[Node] | None

    def graphql_arguments(self) -> dict[str, Argument]:
        return {
            "text": Argument(str, REQUIRED, SEARCHED_TEXT),
            "first": Argument(int | None, UNSET, f"How many, 1 to {MAX_FIRST}; 25 if left out.", sizing=Sizing.PAGE),
            "after": Argument(Cursor | None, UNSET, "Only what comes after this cursor."),
        }

    async def resolve(self, source: object, context: Context, args: Args) -> object:
        return Connection(lazy_page=self.search_page(context, args))

    def search_page(self, context: Context, args: Args) -> SearchPage:
        """The page that the arguments ask for, which is not read yet, or a BadArgument."""
        size, _ = page_size(args.get("first"), None)
        after = search_position(args.get("after"))
        words = words_of(args["text"])
        records = [r for r in stored_records().values() if r.searched and context.viewer.may(r.read_scope)]
        return SearchPage(context, records, words, size, after)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, without quotes and hyphens around them; a BadArgument for none or too much text."""
    words = [word for part in text.split() if (word := fold(part.strip('"-')).strip())] if len(text) <= MAX_TEXT else []
    if not words:
        raise BadArgument(f"`text` must have at least one word and at most {MAX_TEXT} characters.", argument="text")
    return words


@dataclass(frozen=True, eq=False)
class SearchPage:
    """A page of the records that match, as a `LazyPage`, ordered by rank and id."""

    context: Context
    records: Sequence[type[Record]]
    words: Sequence[str]
    size: int
    after: tuple[int, str] | None

    async def page(self) -> Page:
        return await loader_named(self.context, self, self.pages).load(None)

    async def pages(self, keys: list[None]) -> list[Page]:
        """The page in a list, as a loader wants it: so it is read once, however many of its fields are asked for."""
        docs = await self.run([*self.after_position(), {"$sort": {RANK: 1, "_id": 1}}, {"$limit": self.size + 1}])
        return [Page(docs[: self.size], len(docs) > self.size, self.after is not None)]

    async def total(self) -> int:
        rows = await self.run([{"$count": "n"}])
        return rows[0]["n"] if rows else 0

    async def run(self, stages: list[Doc]) -> list[Doc]:
        """What the aggregation `stages` return for all documents that match, in one command."""
        if not self.records:
            return []
        (first, pipeline), *others = [each for record in self.records for each in self.pipelines_of(record)]
        joined: list[Doc] = [{"$unionWith": {"coll": name, "pipeline": other}} for name, other in others]
        return await aggregate(self.context.store, first, [*pipeline, *joined, *EACH_ONCE, *stages])

    def pipelines_of(self, record: type[Record]) -> list[tuple[str, list[Doc]]]:
        """The collection and stages that find one record's matches, with rank and name: by beginning, and by part.

        The first reads its index from the exact text on, so that the limit never leaves that one out.
        """
        phrase = " ".join(self.words)
        exact = {"$in": [{"$literal": phrase}, f"${SEARCH_TEXTS}"]}
        matches: list[tuple[list[Doc], object]] = [
            ([{"$match": {**begins(phrase), **LIVE}}], {"$cond": [exact, EXACT, BEGINNING]}),
            *((with_all, {"$literal": PART}) for with_all in self.with_all_words()),
        ]
        return [
            (
                record.collection,
                [
                    *query,
                    {"$limit": MAX_MATCHES},
                    {"$set": {RANK: rank, RECORD_NAME: record.__name__}},
                    {"$unset": [SEARCH_TEXTS, SEARCH_PARTS]},
                ],
            )
            for query, rank in matches
        ]

    def with_all_words(self) -> Iterator[list[Doc]]:
        """The stages that find what has every word as a part: by each of the words, whichever is the rarest."""
        words = sorted(dict.fromkeys(self.words), key=len, reverse=True)
        for word in words[:MAX_WORDS]:
            stages: list[Doc] = [{"$match": {"$and": [*has_part(word), LIVE]}}]
            if len(words) > 1:
                others = [condition for other in words if other != word for condition in has_part(other)]
                stages += [{"$limit": MAX_CANDIDATES}, {"$match": {"$and": others}}]
            yield stages

    def after_position(self) -> list[Doc]:
        """The stages that leave only what comes after the cursor."""
        if self.after is None:
            return []
        rank, last_id = self.after
        return [{"$match": {"$or": [{RANK: {"$gt": rank}}, {RANK: rank, "_id": {"$gt": last_id}}]}}]

    def cursor(self, doc: Doc) -> str:
        return encode_cursor(["search", doc[RANK], doc["_id"]])

    def entity(self, doc: Doc) -> Embedded:
        return from_document(stored_records()[doc[RECORD_NAME]], doc)


EACH_ONCE: list[Doc] = [
    {"$group": {"_id": "$_id", "doc": {"$first": "$$ROOT"}, RANK: {"$min": f"${RANK}"}}},
    {"$replaceRoot": {"newRoot": {"$mergeObjects": ["$doc", {RANK: f"${RANK}"}]}}},
]
"""The stages that leave of each record that was found twice one match, with the better rank."""


def search_position(cursor: str | None) -> tuple[int, str] | None:
    """The rank and id in a cursor of `search`."""
    if cursor is None:
        return None
    match decode_cursor(cursor, "after"):
        case ["search", (0 | 1 | 2) as rank, str(last_id)]:
            return rank, last_id
    raise invalid_cursor("after")


def search(*, doc: str) -> Search:
    """Declare the root field that searches all records."""
    return Search(doc=doc)
