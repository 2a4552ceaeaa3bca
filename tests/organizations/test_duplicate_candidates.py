"""`duplicateCandidates`, asked through the schema: what is proposed, in which order, on pages, and what that costs."""

from __future__ import annotations

from typing import Any

import pytest

from app.access.viewer import Everything, Scope, Viewer
from app.graph.documents import to_document
from app.graph.page import encode_cursor
from app.migrations.derived_fields import fill_match_keys
from app.mongo.client import Store
from app.organizations import candidates
from app.organizations.candidates import MAX_BATCHES, MAX_SHARING
from tests.asking import Ask, Data
from tests.commands import Commands, examined
from tests.records import NOW, organization, save
from tests.transfer.running import Files

pytestmark = pytest.mark.usefixtures("way")

PAIRS = """query ($of: OrganizationBy, $least: Float! = 0.75, $first: Int, $after: Cursor) {
  duplicateCandidates(of: $of, minimumScore: $least, first: $first, after: $after) {
    edges { cursor node { id score reasons organization { id } other { id name } } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


async def page(store: Store, data: Data, **variables: Any) -> Any:
    """A page of candidates."""
    return (await data(store, PAIRS, **variables))["duplicateCandidates"]


async def pairs(store: Store, data: Data, **variables: Any) -> list[tuple[str, str]]:
    """The ids of the pairs on one page."""
    found = (edge["node"] for edge in (await page(store, data, **variables))["edges"])
    return [(node["organization"]["id"], node["other"]["id"]) for node in found]


async def every_page(store: Store, data: Data, **variables: Any) -> tuple[list[Any], int]:
    """All that is proposed, and on how many pages."""
    found, after, count = [], None, 0
    while True:
        each = await page(store, data, after=after, **variables)
        assert each["pageInfo"]["hasPreviousPage"] == (after is not None)
        found += [edge["node"] for edge in each["edges"]]
        count += 1
        after = each["pageInfo"]["endCursor"]
        if not each["pageInfo"]["hasNextPage"]:
            return found, count


async def acme(store: Store) -> None:
    """One customer five times, and others that are like it."""
    place: dict[str, Any] = {"billing": {"city": "Bern", "country": "CH"}}
    top = organization("top", name="Acme Turbines Holding")
    await save(
        store,
        organization("acme", name="Acme Turbines Ltd", associatedDomains=["acme.com"], externalId="ACME-0042", **place),
        organization("typo", name="Acme Turbnes", **place),
        organization("domain", name="Acme Turbines Group", associatedDomains=["acme.com"]),
        organization("mail", name="The Turbine People", primaryEmail="ann@acme.example", aliases=["acme_0042"]),
        organization("other", name="Acme Turbines", billing={"city": "Rome", "country": "IT"}),
        organization("gone", name="Acme Turbines", deletedAt=NOW),
        top,
        organization("child", top, name="Acme Turbines Holding GmbH"),
        organization("bakery", name="Bakery of the Bear"),
    )


async def test_what_is_probably_the_same_is_proposed_with_reason_and_score(store: Store, data: Data) -> None:
    await acme(store)
    found = (await page(store, data, of={"id": "org_acme"}))["edges"]
    told = {edge["node"]["other"]["id"]: edge["node"]["reasons"] for edge in found}
    assert told == {
        "org_typo": ["SIMILAR_NAME"],
        "org_domain": ["SIMILAR_NAME", "SAME_DOMAIN"],
        "org_mail": ["SAME_EXTERNAL_ID"],
    }
    assert {edge["node"]["organization"]["id"] for edge in found} == {"org_acme"}
    scores = [edge["node"]["score"] for edge in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0.75 <= score <= 1 for score in scores)


async def test_the_one_asked_about_is_found_by_any_of_its_keys(store: Store, ask: Ask, data: Data) -> None:
    await acme(store)
    by_id = await pairs(store, data, of={"id": "org_acme"})
    assert await pairs(store, data, of={"externalId": "ACME-0042"}) == by_id
    assert await pairs(store, data, of={"name": "Acme Turbines Ltd"}) == by_id
    wrong = await ask(store, PAIRS, of={"externalId": "nobody"})
    assert wrong.codes == {"duplicateCandidates": "NOT_FOUND"}


async def test_a_lower_score_lets_more_through(store: Store, data: Data) -> None:
    await acme(store)
    strict, loose = (
        await pairs(store, data, of={"id": "org_acme"}, least=0.9),
        await pairs(store, data, of={"id": "org_acme"}, least=0),
    )
    assert len(strict) < len(await pairs(store, data, of={"id": "org_acme"})) < len(loose)
    assert ("org_acme", "org_other") in loose, "the same name in another country"


async def test_what_is_deleted_is_not_proposed_nor_compared(store: Store, data: Data) -> None:
    await acme(store)
    assert not [pair for pair in await pairs(store, data, least=0, first=100) if "org_gone" in pair]
    assert await pairs(store, data, of={"id": "org_gone"}, least=0) == []


async def test_the_unclassified_organization_is_like_nobody(store: Store, data: Data) -> None:
    await save(store, organization("u", name="UNCLASSIFIED"))
    assert await pairs(store, data, least=0) == []


async def test_a_public_mail_domain_brings_nobody_together(store: Store, data: Data) -> None:
    names = ("Bakery", "Turbine Works")
    await save(store, *(organization(name[0], name=name, associatedDomains=["gmail.com"]) for name in names))
    assert await pairs(store, data, least=0) == []


async def test_each_pair_is_told_once_and_pages_of_any_size_tell_the_same(store: Store, data: Data) -> None:
    await save(store, *(organization(f"n{n:02}", name=f"Acme Turbines{' Ltd' * (n % 2)}") for n in range(9)))
    await save(store, *(organization(f"m{n:02}", name="Bakery of the Bear") for n in range(3)))
    whole, _ = await every_page(store, data, first=100)
    told = [(node["organization"]["id"], node["other"]["id"]) for node in whole]
    assert len(told) == len(set(told)) == 9 * 8 / 2 + 3
    assert all(left < right for left, right in told)
    assert [left for left, _ in told] == sorted(left for left, _ in told)
    for size in (1, 4, 7):
        assert (await every_page(store, data, first=size))[0] == whole
    of_one, _ = await every_page(store, data, first=2, of={"id": "org_n04"})
    assert sorted(node["other"]["id"] for node in of_one) == [f"org_n{n:02}" for n in range(9) if n != 4]


async def test_a_page_does_not_skip_or_repeat_when_a_pair_goes(store: Store, data: Data) -> None:
    await save(store, *(organization(f"n{n}", name="Acme Turbines") for n in range(4)))
    first = await page(store, data, first=2)
    await store["organizations"].update_one({"_id": "org_n1"}, {"$set": {"deletedAt": NOW}})
    rest = await pairs(store, data, first=100, after=first["pageInfo"]["endCursor"])
    assert rest == [("org_n0", "org_n3"), ("org_n2", "org_n3")]


async def test_a_page_of_all_takes_so_many_commands_and_no_more(
    store: Store, data: Data, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pairs are far apart a page is short, or empty, and still says where to go on."""
    monkeypatch.setattr(candidates, "BATCH", 10)
    await save(store, *(organization(f"n{n:03}", name=f"{chr(97 + n % 26) * 9} {n:03}") for n in range(117)))
    await save(store, organization("n117", name="Acme Turbines"), organization("n118", name="Acme Turbines, Inc."))
    with commands.counting() as counted:
        first = await page(store, data, first=5)
    assert counted.reads <= 3 * MAX_BATCHES
    assert first["edges"] == []
    assert first["pageInfo"]["hasNextPage"]
    found, count = await every_page(store, data, first=5)
    assert [node["id"] for node in found] == ["dup_org_n117_org_n118"]
    assert count == 3


