"""`python -m benchmarks`: a mongod of its own, the data, the servers, the same answers, and then the figures."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from app.main import open_store
from app.mongo.embedded import EmbeddedMongo
from benchmarks import chart, report
from benchmarks.check import check_answers
from benchmarks.data import Size
from benchmarks.load import Load
from benchmarks.loading import load
from benchmarks.machine import described, mongod_of
from benchmarks.measure import FULL, QUICK, Bench, Pace, measure_all
from benchmarks.queries import queries
from benchmarks.servers import DATABASE, ROOT, all_running

RESULTS = ROOT / "results"
BEGUN = time.monotonic()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: about two minutes, and rough")
    pace = QUICK if parser.parse_args().quick else FULL
    with EmbeddedMongo.start(None) as mongo:
        counted = load(mongo.uri, DATABASE, Size())
        asyncio.run(prepare(mongo.uri))
        tell("loaded " + ", ".join(f"{count:,} {name}" for name, count in counted.items()))
        results = measured(mongo.uri, pace)
    report.write(results, RESULTS)
    chart.write(results, RESULTS)
    tell(f"written to {RESULTS}")


async def prepare(uri: str, database: str = DATABASE) -> None:
    """The indexes that the program asks for."""
    async with open_store(uri, database):
        pass


def measured(uri: str, pace: Pace) -> report.Results:
    """Everything, over data that is there."""
    mongod, version = mongod_of(uri)
    asked = queries(Size())
    with all_running(uri) as servers, Load() as sender:
        kinds = [each.kind for each in servers]
        sizes = check_answers(servers, asked)
        tell(f"{len(servers)} servers give the same answers")
        about = described(version, kinds, sender.says)
        figures = measure_all(Bench(servers, asked, sender, mongod), pace, tell)
    return report.Results(about, asked, kinds, sizes, figures)


def tell(what: str) -> None:
    """Say how far it is."""
    print(f"{time.monotonic() - BEGUN:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
