"""Searches that wait together are answered together, in order, and nobody gets the answer of another."""

import asyncio
import threading
import time

import pytest

from engine.serve.batches import Batches, BusyError, Wanted

ONE, OTHER = Wanted("b", "bm25", 10, 10, ""), Wanted("b", "dense", 10, 10, "")


def run(scenario, slow=lambda _: None, **settings):
    """Run a scenario with a queue whose first call waits for ``go``; gives what was called together."""
    calls, go = [], threading.Event()

    def work(wanted, texts):
        go.wait(5)
        slow(texts)
        calls.append((wanted, texts))
        if "fail" in texts:
            raise ValueError("failed")
        return [f"{wanted.retriever} {text}" for text in texts]

    async def whole():
        batches = Batches(work, **({"together": 3, "waiting": 100} | settings), told=lambda _: None)
        running = asyncio.create_task(batches.run())
        try:
            return await scenario(batches, go)
        finally:
            go.set()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return asyncio.run(whole()), calls


def test_what_gathers_meanwhile_goes_together_by_what_is_wanted():
    async def scenario(batches, go):
        first = asyncio.create_task(batches.ask(ONE, "0"))
        await asyncio.sleep(0.05)  # the thread has it now
        wanted = [(ONE, "1"), (OTHER, "2"), (ONE, "3"), (ONE, "4"), (ONE, "5"), (OTHER, "6")]
        rest = [asyncio.create_task(batches.ask(*one)) for one in wanted]
        await asyncio.sleep(0.05)
        go.set()
        return await asyncio.gather(first, *rest)

    answers, calls = run(scenario)
    assert answers == ["bm25 0", "bm25 1", "dense 2", "bm25 3", "bm25 4", "bm25 5", "dense 6"]
    assert calls == [(ONE, ["0"]), (ONE, ["1", "3", "4"]), (OTHER, ["2", "6"]), (ONE, ["5"])]


def test_who_was_answered_together_is_waited_for_and_who_is_alone_waits_for_nobody(monkeypatch):
    monkeypatch.setattr("engine.serve.batches.SHARE", 50.0)
    monkeypatch.setattr("engine.serve.batches.LONGEST_S", 2.0)  # nobody is late, however busy the machine

    async def scenario(batches, go):
        go.set()

        async def client(number):
            for _ in range(4):
                await batches.ask(ONE, str(number))
                await asyncio.sleep(number * 0.0005)  # one after the other, as answers arrive

        await asyncio.gather(*map(client, range(3)))
        gathered, batches._expected = batches._expected, 1
        last = [await asyncio.wait_for(batches.ask(ONE, "alone"), 1.0) for _ in range(2)]
        return gathered, batches._expected, last

    def slow(texts):
        time.sleep(0.02)

    (gathered, alone, last), calls = run(scenario, slow=slow)
    assert [len(texts) for _, texts in calls[:-2]] == [3, 3, 3, 3]
    assert gathered == 3
    assert alone == 1
    assert last == ["bm25 alone"] * 2


def test_who_went_away_is_not_searched_for_and_too_many_are_turned_away():
    async def scenario(batches, go):
        first = asyncio.create_task(batches.ask(ONE, "0"))
        await asyncio.sleep(0.05)
        gone, stays = asyncio.create_task(batches.ask(ONE, "gone")), asyncio.create_task(batches.ask(ONE, "stays"))
        await asyncio.sleep(0.02)
        with pytest.raises(BusyError):
            await batches.ask(ONE, "too many")
        gone.cancel()
        await asyncio.sleep(0.02)
        go.set()
        return await asyncio.gather(first, stays)

    answers, calls = run(scenario, waiting=2)
    assert (answers, calls[1:]) == (["bm25 0", "bm25 stays"], [(ONE, ["stays"])])


def test_a_fault_is_told_to_those_who_were_together_and_to_no_one_else():
    async def scenario(batches, go):
        go.set()
        with pytest.raises(ValueError, match="failed"):
            await batches.ask(ONE, "fail")
        return await batches.ask(ONE, "fine")

    assert run(scenario)[0] == "bm25 fine"
