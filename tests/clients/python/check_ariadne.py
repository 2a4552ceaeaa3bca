"""Asks a running demo server through the client that ariadne-codegen made; the first argument is its address."""

import asyncio
import sys
from datetime import datetime
from decimal import Decimal

from customer_graph_client import Client

KEY = "hak-abc123456"


async def main(url: str) -> None:
    async with Client(url=url) as client:
        answer = await client.python_credential(key=KEY)
    assert answer.credential
    subscription, statement = answer.credential.subscription, answer.credential.statement
    assert subscription
    assert subscription.plan
    assert (subscription.status, subscription.plan.name) == ("ACTIVE", "Gold")
    assert isinstance(subscription.active_from, datetime)
    assert statement
    assert isinstance(statement.outstanding_balance.amount, Decimal)


asyncio.run(main(sys.argv[1]))
print("ariadne-codegen: the generated client walks to a subscription; times and amounts have their types.")
