"""What the room of credentials brings."""

from __future__ import annotations

from app.credentials.exporting import CREDENTIALS
from app.credentials.importing import CredentialImporter
from app.credentials.mutations import CredentialMutations
from app.credentials.queries import CredentialQueries
from app.credentials.rules import CredentialRules
from app.entities.credential import Credential
from app.room import Room

ROOM = Room(
    records=(Credential,),
    rules=(CredentialRules,),
    queries=CredentialQueries,
    mutations=CredentialMutations,
    importers={"credentials": CredentialImporter},
    exporters={"credentials": CREDENTIALS},
)
