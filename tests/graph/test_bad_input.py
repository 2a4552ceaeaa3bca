"""Whatever is wrong with a question is said with a code, in words that help, and never in a driver's."""

from __future__ import annotations

import pytest

from app.graph.page import Ordering
from app.mongo.client import Store
from tests.asking import Ask, Data
from tests.records import NOW, credential, organization, save, subscriber

other_list = Ordering("Organization.children", "NAME", "name", is_instant=False, descending=False)
other_order = Ordering("organizations", "CREATED_AT", "createdAt", is_instant=True, descending=False)
not_an_instant = Ordering("organizations", "CREATED_AT", "name", is_instant=False, descending=False)
BY_TIME = "orderBy: {field: CREATED_AT}"
DOC = {"name": "x", "_id": "org_x", "createdAt": "2026-01-01T00:00:00.000Z"}

CASES = [
    ('{ organization(by: {id: " "}) { id } }', "BAD_ARGUMENT", "blank"),
    ('{ organization(by: {externalId: ""}) { id } }', "BAD_ARGUMENT", "blank"),
    ('{ subscriber(by: {email: ""}) { id } }', "BAD_ARGUMENT", "blank"),
    ('{ organization(by: {id: "org_nobody"}) { id } }', "NOT_FOUND", "org_nobody"),
    ('{ organization(by: {externalId: "nobody"}) { id } }', "NOT_FOUND", "externalId"),
    ('{ organization(by: {name: "nobody"}) { id } }', "NOT_FOUND", "name"),
    ('{ credential(by: {credentialId: "nobody"}) { id } }', "NOT_FOUND", "credentialId"),
    ('{ organization(by: {id: "sbr_acme"}) { id } }', "BAD_ARGUMENT", "org_"),
    ('{ organization(by: {id: "org_a", name: "a"}) { id } }', "GRAPHQL_VALIDATION_FAILED", ""),
    ("{ organization(by: {}) { id } }", "GRAPHQL_VALIDATION_FAILED", ""),
    ("{ organization(by: {id: null}) { id } }", "GRAPHQL_VALIDATION_FAILED", ""),
    ('{ organization(by: {name: "twin"}) { id } }', "AMBIGUOUS", "by id"),
    ('{ node(id: "org_nobody") { id } }', "NOT_FOUND", "org_nobody"),
    ('{ node(id: "acme") { id } }', "BAD_ARGUMENT", "org"),
    ('{ node(id: "") { id } }', "BAD_ARGUMENT", "org"),
    ('{ node(id: "stm_org_nobody_USD") { id } }', "NOT_FOUND", "stm_"),
    ('{ node(id: "stm_whatever") { id } }', "NOT_FOUND", "stm_"),
    ("{ node(id: 1.5) { id } }", "GRAPHQL_VALIDATION_FAILED", ""),
    ("{ organizations(first: 0) { nodes { id } } }", "BAD_ARGUMENT", "between 1 and 100"),
    ("{ organizations(first: 101) { nodes { id } } }", "BAD_ARGUMENT", "between 1 and 100"),
    ("{ organizations(first: -1) { nodes { id } } }", "BAD_ARGUMENT", "between 1 and 100"),
    ("{ organizations(last: 0) { nodes { id } } }", "BAD_ARGUMENT", "between 1 and 100"),
    ("{ organizations(first: 1, last: 1) { nodes { id } } }", "BAD_ARGUMENT", "not both"),
    ('{ organizations(after: "rubbish") { nodes { id } } }', "BAD_ARGUMENT", "not a cursor"),
    ('{ organizations(after: "") { nodes { id } } }', "GRAPHQL_VALIDATION_FAILED", "Cursor"),
    ('{ organizations(after: "bnVsbA") { nodes { id } } }', "BAD_ARGUMENT", "not a cursor"),
    (
        f'{{ organizations(after: "{other_list.encode(DOC)}") {{ nodes {{ id }} }} }}',
        "BAD_ARGUMENT",
        "Organization.children",
    ),
    (
        f'{{ organizations(before: "{other_order.encode(DOC)}") {{ nodes {{ id }} }} }}',
        "BAD_ARGUMENT",
        "CREATED_AT ASC",
    ),
    (
        f'{{ organizations({BY_TIME}, after: "{not_an_instant.encode(DOC)}") {{ totalCount }} }}',
        "BAD_ARGUMENT",
        "cursor",
    ),
    ("{ organizations(orderBy: {field: PARENT}) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED", "PARENT"),
    ("{ organizations { nodes { descendants(maxDepth: 0) { totalCount } } } }", "BAD_ARGUMENT", "maxDepth"),
    ('{ search(text: "") { totalCount } }', "BAD_ARGUMENT", "at least one word"),
    ('{ search(text: "x", first: 101) { totalCount } }', "BAD_ARGUMENT", "between 1 and 100"),
    ('{ search(text: "x", after: "WyJzZWFyY2giLCJ4IiwieSJd") { totalCount } }', "BAD_ARGUMENT", "not a cursor"),
    ("{ organizations { nodes { statement(currency: 5) { id } } } }", "GRAPHQL_VALIDATION_FAILED", "Currency"),
    ('{ organizations { nodes { statement(currency: "usdx") { id } } } }', "GRAPHQL_VALIDATION_FAILED", "ISO 4217"),
    ('{ organizations { nodes { statement(currency: "ZZZ") { id } } } }', "GRAPHQL_VALIDATION_FAILED", "ISO 4217"),
    (
        '{ organizations { nodes { statement(asOf: "0001-01-01T00:00:00.000Z") { id } } } }',
        "GRAPHQL_VALIDATION_FAILED",
        "1900",
    ),
    (
        '{ organizations { nodes { statement(asOf: "20260131T000000Z") { id } } } }',
        "GRAPHQL_VALIDATION_FAILED",
        "RFC 3339",
    ),
    (
        '{ organizations { nodes { statement(asOf: "2026-02-31T00:00:00.000Z") { id } } } }',
        "GRAPHQL_VALIDATION_FAILED",
        "no such instant",
    ),
    ('{ node(id: "stm_org_unclassified_ZZZ") { id } }', "NOT_FOUND", "stm_"),
    ('{ node(id: "stm_org_unclassified_USD_99999999999999") { id } }', "NOT_FOUND", "stm_"),
    ('{ node(id: "stm_org_unclassified_USD_TREE_0001") { id } }', "NOT_FOUND", "stm_"),
    (f'{{ node(id: "{"x" * 500}") {{ id }} }}', "BAD_ARGUMENT", "at most 100 characters"),
    (f'{{ organization(by: {{id: "org_{"x" * 500}"}}) {{ id }} }}', "BAD_ARGUMENT", "it may have 100"),
    (f'{{ organization(by: {{name: "{"x" * 5000}"}}) {{ id }} }}', "BAD_ARGUMENT", "it may have 1000"),
    ('{ organizations { nodes { statement(asOf: "2026-01-01") { id } } } }', "GRAPHQL_VALIDATION_FAILED", "offset"),
]


