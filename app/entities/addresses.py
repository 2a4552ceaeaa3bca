"""The normal forms in which e-mail addresses and domains are compared. Pure rules."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import idna


def normalise_email(address: str) -> str:
    """The normal form of an address: its local part NFKC and case-folded, its domain by `normalise_domain`.

    Full-width and composed forms of one address are equal; text that is not an address is folded.
    """
    local, at, host = unicodedata.normalize("NFKC", address).strip().rpartition("@")
    return f"{fold_text(local)}@{normalise_domain_or_text(host)}" if at else fold_text(host)


def normalise_domain(name: str) -> str:
    """A host name in lower-case IDNA 2008 (A-label) form; raises ValueError if it is not one.

    It is never case-folded: faß.de is not fass.de, and a final sigma is another letter than a sigma.
    """
    try:
        return idna.encode(lower_domain(name).rstrip("."), uts46=True, transitional=False).decode().lower()
    except idna.IDNAError as error:
        raise ValueError(f"{name!r} is not a host name such as acme.com") from error


def fold_text(text: str) -> str:
    """Text in NFKC, case-folded, for comparison in any case and Unicode form."""
    return unicodedata.normalize("NFKC", text.casefold())


def fold_visible(text: str) -> str:
    """Text as people read it: folded, without format characters such as a zero-width space, each gap one space."""
    visible = "".join(letter for letter in fold_text(text) if unicodedata.category(letter) != "Cf")
    return " ".join(visible.split())


def lower_domain(name: str) -> str:
    """A host name in small letters, each by itself as UTS 46 has it: Python makes a last Σ a final sigma."""
    return "".join(each.lower() for each in unicodedata.normalize("NFKC", name).strip())


@lru_cache(maxsize=4096)  # many people have their addresses at few hosts
def normalise_domain_or_text(name: str) -> str:
    """The normal form of a host name, or the lower-case text if it is not one."""
    try:
        return normalise_domain(name)
    except ValueError:
        return lower_domain(name)
