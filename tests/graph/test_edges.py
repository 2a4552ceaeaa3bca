"""Every edge can be walked in both directions, each under a scope that can be denied without harm to its parent."""

from __future__ import annotations

from typing import Any

import pytest
from strawberry.utils.str_converters import to_camel_case

from app.access.viewer import Everything, Scope, Viewer
from app.errors import SetupError
from app.graph import registry
from app.graph.check import check_declarations
from app.graph.edges import Edge, One, Refs
from app.graph.many import Many
from app.graph.nodes import NodeById
from app.graph.record import RECORDS, declarations_of, stored_records
from app.graph.registry import EdgeReader
from app.mongo.client import Store
from app.schema import ROOMS, ROOTS, build_schema
from tests.asking import Ask, Data
from tests.records import (
    EPOCH,
    credential,
    credit_note,
    feature,
    invoice,
    line,
    organization,
    payment,
    plan,
    save,
    subscriber,
    subscription,
    usage_attribute,
)


def edges() -> list[Edge]:
    """All edges between records."""
    build_schema()
    return [each for cls in RECORDS.values() for each in declarations_of(cls) if isinstance(each, Edge)]


def foreign_key(edge: Edge) -> tuple[str, str, str] | None:
    """(record that holds it, its field, record it leads to)."""
    if isinstance(edge, (One, Refs)):
        return edge.owner.__name__, edge.via, edge.target
    if isinstance(edge, Many) and len(edge.by) == 1:
        return edge.target, next(iter(edge.by)), edge.owner.__name__
    return None


def test_every_edge_has_its_other_direction() -> None:
    there = {foreign_key(edge) for edge in edges() if not isinstance(edge, Many)}
    back = {foreign_key(edge) for edge in edges() if isinstance(edge, Many)}
    alone = {(name, field) for key in there ^ back if key for name, field, _ in [key]}
    tombstones = {("Organization", "mergedIntoId"), ("Organization", "mergedIds")}  # each other's way back
    computed = {
        ("Statement", "organizationId"),
        ("DuplicateCandidate", "organizationId"),
        ("DuplicateCandidate", "otherId"),
    }
    chain = ("organizationId", "subscriberId", "credentialId", "subscriptionId")
    computed |= {("Attribution", field) for field in chain}
    rest = {("InvoiceLine", "payerId"), ("AuditEntry", "recordId")}
    assert alone == rest | computed | tombstones, "see the edges' descriptions"


NO_RECORDS = ("externalId", "subscriberId", "credentialId", "_id", "appIds")
"""Keys of the record's own, and ids in other systems."""


def test_every_stored_foreign_key_is_an_edge() -> None:
    """A field that ends in Id or Ids and holds another record's id leads there."""
    known = {key[:2] for edge in edges() if (key := foreign_key(edge))}
    for name, record in stored_records().items():
        for attribute, info in record.model_fields.items():
            stored = str(info.validation_alias or info.alias or attribute)
            if stored.endswith(("Id", "Ids")) and stored not in NO_RECORDS:
                assert (name, stored) in known, f"{name}.{stored} leads nowhere"


async def the_whole_graph(store: Store) -> None:
    """One of everything, joined up."""
    top = organization("top", billingProfileId="bpr_default")
    org = organization("acme", top, payerId=top.id, externalId="acme-1", aliases=["old-acme"])
    carol = subscriber("carol", org)
    gold = plan("gold", [feature("chat")], coversDescendants=True)
    sub = subscription("sub_gold", top, gold)
    key = credential("prod", carol, subscriptionId=sub.id)
    paid, noted = payment("p1", top, 3, EPOCH, on="I1"), credit_note("C1", top, 2, EPOCH, on="I1")
    bill = invoice("I1", top, 10, EPOCH, [paid, noted])
    usage = line("l1", bill, org, 10, subscriptionId=sub.id, subscriberId=carol.id, credentialId=key.id)
    await save(store, top, org, carol, feature("chat"), gold, sub, key, paid, noted, bill, usage)
    await save(store, usage_attribute("dept", org))


