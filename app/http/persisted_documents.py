"""Documents that are known by their SHA-256: a client sends the hash in place of the text.

*Trusted documents* come with the deployment, from a manifest; a server can be told to run nothing else. *Automatic
persisted queries* are learnt: a client that is answered PersistedQueryNotFound sends text and hash together once. From
the hash comes the text here; `document_cache` prepares it like any other.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import orjson

from app.errors import Code, SetupError
from app.http.request import GraphQLRequest, Rejected

MAX_LEARNT, MAX_CHARACTERS = 1_000, 2_000_000
APOLLO_FORMAT = "apollo-persisted-query-manifest"
NOT_FOUND = "PersistedQueryNotFound"  # the words that clients look for


def hash_of(text: str) -> str:
    """The SHA-256 of a document, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def load_manifest(path: Path | None) -> Mapping[str, str]:
    """The trusted documents by hash. The manifest is a JSON object that maps each hash (or `sha256:` and it) to its
    document, or Apollo's list of operations with id and body."""
    if path is None:
        return {}
    try:
        given = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SetupError(f"The trusted documents cannot be read from {path}: {error}") from None
    given = documents_of_apollo(given)
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise SetupError(
            f"{path} has to be a JSON object that maps the SHA-256 of each document to the document, "
            "or an apollo-persisted-query-manifest."
        )
    documents = {name.removeprefix("sha256:").lower(): text for name, text in given.items()}
    if wrong := [name for name, text in documents.items() if hash_of(text) != name]:
        raise SetupError(f"{path}: {wrong[0]} is not the SHA-256 of its document ({len(wrong)} are wrong).")
    return documents


def documents_of_apollo(manifest: object) -> object:
    """Id → body of the operations in a manifest of Apollo's format; anything else as it is."""
    if not isinstance(manifest, dict) or manifest.get("format") != APOLLO_FORMAT:
        return manifest
    operations = manifest.get("operations")
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        return None
    return {str(each.get("id")): each.get("body") for each in operations}


class PersistedDocuments:
    """The trusted documents, and a bounded number of learnt ones."""

    def __init__(self, trusted: Mapping[str, str], *, trusted_only: bool) -> None:
        if trusted_only and not trusted:
            raise SetupError("Only trusted documents are to be run, but there are none: name their manifest.")
        self.trusted, self.trusted_only = trusted, trusted_only
        self.learnt: OrderedDict[str, str] = OrderedDict()
        self.characters = 0

    def find_text(self, request: GraphQLRequest) -> str:
        """The text of the document that a request sends or names; `Rejected` where it is unknown or may not be run."""
        if request.document_hash is None:
            if self.trusted_only:
                raise Rejected(
                    403, "Only trusted documents are run here: send one's `documentId`.", code=Code.FORBIDDEN
                )
            return request.query or ""
        if request.query is not None and hash_of(request.query) != request.document_hash:
            raise Rejected(400, "The hash that was sent is not the SHA-256 of the query.")
        text = self.trusted.get(request.document_hash) or self.learnt.get(request.document_hash)
        if text is not None:
            return text
        if request.query is None or self.trusted_only:
            status = 403 if self.trusted_only else 200
            raise Rejected(status, NOT_FOUND, code=Code.PERSISTED_QUERY_NOT_FOUND)
        self.learn(request.document_hash, request.query)
        return request.query

    def learn(self, name: str, text: str) -> None:
        """Keep a document by its hash; the oldest make room."""
        self.learnt[name] = text
        self.characters += len(text)
        while len(self.learnt) > MAX_LEARNT or self.characters > MAX_CHARACTERS:
            self.characters -= len(self.learnt.popitem(last=False)[1])