@pytest.mark.parametrize(("query", "code", "words"), CASES, ids=[query[:90] for query, _, _ in CASES])
async def test_bad_input_is_refused_with_a_code_and_a_way_out(
    store: Store, ask: Ask, query: str, code: str, words: str
) -> None:
    await save(store, organization("twin1", name="twin"), organization("twin2", name="twin"))
    answer = await ask(store, query)
    assert set(answer.codes.values()) == {code}
    assert words in answer.messages[0]


async def test_a_name_of_many_lists_the_candidates(store: Store, ask: Ask) -> None:
    await save(store, *(organization(f"twin{n:02}", name="twin") for n in range(12)))
    answer = await ask(store, '{ organization(by: {name: "twin"}) { id } }')
    assert "10 or more" in answer.messages[0]


async def test_a_deleted_record_is_found_by_id_and_in_no_other_way(store: Store, ask: Ask, data: Data) -> None:
    gone = organization("gone", externalId="ext", deletedAt=NOW)
    await save(store, gone, subscriber("s", gone), credential("k", subscriber("s", gone)))
    found = await data(store, '{ node(id: "org_gone") { id ... on Organization { deletedAt } } }')
    assert found["node"]["deletedAt"] == "2026-06-15T12:00:00.000Z"
    for by in ('externalId: "ext"', 'name: "gone"'):
        answer = await ask(store, f"{{ organization(by: {{{by}}}) {{ id }} }}")
        assert answer.codes == {"organization": "NOT_FOUND"}
    listed = await data(store, "{ organizations { totalCount nodes { id } } }")
    assert [node["id"] for node in listed["organizations"]["nodes"]] == ["org_unclassified"]
    found = await data(store, '{ search(text: "gone") { totalCount } }')
    assert found["search"]["totalCount"] == 0


async def test_one_bad_id_among_nodes_leaves_the_others(store: Store, ask: Ask) -> None:
    await save(store, organization("a"), organization("b"))
    answer = await ask(store, '{ nodes(ids: ["org_b", "nonsense", "org_a", "org_nobody", "org_b"]) { id } }')
    assert answer.data["nodes"] == [{"id": "org_b"}, None, {"id": "org_a"}, None, {"id": "org_b"}]
    assert answer.codes == {"nodes.1": "BAD_ARGUMENT", "nodes.3": "NOT_FOUND"}


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-01-01"])
async def test_a_cursor_of_an_instant_that_there_is_not_is_refused(store: Store, ask: Ask, instant: str) -> None:
    cursor = other_order.encode({"createdAt": instant, "_id": "org_a"})
    answer = await ask(store, f'{{ organizations({BY_TIME}, after: "{cursor}") {{ nodes {{ id }} }} }}')
    assert answer.codes == {"organizations": "BAD_ARGUMENT"}


async def test_an_error_is_not_longer_than_what_was_wrong(store: Store, ask: Ask) -> None:
    """A long id is told once and short, however often it was sent."""
    answer = await ask(store, "query ($i: ID!) { nodes(ids: [$i, $i, $i]) { id } }", i="y" * 90_000)
    assert sum(map(len, answer.messages)) < 500


async def test_more_ids_than_a_page_are_refused(store: Store, ask: Ask) -> None:
    answer = await ask(store, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["org_a"] * 101)
    assert answer.codes == {"nodes": "BAD_ARGUMENT"}
