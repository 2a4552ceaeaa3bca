"""Which account an event belongs to: every rule, in its order, what contradicts it, and what the event would make."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from app.access.viewer import Everything, Scope, Viewer
from app.mongo.client import Store
from tests.asking import Ask, Data
from tests.commands import Commands
from tests.records import NOW, credential, organization, plan, save, subscriber, subscription, usage_attribute
from tests.writing.doing import done

QUERY = """query ($event: JSON!) { attribution(event: $event) {
  index source eventId time rule effects tried { rule finding organizationId } conflicts { code message }
  problems { code field message }
  organization { externalId } subscriber { email } credential { name } subscription { externalId } } }"""


@pytest.fixture(autouse=True)
async def customers(store: Store) -> None:
    """A group with two units, and a customer beside it; who uses the service, and what is not known yet."""
    group = organization("group", name="Finoptic Group", externalId="group", associatedDomains=["finoptic.com"])
    labs = organization("labs", group, name="Finoptic Labs", externalId="labs", aliases=["crm-labs"])
    sales = organization("sales", group, name="Finoptic Sales", externalId="sales", formerNames=["Old Sales"])
    other = organization("other", name="Other", externalId="other", formerNames=["Finoptic Labs"])
    twins = [
        organization(f"twin{n}", name="Twin", externalId=f"twin{n}", associatedDomains=["twin.com"]) for n in (1, 2)
    ]
    nobody = organization("unclassified")
    carol = subscriber("carol", labs, email="carol@finoptic.com")
    bob = subscriber("bob", other, email="bob@other.com")
    waiting = subscriber("waiting", nobody, email="new@finoptic.com")
    gold, theirs = plan("gold"), plan("theirs")
    paid = subscription("sub_gold", group, gold)
    await save(store, group, labs, sales, other, *twins, carol, bob, waiting, gold, theirs, paid)
    await save(
        store,
        subscription("sub_other", other, theirs),
        credential("linked", carol, credentialId="hak-linked", subscriptionId=paid.id, name="Engineering API Key"),
        credential("free", carol, credentialId="hak-free", name="Free"),
        credential("bobs", bob, credentialId="hak-bob", name="Bob's"),
        credential("lost", waiting, credentialId="hak-lost", name="Lost"),
        usage_attribute("department1", sales),
    )


def usage(**said: Any) -> dict[str, Any]:
    """An event of this API's own form."""
    return {"source": "test", "id": "1", "time": "2026-06-15T11:00:00Z", "usageMetadata": said}


def who(email: str | None = None, key: str | None = None, **more: Any) -> dict[str, Any]:
    """The `subscriber` of usage metadata."""
    credential = {"credential": {"value": key}} if key else {}
    return {"subscriber": {**({"email": email} if email else {}), **credential, **more}}


async def one(data: Data, store: Store, event: object) -> dict[str, Any]:
    """The attribution of one event."""
    [found] = (await data(store, QUERY, event=event))["attribution"]
    assert found["problems"] == []
    return dict(found)


def chain(found: dict[str, Any]) -> tuple[str | None, ...]:
    """Rule, organization, subscriber, credential and subscription."""
    return (
        found["rule"],
        *((found[name] or {}).get(key) for name, key in PARTS),
    )


