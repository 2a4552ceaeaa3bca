"""The steps of a plan: each reads one edge for all its parents at once, lets the steps below it read, and shapes.

A step is given keys and gives back what stands at each in the response. Records that are reached twice are shaped once.
Nothing here looks at a document's text: that was the compiler's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import ExecutionResult, FieldNode, GraphQLError
from pymongo.errors import PyMongoError

from app.access.viewer import Scope
from app.context import Context
from app.errors import Denial
from app.graph.computed_connection import ComputedConnection, cursor_of
from app.graph.declarations import Args
from app.graph.many import Many
from app.graph.nodes import NodeById
from app.graph.page import EMPTY_PAGE, Page, Window
from app.graph.plan.expressions import IncompleteDocument
from app.graph.read import Key
from app.graph.search import Search
from app.mongo.client import Doc
from app.mongo.trace import LABEL, TRACE

ResponseValue = Any


@dataclass(slots=True)
class PlanRun:
    """One run of a plan: the request's context, and the arguments of every field under its variables."""

    context: Context
    args: Sequence[Args]
    is_traced: bool = False


@dataclass
class Step:
    """One edge with one set of arguments, at one place of the response (`path`).

    `fields` is what is read of each document, `below` the steps from there on. `shape` is called with what was found,
    the run, and what the steps below found.
    """

    edge: Any
    args: int
    path: str
    fields: set[str] = field(default_factory=set)
    below: list[Step] = field(default_factory=list)
    shape: Callable[..., ResponseValue] = lambda *_: None

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        """What stands at each key; a key that is not in the answer has null."""
        raise NotImplementedError

    async def descend(self, run: PlanRun, docs: Sequence[Doc]) -> Sequence[Mapping[Key, ResponseValue]]:
        """What each step below finds for these documents; they read at the same time."""
        if len(self.below) == 1:
            [step] = self.below
            return [await step.run(run, step.keys(docs))]
        if not self.below:
            return ()
        return await asyncio.gather(*(step.run(run, step.keys(docs)) for step in self.below))

    def label_reads(self, run: PlanRun) -> None:
        """Tell a trace what the next commands are for."""
        if run.is_traced:
            LABEL.set(self.path)

    def keys(self, docs: Iterable[Doc]) -> list[Key]:
        """The keys that these parents have, each once."""
        return list(dict.fromkeys(map(self.edge.key, docs)))


class RecordStep(Step):
    """At most one document for each key."""

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        if not keys:
            return {}
        self.label_reads(run)
        found = await self.edge.read(run.context, keys, run.args[self.args], self.fields)
        docs = {key: doc for key, doc in found.items() if doc is not None}
        below = await self.descend(run, list(docs.values()))
        shape = self.shape
        return {key: shape(doc, run, *below) for key, doc in docs.items()}


class ListStep(Step):
    """A short list of documents for each key."""

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        if not keys:
            return {}
        self.label_reads(run)
        found = await self.edge.read(run.context, keys, run.args[self.args], self.fields)
        docs = {id(doc): doc for each in found.values() for doc in each}
        below = await self.descend(run, list(docs.values()))
        shaped = {each: self.shape(doc, run, *below) for each, doc in docs.items()}
        return {key: [shaped[id(doc)] for doc in each] for key, each in found.items()}


@dataclass
class ConnectionStep(Step):
    """A page of a connection for each key, a count, or both."""

    reads_page: bool = False
    reads_one_more: bool = False
    reads_total: bool = False

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        if not keys:
            return {}
        self.label_reads(run)
        edge: Many = self.edge
        args = run.args[self.args]
        window = edge.window(args)
        pages, totals = await self.read(
            run, keys, args, window if self.reads_one_more else replace(window, reads_one_more=False)
        )
        below = await self.descend(run, [doc for page in pages.values() for doc in page.docs])
        shape, encode = self.shape, window.ordering.encode
        return {key: shape(pages.get(key, EMPTY_PAGE), encode, totals.get(key), run, *below) for key in keys}

    async def read(
        self, run: PlanRun, keys: Sequence[Key], args: Args, window: Window
    ) -> tuple[Mapping[Key, Page], Mapping[Key, int]]:
        """The pages and the totals, as far as they are asked for."""
        edge: Many = self.edge
        reading = edge.read_window(run.context, keys, args, window, self.fields) if self.reads_page else None
        counting = self.count(run, keys, args) if self.reads_total else None
        if reading and counting:
            return await asyncio.gather(reading, counting)
        return (await reading if reading else {}), (await counting if counting else {})

    async def count(self, run: PlanRun, keys: Sequence[Key], args: Args) -> Mapping[Key, int]:
        """The totals. Where they fail the page may still be told: graphql-core does, at the field that failed."""
        try:
            edge: Many = self.edge
            return await edge.count(run.context, keys, args)
        except PyMongoError as error:
            run.context.count_error = error
            raise IncompleteDocument from error


