"""Rate budgets in real time with short windows, and against the emulator that enforces the venues' own."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web

from coinmon import VenueBusy
from coinmon_exchanges._http.budget import Budget


async def spend(budget, weight, taking=0.0, log=None):
    async with budget.spend(weight):
        if log is not None:
            log.append(time.monotonic())
        await asyncio.sleep(taking)


def test_a_window_never_holds_more_than_the_limit_and_wastes_no_time():
    async def script():
        budget, log = Budget("test", 10, 0.3), []
        start = time.monotonic()
        await asyncio.gather(*(spend(budget, 1, log=log) for _ in range(35)))
        log = [at - start for at in log]
        assert all(late - early >= 0.3 for early, late in zip(log, log[10:], strict=False))
        assert 0.9 <= log[-1] < 1.2

    asyncio.run(script())


def test_weight_is_held_until_the_answer_has_come():
    """The venue counts a request when it arrives, which is somewhere between sending and answer."""

    async def script():
        budget, log = Budget("test", 1, 0.2), []
        await asyncio.gather(*(spend(budget, 1, taking=0.2, log=log) for _ in range(3)))
        assert log[1] - log[0] >= 0.4
        assert log[2] - log[1] >= 0.4

    asyncio.run(script())


def test_first_come_first_served_even_when_a_small_one_would_fit():
    async def script():
        budget, order = Budget("test", 10, 0.2), []

        async def one(name, weight):
            async with budget.spend(weight):
                order.append(name)

        await asyncio.gather(one("first", 8), one("large", 8), one("small", 1))
        assert order == ["first", "large", "small"]

    asyncio.run(script())


async def turns():
    """Lets tasks that were begun go as far as they get without waiting."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_one_who_gives_up_waiting_leaves_the_line():
    async def script():
        budget = Budget("test", 1, 0.3)
        await spend(budget, 1)
        waiting = asyncio.create_task(spend(budget, 1))
        behind = asyncio.create_task(spend(budget, 1))
        await turns()
        waiting.cancel()
        await behind
        assert budget.used == 1

    asyncio.run(script())


def test_the_venues_own_count_includes_what_others_spent():
    async def script():
        budget = Budget("test", 100, 0.3)
        await spend(budget, 10)
        budget.observe(95)
        assert budget.used == 95
        start = time.monotonic()
        await spend(budget, 20)
        assert time.monotonic() - start >= 0.29
        budget.observe(3)  # our own figure is higher: the venue's minute has turned
        assert budget.used == 20
        budget.observe(501)  # nobody gets so far: it is no count
        assert budget.used == 20
        budget.observe(500)
        assert budget.used == 500

    asyncio.run(script())


@pytest.mark.parametrize("text", ["n/a", "", "12, 14", "-3", "1.5e3", "\u00b2", "9" * 30, "9" * 5000])
def test_a_count_that_is_none_is_not_waited_for(wire, text):
    reply = {"serverTime": 7}

    async def script():
        def answer(path, query):
            return web.json_response(reply, headers={"X-MBX-USED-WEIGHT-1M": text})

        async with wire(answer) as market, asyncio.timeout(5):
            assert [await market.binance.server_time() for _ in range(3)] == [7] * 3
            assert max(used for used, _ in market.binance.usage().values()) == 3

    asyncio.run(script())


def test_a_pause_stops_everybody_and_a_long_one_is_refused():
    async def script():
        budget = Budget("test", 100, 0.1)
        budget.penalise(0.3)
        start = time.monotonic()
        await asyncio.gather(*(spend(budget, 1) for _ in range(5)))
        assert time.monotonic() - start >= 0.29
        budget.penalise(100)
        with pytest.raises(VenueBusy) as caught:
            await spend(budget, 1)
        assert 99 < caught.value.retry_after <= 100
        waiting = Budget("test", 1, 60)
        await spend(waiting, 1)
        task = asyncio.create_task(spend(waiting, 1))
        await turns()
        waiting.penalise(100)
        with pytest.raises(VenueBusy):
            await asyncio.wait_for(task, 1)

    asyncio.run(script())


