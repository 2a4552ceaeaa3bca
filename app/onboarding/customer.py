"""A whole customer in one transaction: organization, subscribers, subscriptions and credentials, found or made.

What is there already is found by its keys and left as it is, so that the same call can be made again for an existing
customer; what it would say otherwise is a warning. What stands in UNCLASSIFIED only because nobody knew better, moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from app.access.secrets import SECRET
from app.context import Context
from app.entities.addresses import normalise_email
from app.entities.identifiers import UNCLASSIFIED_ID
from app.errors import Problem, Refused
from app.mongo.client import Doc
from app.writing import references
from app.writing.inputs import Path, read_fields
from app.writing.lifecycle import LIFECYCLES, Lifecycle
from app.writing.references import By
from app.writing.work import Work

MOST = 100
"""How many subscribers, subscriptions and credentials one call may have of each."""

Finders = Mapping[str, tuple[str, tuple[str, ...]]]
"""Input → the namespace and the fields by which a record is found."""

PARTS: Mapping[str, tuple[str, Finders]] = {
    "subscribers": (
        "Subscriber",
        {"email": ("email", ("email",)), "subscriber_id": ("subscriberId", ("subscriberId",))},
    ),
    "subscriptions": ("Subscription", {"external_id": ("subscription", ("externalId",))}),
    "credentials": ("Credential", {"credential_id": ("credentialKey", ("keys",))}),
}


@dataclass(slots=True)
class Onboarding:
    """One call: what it has found wrong so far, and the documents it came to."""

    work: Work
    given: Any
    problems: list[Problem] = field(default_factory=list)
    made: dict[str, list[Doc]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    async def run(self) -> Mapping[str, Any]:
        """The payload's records. Raises Refused."""
        self.check_sizes()
        await self.read()
        organization = await self.organization()
        for part, (record, finders) in PARTS.items():
            rows: list[Doc] = []
            for n, given in enumerate(self.rows(part)):
                rows.append(await self.part(LIFECYCLES[record], given, organization, finders, (part, str(n))))
                self.seen.add(rows[-1]["_id"])
            self.made[part] = rows
        if self.problems:
            raise Refused(self.problems)
        ids = [organization["_id"], *(doc["_id"] for docs in self.made.values() for doc in docs)]
        latest = {part: [self.work.records[doc["_id"]] for doc in docs] for part, docs in self.made.items()}
        return {
            "organization": self.work.records[organization["_id"]],
            **latest,
            "created": [each for each in ids if self.work.is_new(each)],
        }

    def rows(self, part: str) -> Sequence[Any]:
        """The inputs of one part."""
        found = getattr(self.given, part)
        return () if found is UNSET or found is None else found

    def check_sizes(self) -> None:
        """Refuse what is too much for one call before anything is read."""
        found = [
            Problem("TOO_MANY", (part,), f"There are {count:,} of them; one call takes {MOST}.")
            for part in PARTS
            if (count := len(self.rows(part))) > MOST
        ]
        named = [name for name in ("organization", "existing") if is_given(self.given, name)]
        if len(named) != 1:
            message = "Give one of the two: `organization`, found or made, or `existing`, which is there."
            found.append(Problem("REQUIRED", ("organization",), message))
        if found:
            raise Refused(found)

    async def read(self) -> None:
        """Everything that is named, and every key that may find something, in one read of keys."""
        named: list[By] = [("Organization", self.given.existing)] if is_given(self.given, "existing") else []
        keys: dict[str, set[str]] = {"customer": set()}
        if is_given(self.given, "organization"):
            named += LIFECYCLES["Organization"].named(self.given.organization)
            keys["customer"] |= set(texts(self.given.organization, "external_id"))
        for part, (record, finders) in PARTS.items():
            for given in self.rows(part):
                named += LIFECYCLES[record].named(given)
                for name, (namespace, _) in finders.items():
                    keys.setdefault(namespace, set()).update(same_key(namespace, each) for each in texts(given, name))
        await references.resolve(self.work, named, keys)

    async def organization(self) -> Doc:
        """The customer's organization, found or made."""
        if is_given(self.given, "existing"):
            found = references.find(self.work, "Organization", self.given.existing, self.problems, ("existing",))
            if found is None:
                raise Refused(self.problems)
            return found
        given, path = self.given.organization, ("organization",)
        for key in texts(given, "external_id"):
            if there := self.work.found("customer", key, ("externalId", "aliases")):
                self.compare(LIFECYCLES["Organization"], given, there, path)
                return there
        return await LIFECYCLES["Organization"].create(self.work, given, self.problems, path)

    async def part(self, lifecycle: Lifecycle, given: Any, organization: Doc, finders: Finders, path: Path) -> Doc:
        """One subscriber, subscription or credential of the organization, found or made."""
        found = {
            doc["_id"]: (doc, name)
            for name, (namespace, fields) in finders.items()
            for key in texts(given, name)
            if (doc := self.work.found(namespace, same_key(namespace, key), fields))
        }
        if len(found) > 1:
            message = f"Its keys are those of {len(found)} records: {', '.join(found)}."
            self.problems.append(Problem("SUBSCRIBER_MISMATCH", path, message))
        if found:
            doc, name = next(iter(found.values()))
            return await self.there(lifecycle, given, doc, organization, (*path, to_camel_case(name)))
        decided = {"organizationId": organization["_id"]}
        return await lifecycle.create(self.work, given, self.problems, path, **decided)

    async def there(self, lifecycle: Lifecycle, given: Any, doc: Doc, organization: Doc, path: Path) -> Doc:
        """A record that was found: the customer's own, or nobody's yet."""
        if doc["_id"] in self.seen:
            self.problems.append(Problem("DUPLICATE", path, "The same is given twice in this call."))
            return doc
        came_along = doc["_id"] in self.work.changes  # a credential, with its subscriber
        if doc["organizationId"] == organization["_id"] and not came_along:
            self.compare(lifecycle, given, doc, path[:-1])
            return doc
        if doc["organizationId"] != UNCLASSIFIED_ID and not came_along:
            message = f"It is {doc['_id']}, of {doc['organizationId']}. Move it there first, or take another key."
            self.problems.append(Problem("ELSEWHERE", path, message))
            return doc
        if self.problems:
            return doc
        said = {"organizationId": organization["_id"], **lifecycle.referred(self.work, given, self.problems, path[:-1])}
        return await lifecycle.alter(self.work, doc, said, self.problems)

    def compare(self, lifecycle: Lifecycle, given: Any, there: Doc, path: Path) -> None:
        """Warn of what the call says otherwise than what is there: it is left as it is."""
        said = read_fields(lifecycle.record, lifecycle.inputs, given, self.problems, path)
        named = {each.stored: to_camel_case(each.name) for each in lifecycle.links}
        for name, value in (said | lifecycle.referred(self.work, given, self.problems, path)).items():
            same = there.get(name) == value or (name == "email" and normalise_email(value) == there["emailKey"])
            if name == SECRET or (name in there and not same):
                message = f"{there['_id']} was there already, with something else here: it was left as it is."
                self.work.warnings.append(Problem("EXISTS_DIFFERENT", (*path, named.get(name, name)), message))
        if there.get("status") == "ENDED":
            message = f"{there['externalId']!r} is over. Give a new external id for a new subscription."
            self.work.warnings.append(Problem("ENDED", path, message))


def is_given(given: Any, name: str) -> bool:
    """Whether an input says something there."""
    return getattr(given, name) is not UNSET and getattr(given, name) is not None


def texts(given: Any, name: str) -> Iterable[str]:
    """The key in an input, trimmed; nothing where there is none."""
    value = getattr(given, name, None)
    if isinstance(value, str) and value.strip():
        yield value.strip()


def same_key(namespace: str, key: str) -> str:
    """A key as it is compared."""
    return normalise_email(key) if namespace == "email" else key


async def onboard(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """Onboard a customer."""
    return await Onboarding(work, given).run()
