"""`search` finds records of every kind by keys, beginnings, words and parts of them, whatever they are made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graph.documents import to_document
from app.graph.search import MAX_MATCHES
from app.graph.search_texts import fold
from app.http.explaining import Explainer
from app.migrations.derived_fields import fill_search_fields
from app.mongo.client import Store
from tests.asking import Data
from tests.commands import Commands
from tests.graph.test_explain import explaining, plan_of
from tests.records import EPOCH, credential, invoice, organization, save, stored, subscriber
from tests.writing.doing import done

__all__ = ["explaining"]

SEARCH = """query ($text: String!, $first: Int, $after: Cursor) { search(text: $text, first: $first, after: $after) {
  totalCount nodes { id } edges { cursor node { __typename } } pageInfo { hasNextPage endCursor } } }"""


async def people(store: Store) -> None:
    """Finoptic and its neighbours."""
    org, cafe = (
        organization(
            "fin",
            name="Finoptic Labs",
            formerNames=["A Former Name"],
            appIds=[{"name": "stripe", "value": "cus_NffrFeUfNV2Hib"}],
        ),
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
        ("finop", {"org_fin", "sbr_carol"}),
        ("lab optic", {"org_fin"}),
        ("LARS", set()),
        ("CAFÉ D", {"org_cafe"}),
        ("m-7", {"org_cafe"}),
        ("c1234", {"crd_key"}),
        ("0042", {"inv_INV-0042"}),
        ("cus_Nffr", {"org_fin"}),
        ("former name", {"org_fin"}),
    ],
)
async def test_search_finds_what_has_the_words(store: Store, data: Data, text: str, ids: set[str]) -> None:
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


async def test_the_exact_key_comes_first_then_what_begins_with_the_text_then_the_others(
    store: Store, data: Data
) -> None:
    await save(
        store,
        organization("a", name="An acme-1 reseller"),
        organization("b", name="Acme-10"),
        organization("c", name="Zebra", externalId="ACME-1"),
        *(organization(f"x{n}", name=f"acme-1{n:03}") for n in range(MAX_MATCHES + 50)),
    )
    found = (await data(store, SEARCH, text="acme-1", first=100))["search"]
    ids = [node["id"] for node in found["nodes"]]
    assert ids[:2] == ["org_c", "org_b"]
    last = (await data(store, SEARCH, text="acme-1 reseller", first=100))["search"]
    assert [node["id"] for node in last["nodes"]] == ["org_a"]
    assert found["totalCount"] <= 2 * MAX_MATCHES


async def test_search_reads_what_it_finds_and_no_more(store: Store, explaining: Explainer) -> None:
    crowd = [organization(f"x{n}", name=f"Company {n}", externalId=f"key-{n:04}") for n in range(2_000)]
    await save(store, *crowd, organization("fin", name="Finoptic", externalId="hak-77-abc"))
    for text, examined in (("k-77-a", 1), ("Finop", 2), ("ey-0042", 1), ("any", MAX_MATCHES), ("nothing", 0)):
        [read] = (await plan_of(store, explaining, f'{{ search(text: "{text}") {{ nodes {{ id }} }} }}'))["reads"]
        assert {"search", "search by beginning"} == set(read["indexes"])
        assert read["documentsExamined"] == examined, text


async def test_common_words_that_few_have_together_cost_a_bounded_number_of_documents(
    store: Store, data: Data, explaining: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.graph.search.MAX_CANDIDATES", 100)
    crowd = [organization(f"x{n}", name=f"Institute {n}") for n in range(500)]
    others = [organization(f"y{n}", name=f"The Optics {n}") for n in range(500)]
    await save(store, *crowd, *others, organization("a", name="A Optics Institute"))
    query = '{ search(text: "institute optics") { nodes { id } } }'
    [read] = (await plan_of(store, explaining, query))["reads"]
    assert read["documentsExamined"] <= 2 * 100 + 1
    for text in ("institute 499", "institute optics a", "the optics 498", "optics 7 the 77"):
        found = (await data(store, SEARCH, text=text))["search"]["nodes"]
        assert found, f"{text}: the rare word finds it, be it the shortest"


async def test_documents_of_before_are_searched_when_the_program_starts(store: Store, data: Data) -> None:
    old = [to_document(organization(name, name=f"Acme {name}")) for name in ("a", "b")]
    await store["organizations"].insert_many(old)
    assert (await data(store, SEARCH, text="acm"))["search"]["totalCount"] == 0
    await fill_search_fields(store)
    assert (await data(store, SEARCH, text="acm"))["search"]["totalCount"] == 2
    assert await store["organizations"].find_one({"_id": "org_a"}) == stored(organization("a", name="Acme a"))


async def test_search_follows_changes(store: Store, data: Data) -> None:
    await done(store, "createOrganization", name="Acme Turbines", externalId="t-1")
    await done(store, "updateOrganization", by={"externalId": "t-1"}, name="Bolt Turbines")
    found = (await data(store, SEARCH, text="bolt turb"))["search"]
    assert found["totalCount"] == 1
    await done(store, "deleteOrganization", by={"externalId": "t-1"})
    assert (await data(store, SEARCH, text="turbines"))["search"]["totalCount"] == 0
    await done(store, "restoreOrganization", id=found["nodes"][0]["id"])
    assert (await data(store, SEARCH, text="turbines"))["search"]["totalCount"] == 1


@given(st.text(max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_a_part_of_a_text_is_a_part_of_the_folded_text(text: str, start: int, end: int) -> None:
    assert fold(text[start:end]) in fold(text)
