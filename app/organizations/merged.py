"""What one organization is after others were merged into it. Pure: documents in, a document out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FILLED = ("description", "storefrontUrl", "primaryEmail", "billing")
"""Fields that the target has from a source where it has none of its own."""


def merged(target: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of the target that change: its own win, external ids and names are kept as ones that find it."""
    everyone = (target, *sources)
    external_ids = [each["externalId"] for each in everyone if each.get("externalId")]
    external_id = external_ids[0] if external_ids else None
    aliases = unique(*(each.get("aliases", ()) for each in everyone), external_ids)
    names = unique(target.get("formerNames", ()), *([each["name"], *each.get("formerNames", ())] for each in sources))
    return {
        **{name: next((each[name] for each in everyone if each.get(name)), None) for name in FILLED},
        "externalId": external_id,
        "aliases": [each for each in aliases if each != external_id],
        "formerNames": [each for each in names if each != target["name"]],
        "associatedDomains": unique(*(each.get("associatedDomains", ()) for each in everyone)),
        "customMetadata": first_of("name", *(each.get("customMetadata", ()) for each in everyone)),
        "appMetadata": first_of("app", *(each.get("appMetadata", ()) for each in everyone)),
        "mergedIds": unique(
            target.get("mergedIds", ()), *([each["_id"], *each.get("mergedIds", ())] for each in sources)
        ),
    }


def unique(*lists: Iterable[str]) -> list[str]:
    """All of them, each once, in order."""
    return list(dict.fromkeys(each for found in lists for each in found))


def first_of(name: str, *lists: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows by one of their fields; of several with the same value there the first."""
    found: dict[str, dict[str, Any]] = {}
    for rows in lists:
        for row in rows:
            found.setdefault(row[name], dict(row))
    return list(found.values())
