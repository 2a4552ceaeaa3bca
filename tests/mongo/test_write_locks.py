"""The queues in which the writers of one process stand: one at a time, in order, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from app.mongo.write_locks import LockContended, WriteLock, WriteLocks


async def test_whoever_finds_it_taken_has_it_when_those_before_are_done() -> None:
    locks, order = WriteLocks(), list[str]()

    async def write(name: str) -> None:
        with WriteLock(locks) as lock:
            try:
                lock.acquire(["a", "b"])
            except LockContended:
                await lock.acquire_when_free()
                lock.acquire(["a", "b"])
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(*(write(name) for name in "xyz"))
    assert order == ["x", "x", "y", "y", "z", "z"]
    assert locks.queues == {}


def test_who_is_refused_has_none_of_them_but_what_was_had_before() -> None:
    locks = WriteLocks()
    with WriteLock(locks) as first, WriteLock(locks) as second:
        first.acquire(["a"])
        second.acquire(["c"])
        with pytest.raises(LockContended):
            second.acquire(["a", "b"])
        assert (second.held, second.contended) == ({"c"}, {"a", "b", "c"})
        first.acquire(["a", "b"])
    assert locks.queues == {}


async def test_whoever_gives_up_waiting_leaves_the_queue_to_the_others() -> None:
    locks = WriteLocks()
    with WriteLock(locks) as first:
        first.acquire(["a"])
        waiting = [asyncio.create_task(locks.acquire_when_free("a")) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        first.release()
        waiting[1].cancel()  # as it is handed over
        await asyncio.wait(waiting)
    assert [each.cancelled() for each in waiting] == [True, True, False]
    locks.release("a")
    assert locks.queues == {}


async def test_many_who_want_many_all_come_to_an_end() -> None:
    locks, writing = WriteLocks(), set[str]()
    random = Random(7)  # noqa: S311  # the same every time

    async def write(names: list[str]) -> None:
        with WriteLock(locks) as lock:
            while True:
                try:
                    lock.acquire(names[:1])
                    await asyncio.sleep(0)
                    lock.acquire(names)
                    break
                except LockContended:
                    await lock.acquire_when_free()
            assert writing.isdisjoint(names)
            writing.update(names)
            await asyncio.sleep(0)
            writing.difference_update(names)

    await asyncio.gather(*(write(random.sample("abcdefgh", 3)) for _ in range(200)))
    assert locks.queues == {}


def test_without_queues_nobody_is_in_the_way() -> None:
    with WriteLock(None) as first, WriteLock(None) as second:
        first.acquire(["a"])
        second.acquire(["a"])
