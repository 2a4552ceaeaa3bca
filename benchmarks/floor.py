"""The floor: what a good engineer writes by hand for exactly these queries, with no GraphQL in it.

The same driver, options, framework and garbage collection as the server's, one bounded read a level, only the fields
that are shown. It looks at the operation's name alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.graph.page import Ordering
from app.http.serving import freeze_gc
from app.mongo.client import Doc, Store, connect, database

LIVE = {"deletedAt": None}
ZERO = Decimal(0)
ALL = 100_000
Variables = Mapping[str, Any]


def show(doc: Doc, *names: str) -> Doc:
    """A document as it is shown: its id, and these fields."""
    return {"id": doc["_id"], **{name: doc[name] for name in names}}


async def by_ids(store: Store, collection: str, ids: set[str], *fields: str) -> dict[str, Doc]:
    """Documents by id."""
    shown = dict.fromkeys(fields, 1)
    found = await store[collection].find({"_id": {"$in": list(ids)}}, shown, batch_size=ALL).to_list()
    return {doc["_id"]: doc for doc in found}


async def page(store: Store, ordering: Ordering, variables: Variables, *fields: str) -> list[Doc]:
    """A page by name, and one more if there is one."""
    query: Doc = {**LIVE}
    if place := ordering.decode(variables["after"], "after"):
        after = [{"name": {"$gt": place.value}}, {"name": place.value, "_id": {"$gt": place.id}}]
        query |= {"name": {"$gte": place.value}, "$or": after}
    limit, shown = variables["first"] + 1, dict.fromkeys(("name", *fields), 1)
    found = store[ordering.list_name].find(
        query, shown, sort=[("name", 1), ("_id", 1)], limit=limit, batch_size=limit + 1
    )
    return await found.to_list()


class Children:
    """The first `size` records that point at each parent."""

    def __init__(self, collection: str, by: str, order: str, size: int, *fields: str) -> None:
        self.collection, self.by, self.order, self.size = collection, by, order, size
        self.shown = dict.fromkeys((by, *fields), 1)

    async def of(self, store: Store, parents: list[str]) -> dict[str, list[Doc]]:
        """By one scan with room for twice as many, and a look-up of the parents that it did not finish."""
        limit = len(parents) * self.size * 2 + 50
        query = {self.by: {"$in": parents}, **LIVE}
        sort = [(self.by, 1), (self.order, 1), ("_id", 1)]
        size = {"limit": limit, "batch_size": limit + 1}
        docs = await store[self.collection].find(query, self.shown, sort=sort, **size).to_list()
        found: dict[str, list[Doc]] = {parent: [] for parent in parents}
        for doc in docs:
            found[doc[self.by]].append(doc)
        if len(docs) == limit:
            found |= await self.rest(store, found, docs[-1][self.by])
        return {parent: each[: self.size] for parent, each in found.items()}

    async def rest(self, store: Store, found: Mapping[str, list[Doc]], last: str) -> dict[str, list[Doc]]:
        """The children of the parents that the scan did not reach, or not all of whose children it did."""
        keys = [key for key in found if key > last or (key == last and len(found[key]) < self.size)]
        stages = [{"$match": LIVE}, {"$sort": {self.order: 1, "_id": 1}}, {"$limit": self.size}]
        own = {"from": self.collection, "localField": "k", "foreignField": self.by, "as": "docs"}
        lookup = {"$lookup": {**own, "pipeline": [*stages, {"$project": self.shown}]}}
        replies = await store.aggregate([{"$documents": [{"k": key} for key in keys]}, lookup], batchSize=ALL)
        return {reply["k"]: reply["docs"] for reply in await replies.to_list()}


ORGANIZATIONS = Ordering("organizations", "NAME", "name", is_instant=False, descending=False)
CREDENTIALS = Ordering("credentials", "NAME", "name", is_instant=False, descending=False)
FIVE_SUBSCRIBERS = Children("subscribers", "organizationId", "emailKey", 5, "email", "firstName")
FIVE_ADDRESSES = Children("subscribers", "organizationId", "emailKey", 5, "email")
THREE_CREDENTIALS = Children("credentials", "subscriberId", "name", 3, "name", "credentialId")


async def point(store: Store, variables: Variables) -> Doc:
    """One organization."""
    shown = ("name", "kind", "currency", "timezone", "createdAt")
    found = await store["organizations"].find_one({"_id": variables["id"]}, dict.fromkeys(shown, 1))
    return {"organization": show(found, *shown) if found else None}


async def organizations(store: Store, variables: Variables) -> Doc:
    """Organizations with five subscribers each, and three credentials each of those."""
    docs = await page(store, ORGANIZATIONS, variables)
    shown = docs[: variables["first"]]
    owned = await FIVE_SUBSCRIBERS.of(store, [doc["_id"] for doc in shown])
    keys = await THREE_CREDENTIALS.of(store, [each["_id"] for group in owned.values() for each in group])

    def subscriber(doc: Doc) -> Doc:
        below = [show(each, "name", "credentialId") for each in keys[doc["_id"]]]
        return show(doc, "email", "firstName") | {"credentials": {"nodes": below}}

    nodes = [show(d, "name") | {"subscribers": {"nodes": list(map(subscriber, owned[d["_id"]]))}} for d in shown]
    end = ORGANIZATIONS.encode(shown[-1]) if shown else None
    info = {"hasNextPage": len(docs) > len(shown), "endCursor": end}
    return {"organizations": {"nodes": nodes, "pageInfo": info}}


async def upward(store: Store, variables: Variables) -> Doc:
    """Credentials, and three levels above each."""
    docs = (await page(store, CREDENTIALS, variables, "subscriberId"))[: variables["first"]]
    owners = await by_ids(store, "subscribers", {d["subscriberId"] for d in docs}, "email", "organizationId")
    accounts = {d["organizationId"] for d in owners.values()}
    above = await by_ids(store, "organizations", accounts, "name", "parentId")
    parents = await by_ids(store, "organizations", {d["parentId"] for d in above.values() if d["parentId"]}, "name")
    tops = {each: show(doc, "name") for each, doc in parents.items()}
    shown = {each: show(doc, "name") | {"parent": tops.get(doc["parentId"])} for each, doc in above.items()}
    people = {each: show(doc, "email") | {"organization": shown[doc["organizationId"]]} for each, doc in owners.items()}
    return {"credentials": {"nodes": [show(d, "name") | {"subscriber": people[d["subscriberId"]]} for d in docs]}}


async def statements(store: Store, variables: Variables) -> Doc:
    """What organizations owe, from the amounts that stand on their open invoices."""
    docs = (await page(store, ORGANIZATIONS, variables, "currency"))[: variables["first"]]
    match = {"organizationId": {"$in": [doc["_id"] for doc in docs]}, "status": "OPEN", **LIVE}
    due = "$amountDue.amount"
    overdue = {"$cond": [{"$lt": ["$dueAt", datetime.now(UTC)]}, due, ZERO]}
    sums = {"open": {"$sum": 1}, "due": {"$sum": due}, "overdue": {"$sum": overdue}}
    group = {"_id": {"o": "$organizationId", "c": "$currency"}, **sums}
    rows = await store["invoices"].aggregate([{"$match": match}, {"$group": group}], batchSize=ALL)
    found = {(row["_id"]["o"], row["_id"]["c"]): row for row in await rows.to_list()}
    return {"organizations": {"nodes": [owes(doc, found.get((doc["_id"], doc["currency"]))) for doc in docs]}}


def owes(doc: Doc, row: Doc | None) -> Doc:
    """An organization with its statement."""
    sums = row or {"due": ZERO, "overdue": ZERO, "open": 0}
    due, overdue = ({"amount": f"{sums[n]:f}", "currency": doc["currency"]} for n in ("due", "overdue"))
    statement = {"outstandingBalance": due, "openInvoices": sums["open"], "overdueBalance": overdue}
    return show(doc, "name") | {"statement": statement}


async def whale(store: Store, variables: Variables) -> Doc:
    """Organizations with five subscribers each."""
    docs = (await page(store, ORGANIZATIONS, variables))[: variables["first"]]
    owned = await FIVE_ADDRESSES.of(store, [doc["_id"] for doc in docs])
    below = {each: {"nodes": [show(doc, "email") for doc in group]} for each, group in owned.items()}
    return {"organizations": {"nodes": [show(d, "name") | {"subscribers": below[d["_id"]]} for d in docs]}}


ANSWERS: dict[str, Callable[[Store, Variables], Awaitable[Doc]]] = {
    "Point": point,
    "Page": organizations,
    "Upward": upward,
    "Statements": statements,
    "Whale": whale,
}


async def graphql(request: Request) -> Response:
    """The one endpoint."""
    asked = orjson.loads(await request.body())
    data = await ANSWERS[asked["operationName"]](request.app.state.store, asked["variables"])
    body = orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/graphql-response+json; charset=utf-8")


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    """The one client of the process."""
    async with connect(os.environ["MONGODB_URI"]) as client:
        application.state.store = database(client, os.environ["CUSTOMER_GRAPH_DATABASE"])
        freeze_gc()
        yield


def main() -> None:
    """Serve as the server itself is served."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    application = Starlette(routes=[Route("/graphql", graphql, methods=["POST"])], lifespan=lifespan)
    uvicorn.run(application, port=given.port, http="httptools", log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
