"""The rules of duplicates: which keys bring organizations together, and how much speaks for their being one."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import demo
from app.entities.duplicate import DuplicateReason
from app.organizations.duplicates import MAX_KEYS, MAX_LENGTH, Score, Traits, match_keys, score
from app.organizations.names import MAX_WORDS, edits, name_of, similarity
from benchmarks.planting import SORTS, plant

ENOUGH = 0.75
FILE = Path(demo.__file__).parent / "data" / "research_organizations.csv"


def org(name: str, /, **more: Any) -> dict[str, Any]:
    """The fields of an organization, as stored; `city` and `country` stand in its billing address."""
    billing = {part: more.pop(part) for part in ("city", "country", "email") if part in more}
    return {"_id": f"org_{name}", "name": name, "billing": billing or None, **more}


def judge(a: dict[str, Any], b: dict[str, Any]) -> Score:
    """The score of two, which is the same the other way round."""
    found = score(Traits.from_document(a), Traits.from_document(b))
    assert found == score(Traits.from_document(b), Traits.from_document(a))
    return found


def meet(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether they share a key."""
    return bool(set(match_keys(a)) & set(match_keys(b)))


SAME = [
    ("Finoptic Labs", "FINOPTIC LABS, Inc."),
    ("Finoptic Labs", "Finoptic Laboratories"),
    ("Siemens AG", "Siemens"),
    ("Société Générale S.A.", "Societe Generale"),
    ("Müller & Söhne GmbH", "Muller und Sohne"),
    ("Grünwald Aktiengesellschaft e.V.", "Grünwald Aktiengesellschaft"),
    ("Novo Nordisk A/S", "Novo Nordisk"),
    ("Orlen Sp. z o.o.", "ORLEN"),
    ("University of Macerata", "Univ. of Macerata"),
    ("University of Macerata", "Macerata University"),
    ("University of Macerata", "Macerata, University of"),
    ("University of Macerata", "University of Maceratta"),
    ("University of Macerata", "Univresity of Macerata"),
    ("Otis (United States)", "Otis"),
    ("Otis (United States)", "Otis (Unted States)"),
    ("International Business Machines Corporation", "Intl. Business Machines Corp"),
    ("National Blood Service Agency (NBSA)", "Natl. Blood Service Agency"),
    ("Electronic Navigation Research Institute", "Electronic Navigation Reserach Institute"),
    ("St. Mary's Hospital", "Saint Marys Hospital"),
    ("Data Base Systems", "DataBase Systems"),
    ("トヨタ自動車株式会社", "トヨタ自動車"),
    ("Ｆｉｎｏｐｔｉｃ", "Finoptic"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_names_that_are_the_same(a: str, b: str) -> None:
    assert meet(org(a), org(b))
    found = judge(org(a), org(b))
    assert found.score >= ENOUGH
    assert found.reasons in [(DuplicateReason.SAME_NAME,), (DuplicateReason.SIMILAR_NAME,)]


APART = [
    ("University of California, Davis", "University of California, Irvine"),
    ("Oxford University", "Oxford University Press"),
    ("Arkansas Children's Hospital", "Arkansas Children’s Foundation"),
    ("Hospital No. 1", "Hospital No. 2"),
    ("Institute of Biology", "Institute of Geology"),
    ("Northern Water Board", "Southern Water Board"),
    ("Otis", "Otis Elevator"),
    ("Max Planck Institute for Physics", "Max Planck Institute for Astronomy"),
    ("Toho University", "Toyo University"),
    ("Unit 13", "Unit 31"),
    ("東京大学", "京都大学"),
]


@pytest.mark.parametrize(("a", "b"), APART)
@pytest.mark.parametrize("city", ["Bern", None])
def test_names_that_are_like_and_not_the_same(a: str, b: str, city: str | None) -> None:
    place = {"city": city, "country": "CH"} if city else {}
    assert judge(org(a, **place), org(b, **place)).score < ENOUGH


def test_a_name_that_many_bear_says_little_without_a_place() -> None:
    a, b = org("Ministry of Health"), org("Ministry of Health", _id="org_other")
    assert judge(a, b).score > judge(a, org("Ministry of Education")).score
    here = {"city": "Accra", "country": "GH"}
    assert judge(org("Ministry of Health", **here), org("Ministry of Health", _id="org_b", **here)).score > 0.9
    there = org("Ministry of Health", _id="org_b", city="Lima", country="PE")
    assert judge(org("Ministry of Health", **here), there).score < 0.5


@pytest.mark.parametrize(
    ("a", "b", "reasons"),
    [
        ({"primaryEmail": "Ann@Acme.com"}, {"email": "ann@acme.com"}, ("SHARED_EMAIL",)),
        ({"externalId": "ACME-0042"}, {"aliases": ["acme_0042"]}, ("SAME_EXTERNAL_ID",)),
        ({"associatedDomains": ["acme.com", "a.org"]}, {"associatedDomains": ["acme.com"]}, ("SAME_DOMAIN",)),
        ({"associatedDomains": ["gmail.com"]}, {"associatedDomains": ["gmail.com"]}, ()),
        ({"externalId": "7"}, {"aliases": ["-7-"]}, ()),
    ],
)
def test_what_else_speaks_for_it(a: dict[str, Any], b: dict[str, Any], reasons: tuple[str, ...]) -> None:
    one, other = org("Acme", **a), org("Wholly Different Bakery", **b)
    found = judge(one, other)
    assert tuple(each.value for each in found.reasons) == reasons
    assert meet(one, other) == bool(reasons)
    assert found.score < ENOUGH or reasons == ("SAME_EXTERNAL_ID",)


def test_reasons_add_up_and_the_strongest_comes_first() -> None:
    alone = judge(org("Acme Labs"), org("Acme Labz"))
    with_domain = judge(
        org("Acme Labs", associatedDomains=["acme.com"]), org("Acme Labz", associatedDomains=["acme.com"])
    )
    assert alone.score < with_domain.score <= 1
    assert with_domain.reasons == (DuplicateReason.SIMILAR_NAME, DuplicateReason.SAME_DOMAIN)


def test_an_acronym_needs_company() -> None:
    long, domain = "Electronic Navigation Research Institute", {"associatedDomains": ["enri.go.jp"]}
    assert meet(org(long), org("ENRI"))
    assert judge(org(long), org("ENRI")).reasons == (DuplicateReason.ACRONYM,)
    assert judge(org(long), org("ENRI")).score < ENOUGH
    place = {"city": "Tokyo", "country": "JP"}
    assert judge(org(long, **domain, **place), org("ENRI", **domain, **place)).score >= ENOUGH


def test_families_are_not_duplicates() -> None:
    """Parents and children bear like names and claim the same domain."""
    domain = {"associatedDomains": ["acme.com"]}
    top = org("Acme Group", **domain)
    child = org("Acme", **domain, parentId="org_Acme Group", ancestorIds=["org_Acme Group"])
    stranger = org("Acme", **domain)
    assert judge(top, child).score < ENOUGH <= judge(top, stranger).score
    left = org("Acme Berlin", parentId="org_top", ancestorIds=["org_top"], **domain)
    right = org("Acme Merlin", parentId="org_top", ancestorIds=["org_top"], **domain)
    elsewhere = org("Acme Merlin", parentId="org_else", ancestorIds=["org_else"], **domain)
    assert judge(left, right).score < judge(left, elsewhere).score


def test_other_places_and_sites_speak_against_it() -> None:
    def at(**more: Any) -> float:
        given = {"city": "Bern", "country": "CH", "storefrontUrl": "https://www.acme.ch/", **more}
        own = {"city": "Bern", "country": "CH", "storefrontUrl": "https://acme.ch"}
        return judge(org("Acme Turbines", **own), org("Acme Turbins", **given)).score

    assert at() > at(city=None) > at(city="Basel") > at(city="Rome", country="IT")
    assert at() > at(storefrontUrl="https://turbins.io") > at(storefrontUrl="https://turbins.io", city="Basel")
    assert at(storefrontUrl="https://[broken") == at(storefrontUrl=None)


def test_people_of_the_same_name_with_other_addresses_are_less_likely_one() -> None:
    ann = org("Ann Lee", kind="INDIVIDUAL", primaryEmail="ann@a.org")
    other = org("Ann Lee", kind="INDIVIDUAL", primaryEmail="lee@b.org")
    assert judge(ann, other).score < judge(ann, org("Ann Lee", kind="INDIVIDUAL")).score


words = st.text(alphabet="abc éß&.,()'/株-1Iİ\u0130\n", max_size=40)
names = st.one_of(words, st.text(max_size=256), st.sampled_from([each for pair in SAME for each in pair]))
documents = st.fixed_dictionaries(
    {"_id": st.sampled_from(["org_a", "org_b"]), "name": names},
    optional={
        "associatedDomains": st.lists(st.sampled_from(["a.org", "b.org", "gmail.com", "x" * 200]), max_size=5),
        "aliases": st.lists(words, max_size=20),
        "externalId": words,
        "billing": st.none() | st.fixed_dictionaries({}, optional={"city": words, "country": st.sampled_from(["CH"])}),
        "parentId": st.sampled_from([None, "org_b", "org_c"]),
        "ancestorIds": st.lists(st.sampled_from(["org_b", "org_c"]), max_size=2),
        "storefrontUrl": words,
    },
)


@settings(deadline=None)
@given(documents)
def test_keys_are_few_short_and_distinct(doc: dict[str, Any]) -> None:
    keys = match_keys(doc)
    assert len(keys) == len(set(keys)) <= MAX_KEYS
    assert all(0 < len(key) <= MAX_LENGTH for key in keys)
    assert keys == match_keys(doc)


@settings(deadline=None)
@given(documents, documents)
def test_a_score_is_one_number_whichever_comes_first(a: dict[str, Any], b: dict[str, Any]) -> None:
    found = judge(a, b)
    assert 0 <= found.score <= 1
    assert bool(found.reasons) == (found.score > 0)


@settings(deadline=None)
@given(st.text(alphabet="abcd", max_size=9), st.text(alphabet="abcd", max_size=9))
def test_edits_are_counted_up_to_a_bound(a: str, b: str) -> None:
    exact = edits(a, b, 20)
    assert exact == edits(b, a, 20) <= max(len(a), len(b))
    assert (exact == 0) == (a == b)
    for most in range(4):
        assert edits(a, b, most) == min(exact, most + 1)


def test_exchanged_letters_are_one_edit() -> None:
    assert [edits("abcd", other, 3) for other in ("abdc", "abd", "abxcd", "axcd", "badc")] == [1, 1, 1, 1, 2]


@settings(deadline=None)
@given(names)
def test_a_name_is_itself(name: str) -> None:
    found = name_of(name)
    assert similarity(found, found) == 1.0
    assert 1 <= len(found.words) <= MAX_WORDS


def test_a_long_name_is_not_dear() -> None:
    """What comparing costs is bounded: 128 words of one letter, one word of 256."""
    for text in (" ".join("abcdefgh" * 16), "x" * 256, "(" * 128, "a." * 128):
        assert match_keys(org(text))
        judge(org(text), org(text[::-1] + "y"))


def test_planted_duplicates_are_found() -> None:
    """Every sort of duplicate of real names is brought together by a key and scored high enough."""
    rows = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))

    def stored(row: dict[str, str]) -> dict[str, Any]:
        place = {"city": row["city"], "country": row["country"]}
        site = {"storefrontUrl": row["website"], "associatedDomains": row["associated_domains"].split()}
        return org(row["name"], _id=row["external_id"], **place, **site)

    originals = {row["external_id"]: stored(row) for row in rows}
    planted = plant(rows, seed=11, each=14)
    found = dict.fromkeys(SORTS, 0)
    for copy in planted:
        a, b = stored(copy.row), originals[copy.original]
        found[copy.sort] += meet(a, b) and judge(a, b).score >= ENOUGH
    assert sum(found.values()) >= 0.8 * len(planted)
    assert min(found.values()) >= 0.6 * 14
