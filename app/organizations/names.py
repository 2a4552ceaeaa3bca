"""Names of organizations as they are compared: words without case, accents, legal forms and common abbreviations.

Pure rules. Nothing is translated and nothing is guessed: two spellings of a word become one where anybody would read
them as one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import pycountry

_STOP = """
    the of and for at in to an on by with de la le les du des et en pour sur y e el los las del da do dos das
    em di della der die und fur van von zu og och w im
"""
_LEGAL = """
    inc incorporated llc llp ltd limited plc gmbh mbh ggmbh kgaa ohg ev sarl sas sasu srl spa bv nv oy oyj aps
    asa kk pty pte corp corporation co company ooo oao zao pjsc ojsc jsc kft zrt nyrt sro doo dd eood ead ltda
    lda cia epe eireli bhd sdn tbk pvt pt ab ag sa se as kg ug lp cv ks rl sp z oo zoo gesmbh eg unlimited
"""
_GENERIC = """
    academy administration advanced agency agricultural agriculture american applied art arts association
    authority bank board bureau cancer care center central centro city clinic clinical college commission
    committee community company council department development division economics education educational energy
    engineering environment environmental european fachhochschule federal federation foundation fund general
    global government group health healthcare high higher holding holdings hospital hochschule industrial
    industries industry information innovation institut institute institution instituto international
    laboratory laboratoire law library management marine medical medicine memorial ministerio ministry
    municipal museum nacional national network new office organization polytechnic public recherche regional
    research royal school science scientific service social society software solutions state station studies
    superior system technical technological technology tecnologico union universidad universidade universita
    universitas universitat universite university
"""
_SPELLINGS = """
    academy: acad; administration: admin; advanced: adv; agricultural: agric agri; agriculture: agr; american:
    amer am; and: und; associates: assocs; association: assoc assn assoc ass; bank: bk; board: bd; brothers:
    bros; building: bldg; bureau: bur; center: centre ctr cntr cent; chemical: chem; civil: civ; college:
    coll; commission: comm; committee: cttee; communication: communications comms; community: cmty;
    construction: constr; consulting: consult; council: cncl; department: dept dep dpt; development: dev devt
    dvlpt; division: div; doctor: dr; economics: econ; education: educ edu; electronic: electronics;
    engineering: eng engg engr; environment: env environ; environmental: envtl; european: eur euro; federal:
    fed; federation: fedn; foundation: fdn found fndn; fort: ft; general: gen; government: govt gov; group:
    grp; health: hlth; healthcare: hc; holding: holdings hldg hldgs; hospital: hosp; industries: inds;
    industry: ind; information: info; institute: inst; institution: instn; international: intl intnl int;
    laboratory: lab labs laboratories; library: lib; management: mgmt mgt; manufacturing: mfg manuf; marine:
    mar; mathematics: math maths; medical: med; memorial: meml mem; ministry: min; mount: mt; museum: mus;
    national: natl nat; organization: organisation org orgn; pharmaceutical: pharmaceuticals pharma pharm;
    physics: phys; production: prod; public: pub; regional: reg; research: res rsch; saint: st ste; school:
    sch; science: sciences sci; service: services svc svcs serv; society: soc socy; solution: solutions soln;
    statistics: stat; system: systems sys; technical: techn; technology: technologies technol;
    telecommunication: telecom telecommunications; trust: tr; university: univ uni; veterinary: vet
"""
_APART = """
    north south east west northern southern eastern western northeastern northwestern southeastern
    southwestern upper lower inner outer junior senior men women first second third austria australia iran
    iraq niger nigeria physics psychics biology geology ecology oncology ontology urology neurology virology
    zoology theology astronomy economic electronic economics ergonomics genetics kinetics toyo tokyo kansas
    arkansas slovakia slovenia
"""
_SURELY_LEGAL = """
    inc incorporated llc ltd limited plc gmbh ggmbh mbh gesmbh sarl pty pvt sdn bhd corp corporation company
