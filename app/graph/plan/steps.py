"""The steps of a plan: each reads one field for all its parents at once, has the steps below it read, and builds the
objects of the response.

A step is given the keys of its parents and returns the value of the field for each key. A record that is reached twice
is built once. What a step is made of is decided by the `compiler`; nothing here looks at the operation's document.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from pymongo.errors import PyMongoError

from app.context import Context
from app.errors import Denial
from app.graph.computed_connection import ComputedConnection, cursor_of
from app.graph.declarations import Args
from app.graph.edges import Edge
from app.graph.many import Many
from app.graph.nodes import NodeById, NodeResult
from app.graph.page import EMPTY_PAGE, Page, Window
from app.graph.plan.giving_way import NeedsGraphQLCore, StepDenied
from app.graph.read import Key
from app.graph.search import RECORD_NAME, Search, SearchPage
from app.mongo.client import Doc
from app.mongo.trace import LABEL

ResponseValue = object
"""A value of the response: a scalar, an object (dict), a list of them, or None."""

T = TypeVar("T")


@dataclass(slots=True)
class PlanRun:
    """One run of a plan: the request's context, and the arguments of every field under its variables."""

    context: Context
    args: Sequence[Args]
    is_traced: bool = False


@dataclass(kw_only=True)
class Selection:
    """What an operation selects of one type of record, at the place `path` of the response.

    `fields` are the stored names that are read of each document, `below` the steps of the edges that are selected, and
    `build` makes the response object of (document, run, the values that each step below returned).
    """

    path: str
    fields: set[str] = field(default_factory=set)
    below: list[EdgeStep] = field(default_factory=list)
    build: Callable[..., ResponseValue] = lambda *_: None

    async def read_below(self, run: PlanRun, docs: Sequence[Doc]) -> Sequence[Mapping[Key, ResponseValue]]:
        """For each step below, its values for these documents by key. The steps read at the same time."""
        if len(self.below) == 1:
            [step] = self.below
            return [await step.run(run, step.keys(docs))]
        if not self.below:
            return ()
        return await asyncio.gather(*(step.run(run, step.keys(docs)) for step in self.below))


@dataclass(kw_only=True)
class Step(Selection):
    """The reading of one field; `args` is the number of its arguments in `PlanRun.args`."""

    args: int

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        """The value of the field for each key; a key that is not in the answer has null."""
        raise NotImplementedError

    def label_reads(self, run: PlanRun) -> None:
        """Tell a trace, if there is one, which field the next commands are for."""
        if run.is_traced:
            LABEL.set(self.path)

    async def or_denied(self, read: Awaitable[T]) -> T:
        """What this step's own read returns. A Denial that it raises becomes StepDenied, which names this step."""
        try:
            return await read
        except Denial as denial:
            raise StepDenied(self, denial) from denial


@dataclass(kw_only=True)
class EdgeStep(Step):
    """The reading of an edge."""

    edge: Edge

    def keys(self, docs: Iterable[Doc]) -> list[Key]:
        """The keys that these parents have, each once."""
        return list(dict.fromkeys(map(self.edge.key, docs)))


@dataclass(kw_only=True)
class RecordStep(EdgeStep):
    """An edge with at most one document for each key."""

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        if not keys:
            return {}
        self.label_reads(run)
        read = await self.or_denied(self.edge.read(run.context, keys, run.args[self.args], self.fields))
        docs = {key: doc for key, doc in cast(Mapping[Key, Doc | None], read).items() if doc is not None}
        below = await self.read_below(run, list(docs.values()))
        build = self.build
        return {key: build(doc, run, *below) for key, doc in docs.items()}


@dataclass(kw_only=True)
class ListStep(EdgeStep):
    """An edge with a short list of documents for each key."""

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        if not keys:
            return {}
        self.label_reads(run)
        read = await self.or_denied(self.edge.read(run.context, keys, run.args[self.args], self.fields))
        lists = cast(Mapping[Key, Sequence[Doc]], read)
        docs = {id(doc): doc for group in lists.values() for doc in group}
        below = await self.read_below(run, list(docs.values()))
        built = {number: self.build(doc, run, *below) for number, doc in docs.items()}
        return {key: [built[id(doc)] for doc in group] for key, group in lists.items()}


@dataclass(kw_only=True)
class PageStep(Step):
    """The reading of a connection: a page, its total, or both.

    `build` makes the response's connection of (page, the function of a document's cursor, total, run, values below).
    """

    reads_page: bool = False
    reads_one_more: bool = False
    reads_total: bool = False


