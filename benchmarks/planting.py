"""Duplicates as they come into being: a customer entered a second time, by somebody who did not find the first.

The copy has an external id of its own and no parent. Half of the copies keep the e-mail domain, none keeps the
web site; seven in ten keep country and city, the others the country or nothing. The lists here are not the rules' own.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

Row = dict[str, str]
SORTS = ("typos", "legal forms", "abbreviations", "swapped words", "another domain")
_LEGAL = (
    "Inc|Inc.|, Inc.|Ltd|Ltd.| Limited|LLC|, LLC|GmbH|S.A.|SA|AG|Corp.|Corporation|B.V.|S.p.A.|Co., Ltd.|Incorporated|"
    "Pty Ltd|plc|Sp. z o.o.|e.V.|A/S|AB|Oy|S.r.l.|SARL|SAS|Kft.|s.r.o.|K.K."
)
SHORT = {
    "university": "Univ.", "institute": "Inst.", "international": "Intl", "national": "Natl.", "department": "Dept.",
    "association": "Assn.", "technology": "Tech.", "technologies": "Tech", "laboratory": "Lab", "laboratories": "Labs",
    "center": "Ctr.", "centre": "Ctr", "hospital": "Hosp.", "medical": "Med.", "science": "Sci.", "sciences": "Sci",
    "research": "Res.", "development": "Dev.", "management": "Mgmt", "engineering": "Eng.", "government": "Govt",
    "ministry": "Min.", "saint": "St.", "foundation": "Fdn", "society": "Soc.", "academy": "Acad.", "college": "Coll.",
    "corporation": "Corp", "company": "Co", "and": "&", "group": "Grp", "systems": "Sys.", "services": "Svcs",
    "federal": "Fed.", "agricultural": "Agric.", "environmental": "Env.", "instituto": "Inst.", "universidad": "Univ.",
    "universidade": "Univ", "universitas": "Univ", "community": "Comm.", "education": "Educ.", "health": "Hlth",
    "pharmaceuticals": "Pharma", "industries": "Ind.", "electric": "Elec.", "european": "Eur.", "american": "Am.",
}  # fmt: skip
_SMALL = "of the and for de la le des du et en e do da di und für y del in at a"
LEGAL, SMALL = _LEGAL.split("|"), frozenset(_SMALL.split())


@dataclass(frozen=True)
class Planted:
    """A copy, the sort it is of, and the external id of what it is a copy of."""

    row: Row
    sort: str
    original: str


def plant(rows: list[Row], seed: int, each: int = 100) -> list[Planted]:
    """`each` copies of every sort, of organizations drawn at random; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311  # the same again for the same seed
    drawn = iter(rng.sample(rows, min(len(rows), each * len(SORTS) * 4)))
    made: list[Planted] = []
    for sort in SORTS:
        count = 0
        while count < each:
            row = next(drawn)
            name = MAKERS[sort](row["name"], rng)
            if name and (sort == "another domain" or name != row["name"]):
                count += 1
                copied = copy(row, name, f"crm-{seed}-{len(made):04}", rng)
                if sort == "another domain":
                    copied["associated_domains"] = another_domain(row["name"], rng)
                made.append(Planted(copied, sort, row["external_id"]))
    return made


def copy(row: Row, name: str, external_id: str, rng: random.Random) -> Row:
    """The row of somebody who knows the customer under another name."""
    knows = rng.random()
    domains = row["associated_domains"].split()[:1] if rng.random() < 0.5 else []
    return {
        "external_id": external_id,
        "name": name,
        "parent_external_id": "",
        "country": row["country"] if knows < 0.85 else "",
        "state": "",
        "city": row["city"] if knows < 0.7 else "",
        "associated_domains": " ".join(domains),
        "website": "",
    }


def typos(name: str, rng: random.Random) -> str | None:
    """One letter wrong, or, in three of ten, two."""
    for _ in range(1 if rng.random() < 0.7 else 2):
        places = [m.span() for m in re.finditer(r"[^\W\d_]{4,}", name)]
        if not places:
            return None
        start, end = rng.choice(places)
        at = rng.randrange(start, end)
        letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
        name = rng.choice(
            [
                name[:at] + name[at + 1 :],
                name[:at] + letter + name[at:],
                name[:at] + letter + name[at + 1 :],
                name[: (at := min(at, end - 2))] + name[at + 1] + name[at] + name[at + 2 :],
            ]
        )
    return name


def legal_forms(name: str, rng: random.Random) -> str:
    """A legal form more, less, or another; a country in brackets goes in half of them."""
    body, _, bracket = name.partition(" (")
    bare = re.sub(r",? (Inc|Ltd|LLC|GmbH|AG|Corporation|Co|Limited|S\.A\.|B\.V\.|plc|Corp)\.?$", "", body)
    if bare != body and rng.random() < 0.5:
        made = bare
    else:
        form = rng.choice(LEGAL)
        made = f"{bare}{form}" if form.startswith(",") else f"{bare} {form.strip()}"
    return f"{made} ({bracket}" if bracket and rng.random() < 0.5 else made


def abbreviations(name: str, rng: random.Random) -> str | None:
    """Words cut short as people do; in two of ten the initials."""
    body = name.partition(" (")[0]
    words = body.split()
    if len(words) < 2:
        return None
    big = [word for word in words if word.casefold() not in SMALL and word[0].isalpha()]
    if len(big) >= 3 and rng.random() < 0.2:
        return "".join(word[0].upper() for word in big)
    shorter = [SHORT.get(word.casefold(), word) for word in words]
    if shorter == words:
        longest = max(words, key=len)
        shorter = [f"{word[:4]}." if word == longest and len(word) > 5 else word for word in words]
    return " ".join(shorter)


def swapped_words(name: str, rng: random.Random) -> str | None:
    """Two words exchanged, or the last one put in front."""
    words = name.partition(" (")[0].split()
    if len(words) < 2:
        return None
    if rng.random() < 0.5:
        return f"{words[-1]}, {' '.join(words[:-1])}"
    at = rng.randrange(len(words) - 1)
    words[at], words[at + 1] = words[at + 1], words[at]
    return " ".join(words)


def another_domain(name: str, rng: random.Random) -> str:
    """A domain made of the name, under another top."""
    slug = "".join(re.findall(r"[a-z]+", name.casefold()))[:20] or "customer"
    return f"{slug}.{rng.choice(['net', 'io', 'co', 'biz', 'info'])}"


def much_the_same(name: str, rng: random.Random) -> str:
    """The name as it is, in capitals, or with another legal form."""
    by = rng.random()
    return name if by < 0.4 else name.upper() if by < 0.6 else legal_forms(name, rng)


MAKERS: dict[str, Callable[[str, random.Random], str | None]] = {
    "typos": typos,
    "legal forms": legal_forms,
    "abbreviations": abbreviations,
    "swapped words": swapped_words,
    "another domain": much_the_same,
}
