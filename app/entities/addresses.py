"""E-mail addresses and the host names in them, in the form in which they are compared. Pure rules."""

from __future__ import annotations

import unicodedata

import idna


def normalise_email(address: str) -> str:
    """How an address is compared: Unicode-normalised, case-folded, its host name as `normalise_domain` has it.

    Full-width and composed forms of one address come out equal; what is not an address comes out folded.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).casefold()).strip()
    local, at, domain = folded.rpartition("@")
    return f"{local}@{domain_or_text(domain)}" if at else folded


def normalise_domain(name: str) -> str:
    """A host name in lower-case IDNA (A-label) form; ValueError where it is none."""
    text = unicodedata.normalize("NFKC", name).strip().rstrip(".").casefold()
    try:
        return idna.encode(text, uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise ValueError(f"{name!r} is not a host name such as acme.com") from error


def domain_or_text(name: str) -> str:
    """The normal form of a host name, or the text where it is none."""
    try:
        return normalise_domain(name)
    except ValueError:
        return name
