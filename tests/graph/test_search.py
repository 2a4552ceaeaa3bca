"""`search` finds records of every kind by whole words, whatever they are made of."""

from __future__ import annotations

import pytest

from app.mongo.client import Store
from tests.asking import Data
from tests.commands import Commands
from tests.records import EPOCH, credential, invoice, organization, save, subscriber

SEARCH = """query ($text: String!, $first: Int, $after: Cursor) { search(text: $text, first: $first, after: $after) {
  totalCount nodes { id } edges { cursor node { __typename } } pageInfo { hasNextPage endCursor } } }"""


async def people(store: Store) -> None:
    """Finoptic and its neighbours."""
    org, cafe = (
        organization("fin", name="Finoptic Labs"),
        organization("cafe", name="Café del Mar", externalId="CRM-77"),
    )
    carol = subscriber("carol", org, email="carol@finoptic.com", firstName="Carol", lastName="O'Neil")
    key = credential("key", carol, name="Engineering API Key", credentialId="hak-abc123456", tags=["prod"])
    await save(store, org, cafe, carol, key, invoice("INV-0042", org, 5, EPOCH))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("finoptic", {"org_fin", "sbr_carol"}),
        ("FINOPTIC labs", {"org_fin"}),
        ("labs nobody", set()),
        ("cafe", {"org_cafe"}),
        ("Café", {"org_cafe"}),
        ("crm-77", {"org_cafe"}),
        ("carol@finoptic.com", {"sbr_carol"}),
        ("o'neil", {"sbr_carol"}),
        ("hak-abc123456", {"crd_key"}),
        ("engineering", {"crd_key"}),
        ("prod", {"crd_key"}),
        ("INV-0042", {"inv_INV-0042"}),
        ("-finoptic", {"org_fin", "sbr_carol"}),
        ('"finoptic', {"org_fin", "sbr_carol"}),
        ("$where", set()),
        ("finop", set()),
    ],
)
async def test_search_finds_whole_words(store: Store, data: Data, text: str, ids: set[str]) -> None:
    await people(store)
    found = (await data(store, SEARCH, text=text))["search"]
    assert {node["id"] for node in found["nodes"]} == ids
    assert found["totalCount"] == len(ids)


async def test_search_pages_neither_skip_nor_repeat(store: Store, data: Data, commands: Commands) -> None:
    await save(store, *(organization(f"s{n:02}", name="Acme " * (n % 4 + 1)) for n in range(30)))
    seen: list[str] = []
    after = None
    while True:
        with commands.counting() as counted:
            found = (await data(store, SEARCH, text="acme", first=7, after=after))["search"]
        assert counted.reads == 2, "the page and the count, over all collections"
        seen += [node["id"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 30
