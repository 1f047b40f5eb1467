"""Coinbase's trades of any age: the page of a moment is found by id, in few requests, and what follows joins it."""

import asyncio
import random
from datetime import UTC, datetime

import pytest

from coinmon import Cursor

NOW = 1_789_776_000_000
DAY = 86_400_000


def product(seed, count, gone_below=0):
    """Trades of some weeks, in bursts, and what Coinbase answers about them. gone_below: ids it has no more."""
    dice = random.Random(seed)
    times, at = [], NOW
    for _ in range(count):
        times.append(at)
        at -= int(dice.expovariate(1 / dice.choice([5, 50, 20_000, 200_000]))) if dice.random() < 0.9 else 0
    times.reverse()

    def answer(path, query):
        assert path.endswith("/trades")
        end = min(int(query.get("after", count + 1)), count + 1)
        ids = range(max(1, gone_below, end - int(query["limit"])), end)
        return [
            {
                "time": datetime.fromtimestamp(times[id - 1] / 1000, UTC).isoformat(timespec="milliseconds")[:23] + "Z",
                "trade_id": id, "price": "100.00", "size": "0.5", "side": "buy",
            }
            for id in reversed(ids)
        ]  # fmt: skip

    return times, answer


def found(wire, instrument, answer, since):
    async def script():
        async with wire(answer) as venues:
            btc = instrument("coinbase", "BTC/USD", "BTC-USD", "0.01", "0.00000001")
            page = await venues.coinbase.trades(btc, Cursor(since))
            seeking = len(venues.asked)
            after = await venues.coinbase.trades(btc, page.cursor_after(Cursor(since)))
            return page, after, seeking

    return asyncio.run(script())


@pytest.mark.parametrize("seed", range(4))
def test_any_moment_is_found_and_what_follows_joins(wire, instrument, seed):
    times, answer = product(seed, 60_000)
    dice = random.Random(seed)
    for _ in range(4):
        since = dice.randrange(times[0] + 1, NOW - 2 * DAY)
        page, after, requests = found(wire, instrument, answer, since)
        assert page.joined
        assert page.whole
        assert page.more
        # the page, or the one after it, holds the first trade that is not older
        first = next(id for id, time in enumerate(times, 1) if time >= since)
        assert int(page.trades.id[0]) < first <= int(page.trades.id[-1]) + 1
        assert after.joined
        assert int(after.trades.id[0]) == int(page.trades.id[-1]) + 1
        assert requests <= 25


def test_before_the_first_trade_it_begins_with_the_first(wire, instrument):
    times, answer = product(9, 30_000)
    page, _, _ = found(wire, instrument, answer, times[0] - DAY)
    assert page.joined
    assert int(page.trades.id[0]) == 1


def test_what_is_gone_is_not_claimed(wire, instrument):
    times, answer = product(9, 30_000, gone_below=20_000)
    page, after, _ = found(wire, instrument, answer, times[5_000])
    assert not page.joined
    assert int(page.trades.id[0]) <= 20_001
    assert after.joined
