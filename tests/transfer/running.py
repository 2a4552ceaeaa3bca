"""Running an import in a test: a file of its own, a moment of its own, and the outcomes of its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from app.access.viewer import LOCAL_ADMIN
from app.entities.catalog import Plan
from app.entities.subscription import PlanSubscription
from app.graph.documents import to_document
from app.mongo.client import Doc, Store
from app.mongo.keys import Claim, insert_claims
from app.mongo.transactions import in_transaction
from app.schema import IMPORTERS
from app.transfer.outcome import Outcome, Result
from app.transfer.rows import find_source
from app.transfer.runner import ImportRun
from tests.asking import CIPHER

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
number = count()


class Files:
    """Files of one test, and the imports of them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder

    def csv(self, *lines: str) -> Path:
        """A CSV file of these lines."""
        return self.bytes("\n".join(lines).encode() + b"\n", "csv")

    def ndjson(self, *rows: Mapping[str, Any] | str) -> Path:
        """An NDJSON file of these objects, or lines as they are."""
        text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
        return self.bytes(text.encode() + b"\n", "ndjson")

    def bytes(self, content: bytes, kind: str) -> Path:
        """A file of exactly this."""
        path = self.folder / f"file{next(number)}.{kind}"
        path.write_bytes(content)
        return path

    async def run(
        self, kind: str, path: Path, *, dry_run: bool = False, updates: bool = False, now: datetime = NOW
    ) -> list[Outcome]:
        """What became of each row."""
        source = find_source(path)
        run = ImportRun(
            IMPORTERS[kind](), source, self.store, now, LOCAL_ADMIN, dry_run=dry_run, updates=updates, cipher=CIPHER
        )
        return [outcome async for outcome in run.outcomes()]

    async def rows(self, kind: str, *rows: Mapping[str, Any] | str, **more: Any) -> list[Outcome]:
        """Import these objects."""
        return await self.run(kind, self.ndjson(*rows), **more)

    async def one(self, kind: str, /, **row: Any) -> Outcome:
        """Import one object."""
        return (await self.rows(kind, row))[0]

    async def made(self, kind: str, /, **row: Any) -> Doc:
        """Import one object that nothing is wrong with: the record as it is stored."""
        outcome = await self.one(kind, **row)
        assert outcome.result is Result.CREATED, outcome
        found = await self.store[COLLECTIONS[kind]].find_one({"_id": outcome.record_id})
        assert found is not None
        return found


COLLECTIONS = {each: each for each in IMPORTERS} | {"usage-attributes": "usageAttributes"}


def codes(outcome: Outcome) -> set[tuple[str, str]]:
    """(code, path) of each problem."""
    return {(problem.code, ".".join(problem.field)) for problem in outcome.problems}


def results(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many rows came to what."""
    return Counter(outcome.result.value for outcome in outcomes)


def by_line(outcomes: Iterable[Outcome]) -> dict[int, Outcome]:
    """Outcomes by the lines that their rows begin on."""
    return {outcome.line: outcome for outcome in outcomes}


async def subscribed(store: Store, organization_id: str, key: str) -> str:
    """The id of a new subscription of an organization to a plan of its own."""
    stamps = {"createdAt": NOW, "updatedAt": NOW}
    plan = {"_id": f"pln_{key}", "key": key, "name": key, "currency": "USD", "charging": "FREE", **stamps}
    made = {
        "_id": f"sub_{key}",
        "externalId": key,
        "organizationId": organization_id,
        "planId": plan["_id"],
        "status": "ACTIVE",
        "activeFrom": NOW,
        **stamps,
    }
    await store["plans"].insert_one(to_document(Plan.model_validate(plan)))
    await store["subscriptions"].insert_one(to_document(PlanSubscription.model_validate(made)))
    claim = Claim("subscription", key, f"sub_{key}", "externalId")
    await in_transaction(store, lambda session: insert_claims(store, [claim], NOW, session))
    return f"sub_{key}"
