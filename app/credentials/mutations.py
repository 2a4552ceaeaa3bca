"""What can be done with credentials."""

from __future__ import annotations

from app.credentials.importing import CredentialImporter
from app.credentials.rotating import revoke_credential, rotate_credential
from app.credentials.rules import CredentialRules
from app.entities.credential import Credential
from app.transfer.import_mutations import import_mutation
from app.writing.mutation import Mutation
from app.writing.record_mutations import create, delete, restore, scopes_of, update
from app.writing.upserting import upsert


class CredentialMutations:
    """What can be done with credentials."""

    create_credential = create(CredentialRules, doc="Create a credential with its first key.")
    update_credential = update(CredentialRules, doc="Update a credential. Use `rotateCredential` to give it a new key.")
    upsert_credential = upsert(
        CredentialRules,
        doc="Change the credential that has this key, be it retiring or ended, or create it with the key.",
    )
    delete_credential = delete(CredentialRules, doc="Delete a credential. Its keys stay reserved for its organization.")
    restore_credential = restore(CredentialRules, doc="Restore a deleted credential with its keys.")
    import_credentials = import_mutation(
        "credentials", Credential, CredentialImporter, "Their subscribers must already exist."
    )
    rotate_credential = Mutation(
        doc="Give a credential a new key, which works from now on. The old key works until its grace period "
        "is over. The credential keeps its usage and history.",
        operation=rotate_credential,
        needs=lambda: scopes_of(Credential),
    )
    revoke_credential = Mutation(
        doc="End keys of a credential now. Usage that still carries them is attributed and flagged.",
        operation=revoke_credential,
        needs=lambda: scopes_of(Credential),
    )
