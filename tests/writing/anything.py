"""Mutations made up at random over a small universe of keys, so that they meet: some hold, some are refused."""

from __future__ import annotations

import random
from typing import Any

from app.mongo.client import Doc

EXTERNAL = [f"ext{n}" for n in range(9)]
NAMES = ["Acme", "Acme Ltd", "Bolt", "Cask", "Dune"]
DOMAINS = ["acme.com", "bolt.io", "gmail.com"]
EMAILS = ["a@acme.com", "A@Acme.com", "b@bolt.io", "c@cask.de", "d@gmail.com", "e@eden.org", "f@acme.com"]
OWN_IDS = ["s-1", "s-2", "s-3"]
KEYS = [f"k{n}" for n in range(12)]
ATTRIBUTES = ["dept-1", "dept-2", "ext1"]
SUBSCRIPTIONS = [f"sub-{n}" for n in range(5)]
STRIPE = ["cus_1", "cus_2", "cus_3"]
KINDS = ("Organization", "Subscriber", "Credential", "UsageAttribute", "Subscription", "BillingProfile", "Plan")
COLLECTIONS = {
    "Organization": "organizations",
    "Subscriber": "subscribers",
    "Credential": "credentials",
    "UsageAttribute": "usageAttributes",
    "Subscription": "subscriptions",
    "BillingProfile": "billingProfiles",
    "Plan": "plans",
}
FIND: dict[str, dict[str, list[str]]] = {
    "Organization": {"externalId": EXTERNAL, "name": NAMES},
    "Subscriber": {"email": EMAILS, "subscriberId": OWN_IDS},
    "Credential": {"credentialId": KEYS},
    "UsageAttribute": {"key": ATTRIBUTES},
    "Subscription": {"externalId": SUBSCRIPTIONS},
    "Plan": {"key": ["gold", "free"]},
}
WEIGHTS = {
    "create": 10,
    "update": 10,
    "delete": 5,
    "restore": 6,
    "move": 6,
    "waiting": 2,
    "merge": 4,
    "rotate": 2,
    "revoke": 1,
    "custom": 2,
    "app": 3,
    "onboard": 4,
    "import": 5,
}
Made = tuple[str, dict[str, Any]]
"""A mutation's name and its input."""

BEGIN: list[Made] = [
    *(("createPlan", {"key": key, "name": key, "currency": "USD", "charging": how}) for key, how in
      (("gold", "PASS_THROUGH"), ("free", "FREE"))),
    *(("createOrganization", {"name": "Acme", "externalId": each}) for each in EXTERNAL[:4]),
    *(("createSubscriber", {"email": each, "organization": {"externalId": of}})
      for each, of in zip(EMAILS[1:4], EXTERNAL, strict=False)),
]  # fmt: skip
"""What there is before anything is made up."""


