"""Which organizations are probably the same customer: keys to find pairs, and a score to judge each pair.

Pure rules. `match_keys` is stored with each organization and indexed, so that those that may be the same are found by
what they share and never by comparing all with all; `score` looks at two of them closely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from app.entities.addresses import normalise_email
from app.entities.duplicate import DuplicateReason
from app.entities.identifiers import UNCLASSIFIED_ID
from app.entities.organization import OrganizationKind
from app.organizations.domains import is_public
from app.organizations.names import GENERIC, Name, name_of, plain, similarity

MAX_KEYS = 40
"""How many keys an organization has at most: each is an entry of the index."""

MAX_LENGTH = 48
"""How long a key is at most, in characters."""

PREFIX, DELETED = 5, 7
NEEDED = (
    "name",
    "kind",
    "externalId",
    "aliases",
    "associatedDomains",
    "storefrontUrl",
    "primaryEmail",
    "billing",
    "parentId",
    "ancestorIds",
)
"""The stored fields that keys and scores are made of."""


@dataclass(frozen=True, slots=True)
class Score:
    """How likely two organizations are the same customer, 0 to 1, and the reasons, strongest first."""

    score: float
    reasons: tuple[DuplicateReason, ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """The values of an organization that are compared."""

    id: str
    name: Name
    is_person: bool
    domains: frozenset[str]
    hosts: frozenset[str]
    """Where it is on the web: its domains and the host of its site."""
    emails: frozenset[str]
    external_ids: frozenset[str]
    country: str | None
    city: str | None
    parent: str | None
    above: frozenset[str]

    @classmethod
    def from_document(cls, doc: Mapping[str, object]) -> Traits:
        """The traits of a stored organization, or of the fields that will be stored."""
        stored = doc.get("billing")
        billing: Mapping[str, object] = stored if isinstance(stored, Mapping) else {}
        name = name_of(text_in(doc, "name"))
        domains = frozenset(each for each in texts_in(doc, "associatedDomains") if not is_public(each))
        given = (text_in(doc, "externalId"), *texts_in(doc, "aliases"))
        return cls(
            id=text_in(doc, "_id"),
            name=name,
            is_person=doc.get("kind") in (OrganizationKind.INDIVIDUAL, "INDIVIDUAL"),
            domains=domains,
            hosts=domains | frozenset(host_of(text_in(doc, "storefrontUrl"))),
            emails=frozenset(
                normalise_email(each) for each in (text_in(doc, "primaryEmail"), text_in(billing, "email")) if each
            ),
            external_ids=frozenset(found for each in given if each and (found := normalise_external_id(each))),
            country=text_in(billing, "country") or name.country,
            city=plain(text_in(billing, "city")).strip() or None,
            parent=text_in(doc, "parentId") or None,
            above=frozenset(texts_in(doc, "ancestorIds")),
        )


def text_in(doc: Mapping[str, object], name: str) -> str:
    """The text in a field of a document; empty if there is none."""
    value = doc.get(name)
    return value if isinstance(value, str) else ""


def texts_in(doc: Mapping[str, object], name: str) -> list[str]:
    """The texts in a list field of a document."""
    value = doc.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, (list, tuple)) else []


def host_of(url: str) -> Iterator[str]:
    """The host of a web site, if it has one."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return
    if host:
        yield host.removeprefix("www.")


def normalise_external_id(external_id: str) -> str | None:
    """An external id without case and punctuation; None if fewer than four characters remain."""
    found = re.sub(r"[\W_]+", "", plain(external_id))
    return found if len(found) >= 4 else None


def match_keys(doc: Mapping[str, object]) -> tuple[str, ...]:
    """The keys under which an organization finds others like it, and is found: short, distinct, at most `MAX_KEYS`.

    `doc` is the document, or the fields that will be stored. Whoever writes an organization stores them with it. The
    organization UNCLASSIFIED has none.
    """
    if doc.get("_id") == UNCLASSIFIED_ID:
        return ()
    traits = Traits.from_document(doc)
    strong = [
        *(f"d:{each}" for each in sorted(traits.domains)[:4]),
        *(f"e:{each}" for each in sorted(traits.emails)),
        *(f"x:{each}" for each in sorted(traits.external_ids)[:6]),
    ]
    found = (each[:MAX_LENGTH] for each in (*strong, *name_keys(traits.name)))
    return tuple(islice(dict.fromkeys(found), MAX_KEYS))


def name_keys(name: Name) -> Iterator[str]:
    """The keys of a name, the surest first.

    n: all its words, in any order. j: its letters, however divided into words. a: the beginnings of all words, for any
    number of abbreviations. c: its initials, or the acronym that it is. t: its one or two distinctive words with one
    letter less, for typos. l: all words but one, for a word that is quite another.
    """
    words = sorted(name.words)
    yield "n:" + "".join(words)
    yield "j:" + "".join(name.words)
    if len(words) > 1:
        yield "a:" + "".join(word[:3] for word in words)
    yield from (f"c:{each}" for each in sorted(acronyms_of(name)))
    yield from typo_keys(name)
    if len(words) > 1:
        for word in sorted(dict.fromkeys(words), key=lambda each: (each not in GENERIC, -len(each)))[:8]:
            rest = list(words)
            rest.remove(word)
            yield "l:" + "".join(each[:PREFIX] for each in rest)