WALK = """{ credential(by: {credentialId: "key-prod"}) {
  name credentialId keys { value status }
  subscriber { email organization { name
    parent { name children { nodes { name } } descendants { nodes { name } } paysFor { nodes { name } }
      invoices { nodes { number organization { name }
        payments { nodes { reference invoice { number } organization { name } } }
        creditNotes { nodes { number invoice { number } organization { name } } }
        lines { nodes { description organization { name } payer { name } invoice { number }
          credential { name } subscriber { email } subscription { externalId } } } } }
      payments { totalCount } creditNotes { totalCount }
      subscriptions { nodes { externalId organization { name } credentials { nodes { name } }
        charges { totalCount } plan { key features { key plans { nodes { key } } } subscriptions { totalCount } } } }
      billingProfile { name organizations { nodes { name } } } }
    ancestors { name } payer { name } features { key } billingProfile { name }
    subscribers { nodes { email credentials { nodes { name } } charges { totalCount } } }
    credentials { nodes { name organization { name } } }
    usageAttributes { nodes { key organization { name } } }
    charges { nodes { description } } invoices { totalCount } } }
  organization { name } subscription { externalId }
  statement { organization { name } outstandingBalance { amount currency } unpaidInvoices { nodes { number } } }
  charges { nodes { amount { amount } } } } }"""


async def test_the_graph_can_be_walked_from_a_key_to_everything(store: Store, data: Data) -> None:
    await the_whole_graph(store)
    found: Any = (await data(store, WALK))["credential"]
    org = found["subscriber"]["organization"]
    top = org["parent"]
    assert found["keys"] == [{"value": "key-prod", "status": "ACTIVE"}]
    assert (org["name"], top["name"], org["payer"]["name"]) == ("acme", "top", "top")
    assert [each["name"] for each in org["ancestors"]] == ["top"]
    assert top["children"] == top["descendants"] == {"nodes": [{"name": "acme"}]}
    assert [each["name"] for each in top["paysFor"]["nodes"]] == ["acme", "top"]
    assert org["features"] == [{"key": "chat"}], "the plan covers descendants"
    assert org["billingProfile"] == {"name": "Default"}, "none is pinned to it"
    applies_to = [each["name"] for each in top["billingProfile"]["organizations"]["nodes"]]
    assert applies_to == ["UNCLASSIFIED", "acme", "top"], "those that pin it, and those that pin none"
    [bill] = top["invoices"]["nodes"]
    assert bill["lines"]["nodes"][0]["organization"] == {"name": "acme"}
    assert bill["lines"]["nodes"][0]["payer"] == {"name": "top"}
    assert bill["payments"]["nodes"] == [
        {"reference": "p1", "invoice": {"number": "I1"}, "organization": {"name": "top"}}
    ]
    [sub] = top["subscriptions"]["nodes"]
    assert sub["plan"]["features"] == [{"key": "chat", "plans": {"nodes": [{"key": "gold"}]}}]
    assert found["statement"]["organization"] == {"name": "top"}, "the payer's"
    assert found["statement"]["outstandingBalance"] == {"amount": "5.00", "currency": "USD"}
    assert found["statement"]["unpaidInvoices"] == {"nodes": [{"number": "I1"}]}
    assert found["charges"] == {"nodes": [{"amount": {"amount": "10"}}]}
    assert org["invoices"]["totalCount"] == 0


FOUND = [
    ("organization", 'externalId: "acme-1"', "org_acme"),
    ("organization", 'externalId: "old-acme"', "org_acme"),
    ("organization", 'name: "acme"', "org_acme"),
    ("organization", 'id: "org_acme"', "org_acme"),
    ("subscriber", 'email: "CAROL@example.com"', "sbr_carol"),
    ("subscriber", 'subscriberId: "carol"', "sbr_carol"),
    ("credential", 'credentialId: "key-prod"', "crd_prod"),
    ("usageAttribute", 'key: "dept"', "att_dept"),
    ("plan", 'key: "gold"', "pln_gold"),
    ("feature", 'key: "chat"', "fea_chat"),
    ("subscription", 'externalId: "sub_gold"', "sub_sub_gold"),
    ("billingProfile", 'name: "Default"', "bpr_default"),
    ("invoice", 'number: "I1"', "inv_I1"),
    ("payment", 'reference: "p1"', "pay_p1"),
    ("creditNote", 'number: "C1"', "crn_C1"),
]


@pytest.mark.parametrize(("field", "by", "node_id"), FOUND, ids=[f"{field} by {by}" for field, by, _ in FOUND])
async def test_a_record_is_found_by_any_of_its_keys(
    store: Store, data: Data, field: str, by: str, node_id: str
) -> None:
    await the_whole_graph(store)
    assert (await data(store, f"{{ {field}(by: {{{by}}}) {{ id }} }}"))[field]["id"] == node_id
    assert (await data(store, "query ($id: ID!) { node(id: $id) { id } }", id=node_id))["node"]["id"] == node_id


