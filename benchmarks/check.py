"""Before anything is measured: every server gives the same answers."""

from __future__ import annotations

import httpx2
import orjson

from benchmarks.queries import Query
from benchmarks.servers import Running

CHECKED = 5
"""How many of a query's requests are compared."""


def answer(url: str, body: bytes) -> bytes:
    """The `data` of an answer, its keys sorted. Raises where there are errors."""
    headers = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
    told = httpx2.post(url, content=body, headers=headers, timeout=30).json()
    if told.get("errors") or not told.get("data"):
        raise SystemExit(f"{url} answered with errors: {str(told)[:500]}")
    return orjson.dumps(told["data"], option=orjson.OPT_SORT_KEYS)


def check_answers(servers: list[Running], queries: list[Query]) -> dict[str, int]:
    """Refuse to go on where two servers differ; how many bytes the first answer to each query has."""
    sizes: dict[str, int] = {}
    for query in queries:
        for body in query.bodies()[:CHECKED]:
            answers = {each.kind.name: answer(each.url, body) for each in servers}
            if len(set(answers.values())) != 1:
                shown = "\n".join(f"{name}: {text[:2000].decode()}" for name, text in answers.items())
                raise SystemExit(f"The answers to {query.name} differ:\n{shown}")
            sizes.setdefault(query.name, len(next(iter(answers.values()))))
    return sizes