@dataclass(kw_only=True)
class ConnectionStep(PageStep, EdgeStep):
    """A page of a stored connection for each key, a count, or both."""

    edge: Many

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        if not keys:
            return {}
        self.label_reads(run)
        window, pages, totals = await self.or_denied(self.read(run, keys))
        below = await self.read_below(run, [doc for page in pages.values() for doc in page.docs])
        build, encode = self.build, window.ordering.encode
        return {key: build(pages.get(key, EMPTY_PAGE), encode, totals.get(key), run, *below) for key in keys}

    async def read(self, run: PlanRun, keys: Sequence[Key]) -> tuple[Window, Mapping[Key, Page], Mapping[Key, int]]:
        """The window that the arguments describe, and the pages and totals as far as they are selected."""
        args = run.args[self.args]
        window = self.edge.window(args, run.context.now)
        if not self.reads_one_more:
            window = replace(window, reads_one_more=False)
        pages = self.edge.read_window(run.context, keys, args, window, self.fields) if self.reads_page else None
        totals = self.count(run, keys, args) if self.reads_total else None
        if pages and totals:
            return window, *(await asyncio.gather(pages, totals))
        return window, (await pages if pages else {}), (await totals if totals else {})

    async def count(self, run: PlanRun, keys: Sequence[Key], args: Args) -> Mapping[Key, int]:
        """The totals. If they cannot be counted, graphql-core reports it at the total and still shows the page."""
        try:
            return await self.edge.count(run.context, keys, args)
        except PyMongoError as error:
            run.context.count_error = error
            raise NeedsGraphQLCore("a list could not be counted") from error


@dataclass(kw_only=True)
class SelectionByType:
    """A selection on documents of several types: what is selected of each type of record, by the type's name."""

    selections: Mapping[str, Selection] = field(default_factory=dict)

    async def built(self, run: PlanRun, docs: Mapping[str, Sequence[Doc]]) -> dict[str, ResponseValue]:
        """The response object of each document by its id; `docs` is by type."""

        async def built_of_type(name: str, of_type: Sequence[Doc]) -> dict[str, ResponseValue]:
            selection = self.selections[name]
            below = await selection.read_below(run, of_type)
            return {doc["_id"]: selection.build(doc, run, *below) for doc in of_type}

        groups = await asyncio.gather(*(built_of_type(name, of_type) for name, of_type in docs.items()))
        return {node_id: value for group in groups for node_id, value in group.items()}


@dataclass(kw_only=True)
class NodesStep(EdgeStep):
    """`node`, `nodes`, and edges to a record of any type: one read for each type among the ids.

    The value of `nodes` is a list in which the Denial of each id that is refused stands in place of its object.
    """

    edge: NodeById
    by_type: SelectionByType

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        self.label_reads(run)
        edge = self.edge
        ids, found = await self.or_denied(self.read(run, keys))
        denials = {node_id: answer for node_id, answer in found.items() if isinstance(answer, Denial)}
        if denials and not edge.plural:
            [denial, *_] = denials.values()
            raise StepDenied(self, denial)
        docs: dict[str, list[Doc]] = {}
        for answer in found.values():
            if not isinstance(answer, Denial):
                docs.setdefault(answer[0], []).append(answer[1])
        values = await self.by_type.built(run, docs) | denials
        if edge.via:
            return values
        return {None: [values[node_id] for node_id in ids] if edge.plural else values[ids[0]]}

    async def read(self, run: PlanRun, keys: Sequence[Key]) -> tuple[Sequence[str], Mapping[str, NodeResult]]:
        """The ids that are asked for, and what each of them is."""
        ids = keys if self.edge.via else self.edge.ids(run.args[self.args])
        fields = {name: selection.fields for name, selection in self.by_type.selections.items()}
        return ids, await self.edge.documents(run.context, ids, fields)


@dataclass(kw_only=True)
class ComputedPageStep(PageStep):
    """A page that a function computes, whatever is selected of it."""

    edge: ComputedConnection

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        self.label_reads(run)
        computed = await self.or_denied(self.edge.computed_page(run.context, run.args[self.args]))
        below = await self.read_below(run, computed.page.docs)
        total = computed.total_count() if self.reads_total else None
        return {None: self.build(computed.page, cursor_of, total, run, *below)}


@dataclass(kw_only=True)
class SearchStep(PageStep):
    """`search`: a page of documents of all types, built once for each selection of its records (`by_type`)."""

    edge: Search
    by_type: list[SelectionByType] = field(default_factory=list)

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        self.label_reads(run)
        search, page, total = await self.or_denied(self.read(run))
        docs: dict[str, list[Doc]] = {}
        for doc in page.docs:
            docs.setdefault(doc[RECORD_NAME], []).append(doc)
        values = [await by_type.built(run, docs) for by_type in self.by_type]
        return {None: self.build(page, search.cursor, total, run, values)}

    async def read(self, run: PlanRun) -> tuple[SearchPage, Page, int | None]:
        """The search that the arguments ask for, and its page and total as far as they are selected."""
        search = self.edge.search_page(run.context, run.args[self.args])
        page = await search.page() if self.reads_page else EMPTY_PAGE
        return search, page, (await search.total() if self.reads_total else None)
