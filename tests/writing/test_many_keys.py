"""A record with thousands of keys, as merges make them, is changed about as fast as any."""

from __future__ import annotations

import time

from app.mongo.client import Store
from tests.records import organization, save
from tests.writing.doing import done, refused

ALIASES = [f"alias-{n}" for n in range(10_000)]
PROCESSOR_SECONDS = 5.0
"""Of this thread: far more than it takes, however much else the machine does. Comparing all with all takes longer."""


async def test_thousands_of_aliases(store: Store) -> None:
    await save(store, organization("a", aliases=ALIASES), organization("b", externalId="b"))
    began = time.thread_time()
    await done(store, "updateOrganization", by={"id": "org_a"}, name="Another")
    await done(store, "mergeOrganizations", "organization { id }", target={"id": "org_b"}, sources=[{"id": "org_a"}])
    await done(store, "deleteOrganization", by={"id": "org_b"})
    await done(store, "createOrganization", name="C", externalId=ALIASES[-1])
    assert await refused(store, "restoreOrganization", id="org_b") == [("id", "TAKEN")]
    assert time.thread_time() - began < PROCESSOR_SECONDS
