"""Asks a running demo server through gql, which validates by the schema file; arguments: address, schema, queries."""

import sys
from pathlib import Path

from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport

url, schema, queries = sys.argv[1:]
transport = RequestsHTTPTransport(url=url)
query = gql(Path(queries).read_text())
query.variable_values = {"key": "hak-abc123456"}
with Client(transport=transport, schema=Path(schema).read_text()) as session:
    by_file = session.execute(query)
with Client(transport=transport, fetch_schema_from_transport=True) as session:
    assert session.execute(query) == by_file
assert by_file["credential"]["subscription"]["plan"]["name"] == "Gold"
print("gql: the schema validates the query, from the file and by introspection, and it walks to a subscription.")
