"""The root fields that lead to credentials."""

from __future__ import annotations

from app.graph.roots import find, page


class CredentialQueries:
    """The root fields that lead to credentials."""

    credential = find("Credential", doc="One credential, by its id or any of its keys.")
    credentials = page("Credential", doc="All credentials.")