"""
_FILLER = "group holding company international global worldwide"
STOP = frozenset(_STOP.split())
LEGAL = frozenset(_LEGAL.split())
"""Dropped at the end of a name, where they say what sort of company it is; elsewhere they may be a word."""

SURELY_LEGAL = frozenset(_SURELY_LEGAL.split())
"""Dropped wherever they stand."""

SPELLINGS = {
    short: entry.partition(":")[0].strip()
    for entry in _SPELLINGS.split(";")
    for short in entry.partition(":")[2].split()
}
FILLER = frozenset(_FILLER.split())
"""What a company is called with or without."""

GENERIC = frozenset(SPELLINGS.get(word, word) for word in _GENERIC.split())
"""Words that many names have in common: what tells two organizations apart is in the others."""

APART = frozenset(_APART.split())
"""Words that look like misspellings of one another and are none."""

MAX_WORDS, MAX_LETTERS = 24, 32
"""How much of a name, and of a word, is compared: what that costs grows with the square of both."""

UNSPACED = re.compile("股份有限公司|有限责任公司|有限公司|株式会社|有限会社|合同会社|주식회사")
DIGIT = re.compile(r"\d")
BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
DOTTED = re.compile(r"\b(?:\w\.\s?){1,}\w\b\.?")
POSSESSIVE = re.compile(r"['’`´](?=s\b|l\b)")
STROKE = re.compile(r"\b(\w)/(\w)\b")
WORD = re.compile(r"[^\W_]+")
ACCENT = re.compile("[\u0300-\u036f]")
STROKED = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared: its words in order, as they are spelt in full, and as they were written."""

    words: tuple[str, ...]
    written: tuple[str, ...]
    aside: tuple[str, ...]
    """What stands in brackets and is no country."""
    country: str | None
    """The country in brackets."""
    is_short: bool
    """Whether it is one word in capitals, as acronyms are."""

    @property
    def distinctive(self) -> tuple[str, ...]:
        """The words that few names have; all of them where it has none."""
        return tuple(word for word in self.words if word not in GENERIC) or self.words

    @property
    def is_generic(self) -> bool:
        """Whether many may bear it: `Ministry of Health`."""
        return all(word in GENERIC for word in self.words)

    @property
    def initials(self) -> str:
        """The first letter of each word; empty where there are too few to mean anything."""
        return "".join(word[0] for word in self.words) if len(self.words) >= 3 else ""


