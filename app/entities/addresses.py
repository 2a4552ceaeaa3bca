"""E-mail addresses and the host names in them, in the form in which they are compared. Pure rules."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import idna


def normalise_email(address: str) -> str:
    """How an address is compared: its local part NFKC and case-folded, its host as `normalise_domain` has it.

    Full-width and composed forms of one address come out equal; what is not an address comes out folded.
    """
    local, at, host = unicodedata.normalize("NFKC", address).strip().rpartition("@")
    return f"{folded(local)}@{domain_or_text(host)}" if at else folded(host)


def normalise_domain(name: str) -> str:
    """A host name in lower-case IDNA 2008 (A-label) form; ValueError where it is none.

    It is never case-folded: faß.de is not fass.de, and a final sigma is another letter than a sigma.
    """
    try:
        return idna.encode(lower(name).rstrip("."), uts46=True, transitional=False).decode().lower()
    except idna.IDNAError as error:
        raise ValueError(f"{name!r} is not a host name such as acme.com") from error


def folded(text: str) -> str:
    """Text as it is compared in any case and form."""
    return unicodedata.normalize("NFKC", text.casefold())


def lower(name: str) -> str:
    """A host name in small letters, each by itself as UTS 46 has it: Python makes a last Σ a final sigma."""
    return "".join(each.lower() for each in unicodedata.normalize("NFKC", name).strip())


@lru_cache(maxsize=4096)  # many people have their addresses at few hosts
def domain_or_text(name: str) -> str:
    """The normal form of a host name, or the text where it is none."""
    try:
        return normalise_domain(name)
    except ValueError:
        return lower(name)
