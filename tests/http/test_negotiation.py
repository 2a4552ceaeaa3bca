"""Which media type an Accept header gets."""

from __future__ import annotations

import pytest

from app.http.negotiation import HTML, JSON, RESPONSE, choose_media_type

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", RESPONSE),
        ("APPLICATION/GraphQL-Response+JSON", RESPONSE),
        ("application/graphql-response+json; charset=utf-8", RESPONSE),
        ('application/graphql-response+json; charset="UTF-8"', RESPONSE),
        ("application/graphql-response+json; charset=utf-16, application/json", JSON),
        ("application/graphql-response+json, application/json", RESPONSE),
        ("application/json, application/graphql-response+json", RESPONSE),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE),
        ("application/graphql-response+json;q=0.8, application/json", JSON),
        ("application/graphql-response+json, */*", RESPONSE),
        ("application/json;q=0, */*", RESPONSE),
        ("application/graphql-response+json;q=0, */*", JSON),
        ("application/json;q=0.5, application/*;q=0.7", RESPONSE),
        ("text/plain, application/json;q=0.001", JSON),
        ("application/json;q=nonsense, application/graphql-response+json;q=0.1", RESPONSE),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/plain", None),
        ("text/html", None),
        ("nonsense", None),
        (",,;;", None),
        (BROWSER, JSON),
    ],
)
def test_an_accept_header_gets_the_type_it_likes_best(accept: str | None, chosen: str | None) -> None:
    assert choose_media_type(accept, (RESPONSE, JSON)) == chosen


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (BROWSER, HTML),
        ("text/html", HTML),
        ("text/html, application/json;q=0.9", HTML),
        ("text/html;q=0.5, application/json", JSON),
        ("*/*", JSON),
        (None, JSON),
    ],
)
def test_the_page_is_for_those_who_prefer_it(accept: str | None, chosen: str) -> None:
    assert choose_media_type(accept, (RESPONSE, JSON, HTML)) == chosen