def plain(text: str) -> str:
    """Text without case, accents and the forms that Unicode has for one letter. Other scripts keep their marks."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", ACCENT.sub("", spread)).translate(STROKED)


def name_of(text: str) -> Name:
    """A name as it is compared."""
    country, asides = None, []
    folded = plain(text)
    for inside in BRACKETS.findall(folded):
        if found := country_called(inside.strip()):
            country = found
        else:
            asides.append(inside)
    body = words_in(BRACKETS.sub(" ", folded))
    aside = words_in(" ".join(asides)) if body else []
    written = without_legal_forms(body or words_in(folded)) or [folded.strip()[:MAX_LETTERS]]
    letters = [each for each in text if each.isalpha()]
    is_short = len(written) == 1 and 3 <= len(written[0]) <= 8 and all(each.isupper() for each in letters[:3])
    return Name(in_full(written), tuple(written), in_full(aside), country, is_short)


def words_in(text: str) -> list[str]:
    """The words of a text that is plain; initials with points or a stroke between them are one."""
    joined = DOTTED.sub(lambda m: re.sub(r"[.\s]", "", m[0]) + " ", STROKE.sub(r"\1\2", UNSPACED.sub(" ", text)))
    return [word[:MAX_LETTERS] for word in WORD.findall(POSSESSIVE.sub("", joined))[:MAX_WORDS]]


def in_full(words: Iterable[str]) -> tuple[str, ...]:
    """Words as they are spelt in full."""
    return tuple(SPELLINGS.get(word, word) for word in words)


def without_legal_forms(words: list[str]) -> list[str]:
    """What is left of a name without small words and legal forms; the words themselves where nothing is."""
    kept = [word for word in words if word not in STOP and word not in SURELY_LEGAL]
    while len(kept) > 1 and kept[-1] in LEGAL:
        kept.pop()
    return kept or words


@lru_cache(maxsize=4096)
def country_called(name: str) -> str | None:
    """The country of that name, which may be misspelt: ISO 3166-1 alpha-2."""
    if name in countries() or len(name) < 4:
        return countries().get(name)
    most = min(2, len(name) // 4)
    return next((code for called, code in countries().items() if edits(name, called, most) <= most), None)


@cache
def countries() -> dict[str, str]:
    """What countries are called, as it is compared, → ISO 3166-1 alpha-2."""
    found = {"usa": "US", "uk": "GB", "south korea": "KR", "north korea": "KP", "russia": "RU", "turkey": "TR"}
    for country in pycountry.countries:
        for name in ("name", "common_name", "official_name"):
            if hasattr(country, name):
                found[plain(getattr(country, name))] = country.alpha_2
    return found


def edits(a: str, b: str, most: int) -> int:
    """How many letters must be put in, left out, changed or exchanged with the next; `most` + 1 for more than that."""
    if a == b:
        return 0
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)


def likeness(a: str, b: str) -> float:
    """How surely two words are one, 0 to 1: misspelt, or shortened."""
    if a == b:
        return 1.0
    if DIGIT.search(a) or DIGIT.search(b) or (a in APART and b in APART):
        return 0.0
    short, long = sorted((a, b), key=len)
    if len(short) >= 4:
        most = 2 if len(short) >= 7 and a[0] == b[0] else 1
        if (found := edits(a, b, most)) <= most:
            return 1.0 - 1.2 * found / len(long)
    if 3 <= len(short) <= 0.7 * len(long) and (long.startswith(short) or is_contraction(short, long)):
        return 0.82
    return 0.0


def is_contraction(short: str, long: str) -> bool:
    """Whether it is the long word with its vowels and more left out: `mgmt`, `hlth`."""
    letters = iter(long)
    return short[0] == long[0] and not set(short[1:]) & set("aeiou") and all(each in letters for each in short)


def similarity(a: Name, b: Name) -> float:
    """How much alike two names are, 0 to 1. One word that only one of them has makes them two names."""
    if b.words < a.words:
        a, b = b, a  # words are paired in turn: the same whichever comes first
    if a.words == b.words and a.aside == b.aside:
        return 1.0
    if a.aside and b.aside and a.aside != b.aside:
        return alike([*a.words, *a.aside], [*b.words, *b.aside], {})
    if "".join(a.words) == "".join(b.words):
        return 0.98
    return alike(list(a.words), list(b.words), dict(zip((*a.words, *b.words), (*a.written, *b.written), strict=True)))


def alike(left: list[str], right: list[str], written: Mapping[str, str]) -> float:
    """The same of words. `written`: what a word in full stands for, where one was written otherwise."""
    size = sum(map(len, (*left, *right)))
    for word in list(left):
        if word in right:
            left.remove(word)
            right.remove(word)
    if not left and not right:
        return 0.97  # the same words in another order
    matched: float = size - sum(map(len, (*left, *right)))
    worst = 1.0
    for word in sorted(left, key=len, reverse=True):
        found, other = max(((either(word, each, written), each) for each in right), default=(0.0, ""))
        if found:
            left.remove(word)
            right.remove(other)
            matched, worst = matched + found * (len(word) + len(other)), min(worst, found)
    if not left and not right:
        return (matched / size + worst) / 2
    if left and right:
        return 0.6 * matched / size
    return 0.85 * worst if all(word in FILLER for word in (*left, *right)) else 0.7 * matched / size


def either(a: str, b: str, written: Mapping[str, str]) -> float:
    """The likeness of two words, in full or as they were written: a misspelt plural is not spelt in full."""
    return max(likeness(a, b), likeness(written.get(a, a), written.get(b, b)))
