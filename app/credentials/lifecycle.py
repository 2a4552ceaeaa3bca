"""What may be written of a credential: whose it is, what it is billed under, and its keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from app.access.secrets import SECRET
from app.credentials.keys import current, has_ended, new_key, revoked, rotated, with_current
from app.entities.audit_entry import AuditAction
from app.entities.credential import Credential
from app.entities.metadata import app_claims
from app.entities.texts import Invalid, text, texts
from app.errors import Problem, Refused
from app.mongo.client import Doc
from app.mongo.keys import Claim
from app.organizations.lifecycle import APP_METADATA, CUSTOM_METADATA
from app.organizations.tree import at_or_below
from app.writing.inputs import Field, Inputs, Path, Reference
from app.writing.lifecycle import Key, Lifecycle, wanted
from app.writing.work import Work

short = text(256)
MOST_KEYS = 100
LONGEST_SECRET = 4_096


def secret_text(value: Any) -> str:
    """A secret, exactly as it is given: it is never repeated in a message."""
    if not isinstance(value, str):
        raise Invalid("INVALID_TYPE", "A secret is text.")
    if not value:
        raise Invalid("REQUIRED", "It is empty. Leave it out where there is none.")
    if len(value) > LONGEST_SECRET:
        raise Invalid("TOO_LONG", f"A secret has at most {LONGEST_SECRET:,} characters.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("INVALID_TEXT", "The secret is no Unicode.") from None
    return value


def moment(value: Any) -> Any:
    """An instant that the scalar has read already."""
    return value


SECRET_INPUT = Field(
    "external_secret",
    secret_text,
    annotation=str,
    doc="The secret of its current key. It is encrypted at once, with the server's own key, and shown nowhere.",
)


class CredentialLifecycle(Lifecycle):
    """Credentials. A key is never given to another organization, whatever becomes of the credential."""

    record = Credential
    inputs: ClassVar[Inputs] = (
        Field("credential_id", short, required=True, on_update=False),
        Field("name", short, required=True),
        Field("tags", texts(short, 100)),
        Field(
            "valid_from",
            moment,
            annotation=datetime,
            doc="From when on its key works; from now on if it is left out.",
            on_update=False,
        ),
        Field("expires_at", moment, annotation=datetime, doc="When its current key ends by itself; null: it does not."),
        SECRET_INPUT,
        CUSTOM_METADATA,
        APP_METADATA,
        Reference("subscriber", "Subscriber", "subscriberId", "Whose it is.", required=True),
        Reference(
            "organization",
            "Organization",
            "organizationId",
            "Whose usage comes through it; the subscriber's organization if it is not said.",
        ),
        Reference(
            "subscription",
            "Subscription",
            "subscriptionId",
            "What its usage is billed under: a subscription of its organization, or of one above that.",
        ),
    )
    field_of: ClassVar = {"keys": "credentialId"}

    def claims(self, doc: Doc) -> Iterable[Key]:
        for key in doc["keys"]:
            yield "credentialKey", key["value"], "keys"
        for namespace, key in app_claims(doc.get("appMetadata", ())):
            yield namespace, key, "appMetadata"

    def kept_keys(self) -> frozenset[str]:
        return frozenset({"credentialKey"})

    def may_take(self, work: Work, claim: Claim, doc: Doc) -> bool:
        owner, organization = work.records.get(claim.record_id, {}), work.records.get(doc["organizationId"] or "", {})
        its_own = (doc["organizationId"], *(organization.get("mergedIds") or ()))
        freed = bool(owner.get("deletedAt")) and owner.get("organizationId") in its_own
        return claim.namespace == "credentialKey" and freed

    def taken_problem(self, work: Work, owner: Claim, path: Path, text: str) -> Problem:
        if work.records.get(owner.record_id, {}).get("deletedAt"):
            message = f"{text!r} was a key of another organization: usage of the past names it. Take another."
            return Problem("CREDENTIAL_KEY_RESERVED", path, message)
        return super().taken_problem(work, owner, path, text)

    async def settle(self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path) -> None:
        given = after.pop(SECRET, ...)
        secret = sealed(work, after, None if given is ... else given, problems, path)
        valid_from, expires_at = after.pop("validFrom", None), after.pop("expiresAt", ...)
        if before is None:
            key = new_key(
                after["credentialId"] or "",
                valid_from or work.now,
                None if expires_at is ... else expires_at,
                secret,
            )
            after["keys"] = [key]
            check_period(key, problems, path)
        else:
            changed: Doc = {} if expires_at is ... else {"validTo": expires_at}
            changed |= {} if given is ... else {SECRET: secret}
            if changed:
                self.change_key(work, after, changed, problems)
        await self.settle_owner(work, before, after, problems, path)

    def change_key(self, work: Work, after: Doc, changed: Doc, problems: list[Problem]) -> None:
        """Give the current key another end or secret."""
        if has_ended(current(after["keys"], after["credentialId"]), work.now):
            field = "expiresAt" if "validTo" in changed else SECRET
            problems.append(Problem("ENDED", (field,), "Its key has ended. Rotate it: a new key takes over."))
            return
        after["keys"] = with_current(after["keys"], after["credentialId"], **changed)
        check_period(current(after["keys"], after["credentialId"]), problems, ())

    async def settle_owner(
        self, work: Work, before: Doc | None, after: Doc, problems: list[Problem], path: Path
    ) -> None:
        """Its organization, the subscriber's unless it is said; and a subscription that covers that."""
        if not after["organizationId"]:
            await work.fetch([after["subscriberId"]])
            whose = work.records.get(after["subscriberId"] or "") or before or after
            after["organizationId"] = whose["organizationId"]
        await work.fetch([after["organizationId"], after["subscriptionId"]])
        organization = work.records.get(after["organizationId"] or "")
        subscription = work.records.get(after["subscriptionId"] or "")
        is_linked_now = after["subscriptionId"] != (before or {}).get("subscriptionId")
        if subscription and organization:
            if not covers(subscription, organization):
                field = "subscription" if is_linked_now else "organization"
                problems.append(elsewhere(subscription, organization, (*path, field)))
            if is_linked_now:
                problems += over(subscription, (*path, "subscription"))

    async def rotate(self, work: Work, given: Any, value: str, grace: timedelta, secret: str | None) -> Doc:
        """A credential with a new key; the old one retires. Raises Refused."""
        before, problems = await self.target(work, given), list[Problem]()
        if any(key["value"] == value for key in before["keys"]):
            problems.append(Problem("TAKEN", ("credentialId",), f"{value!r} is, or was, a key of its own."))
        if len(before["keys"]) >= MOST_KEYS:
            message = f"It has had {MOST_KEYS} keys, which is the most. Make a new credential."
            problems.append(Problem("TOO_MANY", ("credentialId",), message))
        key = new_key(value, work.now, None, sealed(work, before, secret, problems, ()))
        said = {"keys": rotated(before["keys"], key, work.now, grace), "credentialId": value}
        new = [("credentialKey", value, "keys")]
        await work.look_up(wanted(new))
        await work.fetch([before["organizationId"]])
        problems += [] if problems else self.taken(work, new, before, ())
        if problems:
            raise Refused(problems)
        doc = work.change(before["_id"], said, AuditAction.ROTATED)
        self.claim(work, new[0], doc)
        return doc

    async def revoke(self, work: Work, given: Any, values: list[str] | None) -> Doc:
        """A credential whose keys, all (None) or those of these values, have ended. Raises Refused."""
        before = await self.target(work, given)
        known = {key["value"] for key in before["keys"]}
        problems = [
            Problem("NOT_FOUND", ("keys", str(n)), f"{value!r} is no key of it.")
            for n, value in enumerate(values or ())
            if value not in known
        ]
        if problems:
            raise Refused(problems)
        return work.change(before["_id"], {"keys": revoked(before["keys"], work.now, values)}, AuditAction.REVOKED)


