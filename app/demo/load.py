"""Loading the demo: its files through the importers, in order, and the rest by `catalogue`. The same every time.

All of it is dated as if it had been recorded at one instant, so that ids and dates are what the documentation shows.
The last step marks that all was done; a load that was cut short goes on where it stopped. Several processes can load it
at the same time: each makes what the others have not made yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.demo import catalogue
from app.demo.viewer import DEMO
from app.errors import SetupError
from app.mongo.client import Store
from app.schema import IMPORTERS
from app.transfer.outcome import Result
from app.transfer.rows import find_source
from app.transfer.runner import ImportRun

DATA = Path(__file__).parent / "data"
RECORDED_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
ORGANIZATIONS = ("research_organizations.csv", "chinook_organizations.csv", "finoptic_organizations.ndjson")
SUBSCRIBERS = ("chinook_subscribers.csv", "finoptic_subscribers.csv")
CREDENTIALS = ("finoptic_credentials.csv",)
INVOICES = ("chinook_invoices.csv", "finoptic_invoices.ndjson")


async def load_demo(store: Store) -> bool:
    """Have the demo's data in the database; whether there was anything to do. About two seconds, or one read."""
    if await catalogue.is_finished(store):
        return False
    await import_all(store, "organizations", *ORGANIZATIONS)
    await catalogue.load(store, RECORDED_AT)
    await import_all(store, "subscribers", *SUBSCRIBERS)
    await import_all(store, "credentials", *CREDENTIALS)
    await import_all(store, "invoices", *INVOICES)
    await catalogue.finish(store, RECORDED_AT)
    return True


async def import_all(store: Store, kind: str, *names: str) -> None:
    """Import files in turn. Raises SetupError where a row is refused: somebody has changed what is there.

    Where another process has finished the demo meanwhile, there is nothing left to import.
    """
    for name in names:
        run = ImportRun(IMPORTERS[kind](), find_source(DATA / name), store, RECORDED_AT, DEMO, seed=f"demo {name}")
        async for outcome in run.outcomes():
            if outcome.result is Result.REFUSED and not await catalogue.is_finished(store):
                why = "; ".join(problem.message for problem in outcome.problems)
                raise SetupError(f"The demo cannot be loaded into this database: {name}, line {outcome.line}: {why}")
