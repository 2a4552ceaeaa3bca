"""`search`: records of every type whose text has all the words asked for, best first.

One command over the text index of each collection. The words are matched whole, in any case and without accents; none
of them is read as an operator of the text search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strawberry import UNSET

from app.context import Context
from app.errors import BadArgument
from app.graph.connection import Connection
from app.graph.declarations import REQUIRED, Args, Argument, Declaration, Sizing
from app.graph.documents import from_document
from app.graph.loaders import loader_named
from app.graph.page import DEFAULT_FIRST, MAX_FIRST, Page, decode_cursor, encode_cursor, invalid_cursor, page_size
from app.graph.read import COUNT_LIMIT
from app.graph.record import Embedded, Node, Record, stored_records
from app.graph.scalars import Cursor
from app.mongo.client import Doc
from app.mongo.reads import aggregate

MAX_TEXT = 256
RECORD_NAME = "kind_"
"""The field of a match in which the record's name stands; no stored name ends so."""


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
            "text": Argument(str, REQUIRED, f"Words, all of which must be there; at most {MAX_TEXT} characters."),
            "first": Argument(int | None, UNSET, f"How many, 1 to {MAX_FIRST}; 25 if left out.", sizing=Sizing.PAGE),
            "after": Argument(Cursor | None, UNSET, "Only what comes after this cursor."),
        }

    async def resolve(self, source: object, context: Context, args: Args) -> object:
        return Connection(lazy_page=self.search_page(context, args))

    def search_page(self, context: Context, args: Args) -> SearchPage:
        """The page that the arguments ask for, which is not read yet, or a BadArgument."""
        size, _ = page_size(args.get("first"), None)
        after = search_position(args.get("after"))
        words = quoted_words(args["text"])
        records = [r for r in stored_records().values() if r.searched and context.viewer.may(r.read_scope)]
        return SearchPage(context, records, words, size, after)


def quoted_words(text: str) -> str:
    """The words of a text, each in quotes: MongoDB's text search then wants all of them, and sees no operators."""
    words = [word for part in text.replace('"', " ").replace("\\", " ").split() if (word := part.strip("-"))]
    if not words or len(text) > MAX_TEXT:
        raise BadArgument(f"`text` must have at least one word and at most {MAX_TEXT} characters.", argument="text")
    return " ".join(f'"{word}"' for word in words)


@dataclass(frozen=True, eq=False)
class SearchPage:
    """A page of the records that match, as a `LazyPage`, ordered by score (descending) and id."""

    context: Context
    records: Sequence[type[Record]]
    words: str
    size: int
    after: tuple[float, str] | None

    async def page(self) -> Page:
        return await loader_named(self.context, self, self.pages).load(None)

    async def pages(self, keys: list[None]) -> list[Page]:
        """The page in a list, as a loader wants it: so it is read once, however many of its fields are asked for."""
        docs = await self.run([*self.after_position(), {"$sort": {"score": -1, "_id": 1}}, {"$limit": self.size + 1}])
        return [Page(docs[: self.size], len(docs) > self.size, self.after is not None)]

    async def total(self) -> int:
        rows = await self.run([{"$limit": COUNT_LIMIT}, {"$count": "n"}])
        return rows[0]["n"] if rows else 0

    async def run(self, stages: list[Doc]) -> list[Doc]:
        """What the aggregation `stages` return for all documents that match, in one command."""
        if not self.records:
            return []
        first, *others = self.records
        pipeline = self.pipeline_of(first)
        pipeline += [
            {"$unionWith": {"coll": other.collection, "pipeline": self.pipeline_of(other)}} for other in others
        ]
        return await aggregate(self.context.store, first.collection, [*pipeline, *stages])

    def pipeline_of(self, record: type[Record]) -> list[Doc]:
        """The stages that find the matches of one record, with their score and the record's name."""
        return [
            {"$match": {"$text": {"$search": self.words}, "deletedAt": None}},
            {"$set": {"score": {"$meta": "textScore"}, RECORD_NAME: record.__name__}},
        ]

    def after_position(self) -> list[Doc]:
        """The stages that leave only what comes after the cursor."""
        if self.after is None:
            return []
        score, last_id = self.after
        return [{"$match": {"$or": [{"score": {"$lt": score}}, {"score": score, "_id": {"$gt": last_id}}]}}]

    def cursor(self, doc: Doc) -> str:
        return encode_cursor(["search", doc["score"], doc["_id"]])

    def entity(self, doc: Doc) -> Embedded:
        return from_document(stored_records()[doc[RECORD_NAME]], doc)


def search_position(cursor: str | None) -> tuple[float, str] | None:
    """The score and id in a cursor of `search`."""
    if cursor is None:
        return None
    match decode_cursor(cursor, "after"):
        case ["search", float(score), str(last_id)]:
            return score, last_id
    raise invalid_cursor("after")


def search(*, doc: str) -> Search:
    """Declare the root field that searches all records."""
    return Search(doc=doc)
