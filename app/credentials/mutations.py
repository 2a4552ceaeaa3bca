"""What can be done with credentials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import strawberry
from strawberry import UNSET

from app.context import Context
from app.credentials.lifecycle import CredentialLifecycle, secret_text, short
from app.entities.texts import Invalid
from app.errors import Problem, Refused
from app.writing.crud import create, delete, restore, scopes_of, shows, update, which
from app.writing.inputs import EXPECTED_VERSION
from app.writing.lifecycle import LIFECYCLES
from app.writing.mutation import Mutation
from app.writing.work import Work

DAY, LONGEST_GRACE = 24 * 3600, 365 * 24 * 3600


def lifecycle() -> CredentialLifecycle:
    """The credentials' own."""
    found = LIFECYCLES["Credential"]
    assert isinstance(found, CredentialLifecycle)  # noqa: S101  # it registers itself under that name
    return found


async def rotate(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """Give a credential a new key."""
    problems: list[Problem] = []
    value = checked("credentialId", short, given.credential_id, problems)
    if value == "":
        problems.append(Problem("REQUIRED", ("credentialId",), "It is empty: give the new key."))
    secret = None
    if given.external_secret is not UNSET and given.external_secret is not None:
        secret = checked("externalSecret", secret_text, given.external_secret, problems)
    if not 0 <= given.grace_period_seconds <= LONGEST_GRACE:
        message = f"A grace period has 0 to {LONGEST_GRACE:,} seconds, a year."
        problems.append(Problem("INVALID_NUMBER", ("gracePeriodSeconds",), message))
    if problems:
        raise Refused(problems)
    grace = timedelta(seconds=given.grace_period_seconds)
    return {"credential": await lifecycle().rotate(work, given, value, grace, secret)}


def checked(name: str, parse: Any, value: Any, problems: list[Problem]) -> Any:
    """A value by its rule; a problem where it does not hold."""
    try:
        return parse(value)
    except Invalid as error:
        problems.append(Problem(error.code, (name,), error.message))
        return None


async def revoke(work: Work, given: Any, context: Context) -> Mapping[str, Any]:
    """End keys of a credential."""
    if given.keys == []:
        message = "Name at least one key; all of them end where `keys` is left out."
        raise Refused([Problem("REQUIRED", ("keys",), message)])
    values = None if given.keys is UNSET else given.keys
    return {"credential": await lifecycle().revoke(work, given, values)}


WHICH = "Which one, by its id or any of its keys."


class CredentialMutations:
    """What can be done with credentials."""

    create_credential = create("Credential", doc="Make a credential, with its first key.")
    update_credential = update("Credential", doc="Change a credential. A new key comes by `rotateCredential`.")
    delete_credential = delete(
        "Credential", doc="Delete a credential. Its keys stay its organization's: no other is ever given them."
    )
    restore_credential = restore("Credential", doc="Bring a deleted credential back, with its keys.")
    rotate_credential = Mutation(
        doc="Give a credential a new key, which works from now on. The old one works through its grace period; the "
        "credential, its usage and its history stay one.",
        operation=rotate,
        inputs=lambda: [
            which("Credential", WHICH),
            EXPECTED_VERSION,
            ("credential_id", str, strawberry.field(description="The new key: what metering events will carry.")),
            (
                "grace_period_seconds",
                int,
                strawberry.field(default=DAY, description="How long the old key still works; 0 ends it now."),
            ),
            (
                "external_secret",
                str | None,
                strawberry.field(default=UNSET, description="The new key's secret. It is encrypted and never shown."),
            ),
        ],
        shows=shows("Credential", "The credential with its new key; null where it was refused."),
        needs=lambda: scopes_of("Credential"),
    )
    revoke_credential = Mutation(
        doc="End keys of a credential now. Usage that still carries them is attributed, and flagged.",
        operation=revoke,
        inputs=lambda: [
            which("Credential", WHICH),
            EXPECTED_VERSION,
            (
                "keys",
                list[str] | None,
                strawberry.field(default=UNSET, description="Which of its keys; all of them if they are not named."),
            ),
        ],
        shows=shows("Credential", "The credential as it is now; null where it was refused."),
        needs=lambda: scopes_of("Credential"),
    )