@dataclass
class TypeSteps:
    """Documents of several kinds, each with the step that shapes its kind."""

    steps: dict[str, Step]

    async def shaped(self, run: PlanRun, docs: Mapping[str, Sequence[Doc]]) -> dict[str, ResponseValue]:
        """What each document comes to, by its id; `docs` is by kind."""

        async def of_kind(kind: str, each: Sequence[Doc]) -> dict[str, ResponseValue]:
            step = self.steps[kind]
            below = await step.descend(run, each)
            return {doc["_id"]: step.shape(doc, run, *below) for doc in each}

        groups = await asyncio.gather(*(of_kind(kind, each) for kind, each in docs.items()))
        return {node_id: shaped for group in groups for node_id, shaped in group.items()}


@dataclass
class NodesStep(Step):
    """`node`, `nodes`, and edges to any record: a read for each kind among the ids."""

    kinds: TypeSteps = field(default_factory=lambda: TypeSteps({}))

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        self.label_reads(run)
        edge: NodeById = self.edge
        ids = keys if edge.via else edge.ids(run.args[self.args])
        found = await edge.documents(run.context, ids, {kind: step.fields for kind, step in self.kinds.steps.items()})
        docs: dict[str, list[Doc]] = {}
        for answer in found.values():
            if isinstance(answer, Denial):
                raise answer
            kind, doc = answer
            docs.setdefault(kind, []).append(doc)
        shaped = await self.kinds.shaped(run, docs)
        if edge.via:
            return shaped
        return {None: [shaped[each] for each in ids] if edge.plural else shaped[ids[0]]}


@dataclass
class ComputedPageStep(Step):
    """A page that is worked out, whatever is asked of it."""

    reads_page: bool = False
    reads_one_more: bool = False
    reads_total: bool = False

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        self.label_reads(run)
        edge: ComputedConnection = self.edge
        found = await edge.computed_page(run.context, run.args[self.args])
        below = await self.descend(run, found.page.docs)
        total = found.total_count() if self.reads_total else None
        return {None: self.shape(found.page, cursor_of, total, run, *below)}


@dataclass
class SearchStep(Step):
    """`search`: a page of documents of all kinds, shaped as often as the page is selected."""

    kinds: list[TypeSteps] = field(default_factory=list)
    reads_page: bool = False
    reads_one_more: bool = False
    reads_total: bool = False

    async def run(self, run: PlanRun, keys: Sequence[Key]) -> Mapping[Key, ResponseValue]:
        self.label_reads(run)
        edge: Search = self.edge
        found = edge.search_page(run.context, run.args[self.args])
        page = await found.page() if self.reads_page else EMPTY_PAGE
        total = await found.total() if self.reads_total else None
        docs: dict[str, list[Doc]] = {}
        for doc in page.docs:
            docs.setdefault(doc["kind_"], []).append(doc)
        shaped = [await kinds.shaped(run, docs) for kinds in self.kinds]
        return {None: self.shape(page, found.cursor, total, run, shaped)}


async def gather_roots(roots: Sequence[Coroutine[Any, Any, ResponseValue]]) -> list[ResponseValue | BaseException]:
    """What each comes to, or what it raised; one alone needs no task of its own."""
    if len(roots) > 1:
        return await asyncio.gather(*roots, return_exceptions=True)
    try:
        return [await roots[0]]
    except PyMongoError as error:
        return [error]


@dataclass
class Plan:
    """An operation, ready to run: its root fields, and how the arguments of every field come from the variables."""

    roots: Sequence[tuple[str, Step | str, FieldNode]]
    arguments: Sequence[Callable[[Any], Args]]
    scopes: frozenset[Scope]

    async def run(self, context: Context, variables: Any) -> ExecutionResult:
        """The response. A Denial, or `IncompleteDocument`, where graphql-core has to say what is wrong.

        Where the database fails, the root field that read from it is null, with the error at its path.
        """
        run = PlanRun(context, [arguments(variables) for arguments in self.arguments], TRACE.get() is not None)
        names = [name for name, _, _ in self.roots]
        values = await gather_roots([self.root(run, step) for _, step, _ in self.roots])
        for value in values:
            if isinstance(value, BaseException) and not isinstance(value, PyMongoError):
                raise value
        data: dict[str, ResponseValue] = dict(zip(names, values, strict=True))
        errors = []
        for name, _, node in self.roots:
            if isinstance(error := data[name], PyMongoError):
                data[name] = None
                errors.append(GraphQLError(str(error), node, path=[name], original_error=error))
        return ExecutionResult(data, errors or None)

    @staticmethod
    async def root(run: PlanRun, step: Step | str) -> ResponseValue:
        """What stands at one root field."""
        return step if isinstance(step, str) else (await step.run(run, [None])).get(None)
