"""The queues in which the writers of one process stand: one at a time, in order, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from app.mongo.turns import Busy, Turn, Turns


async def test_whoever_finds_it_taken_has_it_when_those_before_are_done() -> None:
    turns, order = Turns(), list[str]()

    async def write(name: str) -> None:
        with Turn(turns) as turn:
            try:
                turn.take(["a", "b"])
            except Busy:
                await turn.wait()
                turn.take(["a", "b"])
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(*(write(name) for name in "xyz"))
    assert order == ["x", "x", "y", "y", "z", "z"]
    assert turns.queues == {}


def test_who_is_refused_has_none_of_them_but_what_was_had_before() -> None:
    turns = Turns()
    with Turn(turns) as first, Turn(turns) as second:
        first.take(["a"])
        second.take(["c"])
        with pytest.raises(Busy):
            second.take(["a", "b"])
        assert (second.held, second.missed) == ({"c"}, {"a", "b", "c"})
        first.take(["a", "b"])
    assert turns.queues == {}


async def test_whoever_gives_up_waiting_leaves_the_queue_to_the_others() -> None:
    turns = Turns()
    with Turn(turns) as first:
        first.take(["a"])
        waiting = [asyncio.create_task(turns.wait("a")) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        first.release()
        waiting[1].cancel()  # as it is handed over
        await asyncio.wait(waiting)
    assert [each.cancelled() for each in waiting] == [True, True, False]
    turns.release("a")
    assert turns.queues == {}


async def test_many_who_want_many_all_come_to_an_end() -> None:
    turns, writing = Turns(), set[str]()
    random = Random(7)  # noqa: S311  # the same every time

    async def write(names: list[str]) -> None:
        with Turn(turns) as turn:
            while True:
                try:
                    turn.take(names[:1])
                    await asyncio.sleep(0)
                    turn.take(names)
                    break
                except Busy:
                    await turn.wait()
            assert writing.isdisjoint(names)
            writing.update(names)
            await asyncio.sleep(0)
            writing.difference_update(names)

    await asyncio.gather(*(write(random.sample("abcdefgh", 3)) for _ in range(200)))
    assert turns.queues == {}


def test_without_queues_nobody_is_in_the_way() -> None:
    with Turn(None) as first, Turn(None) as second:
        first.take(["a"])
        second.take(["a"])
