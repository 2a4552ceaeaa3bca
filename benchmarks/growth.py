"""Does the page cost more as the data grow? `python -m benchmarks.growth`.

The query `page` is run over 10,000 organizations and over ten times as many, and MongoDB's own profiler says what it
took: commands, documents and index keys looked at. All three must be the same.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import dataclass

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.http.execution import Execution
from app.http.prepare import Preparation
from app.main import open_store
from app.mongo.client import Store
from app.mongo.embedded import EmbeddedMongo
from app.schema import build_schema
from app.settings import Settings
from benchmarks.__main__ import tell
from benchmarks.data import Size
from benchmarks.loading import load
from benchmarks.queries import Query, queries
from benchmarks.report import header, row

COLLECTIONS = ("organizations", "subscribers", "credentials")
SMALL, TIMES = 10_000, 10
UNHURRIED = "timeoutMS=600000"
"""An index of two million documents takes longer than any read may."""


@dataclass(frozen=True)
class Cost:
    """What a query took of the database, as its profiler says."""

    commands: int
    documents_examined: int
    keys_examined: int
    returned: int


async def cost(store: Store, query: Query) -> Cost:
    """What the query's first request takes."""
    settings = Settings()
    execution = Execution(build_schema(), settings.request_seconds)
    variables = query.variables[0]
    prepared = Preparation(build_schema()._schema, settings).prepare(query.document, None, variables)
    await store.command("profile", 2)
    result = await execution.run(prepared, variables, Context(store=store, viewer=LOCAL_ADMIN))
    await store.command("profile", 0)
    if result.errors or not execution.planner.counters.planned:
        raise SystemExit(f"{query.name} was not answered by a plan: {result.errors}")
    return await profiled(store)


async def profiled(store: Store) -> Cost:
    """What the profiler has recorded of reads."""
    match = {"op": {"$in": ["query", "command", "getmore"]}, "ns": {"$ne": f"{store.name}.system.profile"}}
    found = store["system.profile"].find({**match, "command.profile": {"$exists": False}})
    rows = await found.to_list()
    names = ("docsExamined", "keysExamined", "nreturned")
    return Cost(len(rows), *(sum(row.get(name, 0) for row in rows) for name in names))


async def cost_at(uri: str, size: Size) -> Cost:
    """Load data of a size into a database of its own, and ask for a page of it."""
    name = f"growth_{size.organizations}"
    counted = await asyncio.to_thread(load, uri, name, size, *COLLECTIONS)
    async with open_store(f"{uri}&{UNHURRIED}", name) as store:
        tell("loaded " + ", ".join(f"{count:,} {kind}" for kind, count in counted.items()))
        [page] = [query for query in queries(size) if query.name == "page"]
        found = await cost(store, page)
        await store.client.drop_database(name)
    return found


def main() -> None:
    """Measure and tell; the exit code is 1 where the costs differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--organizations", type=int, default=SMALL, help="how many in the smaller of the two")
    small: int = parser.parse_args().organizations
    with EmbeddedMongo.start(None) as mongo:
        found = {n: asyncio.run(cost_at(mongo.uri, Size(n))) for n in (small, small * TIMES)}
    lines = [*header(["organizations", "commands", "documents examined", "index keys examined", "returned"])]
    for n, each in found.items():
        shown = (each.commands, each.documents_examined, each.keys_examined, each.returned)
        lines.append(row([f"{n:,}", *(f"{value:,}" for value in shown)]))
    print("\n".join(lines))
    raise SystemExit(len(set(found.values())) > 1)


if __name__ == "__main__":
    main()
