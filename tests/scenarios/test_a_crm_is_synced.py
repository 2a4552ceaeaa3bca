"""A CRM is the master of customers, and is synced for three nights: every night all that it has is sent again.

It renames, moves and deletes companies and holds one twice; people signed up before their company was in it.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.mongo.client import Store
from app.transfer.outcome import Outcome, Result
from tests.asking import ask
from tests.transfer.running import Files
from tests.writing.doing import everything

Row = dict[str, Any]
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)
SHOWN = {"Organization": "organization { id name externalId version }", "Subscriber": "subscriber { id email }"}


class Crm:
    """What the CRM has: companies by their id there, parents first, and the people by theirs."""

    def __init__(self) -> None:
        self.companies: dict[str, Row] = {}
        self.people: dict[str, Row] = {}

    def company(self, key: str, **fields: Any) -> None:
        """A company as it is from now on; its parent is named by its id in the CRM."""
        self.companies[key] = {**self.companies.get(key, {}), **fields}

    def person(self, key: str, **fields: Any) -> None:
        """A person as they are from now on; the company is named by its id in the CRM."""
        self.people[key] = {**self.people.get(key, {}), **fields}

    def rows(self) -> list[tuple[str, Row]]:
        """The input of an upsert for everything that is there."""
        companies = [("Organization", {"externalId": key, **row}) for key, row in self.companies.items()]
        return companies + [("Subscriber", {"subscriberId": key, **row}) for key, row in self.people.items()]


class Sync:
    """The nightly job and what is done by day."""

    def __init__(self, store: Store) -> None:
        self.store, self.now, self.crm = store, MONDAY, Crm()

    async def asks(self, query: str, **variables: Any) -> Any:
        """What the graph answers."""
        answer = await ask(self.store, query, now=self.now, **variables)
        assert not answer.messages, answer.messages
        return answer.data

    async def does(self, mutation: str, shown: str, /, **given: Any) -> Any:
        """What a mutation comes to; it is not refused."""
        kind = mutation[0].upper() + mutation[1:]
        call = f"{mutation}(input: $input) {{ {shown} userErrors {{ code field message }} }}"
        payload = (await self.asks(f"mutation M($input: {kind}Input!) {{ {call} }}", input=given))[mutation]
        assert payload.pop("userErrors") == []
        return payload

    async def send(self, *, dry_run: bool = False) -> dict[str, dict[str, Any]]:
        """Everything that the CRM has is sent; key → result and changes, of what is not UNCHANGED."""
        report = {}
        for kind, row in self.crm.rows():
            shown = f"result changes {{ field before after }} {SHOWN[kind]}"
            told = await self.does(f"upsert{kind}", shown, **row, dryRun=dry_run)
            if told["result"] != "UNCHANGED":
                changes = {each["field"]: (each["before"], each["after"]) for each in told["changes"]}
                report[row.get("externalId") or row["subscriberId"]] = {"result": told["result"], "changes": changes}
        return report

    async def night(self) -> dict[str, dict[str, Any]]:
        """One night: a dry run first, for somebody to look at; then it is done, and done once more for nothing.

        The second time nothing at all is written. Then it is the next day.
        """
        before = await everything(self.store)
        planned = await self.send(dry_run=True)
        assert await everything(self.store) == before, "a dry run writes nothing"
        done = await self.send()
        assert planned.keys() <= done.keys(), "what a dry run finds is done"
        after = await everything(self.store)
        self.now += timedelta(hours=1)
        assert await self.send() == {}
        assert await everything(self.store) == after, "what is unchanged is not written"
        self.now += timedelta(hours=23)
        return done

    async def organization(self, external_id: str) -> Any:
        """The organization with that id in the CRM, and who belongs to it."""
        query = """query Q($key: String!) { organization(by: {externalId: $key}) {
            id name externalId aliases formerNames version parent { externalId } subscribers { nodes { email } } } }"""
        return (await self.asks(query, key=external_id))["organization"]


def emails(organization: Any) -> list[str]:
    """The addresses of the people of an organization."""
    return sorted(each["email"] for each in organization["subscribers"]["nodes"])


async def test_a_crm_is_synced_for_three_nights(store: Store, tmp_path: Path) -> None:
    sync = Sync(store)
    crm = sync.crm

    # Before the CRM knows of her company, Ann signs up by herself, and waits where nobody's people are.
    signed_up = await sync.does("createSubscriber", "subscriber { id organization { name } }", email="ann@bolt.example")
    assert signed_up["subscriber"]["organization"] == {"name": "UNCLASSIFIED"}

    # The first night: a group with two units, a company that is held twice, and one person.
    crm.company("g-1", name="Finoptic Group", associatedDomains=["finoptic.example"])
    crm.company("u-1", name="Finoptic Labs", kind="BUSINESS_UNIT", parent={"externalId": "g-1"})
    crm.company("u-2", name="Finoptic Sales", kind="BUSINESS_UNIT", parent={"externalId": "g-1"})
    crm.company("c-1", name="Cargo", billing={"country": "DE", "city": "Berlin"})
    crm.company("c-2", name="Cargo GmbH", billing={"country": "DE", "city": "Berlin"})
    crm.company("d-1", name="Dull")
    crm.person("p-1", email="carol@finoptic.example", firstName="Carol", organization={"externalId": "u-1"})
    crm.person("p-2", email="dan@cargo.example", organization={"externalId": "c-2"})
    first_night = {}
    for kind, row in crm.rows():  # a dry run cannot find the parent that is not there yet: it is done at once
        told = await sync.does(f"upsert{kind}", f"result {SHOWN[kind]}", **row)
        first_night[row.get("externalId") or row["subscriberId"]] = told["result"]
    assert Counter(first_night.values()) == {"CREATED": 8}
    assert await sync.night() == {}

    # By day a description is written here, which the CRM knows nothing of and never sends.
    await sync.does(
        "updateOrganization", "organization { id }", by={"externalId": "u-1"}, description="Builds the lenses."
    )
    # Somebody sees that Cargo is there twice, and merges the two.
    cargo = await sync.does(
        "mergeOrganizations", "organization { id }",
        target={"externalId": "c-1"}, sources=[{"externalId": "c-2"}],
    )  # fmt: skip
    # In the CRM one unit gets another name, another moves, Dull is deleted, and Ann's company is entered.
    crm.company("u-1", name="Finoptic Optics")
    crm.company("u-2", parent={"externalId": "c-1"})
    crm.company("b-1", name="Bolt", associatedDomains=["bolt.example"])
    del crm.companies["d-1"]
    await sync.does("deleteOrganization", "organization { id }", by={"externalId": "d-1"})
    crm.companies.pop("c-2")  # the CRM's own clean-up; its people still name it by the key it had
    second_night = await sync.night()
    assert {key: each["result"] for key, each in second_night.items()} == {
        "u-1": "CHANGED", "u-2": "CHANGED", "b-1": "CREATED",
    }  # fmt: skip
    assert second_night["u-1"]["changes"]["name"] == ("Finoptic Labs", "Finoptic Optics")
    assert "parentId" in second_night["u-2"]["changes"]
    moved = await sync.organization("u-2")
    assert moved["parent"] == {"externalId": "c-1"}
    labs = await sync.organization("u-1")
    assert (labs["name"], labs["formerNames"]) == ("Finoptic Optics", ["Finoptic Labs"])
    told = await sync.asks('{ organization(by: {externalId: "u-1"}) { description } }')
    assert told["organization"]["description"] == "Builds the lenses.", "what is not sent is left alone"
    merged = await sync.organization("c-2")
    assert (merged["id"], merged["externalId"], merged["aliases"]) == (cargo["organization"]["id"], "c-1", ["c-2"])
    assert emails(merged) == ["dan@cargo.example"], "his key for the company still leads to it"

    # By day Ann is recognised: her address is at a domain that Bolt alone claims.
    waiting = "waitingSubscribers { totalCount subscribers { email } }"
    recognised = await sync.does("moveWaitingSubscribers", waiting, by={"externalId": "b-1"})
    assert [each["email"] for each in recognised["waitingSubscribers"]["subscribers"]] == ["ann@bolt.example"]
    assert emails(await sync.organization("b-1")) == ["ann@bolt.example"]
    # Then the CRM has her, too; Dull is a customer again, Carol marries, and the duplicate is sent once more.
    crm.person("p-3", email="ANN@bolt.example", firstName="Ann")
    crm.company("d-1", name="Dull")
    crm.person("p-1", email="carol.lens@finoptic.example")
    crm.company("c-2", name="Cargo", billing={"country": "DE", "city": "Berlin"})
    versions = {key: (await sync.organization(key))["version"] for key in ("g-1", "u-1", "u-2", "c-1", "b-1")}
    third_night = await sync.night()
    assert {key: each["result"] for key, each in third_night.items()} == {
        "d-1": "CREATED", "p-1": "CHANGED", "p-3": "CHANGED",
    }, "the duplicate is found by its alias and is as it is"  # fmt: skip
    assert third_night["p-3"]["changes"]["firstName"] == (None, "Ann")
    assert emails(await sync.organization("u-1")) == ["carol.lens@finoptic.example"]
    assert {key: (await sync.organization(key))["version"] for key in versions} == versions
    dull = await store["organizations"].find({"externalId": "d-1"}).to_list()
    assert sorted(each.get("deletedAt") is None for each in dull) == [False, True], "what was deleted is created anew"

    # What the nights did is told apart from what people did, in the history.
    history = await sync.asks(
        """{ organization(by: {externalId: "u-1"}) { history { nodes { createdAt operation } } } }"""
    )
    assert [(each["createdAt"][:10], each["operation"]) for each in history["organization"]["history"]["nodes"]] == [
        ("2026-03-02", "upsertOrganization"),
        ("2026-03-03", "updateOrganization"),
        ("2026-03-03", "upsertOrganization"),
    ]

    # A fourth night is a file: all of it is as it is, but for one company that the CRM renamed.
    crm.company("b-1", name="Bolt Bearings")
    files = Files(store, tmp_path)
    companies = [organization_row(key, row) for key, row in crm.companies.items()]
    people = [subscriber_row(key, row) for key, row in crm.people.items()]
    planned = await everything(store)
    assert changed_rows(await files.rows("organizations", *companies, updates=True, dry_run=True)) == {"b-1": "CHANGED"}
    assert await everything(store) == planned
    assert changed_rows(await files.rows("organizations", *companies, updates=True)) == {"b-1": "CHANGED"}
    assert changed_rows(await files.rows("subscribers", *people, updates=True)) == {}
    after = await everything(store)
    assert changed_rows(await files.rows("organizations", *companies, updates=True)) == {}
    assert await everything(store) == after, "what is unchanged is not written"


def organization_row(key: str, row: Row) -> Row:
    """A company as a row of a file."""
    billing = row.get("billing", {})
    parent = {"parent_external_id": row["parent"]["externalId"]} if "parent" in row else {}
    named = {"associated_domains": row["associatedDomains"]} if "associatedDomains" in row else {}
    return {"external_id": key, "name": row["name"], **parent, **named, **billing}


def subscriber_row(key: str, row: Row) -> Row:
    """Somebody as a row of a file."""
    organization = {"organization_external_id": row["organization"]["externalId"]} if "organization" in row else {}
    return {"email": row["email"], "subscriber_id": key, **organization}


def changed_rows(outcomes: list[Outcome]) -> dict[str, str]:
    """Key → result, of the rows that are not UNCHANGED."""
    return {str(each.key): each.result.value for each in outcomes if each.result is not Result.UNCHANGED}