PARTS = [
    ("organization", "externalId"),
    ("subscriber", "email"),
    ("credential", "name"),
    ("subscription", "externalId"),
]
LABS = ("labs", "carol@finoptic.com")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (who(key="hak-linked"), ("CREDENTIAL", *LABS, "Engineering API Key", "sub_gold")),
        (who(key="hak-free"), ("CREDENTIAL", *LABS, "Free", None)),
        (who(key="hak-free") | {"subscription_id": "sub_gold"}, ("CREDENTIAL", *LABS, "Free", "sub_gold")),
        (
            {"subscriber": {"email": "Carol@Finoptic.com", "credential": {"name": "Engineering API Key"}}},
            ("CREDENTIAL", *LABS, "Engineering API Key", "sub_gold"),
        ),
        (
            {"organizationName": "labs", "subscriber": {"credential": {"name": "Free"}}},
            ("CREDENTIAL", *LABS, "Free", None),
        ),
        ({"subscription_id": "sub_gold"}, ("SUBSCRIPTION", "group", None, None, "sub_gold")),
        (who("carol@finoptic.com") | {"subscriptionId": "sub_gold"}, ("SUBSCRIPTION", *LABS, None, "sub_gold")),
        (who("bob@other.com") | {"subscription_id": "sub_gold"}, ("SUBSCRIPTION", "group", None, None, "sub_gold")),
        ({"organization_id": "labs"}, ("ORGANIZATION", "labs", None, None, None)),
        ({"organizationId": "crm-labs"}, ("ORGANIZATION", "labs", None, None, None)),
        ({"organization_name": "org_labs"}, ("ORGANIZATION", "labs", None, None, None)),
        (who("carol@finoptic.com"), ("SUBSCRIBER", *LABS, None, None)),
        ({"subscriberEmail": "carol@finoptic.com"}, ("SUBSCRIBER", *LABS, None, None)),
        ({"subscriber_id": "carol"}, ("SUBSCRIBER", *LABS, None, None)),
        (who(id="carol"), ("SUBSCRIBER", *LABS, None, None)),
        ({"organizationName": "Finoptic Labs"}, ("ORGANIZATION_NAME", "labs", None, None, None)),
        ({"organizationName": "Old Sales"}, ("ORGANIZATION_NAME", "sales", None, None, None)),
        ({"organizationName": "Twin"}, ("UNCLASSIFIED", "unclassified", None, None, None)),
        (who("somebody@finoptic.com"), ("DOMAIN", "group", None, None, None)),
        (who("somebody@twin.com"), ("UNCLASSIFIED", "unclassified", None, None, None)),
        (who("somebody@gmail.com"), ("UNCLASSIFIED", "unclassified", None, None, None)),
        (who("new@finoptic.com"), ("DOMAIN", "group", "new@finoptic.com", None, None)),
        (who(key="hak-lost"), ("UNCLASSIFIED", "unclassified", "new@finoptic.com", "Lost", None)),
        (
            who(key="hak-lost") | {"organization_id": "sales"},
            ("ORGANIZATION", "sales", "new@finoptic.com", "Lost", None),
        ),
        ({}, ("UNCLASSIFIED", "unclassified", None, None, None)),
        # The precedence: a key before a name, a subscription before an organization, a subscriber before a name.
        (who(key="hak-free") | {"organizationName": "Other"}, ("CREDENTIAL", *LABS, "Free", None)),
        (
            {"subscription_id": "sub_gold", "organization_id": "other"},
            ("SUBSCRIPTION", "group", None, None, "sub_gold"),
        ),
        (who("carol@finoptic.com") | {"organization_id": "other"}, ("ORGANIZATION", "other", None, None, None)),
        (who("carol@finoptic.com") | {"organizationName": "Other"}, ("SUBSCRIBER", *LABS, None, None)),
        (
            who("somebody@finoptic.com") | {"organizationName": "Other"},
            ("ORGANIZATION_NAME", "other", None, None, None),
        ),
    ],
)
async def test_the_first_rule_that_leads_to_a_customer_decides(
    store: Store, data: Data, said: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    found = await one(data, store, usage(**said))
    expected = tuple(None if each == "unclassified" else each for each in expected)
    assert chain(found) == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("labs", ("SUBJECT", "labs", None, None, None)),
        ("crm-labs", ("SUBJECT", "labs", None, None, None)),
        ("department1", ("SUBJECT", "sales", None, None, None)),
        ("hak-linked", ("SUBJECT", *LABS, "Engineering API Key", "sub_gold")),
        ("CAROL@finoptic.com", ("SUBJECT", *LABS, None, None)),
        ("carol", ("SUBJECT", *LABS, None, None)),
        ("somebody@finoptic.com", ("DOMAIN", "group", None, None, None)),
        ("nobody", ("UNCLASSIFIED", None, None, None, None)),
    ],
)
async def test_a_subject_is_any_key_of_a_customer(
    store: Store, data: Data, subject: str, expected: tuple[str | None, ...]
) -> None:
    event = {
        "specversion": "1.0",
        "type": "api-calls",
        "id": "00002",
        "source": "service-0",
        "subject": subject,
        "data": {},
    }
    assert chain(await one(data, store, event)) == expected


async def test_every_rule_that_was_tried_is_told_with_what_it_found(store: Store, data: Data) -> None:
    said = who("carol@finoptic.com", "hak-unknown") | {"organizationName": "Twin", "subscription_id": "sub_none"}
    found = await one(data, store, usage(**said))
    assert [(each["rule"], each["finding"], each["organizationId"]) for each in found["tried"]] == [
        ("CREDENTIAL", "UNKNOWN", None),
        ("SUBSCRIPTION", "UNKNOWN", None),
        ("ORGANIZATION", "UNKNOWN", None),
        ("SUBSCRIBER", "DECIDED", "org_labs"),
        ("ORGANIZATION_NAME", "AMBIGUOUS", None),
        ("DOMAIN", "DIFFERS", "org_group"),
    ]


BY_KEY = "by credential, 'Finoptic Labs' (labs) counts."
OTHERS = "The subscriber 'bob@other.com' belongs to 'Other' (other)"


