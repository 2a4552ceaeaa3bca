"""The data that everything here is measured over: the same documents on every run, shaped as the program stores them.

Each document is a template, written by the record itself, with only what tells it from its neighbours replaced. One
organization, the whale, has as many subscribers as thousands of the others. Keys that find records are left out: no
query here looks anything up but by id. Invoices and payments are made in `billing`, and all is stored by `loading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.entities.credential import Credential
from app.entities.organization import Organization
from app.entities.subscriber import Subscriber, name_key
from app.graph.documents import to_document
from app.graph.record import Record
from app.mongo.client import Doc

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)

TREE = 10  # organizations in a tree: one at the top, three under each
SUBSCRIBERS = (2, 3, 4, 5, 6, 7, 8)  # of an organization, in turn: 5 on average
CREDENTIALS = (2, 3, 1, 4, 3, 2, 4)  # of a subscriber, in turn: 2.7 on average


@dataclass(frozen=True)
class Size:
    """How many organizations there are, and how many subscribers the whale has, the organization in the middle."""

    organizations: int = 10_000
    whale: int = 20_000

    @property
    def whale_number(self) -> int:
        return self.organizations // 2

    def subscribers_of(self, number: int) -> int:
        """How many subscribers an organization has."""
        return self.whale if number == self.whale_number else SUBSCRIBERS[number % len(SUBSCRIBERS)]

    def subscribers(self) -> Iterator[tuple[int, int]]:
        """The numbers of every subscriber and of its organization."""
        owners = (n for n in range(self.organizations) for _ in range(self.subscribers_of(n)))
        return enumerate(owners)


def organization_id(number: int) -> str:
    """The id of an organization; by name they stand in the order of their numbers."""
    return f"org_{number:06}"


def organization_name(number: int) -> str:
    """Its name."""
    return f"Customer {number:06}"


def credential_name(number: int) -> str:
    """Its label. By name, credentials stand in no order of their owners, so that a page of them has many."""
    return f"Key {number * 7_919 % 1_000_003:07}"


def above(number: int) -> list[int]:
    """The organizations above one, from the top of its tree down."""
    top, place = divmod(number, TREE)
    found: list[int] = []
    while place:
        place = (place - 1) // 3
        found.insert(0, top * TREE + place)
    return found


def template(record: type[Record], **fields: Any) -> Doc:
    """A document of a record as the program stores it."""
    stamps = {"createdAt": EPOCH, "updatedAt": EPOCH}
    return to_document(record.model_validate({"_id": "", **stamps, **fields}))


def organizations(size: Size) -> Iterator[Doc]:
    """Organizations, in trees."""
    common = template(Organization, name="-", payerId="-")
    for n in range(size.organizations):
        at, node_id, ancestors = EPOCH + timedelta(minutes=n), organization_id(n), list(map(organization_id, above(n)))
        yield common | {
            "_id": node_id,
            "name": organization_name(n),
            "payerId": node_id,
            "parentId": ancestors[-1] if ancestors else None,
            "ancestorIds": ancestors,
            "createdAt": at,
            "updatedAt": at,
        }


def subscribers(size: Size) -> Iterator[Doc]:
    """Subscribers, organization by organization."""
    common = template(
        Subscriber, email="a@b.cd", emailKey="-", subscriberId="-", organizationId="-", nameKey="-", lastName="Doe"
    )
    for n, owner in size.subscribers():
        email = f"person.{n:07}@example.com"
        yield common | {
            "_id": f"sbr_{n:07}",
            "email": email,
            "emailKey": email,
            "emailDomain": "example.com",
            "firstName": f"First{n % 500}",
            "nameKey": name_key("Doe", f"First{n % 500}"),
            "subscriberId": f"user-{n}",
            "organizationId": organization_id(owner),
        }


def credentials(size: Size) -> Iterator[Doc]:
    """Credentials, subscriber by subscriber."""
    keys = [{"value": "-", "validFrom": EPOCH}]
    common = template(Credential, name="-", credentialId="-", keys=keys, organizationId="-")
    number = 0
    for n, owner in size.subscribers():
        for _ in range(CREDENTIALS[n % len(CREDENTIALS)]):
            value = f"key-{number:07}"
            yield common | {
                "_id": f"crd_{number:07}",
                "name": credential_name(number),
                "credentialId": value,
                "keys": [common["keys"][0] | {"value": value}],
                "organizationId": organization_id(owner),
                "subscriberId": f"sbr_{n:07}",
            }
            number += 1
