"""A template has every column and an example that can be imported as it is."""

from __future__ import annotations

import pytest

from app.schema import IMPORTERS
from app.transfer.columns import flatten_columns
from app.transfer.rows import Format
from app.transfer.templates import make_template
from tests.transfer.running import Files, results


@pytest.mark.parametrize("row_format", [Format.CSV, Format.NDJSON])
async def test_the_examples_of_all_kinds_can_be_imported_one_after_the_other(files: Files, row_format: Format) -> None:
    for kind, importer in IMPORTERS.items():
        path = files.bytes(make_template(importer().columns, row_format), row_format.value)
        outcomes = await files.run(kind, path)
        assert results(outcomes) == {"CREATED": 1}, outcomes
        assert results(await files.run(kind, path)) == {"UNCHANGED": 1}


@pytest.mark.parametrize("kind", IMPORTERS)
def test_a_csv_template_has_every_column_that_csv_has_a_form_for(kind: str) -> None:
    columns = IMPORTERS[kind]().columns
    header = make_template(columns, Format.CSV).decode().splitlines()[0].split(",")
    assert header == [each.name for each in flatten_columns(columns) if not each.only_ndjson]
