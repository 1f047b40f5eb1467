"""Streamed rows that wait for their tracks: nothing lost, each instrument in its order."""

import numpy as np
import pytest

from coinmon import Streamed, StreamedMany, TradePage, Trades
from coinmon.collect.live.page_buffer import PageBuffer


@pytest.fixture
def markets(plain):
    return [plain.instrument(f"{base}/USDT") for base in ("BTC", "ETH", "SOL")]


def many(plain, markets, *rows):
    """Rows of (place, id), places ascending."""
    trades = plain.trades(*((id, id, 10, 1) for _, id in rows))
    return StreamedMany(markets, np.array([place for place, _ in rows]), trades, trades.id - 1)


def told(pages):
    return [(each.instrument.base, each.data.trades.id.tolist(), each.data.first_id, each.data.until) for each in pages]


def test_batches_become_one_page_for_each_instrument(plain, markets):
    held = PageBuffer()
    assert held.add(many(plain, markets, (0, 7), (2, 40)))
    assert held.add(many(plain, markets, (0, 9), (0, 11), (1, 3)))
    # a row covers the id before its own as well
    assert told(held.drain()) == [("BTC", [7, 9, 11], 6, 0), ("ETH", [3], 2, 0), ("SOL", [40], 39, 0)]
    assert held.drain() == []


def test_of_several_quiet_moments_the_last_is_told_after_the_rows(plain, markets):
    held = PageBuffer()
    for moment in (50, 60):
        assert held.add(Streamed(markets[0], TradePage(Trades.empty(), joined=True, first_id=8, until=moment)))
    held.add(many(plain, markets, (0, 7)))
    assert told(held.drain()) == [("BTC", [7], 6, 0), ("BTC", [], 8, 60)]


def test_what_does_not_join_is_not_kept_back(plain, markets):
    held = PageBuffer()
    assert not held.add(Streamed(markets[0], plain.page((9, 1, 10, 1), joined=False)))
    assert not held.add(Streamed(markets[0], TradePage(Trades.empty(), joined=False, first_id=12, until=5)))
    assert held.drain() == []