def acronyms_of(name: Name) -> set[str]:
    """The acronyms of a name: itself if it is one, those in brackets beside it, and its initials."""
    said = {word for word in name.aside if 3 <= len(word) <= 8} | ({name.words[0]} if name.is_short else set())
    return said | ({name.initials} if len(name.initials) >= 3 else set())


def typo_keys(name: Name) -> Iterator[str]:
    """Keys of the distinctive words with each letter removed in turn: names that differ by one letter share one."""
    distinct = sorted(set(name.distinctive))
    rest = "".join(sorted(word[0] for word in name.words if word not in distinct))
    if len(distinct) > 2:
        return
    for at, word in enumerate(distinct):
        other = "".join(each[:PREFIX] for n, each in enumerate(distinct) if n != at)
        for shorter in with_one_letter_removed(word[:DELETED]):
            yield f"t:{rest}|{other}|{shorter}"


def with_one_letter_removed(word: str) -> Iterable[str]:
    """A word and its variants with one letter removed; a word of up to three letters has none."""
    return dict.fromkeys([word, *(word[:n] + word[n + 1 :] for n in range(len(word)))]) if len(word) > 3 else [word]


# The weight of each kind of evidence, 0 to 1. The score is the chance that not all of the evidence is accidental.
DOMAIN, DOMAIN_ALONE, EMAIL, EXTERNAL_ID = 0.5, 0.3, 0.6, 0.75
ACRONYM_ALONE, NAME_COUNTS = 0.62, 0.75
SAME_CITY = 0.8
"""What is left of the doubt in a name where the city is the same."""

# And against: what is left of it.
OTHER_COUNTRY, OTHER_CITY, OTHER_SITE, OTHER_EMAIL, NO_CITY, GENERIC_NAME = 0.6, 0.72, 0.85, 0.8, 0.95, 0.78
ANCESTOR, SIBLING = 0.6, 0.85


def score(a: Traits, b: Traits) -> Score:
    """How likely two organizations are the same customer, with the reasons. The order of the two does not matter."""
    alike = similarity(a.name, b.name)
    is_acronym = alike < NAME_COUNTS and (is_acronym_of(a.name, b.name) or is_acronym_of(b.name, a.name))
    by_name = name_evidence(a, b, max(alike, ACRONYM_ALONE) if is_acronym else alike)
    found = {
        DuplicateReason.SAME_EXTERNAL_ID: EXTERNAL_ID if a.external_ids & b.external_ids else 0.0,
        DuplicateReason.SHARED_EMAIL: EMAIL if a.emails & b.emails else 0.0,
        DuplicateReason.SAME_NAME: by_name if alike >= 0.97 else 0.0,
        DuplicateReason.SIMILAR_NAME: by_name if NAME_COUNTS <= alike < 0.97 else 0.0,
        DuplicateReason.ACRONYM: by_name if is_acronym else 0.0,
        DuplicateReason.SAME_DOMAIN: (DOMAIN if alike >= NAME_COUNTS or is_acronym else DOMAIN_ALONE)
        if a.domains & b.domains
        else 0.0,
    }
    doubt = 1.0
    for weight in found.values():
        doubt *= 1.0 - weight
    reasons = sorted((each for each, weight in found.items() if weight), key=lambda each: -found[each])
    return Score(round((1.0 - doubt) * counter_evidence(a, b, alike), 3), tuple(reasons))


def name_evidence(a: Traits, b: Traits, alike: float) -> float:
    """The evidence of the names, 0 to 1: their similarity `alike`, adjusted for city, web site and e-mail address."""
    evidence = alike * alike
    if a.city and a.city == b.city and a.country == b.country:
        evidence = 1.0 - (1.0 - evidence) * SAME_CITY
    elif a.city and b.city:
        evidence *= OTHER_CITY
    else:
        evidence *= GENERIC_NAME if a.name.is_generic and b.name.is_generic else NO_CITY
    if alike < 1.0 and a.hosts and b.hosts and not a.hosts & b.hosts:
        evidence *= OTHER_SITE
    if a.is_person and b.is_person and a.emails and b.emails and not a.emails & b.emails:
        evidence *= OTHER_EMAIL
    return evidence


def counter_evidence(a: Traits, b: Traits, alike: float) -> float:
    """The factor, 0 to 1, by which country and position in the tree reduce the score of two organizations."""
    factor = 1.0
    if a.country and b.country and a.country != b.country:
        factor *= OTHER_COUNTRY
    if a.id in b.above or b.id in a.above:
        factor *= ANCESTOR
    elif a.parent is not None and a.parent == b.parent and alike < 1.0:
        factor *= SIBLING
    return factor


def is_acronym_of(short: Name, long: Name) -> bool:
    """Whether one name is the acronym of the other."""
    return short.is_short and len(short.words[0]) >= 3 and short.words[0] == long.initials
