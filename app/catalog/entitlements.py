"""The features that an organization may use: of its running subscriptions, and of its ancestors' covering plans."""

from __future__ import annotations

from collections.abc import Sequence

from app.context import Context
from app.entities.subscription import is_running
from app.graph import read
from app.graph.declarations import Args
from app.graph.read import Fields, Key
from app.mongo.client import Doc
from app.mongo.reads import aggregate


async def of_organizations(context: Context, keys: Sequence[Key], args: Args, fields: Fields) -> dict[Key, list[Doc]]:
    """The features for each (id, ids of ancestors), by key. Two commands: live subscriptions with plans, features."""
    everyone = sorted({each for node_id, ancestors in keys for each in (node_id, *ancestors)})
    plans = await live_plans(context, everyone)
    wanted = sorted({each for plan in plans for each in plan["featureIds"]})
    found = await read.find_by_ids(context, "features", wanted, fields) if wanted else {}
    return {key: [found[each] for each in feature_ids(key[0], key[1], plans) if each in found] for key in keys}


def feature_ids(node_id: str, ancestors: Sequence[str], plans: Sequence[Doc]) -> list[str]:
    """The ids of the features that plans of its own, and covering ones of its ancestors, grant; each once."""
    granted = [
        each
        for plan in plans
        if plan["organizationId"] == node_id or (plan["coversDescendants"] and plan["organizationId"] in ancestors)
        for each in plan["featureIds"]
    ]
    return sorted(set(granted))


async def live_plans(context: Context, ids: Sequence[str]) -> list[Doc]:
    """The plans that these organizations are on now: organizationId, featureIds, coversDescendants."""
    return await aggregate(
        context.store,
        "subscriptions",
        [
            {"$match": {"organizationId": {"$in": list(ids)}, "deletedAt": None, **is_running(context.now)}},
            {"$lookup": {"from": "plans", "localField": "planId", "foreignField": "_id", "as": "plan"}},
            {"$unwind": "$plan"},
            {
                "$project": {
                    "organizationId": 1,
                    "featureIds": "$plan.featureIds",
                    "coversDescendants": "$plan.coversDescendants",
                }
            },
        ],
    )
