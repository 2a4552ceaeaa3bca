"""Which organizations claim an e-mail domain, read once in a unit of work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from app.entities.organization import Organization
from app.mongo.client import Doc
from app.organizations.domains import is_public
from app.writing.work import Work


class Claimants:
    """E-mail domain → the live organizations that claim it, as far as they were read in one unit of work."""

    def __init__(self) -> None:
        self.of: dict[str, list[str]] = {}


async def read_claimants(work: Work, domains: Collection[str]) -> None:
    """Read the claimants of these domains in one read; for a single domain at most two, which are enough."""
    known = work.part(Claimants).of
    wanted = sorted(each for each in set(domains) - known.keys() if each and not is_public(each))
    if not wanted:
        return
    query: Doc = {"associatedDomains": {"$in": wanted}, "deletedAt": None}
    found: dict[str, list[str]] = defaultdict(list)
    limit = 2 if len(wanted) == 1 else 0
    for doc in await work.find(Organization.collection, query, {"associatedDomains": 1}, limit=limit):
        for domain in doc["associatedDomains"]:
            found[domain].append(doc["_id"])
    known.update({domain: found.get(domain, []) for domain in wanted})
