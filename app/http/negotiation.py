"""Which media type an answer is written in (RFC 9110, 12.5.1), and what a Content-Type header says.

Nothing of GraphQL but the names of its media types; nothing is read or answered here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"

UTF_8 = frozenset({"utf-8", "utf8"})


@lru_cache(maxsize=64)  # a server is sent few different ones
def choose_media_type(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The offered media type that an Accept header prefers, or None where it takes none of them.

    The higher q wins, then the type that is named over one that a wildcard covers, then the order of `offered`. Where
    only a wildcard speaks, or nothing does, it is JSON: what clients that know nothing of GraphQL's own type expect.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = [media_range for part in accept.split(",") if (media_range := _parse_media_range(part)) is not None]
    ranked = [(_rank(media_type, ranges, -place), media_type) for place, media_type in enumerate(offered)]
    (q, *_), best = max(ranked)
    return best if q > 0 else None


def parse_content_type(value: str | None) -> tuple[str, str]:
    """The media type and the charset of a Content-Type header, in lower case; where no charset is said, UTF-8."""
    media_type, parameters = _split(value or "")
    return media_type, parameters.get("charset", "utf-8")


def _rank(media_type: str, ranges: Sequence[tuple[str, float]], place: int) -> tuple[float, int, int]:
    """How a type ranks, the greater the better: (q of the most specific range for it, how specific that is, place)."""
    wildcard = media_type.partition("/")[0] + "/*"
    for specificity, name in ((3, media_type), (2, wildcard), (1, "*/*")):
        weights = [q for named, q in ranges if named == name]
        if weights:
            # Under a wildcard the plain type comes first, whatever the order of the offer.
            return max(weights), specificity, 1 if media_type == JSON and specificity < 3 else place
    return 0.0, 0, 0


def _parse_media_range(part: str) -> tuple[str, float] | None:
    """A range of an Accept header and its q; None for one that is malformed or asks for another charset than ours."""
    name, parameters = _split(part)
    if "/" not in name or parameters.get("charset", "utf-8") not in UTF_8:
        return None
    try:
        q = float(parameters.get("q", "1"))
    except ValueError:
        return None
    return (name, q) if 0 <= q <= 1 else None


def _split(value: str) -> tuple[str, dict[str, str]]:
    """From `type/subtype; name="value"` to the type and the values by name, in lower case."""
    name, *rest = value.lower().split(";")
    pairs = (parameter.partition("=") for parameter in rest)
    return name.strip(), {key.strip(): text.strip().strip('"') for key, _, text in pairs}