def covers(subscription: Doc, organization: Doc) -> bool:
    """Whether usage of an organization can be billed under a subscription: its own, or an ancestor's."""
    return at_or_below(organization["_id"], organization["ancestorIds"], subscription["organizationId"])


def elsewhere(subscription: Doc, organization: Doc, path: Path) -> Problem:
    """A subscription that is neither an organization's own nor an ancestor's."""
    named = organization.get("externalId") or organization["name"]
    message = f"{subscription['externalId']!r} is a subscription of neither {named!r} nor one above it."
    return Problem("SUBSCRIPTION_ELSEWHERE", path, message)


def over(subscription: Doc, path: Path) -> list[Problem]:
    """Nothing new is billed under what has ended."""
    if subscription["status"] != "ENDED":
        return []
    return [Problem("ENDED", path, f"{subscription['externalId']!r} is over. Name one that runs.")]


def sealed(work: Work, doc: Doc, secret: str | None, problems: list[Problem], path: Path) -> Doc | None:
    """A secret as it is stored with that credential; None where there is none, or none can be kept."""
    if not secret:
        return None
    if work.cipher is None:
        problems.append(no_key((*path, SECRET)))
        return None
    return dict(work.cipher.encrypt(secret, doc["_id"]))


def no_key(path: Path) -> Problem:
    """Secrets cannot be kept here."""
    message = "The server has no key to encrypt secrets with: set CUSTOMER_GRAPH_SECRET_KEY."
    return Problem("SECRETS_NOT_CONFIGURED", path, message)


def check_period(key: Doc, problems: list[Problem], path: Path) -> None:
    """A key ends after it begins."""
    if key["validTo"] is not None and key["validTo"] <= key["validFrom"]:
        message = "It would end before it begins. Give a later instant, or revoke the credential."
        problems.append(Problem("INVALID_INSTANT", (*path, "expiresAt"), message))
