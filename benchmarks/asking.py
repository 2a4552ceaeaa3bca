"""Asking the schema without HTTP, and the real organizations that are asked about."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

from app.access.viewer import LOCAL_ADMIN
from app.context import Context
from app.http.document_cache import DocumentCache
from app.http.execution import Execution
from app.http.prepare import Preparation
from app.mongo.client import Store
from app.schema import build_schema
from app.settings import Settings
from benchmarks.planting import Row

FILE = Path(__file__).parent / "real" / "organizations.csv.gz"


class Asking:
    """Asks the schema as the server does."""

    def __init__(self, store: Store) -> None:
        self.store, settings = store, Settings(request_seconds=60)
        self.execution = Execution(build_schema(), settings.request_seconds)
        self.documents = DocumentCache(Preparation(build_schema()._schema, settings))

    async def ask(self, document: str, **variables: Any) -> Any:
        """The value of the one root field."""
        prepared = self.documents.prepare(document, None, variables)
        result = await self.execution.run(prepared, variables, Context(store=self.store, viewer=LOCAL_ADMIN))
        if result.errors or not result.data:
            raise SystemExit(f"It was not answered: {result.errors}")
        [value] = result.data.values()
        return value


def real_rows() -> list[Row]:
    """The organizations of the file."""
    with gzip.open(FILE, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
