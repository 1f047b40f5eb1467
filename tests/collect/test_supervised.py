"""Every background task of collecting: one that dies is an error in the log and in health, and is started again."""

import asyncio
from types import SimpleNamespace

import pytest
from loguru import logger

from coinmon.collect.history.warm_up import WarmUp
from coinmon.collect.live.book_feed import BookFeed
from coinmon.collect.live.stall_detector import StallDetector
from coinmon.collect.live.trade_feed import TradeFeed
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.config.load import SymbolsConfig
from coinmon.run import listing
from coinmon.run.listing import Listing
from coinmon.run.schedule import Schedule
from coinmon.supervise import Supervisor

KINDS = {
    "acme: trade stream of spot": (TradeFeed, "_run"),
    "acme: stall detector": (StallDetector, "look"),
    "acme: comparison with tickers": (StallDetector, "_compare"),
    "acme: stream repair": (TradeFeed, "_repair"),
    "acme: stream of spot order books": (BookFeed, "_run"),
    "acme: order books asked for": (BookFeed, "ask"),
    "acme: warm-up": (WarmUp, "_run"),
    "lists of the venues": (Listing, "_begin"),
    "order books": (None, None),
}


class Panic(BaseException):
    """As a library written in Rust raises it."""


class Quiet:
    """A venue that has everything and says nothing."""

    requests = 0

    async def instruments(self):
        return []

    async def trades(self, *_):
        await asyncio.sleep(3600)

    tickers = book = earlier_trades = trades

    async def stream(self, *_):
        await asyncio.sleep(3600)
        yield []


@pytest.mark.parametrize("name", KINDS)
def test_a_task_that_dies_is_said_and_begun_again(plain, database, monkeypatch, name):
    monkeypatch.setattr("coinmon.supervise._FIRST_RESTART_S", 0.01)
    monkeypatch.setattr(listing, "_RELIST_MS", -1)
    owner, method = KINDS[name]
    runs, said, supervisor = [], [], None
    whole = getattr(owner, method) if owner else None

    async def once_dead(self, *given):
        runs.append(1)
        if len(runs) == 1:
            raise Panic(f"not {name}")
        return await whole(self, *given) if whole else None

    def once_dead_at_once(self, *given):
        runs.append(1)
        if len(runs) == 1:
            raise Panic(f"not {name}")
        return whole(self, *given)

    if owner:
        replaced = once_dead if asyncio.iscoroutinefunction(whole) else once_dead_at_once
        monkeypatch.setattr(owner, method, replaced)
    clock = SimpleNamespace(now=lambda: plain.start, at=plain.start, wall=0, speed=1.0, wall_time=lambda due: 1e9)

    async def main():
        nonlocal supervisor
        supervisor = Supervisor()
        venue = Venue("acme", Quiet(), clock)
        track = Track(plain.instrument(), 1, plain.start, boundary_id=30)
        track.cursor = SimpleNamespace(last_id=1)
        feed = TradeFeed(venue, clock, 0.02, supervisor)
        books = BookFeed(venue, clock, streams=True, supervisor=supervisor)
        warm_up = WarmUp(venue, clock, database, 50 * plain.minute, 1e6, supervisor)
        lists = Listing(SimpleNamespace(window=1, symbols=SymbolsConfig(), quotes={}, shard=None), [venue], database,
                        clock, 1.0, supervisor)  # fmt: skip
        lists._watchlist = SimpleNamespace(failed={})
        schedule = Schedule(clock, supervisor)
        schedule.every(60_000, lambda: once_dead(None) if owner is None else asyncio.sleep(0), "order books")
        job = schedule._scheduler.get_jobs()[0]
        await feed.follow([track])
        await books.follow([track], books=True)
        track.start = plain.start
        async with asyncio.timeout(10):
            while not supervisor.record(name).restarts or not supervisor.record(name).alive:
                track.live = True
                feed._repair_soon(track)
                books.poll()
                for shelf in books._shelves.values():
                    shelf.requested_at = float("-inf")
                warm_up._known.clear()
                warm_up.begin([track])
                await lists.watchlist()
                await job.func()
                await asyncio.sleep(0.01)
        row = supervisor.as_json()[name]
        await asyncio.gather(feed.close(), books.close(), warm_up.close())
        await supervisor.close()
        return row

    sink = logger.add(lambda message: said.append(message.record["message"]), level="ERROR")
    try:
        row = asyncio.run(main())
    finally:
        logger.remove(sink)
    assert row == {"alive": True, "restarts": 1, "error": f"Panic: not {name}"}
    assert [text for text in said if text.startswith(f"{name} died: Panic")] == said
