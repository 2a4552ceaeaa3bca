"""The questions that are asked: five operations, each with the variables of many requests. Documents never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from app.graph.page import Ordering
from benchmarks.data import Size, credential_name, organization_id, organization_name

POINT = """
query Point($id: ID!) {
  organization(by: {id: $id}) { id name kind currency timezone createdAt }
}
"""
PAGE = """
query Page($first: Int!, $after: Cursor) {
  organizations(first: $first, after: $after) {
    nodes {
      id name
      subscribers(first: 5) {
        nodes { id email firstName credentials(first: 3) { nodes { id name credentialId } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
UPWARD = """
query Upward($first: Int!, $after: Cursor) {
  credentials(first: $first, after: $after) {
    nodes { id name subscriber { id email organization { id name parent { id name } } } }
  }
}
"""
STATEMENTS = """
query Statements($first: Int!, $after: Cursor) {
  organizations(first: $first, after: $after) {
    nodes {
      id name
      statement(scope: OWN) { outstandingBalance { amount currency } openInvoices overdueBalance { amount currency } }
    }
  }
}
"""
WHALE = """
query Whale($first: Int!, $after: Cursor) {
  organizations(first: $first, after: $after) {
    nodes { id name subscribers(first: 5) { nodes { id email } } }
  }
}
"""

PAGE_SIZE = 50
PLACES = 40
"""From how many places pages are asked for, one after another."""


@dataclass(frozen=True)
class Query:
    """An operation, and the variables of the requests that are sent in turn."""

    name: str
    says: str
    document: str
    variables: list[dict[str, Any]]

    def bodies(self) -> list[bytes]:
        """The requests' bodies, as a client sends them."""
        named = {"query": self.document, "operationName": self.name.title()}
        return [orjson.dumps(named | {"variables": each}) for each in self.variables]


def after(list_name: str, name: str, node_id: str) -> dict[str, Any]:
    """The variables of the page that follows a record."""
    ordering = Ordering(list_name, "NAME", "name", is_instant=False, descending=False)
    return {"first": PAGE_SIZE, "after": ordering.encode({"name": name, "_id": node_id})}


def after_organization(number: int) -> dict[str, Any]:
    """The page of organizations that follows one of them."""
    return after("organizations", organization_name(number), organization_id(number))


def queries(size: Size) -> list[Query]:
    """The five, over data of a size."""
    pages = [after_organization(n * PAGE_SIZE) for n in range(min(PLACES, size.whale_number // PAGE_SIZE - 1))]
    keys = [after("credentials", credential_name(n * 411), f"crd_{n * 411:07}") for n in range(PLACES)]
    points = [{"id": organization_id(n * 97 % size.organizations)} for n in range(1_000)]
    return [
        Query("point", "one organization by id", POINT, points),
        Query("page", "50 organizations × 5 subscribers × 3 credentials", PAGE, pages),
        Query("upward", "50 credentials → subscriber → organization → parent", UPWARD, keys),
        Query("statements", "what each of 50 organizations owes", STATEMENTS, pages),
        Query(
            "whale",
            f"50 organizations × 5 subscribers, one of them having {size.whale:,}",
            WHALE,
            [after_organization(size.whale_number - PAGE_SIZE // 2)],
        ),
    ]