class Anything:
    """Makes mutations up, given what is stored."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # the same again for the same seed
        self.stored: dict[str, list[Doc]] = {}
        self.used: list[Made] = []
        self.count = 0
        self.weights = [weight * self.rng.choice([0.3, 1, 1, 3]) for weight in WEIGHTS.values()]

    def mutation(self, stored: dict[str, list[Doc]]) -> Made:
        """The next one; now and then one with an idempotency key, or that one again."""
        self.stored, self.count = stored, self.count + 1
        if self.count <= len(BEGIN):
            return BEGIN[self.count - 1]
        if self.used and self.chance(0.05):
            again: Made = self.pick(self.used)
            return again
        [sort] = self.rng.choices(list(WEIGHTS), self.weights)
        made: Made = getattr(self, f"{sort}_one")()
        name, given = made
        if self.chance(0.1):
            given["idempotencyKey"] = f"key {len(self.used)}"
            self.used.append((name, given))
        return made

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, values: Any) -> Any:
        return self.rng.choice(list(values))

    def ids(self, kind: str, *, deleted: bool | None = None) -> list[str]:
        """The ids of what is stored of a kind."""
        rows = self.stored.get(COLLECTIONS[kind], [])
        found = [row for row in rows if deleted is None or bool(row["deletedAt"]) is deleted]
        if deleted and self.chance(0.9):
            found = [row for row in found if not row.get("mergedIntoId")]
        return [row["_id"] for row in found] or ["org_nobody"]

    def by(self, kind: str) -> dict[str, str]:
        """One of a kind, by any key; mostly a live one."""
        keys = FIND.get(kind, {})
        if keys and self.chance(0.3):
            name = self.pick(keys)
            return {name: self.pick(keys[name])}
        return {"id": self.pick(self.ids(kind, deleted=False if self.chance(0.9) else None))}

    def some(self, **fields: Any) -> dict[str, Any]:
        """Some of these fields; each is a function that makes a value."""
        return {name: make() for name, make in fields.items() if self.chance(0.4)}

    def metadata(self) -> list[dict[str, Any]]:
        return [
            {"name": each, "value": self.rng.randrange(3)} for each in self.rng.sample("xyz", self.rng.randrange(3))
        ]

    def stripe(self) -> list[dict[str, Any]]:
        return [{"app": "stripe", "data": {"customerId": self.pick(STRIPE)}}]

    def fields(self, kind: str, *, new: bool) -> dict[str, Any]:
        """What a create or update of that kind says."""
        apps = {"appMetadata": self.stripe()} if self.chance(0.15 if new else 0.05) else {}
        rest = getattr(self, f"fields_{kind.lower()}")(new)
        metadata = {} if kind == "BillingProfile" else self.some(customMetadata=self.metadata)
        return {**rest, **metadata, **(apps if kind in ("Organization", "Subscriber", "Credential") else {})}

    def fields_organization(self, new: bool) -> dict[str, Any]:
        said = self.some(
            externalId=lambda: self.pick([*EXTERNAL, None]),
            aliases=lambda: self.rng.sample(EXTERNAL, self.rng.randrange(3)),
            associatedDomains=lambda: self.rng.sample(DOMAINS, self.rng.randrange(3)),
            description=lambda: self.pick([None, "d", "e"]),
            billing=lambda: self.pick([None, {"city": "Bern"}, {"email": "x@acme.com"}]),
            payer=lambda: self.pick([None, self.by("Organization")]),
            billingProfile=lambda: self.pick([None, self.by("BillingProfile")]),
        )
        if self.chance(0.05):
            said["currency"] = self.pick(["EUR", "USD"])
        if self.chance(0.2):
            said["timezone"] = self.pick(["UTC", "Pacific/Auckland"])
        if self.chance(0.6 if new else 0.1):
            said["parent"] = self.by("Organization")
        if self.chance(0.3):
            said["moveWaitingSubscribers"] = True
        return said | ({"name": self.pick(NAMES)} if new or self.chance(0.4) else {})

    def fields_subscriber(self, new: bool) -> dict[str, Any]:
        said = self.some(
            subscriberId=lambda: self.pick([*OWN_IDS, None]),
            organization=lambda: self.by("Organization") if new or self.chance(0.9) else None,
        )
        return said | ({"email": self.pick(EMAILS)} if new or self.chance(0.3) else {})

    def fields_credential(self, new: bool) -> dict[str, Any]:
        said = self.some(
            organization=lambda: self.by("Organization") if new or self.chance(0.8) else None,
            subscription=lambda: self.pick([None, self.by("Subscription")]),
            tags=lambda: self.rng.sample("abc", 2),
            externalSecret=lambda: self.pick(["hush hush", None]),
        )
        if new or self.chance(0.3):
            said["subscriber"] = self.by("Subscriber")
        return said | ({"name": "key", "credentialId": self.pick(KEYS)} if new else {})

    def fields_usageattribute(self, new: bool) -> dict[str, Any]:
        said = self.some(displayName=lambda: self.pick([None, "D"]))
        if new or self.chance(0.4):
            said["organization"] = self.by("Organization")
        return said | ({"kind": "SUBJECT", "key": self.pick(ATTRIBUTES)} if new or self.chance(0.3) else {})

    def fields_subscription(self, new: bool) -> dict[str, Any]:
        said = self.some(externalId=lambda: self.pick(SUBSCRIPTIONS))
        if new:
            return said | {"organization": self.by("Organization"), "plan": self.by("Plan")}
        return said | self.some(status=lambda: self.pick(["ENDED", "ACTIVE"]), plan=lambda: self.by("Plan"))

    def fields_billingprofile(self, new: bool) -> dict[str, Any]:
        return {"name": "Net"} | self.some(isDefault=lambda: self.pick([True, False, None]))

    def fields_plan(self, new: bool) -> dict[str, Any]:
        said = self.some(coversDescendants=lambda: self.pick([True, False]))
        if new:
            said |= {"key": self.pick(["gold", "free"]), "name": "P", "currency": self.pick(["USD", "EUR"])}
        return said | ({"charging": self.pick(["FREE", "PASS_THROUGH"])} if new or self.chance(0.3) else {})

    def create_one(self) -> Made:
        kind = self.pick([*KINDS[:5], *KINDS[:3], "Organization", self.pick(KINDS)])
        return f"create{kind}", self.fields(kind, new=True)

    def update_one(self) -> Made:
        kind = self.pick([*KINDS, "Organization", "Credential", "Subscriber"])
        return f"update{kind}", {"by": self.by(kind), **self.fields(kind, new=False)}

    def delete_one(self) -> Made:
        kind = self.pick([*KINDS, "Credential"])
        return f"delete{kind}", {"by": self.by(kind)}

    def restore_one(self) -> Made:
        kind = self.pick([kind for kind in KINDS if self.ids(kind, deleted=True) != ["org_nobody"]] or KINDS)
        return f"restore{kind}", {"id": self.pick(self.ids(kind, deleted=True))}

    def move_one(self) -> Made:
        parent = None if self.chance(0.2) else self.by("Organization")
        more = {"lostPayers": "PAY_THEMSELVES"} if self.chance(0.6) else {}
        return "moveOrganization", {"by": self.by("Organization"), "parent": parent, **more}

    def waiting_one(self) -> Made:
        return "moveWaitingSubscribers", {"by": self.by("Organization"), **self.some(limit=lambda: 1)}

    def merge_one(self) -> Made:
        sources = [self.by("Organization") for _ in range(self.pick([1, 1, 2, 3]))]
        return "mergeOrganizations", {"target": self.by("Organization"), "sources": sources}

    def rotate_one(self) -> Made:
        more = self.some(gracePeriodSeconds=lambda: self.pick([0, 60]), externalSecret=lambda: "hush hush")
        return "rotateCredential", {"by": self.by("Credential"), "credentialId": self.pick(KEYS), **more}

    def revoke_one(self) -> Made:
        return "revokeCredential", {"by": self.by("Credential")}

    def custom_one(self) -> Made:
        more = self.some(mode=lambda: "SET", remove=lambda: ["z"])
        return "setCustomMetadata", {
            "id": self.pick(self.ids(self.pick(KINDS[:5]))),
            "entries": self.metadata(),
            **more,
        }

    def app_one(self) -> Made:
        data = self.pick([None, {"customerId": self.pick(STRIPE)}])
        return "setAppMetadata", {"id": self.pick(self.ids(self.pick(KINDS[:3]))), "app": "stripe", "data": data}

    def onboard_one(self) -> Made:
        """A customer that is there, with its own people and new ones; or a new one."""
        live = [row for row in self.stored.get("subscribers", []) if not row["deletedAt"]]
        own = self.pick(live) if live and self.chance(0.7) else {"email": self.pick(EMAILS), "organizationId": ""}
        existing = {"existing": {"id": own["organizationId"]} if own["organizationId"] else self.by("Organization")}
        new = {"organization": {"name": self.pick(NAMES), "externalId": self.pick(EXTERNAL)}}
        emails = list(dict.fromkeys([own["email"], self.pick(EMAILS[1:])][: self.pick([1, 2])]))
        keys = self.rng.sample(KEYS, 2)
        return "onboardCustomer", {
            **(existing if own["organizationId"] or self.chance(0.5) else new),
            "subscribers": [{"email": each} for each in emails],
            "subscriptions": [
                {"externalId": each, "plan": {"key": "free"}} for each in self.rng.sample(SUBSCRIPTIONS, 1)
            ],
            "credentials": [
                {"name": "key", "credentialId": key, "subscriber": {"email": self.pick(emails)}}
                for key in keys[: self.pick([0, 1, 2])]
            ],
        }

    def import_one(self) -> Made:
        rows = [self.row() for _ in range(4)]
        rows = rows[: self.pick([1, 2, 4])]
        kind = self.pick(["Organizations", "Subscribers", "Credentials"])
        mode = self.pick(["PER_ROW", "PER_ROW", "ATOMIC"])
        return f"import{kind}", {"rows": [row[kind] for row in rows], "mode": mode, "dryRun": self.chance(0.1)}

    def row(self) -> dict[str, dict[str, Any]]:
        """A row of each sort."""
        of = self.pick([*EXTERNAL, *self.ids("Organization")])
        stripe = {"appMetadata": {"stripe": {"customerId": self.pick(STRIPE)}}} if self.chance(0.2) else {}
        return {
            "Organizations": {
                "externalId": self.pick(EXTERNAL),
                "name": self.pick(NAMES),
                **self.some(parentExternalId=lambda: of, aliases=lambda: self.rng.sample(EXTERNAL, 1)),
                **stripe,
            },
            "Subscribers": {
                "email": self.pick(EMAILS),
                **self.some(subscriberId=lambda: self.pick(OWN_IDS), organizationExternalId=lambda: of),
                **stripe,
            },
            "Credentials": {
                "credentialId": self.pick(KEYS),
                "name": "key",
                "subscriberEmail": self.pick(EMAILS),
                **self.some(organizationExternalId=lambda: of, subscriptionExternalId=lambda: self.pick(SUBSCRIPTIONS)),
            },
        }