def test_after_a_pause_one_request_goes_first_and_after_three_nobody_waits_any_more():
    async def script():
        budget = Budget("test", 100, 0.1)
        flying = most = sent = 0

        async def ask(refused):
            nonlocal flying, most, sent
            async with budget.spend(1):
                flying, sent = flying + 1, sent + 1
                most = max(most, flying)
                await asyncio.sleep(0.01)
                flying -= 1
            budget.penalise(0.05) if refused else budget.relieve()

        budget.penalise(0.05)
        # the first is asked alone; its answer lets the others go together
        await asyncio.gather(*(ask(refused=False) for _ in range(5)))
        assert (sent, most) == (5, 4)

        sent = most = 0
        outcomes = await asyncio.gather(*(ask(refused=True) for _ in range(20)), return_exceptions=True)
        # all twenty were under way when the first was refused: that is one refusal
        assert outcomes == [None] * 20
        sent = most = 0
        outcomes = await asyncio.gather(*(ask(refused=True) for _ in range(20)), return_exceptions=True)
        assert (sent, most) == (2, 1)
        assert sum(isinstance(each, VenueBusy) for each in outcomes) == 18
        await asyncio.sleep(0.06)
        await ask(refused=False)
        await asyncio.gather(*(ask(refused=False) for _ in range(5)))

    asyncio.run(script())


def test_a_request_heavier_than_the_whole_budget_still_goes():
    async def script():
        budget = Budget("test", 10, 0.1)
        await asyncio.wait_for(spend(budget, 80), 1)

    asyncio.run(script())


def test_bursts_stay_within_what_the_venues_enforce(emulated):
    """More calls than OKX's, Coinbase's and Bybit's windows hold: all answered, none refused, none repeated."""

    async def script():
        async with emulated() as market:
            okx = [market.okx.server_time() for _ in range(15)]
            coinbase = [market.coinbase.server_time() for _ in range(25)]
            bybit = [market.bybit.server_time() for _ in range(200)]
            await asyncio.gather(*okx, *coinbase, *bybit)
            assert (market.okx.requests, market.coinbase.requests, market.bybit.requests) == (15, 25, 200)
            assert market.bybit.usage() == {"bybit": (pytest.approx(200, abs=1), 540)}

    asyncio.run(script())


WEIGHED = {"binance spot": "/api/v3/ping", "binance USD-M": "/fapi/v1/ping"}
"""Budgets that the venue counts in its header, and a path that asks for it."""


def test_binance_weights_are_the_venues(emulated):
    """After all kinds of calls our count is the X-MBX-USED-WEIGHT-1M that the venue reports."""

    async def script():
        async with emulated() as market:
            venue = market.binance
            listed = await venue.instruments()
            now = market.clock.now()
            minute = now - now % 60_000
            for each in [each for each in listed if each.base == "BTC"]:
                await venue.bars(each, minute - 600_000, minute)
                await venue.bars(each, minute - 36_000_000, minute)
                for depth in (5, 100, 400):
                    await venue.book(each, depth)
            await venue.funding(listed)
            await venue.open_interest(listed)
            await venue.tickers(listed[:2])
            await venue.tickers(listed)
            await venue.tickers(listed * 2)  # enough of them for the all-symbols calls
            await venue.funding(listed * 4)
            ours = {name: used for name, (used, _) in venue.usage().items() if name in WEIGHED}
            theirs = {}
            async with aiohttp.ClientSession() as session:
                for name, path in WEIGHED.items():
                    async with session.get(f"{market.url}/binance{path}") as reply:
                        theirs[name] = int(reply.headers["X-MBX-USED-WEIGHT-1M"]) - 1
            assert ours == theirs
            assert ours["binance spot"] > 100

    asyncio.run(script())
