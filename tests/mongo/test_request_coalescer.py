"""Look-ups of concurrent requests go together, and each gets its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.mongo.client import Doc
from app.mongo.request_coalescer import MAX_IDS, RequestCoalescer


class Reads:
    """Counts reads, and answers each when it is let."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.gate = asyncio.Event()
        self.fails = False

    async def __call__(self, ids: Sequence[str]) -> dict[str, Doc]:
        self.asked.append(list(ids))
        await self.gate.wait()
        if self.fails:
            raise ConnectionError
        return {each: {"_id": each} for each in ids if each != "gone"}


async def test_what_comes_while_one_is_on_its_way_goes_together() -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    tasks = [asyncio.create_task(coalescer.find_by_ids("organizations", [f"o{n}", "o0"], reads)) for n in range(20)]
    await asyncio.sleep(0)
    reads.gate.set()
    answers = await asyncio.gather(*tasks)
    assert [sorted(answer) for answer in answers] == [sorted({f"o{n}", "o0"}) for n in range(20)]
    assert len(reads.asked) == 2
    assert coalescer.queues == {}, "nothing is left behind"


async def test_other_kinds_do_not_wait() -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    tasks = [asyncio.create_task(coalescer.find_by_ids(kind, ["o1"], reads)) for kind in ("a", "b", "c")]
    await asyncio.sleep(0)
    assert len(reads.asked) == 3
    reads.gate.set()
    await asyncio.gather(*tasks)


async def test_an_id_that_nothing_has_is_not_in_the_answer() -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    reads.gate.set()
    assert await coalescer.find_by_ids("a", ["gone"], reads) == {}


async def test_a_failure_is_everybodys_and_the_next_look_up_is_fresh() -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    reads.fails = True
    tasks = [asyncio.create_task(coalescer.find_by_ids("a", [f"o{n}"], reads)) for n in range(3)]
    await asyncio.sleep(0)
    reads.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError] * 3
    reads.fails = False
    assert await coalescer.find_by_ids("a", ["o1"], reads) == {"o1": {"_id": "o1"}}


@pytest.mark.parametrize("who", [0, 1], ids=["the one on its way", "one that waits"])
async def test_a_request_that_is_given_up_takes_no_other_with_it(who: int) -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    tasks = [asyncio.create_task(coalescer.find_by_ids("a", [f"o{n}"], reads)) for n in range(3)]
    await asyncio.sleep(0)
    tasks[who].cancel()
    await asyncio.sleep(0)
    reads.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers.pop(who), asyncio.CancelledError)
    assert all(isinstance(answer, dict) and len(answer) == 1 for answer in answers)
    assert coalescer.queues == {}


async def test_a_batch_is_bounded() -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    tasks = [
        asyncio.create_task(coalescer.find_by_ids("a", [f"{n}-{i}" for i in range(100)], reads)) for n in range(30)
    ]
    await asyncio.sleep(0)
    reads.gate.set()
    await asyncio.gather(*tasks)
    assert max(map(len, reads.asked)) <= MAX_IDS


async def test_a_look_up_that_is_too_large_for_a_batch_is_sent_by_itself_and_leaves_no_empty_batch() -> None:
    coalescer, reads = RequestCoalescer(), Reads()
    many = [f"o{n}" for n in range(MAX_IDS + 1)]
    tasks = [asyncio.create_task(coalescer.find_by_ids("a", ids, reads)) for ids in (["o0"], many)]
    await asyncio.sleep(0)
    reads.gate.set()
    assert [sorted(documents) for documents in await asyncio.gather(*tasks)] == [["o0"], sorted(many)]
    await asyncio.gather(*coalescer.tasks)
    assert reads.asked == [["o0"], many]
    assert coalescer.queues == {}