@pytest.mark.parametrize(
    ("said", "conflicts"),
    [
        (
            who(key="hak-free") | {"organizationName": "Other"},
            {
                (
                    "ORGANIZATION_ELSEWHERE",
                    f"The event says the organization 'Other', which is 'Other' (other); {BY_KEY}",
                )
            },
        ),
        (
            who(key="hak-linked") | {"subscription_id": "sub_other"},
            {
                ("SUBSCRIPTION_ELSEWHERE", f"The subscription 'sub_other' belongs to 'Other' (other); {BY_KEY}"),
                ("SUBSCRIPTION_ELSEWHERE", "The credential is linked to another subscription than 'sub_other'."),
            },
        ),
        (
            who("bob@other.com", "hak-linked"),
            {
                ("SUBSCRIBER_ELSEWHERE", f"{OTHERS}; {BY_KEY}"),
                ("SUBSCRIBER_ELSEWHERE", "The credential belongs to another subscriber than 'bob@other.com'."),
            },
        ),
        (who("carol@finoptic.com", "hak-linked") | {"organization_id": "labs", "subscription_id": "sub_gold"}, set()),
    ],
)
async def test_what_contradicts_what_decided_is_told(
    store: Store, data: Data, said: dict[str, Any], conflicts: set[tuple[str, str]]
) -> None:
    found = await one(data, store, usage(**said))
    assert {(each["code"], each["message"]) for each in found["conflicts"]} == conflicts


async def test_usage_after_the_end_of_a_key_is_attributed_and_flagged(store: Store, data: Data) -> None:
    end = NOW - timedelta(days=1)
    query = {"keys": {"$elemMatch": {"value": "hak-free"}}}
    await store["credentials"].update_one(query, {"$set": {"keys.0.validTo": end, "keys.0.status": "ENDED"}})
    found = await one(data, store, usage(**who(key="hak-free")))
    assert chain(found)[:2] == ("CREDENTIAL", "labs")
    assert [each["code"] for each in found["conflicts"]] == ["CREDENTIAL_ENDED"]
    before = usage(**who(key="hak-free")) | {"time": "2026-06-14T11:59:59Z"}
    assert (await one(data, store, before))["conflicts"] == []
    await store["credentials"].update_one({"_id": "crd_linked"}, {"$set": {"deletedAt": end}})
    found = await one(data, store, usage(**who(key="hak-linked")))
    assert chain(found) == ("CREDENTIAL", *LABS, "Engineering API Key", "sub_gold")
    assert [each["code"] for each in found["conflicts"]] == ["CREDENTIAL_ENDED"]


@pytest.mark.parametrize(
    ("event", "effects"),
    [
        (usage(**who("carol@finoptic.com", "hak-new"), subscription_id="sub_gold"), ["CREATES_CREDENTIAL"]),
        (usage(**who("carol@finoptic.com", "hak-new")), []),
        (usage(**who("fresh@finoptic.com")), ["CREATES_SUBSCRIBER"]),
        (usage(**who(key="hak-free"), subscription_id="sub_gold"), ["LINKS_SUBSCRIPTION"]),
        (usage(**who(key="hak-free"), subscription_id="sub_other"), []),
        (usage(**who(key="hak-lost"), organization_id="sales"), ["MOVES_CREDENTIAL", "MOVES_SUBSCRIBER"]),
        (
            {"specversion": "1.0", "type": "t", "id": "1", "source": "s", "subject": "nobody"},
            ["CREATES_USAGE_ATTRIBUTE"],
        ),
        ({"specversion": "1.0", "type": "t", "id": "1", "source": "s", "subject": "x@y.org"}, ["CREATES_SUBSCRIBER"]),
    ],
)
async def test_what_an_event_would_make_is_told(store: Store, data: Data, event: Any, effects: list[str]) -> None:
    before = await store["credentials"].count_documents({}), await store["subscribers"].count_documents({})
    assert (await one(data, store, event))["effects"] == effects
    assert (await store["credentials"].count_documents({}), await store["subscribers"].count_documents({})) == before


