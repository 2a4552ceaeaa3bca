"""Giving a credential a new key, and ending keys of it. The credential, its usage and its history stay one."""

from __future__ import annotations

from datetime import timedelta

from app.access.secrets import SECRET
from app.credentials.keys import revoke_keys, rotate_keys, with_keys
from app.credentials.rules import KEY_NAMESPACE, CredentialRules
from app.credentials.secrets import seal, secret_text
from app.entities.audit_entry import AuditAction
from app.entities.credential import Credential, CredentialKey
from app.entities.texts import Invalid, Parse
from app.entities.value_rules import value_rule
from app.errors import Problem, Problems, Refused
from app.graph.by import By
from app.graph.documents import evolve, to_document
from app.writing.input_types import (
    MutationInput,
    VersionedInput,
    needed,
    operation_input,
    optional,
    with_default,
)
from app.writing.inputs import is_given, record_key
from app.writing.keys import Key, by_namespace
from app.writing.lifecycle import check_keys, claim_key, require_target
from app.writing.payloads import Payload, payload, shown
from app.writing.work import Work

DAY, LONGEST_GRACE = 24 * 3600, 365 * 24 * 3600  # seconds
MOST_KEYS = 100
WHICH = "The credential, by its id or any of its keys."


@operation_input
class RotateCredentialInput(VersionedInput, MutationInput):
    """The credential, and its new key."""

    by: By[Credential] = needed(WHICH)
    credential_id: str = needed("The new key, as metering events will carry it.")
    grace_period_seconds: int = with_default(DAY, "How long the old key still works, in seconds; 0 ends it now.")
    external_secret: str | None = optional("The new key's secret. It is encrypted and never shown.")


@payload
class RotateCredentialPayload(Payload):
    """The credential."""

    credential: Credential | None = shown("The credential with its new key; null if the request was refused.")


@operation_input
class RevokeCredentialInput(VersionedInput, MutationInput):
    """The credential, and which of its keys end."""

    by: By[Credential] = needed(WHICH)
    keys: list[str] | None = optional("The keys to end; all of its keys if omitted.")


@payload
class RevokeCredentialPayload(Payload):
    """The credential."""

    credential: Credential | None = shown("The credential after the change; null if the request was refused.")


async def rotate_credential(work: Work, given: RotateCredentialInput) -> RotateCredentialPayload:
    """Give a credential a new key; the old one retires. Raises Refused."""
    problems = Problems()
    value = read(value_rule(Credential, "credential_id"), given.credential_id, problems.at("credentialId"))
    if value == "":
        problems.add("REQUIRED", "credentialId", "Give the new key: it cannot be empty.")
    is_secret = is_given(given.external_secret)
    secret = read(secret_text, given.external_secret, problems.at(SECRET)) if is_secret else None
    if not 0 <= given.grace_period_seconds <= LONGEST_GRACE:
        message = f"A grace period is from 0 to {LONGEST_GRACE:,} seconds (one year)."
        problems.add("INVALID_NUMBER", "gracePeriodSeconds", message)
    problems.refuse()
    before = await require_target(work, Credential, record_key(given.by), given.expected_version)
    if any(key.value == value for key in before.keys):
        problems.add("TAKEN", "credentialId", f"{value!r} is or was one of its keys: give a new one.")
    if len(before.keys) >= MOST_KEYS:
        message = f"It has had {MOST_KEYS} keys, the most that are allowed: create a new credential."
        problems.add("TOO_MANY", "credentialId", message)
    sealed = seal(work, before.id, secret, problems)
    new = CredentialKey(value=value or "", valid_from=work.now, external_secret=sealed)
    grace = timedelta(seconds=given.grace_period_seconds)
    after = with_keys(evolve(before, credential_id=value), rotate_keys(before.keys, new, work.now, grace))
    claim = Key(KEY_NAMESPACE, value or "", "keys")
    await work.look_up(by_namespace([claim]))
    await work.fetch([before.organization_id])
    if not len(problems):
        check_keys(work, CredentialRules(), [claim], before, to_document(before), problems)
    problems.refuse()
    rotated = work.change(before, after, AuditAction.ROTATED)
    claim_key(work, claim, before.id)
    return RotateCredentialPayload(credential=rotated)


def read(rule: Parse, value: object, problems: Problems) -> str | None:
    """The value parsed by its rule; None, with a problem added, if it is invalid."""
    try:
        return str(rule(value))
    except Invalid as error:
        problems.add(error.code, (), error.message)
        return None


async def revoke_credential(work: Work, given: RevokeCredentialInput) -> RevokeCredentialPayload:
    """End keys of a credential: all, or those that are named. Raises Refused."""
    if given.keys == []:
        message = "Give at least one key, or omit `keys` to end all of them."
        raise Refused([Problem("REQUIRED", ("keys",), message)])
    values = given.keys if is_given(given.keys) else None
    before = await require_target(work, Credential, record_key(given.by), given.expected_version)
    known, problems = {key.value for key in before.keys}, Problems(("keys",))
    for n, value in enumerate(values or ()):
        if value not in known:
            problems.add("NOT_FOUND", str(n), f"{value!r} is not one of its keys.")
    problems.refuse()
    after = with_keys(before, revoke_keys(before.keys, work.now, values))
    return RevokeCredentialPayload(credential=work.change(before, after, AuditAction.REVOKED))
