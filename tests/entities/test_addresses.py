"""How e-mail addresses and host names are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.entities.addresses import normalise_domain, normalise_email


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        ("faß.de", "xn--fa-hia.de"),
        ("FAẞ.DE", "xn--fa-hia.de"),
        ("fass.de", "fass.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("xn--strae-oqa.de", "xn--strae-oqa.de"),
        ("XN--STRAE-OQA.de.", "xn--strae-oqa.de"),
        ("βόλος.gr", "xn--nxasmm1c.gr"),
        ("βόλοσ.gr", "xn--nxasmq6b.gr"),
        ("ΒΌΛΟΣ.gr", "xn--nxasmq6b.gr"),
        ("ΒΌΛΟΣ", "xn--nxasmq6b"),
        ("München.DE", "xn--mnchen-3ya.de"),
        ("mu\u0308nchen.de", "xn--mnchen-3ya.de"),
        (" ＡＣＭＥ．com ", "acme.com"),
    ],
)
def test_a_host_name_is_compared_as_it_goes_over_the_wire(typed: str, compared: str) -> None:
    assert normalise_domain(typed) == compared
    assert normalise_email(f"A@{typed}") == f"a@{compared}"


@pytest.mark.parametrize("other", ["evilacme.com", "eu.acme.com", "аcme.com", "acme.com.evil.com", "acme.co"])
def test_another_host_is_never_the_same(other: str) -> None:
    assert normalise_domain(other) != "acme.com"
    assert not normalise_email(f"a@{other}").endswith("@acme.com")


def test_the_local_part_is_the_same_in_any_case_and_form() -> None:
    assert normalise_email(" Straße＠X.com") == normalise_email("STRASSE@x.COM") == "strasse@x.com"
    assert normalise_email("no address ß") == "no address ss"
    assert normalise_email("a@faß..de") == "a@faß..de"


@given(st.text(max_size=20), st.text("aßẞσςΣ.xn-İ", max_size=12))
def test_what_is_normal_stays_so(local: str, host: str) -> None:
    once = normalise_email(f"{local}@{host}")
    assert normalise_email(once) == once
