"""How a customer is reached: e-mail addresses, host names and web addresses, as they are accepted. Pure rules.

How addresses are compared stands in `addresses`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from app.entities.addresses import normalise_domain
from app.entities.texts import Invalid, plain_text, text
from app.graph.scalars import URL, EmailAddress

LONGEST_URL = 2048


def email_address(value: object) -> EmailAddress:
    """An address that mail could be sent to, as it was typed. Whether its host takes mail is not asked."""
    found = plain_text(value)
    try:
        validate_email(found, check_deliverability=False)
    except EmailNotValidError as error:
        raise Invalid("INVALID_EMAIL", f"{found!r} is not an e-mail address: {error}") from None
    return EmailAddress(found)


def domain_name(value: object) -> str:
    """A domain that people can have addresses at, as it is compared: no single word, and no IP address."""
    typed = plain_text(value)
    try:
        found = normalise_domain(typed)
    except ValueError:
        found = ""
    _, dot, last = found.rpartition(".")
    if not dot or last.isdigit():
        raise Invalid(
            "INVALID_DOMAIN", f'{typed!r} is not the domain of an e-mail address: give one such as "acme.com".'
        )
    return found


def web_address(value: object) -> URL:
    """A web address, as it was typed."""
    found = text(LONGEST_URL)(value)
    try:
        parts = urlsplit(found)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole or any(character.isspace() for character in found):
        raise Invalid("INVALID_URL", f'{value!r} is not a web address such as "https://finoptic.com".')
    return URL(found)