async def test_an_attribute_key_is_no_external_id(store: Store, ask: Ask) -> None:
    """They share a namespace, so that neither can be taken twice, but each finds its own kind."""
    await the_whole_graph(store)
    answer = await ask(store, '{ organization(by: {externalId: "dept"}) { id } }')
    assert answer.codes == {"organization": "NOT_FOUND"}


@pytest.mark.parametrize("scope", list(Scope), ids=str)
async def test_denying_an_edge_never_nulls_its_parent(store: Store, ask: Ask, scope: Scope) -> None:
    await the_whole_graph(store)
    viewer = Viewer("limited", frozenset(Scope) - {scope}, Everything())
    for edge in edges():
        if isinstance(edge, NodeById):
            continue  # it may lead to any record: tests/writing/test_audit.py
        if edge.scope is not scope or not edge.is_guarded or edge.owner.__name__ in ("Statement", "Attribution"):
            continue
        field, kind = to_camel_case(edge.name), edge.owner.__name__
        below = "{ totalCount }" if isinstance(edge, Many) else "{ id }"
        root = next((i for _, _, i in FOUND if i.startswith(f"{prefix_of(edge.owner)}_")), "inl_l1")
        query = f"query ($id: ID!) {{ node(id: $id) {{ id ... on {kind} {{ {field} {below} }} }} }}"
        answer = await ask(store, query, viewer=viewer, id=root)
        assert answer.codes == {f"node.{field}": "FORBIDDEN"}, f"{kind}.{field}"
        assert answer.data["node"] == {"id": root, field: None}


def prefix_of(cls: type) -> str:
    """The prefix of a record's ids."""
    return str(cls.prefix)  # type: ignore[attr-defined]  # every record has one


async def test_a_viewer_without_a_scope_reads_nothing_under_it(store: Store, ask: Ask) -> None:
    """No root field, `node` or `search` leads around the scope."""
    await the_whole_graph(store)
    viewer = Viewer("limited", frozenset({Scope.CUSTOMERS}), Everything())
    answer = await ask(
        store,
        """{ credentials { totalCount } credential(by: {credentialId: "key-prod"}) { id } node(id: "crd_prod") { id }
          statement: node(id: "stm_org_top_USD") { id } search(text: "prod") { totalCount } }""",
        viewer=viewer,
    )
    assert answer.data == {
        "credentials": None,
        "credential": None,
        "node": None,
        "statement": None,
        "search": {"totalCount": 0},
    }
    assert set(answer.codes.values()) == {"FORBIDDEN"}


def test_a_misspelt_edge_is_said_at_start_up() -> None:
    """Names, targets and foreign keys are all checked, and all problems come at once."""
    from app.graph.many import many
    from app.graph.roots import page

    lost, typo = page("Nobody", doc=""), many("Subscriber", by="organisationId", doc="")
    with pytest.raises(SetupError) as caught:
        check_declarations([*ROOTS, lost, typo])
    assert "Nobody" in str(caught.value)
    assert "organisationId" in str(caught.value)


@pytest.mark.parametrize("name", ["Organization.statement", "Statement.id"], ids=["an edge", "a record by its id"])
def test_a_computed_edge_that_nobody_computes_is_said_at_start_up(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    build_schema()
    monkeypatch.delitem(registry.COMPUTED_EDGES, name)
    with pytest.raises(SetupError, match=f"{name}.*nobody registered"):
        check_declarations(ROOTS)


def test_a_connection_that_nobody_computes_is_said_at_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    build_schema()
    monkeypatch.delitem(registry.COMPUTED_CONNECTIONS, "Query.duplicateCandidates")
    with pytest.raises(SetupError, match=r"Query\.duplicateCandidates, which nobody registered"):
        check_declarations(ROOTS)


def edge_reader(name: str) -> EdgeReader:
    """The function that a room brings for that computed edge."""
    return next(room.computed_edges[name] for room in ROOMS if name in room.computed_edges)


def test_a_function_for_a_misspelt_name_is_said_at_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nothing asks for is a slip of the pen as often as a left-over."""
    build_schema()
    monkeypatch.setitem(registry.COMPUTED_EDGES, "Organization.statment", edge_reader("Organization.statement"))
    with pytest.raises(SetupError, match=r"Organization\.statment, which no declaration asks for"):
        check_declarations(ROOTS)


def test_one_name_has_one_function() -> None:
    build_schema()
    with pytest.raises(SetupError, match=r"Two functions are registered for Statement\.id"):
        registry.register_computed_edges({"Statement.id": edge_reader("DuplicateCandidate.id")})