async def test_the_cost_for_one_does_not_grow_with_the_number_of_organizations(
    store: Store, data: Data, commands: Commands
) -> None:
    await acme(store)

    async def cost() -> tuple[int, int]:
        async with examined(store) as looked_at:
            with commands.counting() as counted:
                await page(store, data, of={"id": "org_acme"})
        return counted.reads, looked_at.documents

    before = await cost()
    await save(store, *(organization(f"x{n}", name=f"{n:x} Widgets {n * 7919}") for n in range(500)))
    assert await cost() == before
    assert before[0] == 5, "the one asked about, who shares a key, these, and both ends of the pairs"


async def test_a_domain_that_hundreds_claim_costs_no_more_than_one_that_fifty_do(store: Store, data: Data) -> None:
    """What too many share tells nobody apart: it is counted out, and the rest still counts."""
    domain: dict[str, Any] = {"associatedDomains": ["hosting.example"]}
    crowd = [organization(f"h{n:03}", name=f"{n * 7919:x} {chr(97 + n % 26) * 5}", **domain) for n in range(400)]
    await save(
        store,
        *crowd,
        organization("a", name="Acme Turbines", **domain),
        organization("b", name="Acme Turbine", **domain),
    )
    async with examined(store) as looked_at:
        found = await pairs(store, data, of={"id": "org_a"}, least=0)
    assert found == [("org_a", "org_b")]
    assert looked_at.documents < 2 * MAX_SHARING
    assert await pairs(store, data, least=0.75) == [("org_a", "org_b")]