async def test_a_batch_is_answered_in_its_order_by_as_many_reads_as_one_event(
    store: Store, data: Data, commands: Commands
) -> None:
    def batch(count: int) -> list[dict[str, Any]]:
        said = who(f"p{count}@finoptic.com", "hak-linked") | {"organizationName": "Twin", "subscription_id": "sub_gold"}
        named = {"organizationName": "labs", "subscriber": {"credential": {"name": "Free"}}}
        events = [said, named, {"organization_id": "labs"}, who("carol@finoptic.com"), who("somebody@finoptic.com")]
        return [usage(**events[n % 5]) | {"id": str(n)} for n in range(count)]

    query = "query ($event: JSON!) { attribution(event: $event) { index eventId rule } }"
    counts = []
    for count in (5, 500):
        with commands.counting() as counted:
            found = (await data(store, query, event=batch(count)))["attribution"]
        counts.append(counted.reads)
        assert [(each["index"], each["eventId"]) for each in found] == [(n, str(n)) for n in range(count)]
        assert [each["rule"] for each in found[:5]] == [
            "CREDENTIAL",
            "CREDENTIAL",
            "ORGANIZATION",
            "SUBSCRIBER",
            "DOMAIN",
        ]
    assert counts[0] == counts[1] <= 13


async def test_a_wrong_event_is_told_with_all_that_is_wrong_and_the_others_are_answered(
    store: Store, data: Data
) -> None:
    wrong = {"source": " ", "time": "yesterday", "usageMetadata": {"subscriber": "carol", "organization_id": "x" * 257}}
    events = [wrong, usage(**who(key="hak-free")), 7, {"specversion": "1.0", "id": "1", "source": "s"}]
    first, second, third, fourth = (await data(store, QUERY, event=events))["attribution"]
    assert {(each["code"], each["field"]) for each in first["problems"]} == {
        ("REQUIRED", "source"),
        ("REQUIRED", "id"),
        ("INVALID_INSTANT", "time"),
        ("INVALID_TYPE", "usageMetadata.subscriber"),
        ("TOO_LONG", "usageMetadata.organization_id"),
    }
    assert (first["rule"], first["organization"], first["eventId"]) == (None, None, None)
    assert (second["index"], second["rule"]) == (1, "CREDENTIAL")
    assert [each["code"] for each in third["problems"]] == ["INVALID_TYPE"]
    assert [(each["code"], each["field"]) for each in fourth["problems"]] == [("REQUIRED", "type")]


async def test_too_many_events_are_refused_before_anything_is_read(store: Store, ask: Ask, commands: Commands) -> None:
    with commands.counting() as counted:
        answer = await ask(store, QUERY, event=["e"] * 1_001)
    assert answer.codes == {"attribution": "BAD_ARGUMENT"}
    assert counted.reads == 0


async def test_text_of_an_event_is_never_an_operator(store: Store, data: Data) -> None:
    for text in ("$where", '{"$gt": ""}', "$organizationId", "a\x00b"[:1]):
        found = await one(
            data, store, usage(organization_id=text, subscriber={"email": text, "id": text}, subscription_id=text)
        )
        assert found["rule"] == "UNCLASSIFIED"


@pytest.mark.parametrize(
    ("scope", "part"),
    [(Scope.CREDENTIALS, "credential"), (Scope.CATALOG, "subscription")],
)
async def test_a_viewer_is_denied_the_parts_that_it_may_not_read(
    store: Store, ask: Ask, scope: Scope, part: str
) -> None:
    viewer = Viewer("limited", frozenset(Scope) - {scope}, Everything())
    answer = await ask(store, QUERY, event=usage(**who(key="hak-linked")), viewer=viewer)
    [found] = answer.data["attribution"]
    assert answer.codes == {f"attribution.0.{part}": "FORBIDDEN"}
    assert (found["organization"], found[part]) == ({"externalId": "labs"}, None)
    nobody = Viewer("limited", frozenset(Scope) - {Scope.CUSTOMERS}, Everything())
    answer = await ask(store, QUERY, event=usage(**who(key="hak-linked")), viewer=nobody)
    assert (answer.data, answer.codes) == ({"attribution": None}, {"attribution": "FORBIDDEN"})


async def test_the_hash_of_a_key_stands_for_it(store: Store, data: Data) -> None:
    """As LiteLLM sends it, which keeps keys to itself."""
    hashed = hashlib.sha256(b"hak-free").hexdigest()
    log = {"id": "1", "call_type": "acompletion", "metadata": {"user_api_key_hash": hashed}}
    assert chain(await one(data, store, log)) == ("CREDENTIAL", *LABS, "Free", None)
    unknown = {**log, "metadata": {"user_api_key_hash": "0" * 64}}
    assert (await one(data, store, unknown))["rule"] == "UNCLASSIFIED"
    await done(store, "rotateCredential", by={"credentialId": "hak-free"}, credentialId="hak-new")
    for key in (b"hak-free", b"hak-new"):
        event = usage(**who(key=hashlib.sha256(key).hexdigest()))
        assert chain(await one(data, store, event))[3] == "Free"
    answer = await data(store, "query Q($key: String!) { search(text: $key) { totalCount } }", key=hashed)
    assert answer["search"]["totalCount"] == 0, "it finds nothing else"