async def test_candidates_are_nodes(store: Store, ask: Ask) -> None:
    await acme(store)
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on DuplicateCandidate {
      score reasons organization { name } other { name } } } }"""
    known = "dup_org_typo_org_acme"
    answer = await ask(
        store,
        query,
        ids=[known, "dup_org_acme_org_bakery", "dup_org_acme_org_nobody", "dup_x", "dup_org_acme_org_acme"],
    )
    [found, *others] = answer.data["nodes"]
    assert (found["id"], found["organization"], found["other"]) == (
        known,
        {"name": "Acme Turbnes"},
        {"name": "Acme Turbines Ltd"},
    )
    assert others == [None] * 4
    assert set(answer.codes.values()) == {"NOT_FOUND"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"least": 1.1}, "`minimumScore` is 1.1; it must be between 0 and 1."),
        ({"least": -0.1}, "`minimumScore` is -0.1; it must be between 0 and 1."),
        ({"first": 0}, "`first` is 0; it must be between 1 and 100."),
        ({"first": 101}, "`first` is 101; it must be between 1 and 100."),
        ({"after": "nonsense"}, "`after` is not a cursor of this API. Pass a cursor that this list returned."),
        (
            {"after": encode_cursor(["duplicateCandidates", None, {"$gt": ""}, None, None])},
            "`after` is not a cursor of this API.",
        ),
        ({"after": encode_cursor(["organizations", "NAME ASC", "a", "b"])}, "`after` is not a cursor of this API."),
        (
            {"after": encode_cursor(["duplicateCandidates", "org_x", "org_x", 0.5, "org_y"])},
            "`after` is a cursor of another list of candidates",
        ),
    ],
)
async def test_what_cannot_be_asked_is_said(store: Store, ask: Ask, given: dict[str, Any], says: str) -> None:
    answer = await ask(store, PAIRS, **given)
    assert answer.codes == {"duplicateCandidates": "BAD_ARGUMENT"}
    assert answer.messages[0].startswith(says)


async def test_the_candidates_of_one_are_counted_and_those_of_all_are_not(store: Store, ask: Ask, data: Data) -> None:
    await acme(store)
    counted = '{ duplicateCandidates(of: {id: "org_acme"}, first: 1) { totalCount nodes { id } } }'
    assert (await data(store, counted))["duplicateCandidates"]["totalCount"] == 3
    answer = await ask(store, "{ duplicateCandidates { totalCount nodes { id } } }")
    assert answer.codes == {"duplicateCandidates.totalCount": "BAD_ARGUMENT"}
    assert answer.data["duplicateCandidates"]["nodes"]


async def test_it_is_read_under_the_scope_of_customers(store: Store, ask: Ask) -> None:
    answer = await ask(store, PAIRS, viewer=Viewer("billing", frozenset({Scope.BILLING}), Everything()))
    assert answer.codes == {"duplicateCandidates": "FORBIDDEN"}


async def test_keys_are_stored_by_an_import_and_shown_to_nobody(
    store: Store, ask: Ask, data: Data, files: Files
) -> None:
    row = {"external_id": "a-1", "name": "Finoptic Labs", "associated_domains": ["finoptic.com"], "city": "Bern"}
    await files.rows("organizations", row, {"external_id": "b-22-x", "name": "FINOPTIC LABORATORIES, Inc."})
    assert len(await pairs(store, data)) == 1
    stored = await store["organizations"].find_one({"externalId": "a-1"})
    assert stored is not None
    assert {"d:finoptic.com", "n:finopticlaboratory"} <= set(stored["matchKeys"])
    hidden = await ask(store, "{ organizations { nodes { matchKeys } } }")
    assert hidden.data is None


async def test_documents_of_before_there_were_keys_get_them_when_the_program_starts(store: Store, data: Data) -> None:
    old = [to_document(organization(name, name="Acme Turbines")) for name in ("a", "b")]
    for doc in old:
        del doc["matchKeys"]
    await store["organizations"].insert_many(old)
    assert await pairs(store, data) == []
    await fill_match_keys(store)
    assert await pairs(store, data) == [("org_a", "org_b")]
    found = await store["organizations"].find_one({"_id": "org_a"})
    assert found == to_document(organization("a", name="Acme Turbines"))
