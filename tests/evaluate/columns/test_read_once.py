"""What is read once is what the store says, wherever it is looked at, and no minute is read twice on the way."""

import random
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from coinmon.evaluate.read_once import ReadOnce
from coinmon.market.view import View
from coinmon.model.bars import COLUMNS, Bars
from coinmon.model.derivatives import OpenInterest
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE

START, STORED = 29_000_000 * MINUTE, 12 * 1440
COIN = Instrument("binance", "spot", "BTC", "USDT", "B", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))


class Store:
    """Every third minute is missing. read: the spans of bars that were asked for, in minutes."""

    def __init__(self):
        self.read = []
        times = START + np.array([i for i in range(STORED) if i % 3], np.int64) * MINUTE
        blank = Bars.missing(Decimal("0.01"), times)
        columns = {name: getattr(blank, name) for name in COLUMNS} | {"open": np.arange(len(times))}
        self.rows = Bars(Decimal("0.01"), **columns)
        self.samples = [OpenInterest(START + i * 7 * MINUTE + 5, float(i)) for i in range(STORED // 7)]

    def bars(self, instrument, start, end, *, levels=False):
        self.read.append(((start - START) // MINUTE, (end - START) // MINUTE))
        first, last = np.searchsorted(self.rows.time, (start, end)).tolist()
        return self.rows[first:last]

    def open_interest(self, instrument, start, end):
        return [each for each in self.samples if start <= each.time < end]


@pytest.mark.parametrize("seed", range(3))
def test_it_gives_what_is_stored(seed):
    rng, store = random.Random(seed), Store()
    once, at = ReadOnce(store), 2 * DAY
    for _ in range(150):
        # mostly forwards, sometimes far back, beyond what is stored, or over a gap
        at = max(0, at + rng.choice((1, 1, 1, 5, 200, -30, -3000, 4000)) * MINUTE)
        start, end = START + at - rng.choice((5, 60, 1440, 5000)) * MINUTE, START + at
        found, said = once.bars(COIN, start, end), Store.bars(store, COIN, start, end)
        assert found.time.tolist() == said.time.tolist()
        assert found.open.tolist() == said.open.tolist()
        assert not len(found) or not found.open.flags.writeable
        assert once.open_interest(COIN, start, end) == store.open_interest(COIN, start, end)


def test_walking_on_reads_each_minute_once():
    store = Store()
    once = ReadOnce(store)
    for at in range(5000, 12_000, 7):
        once.bars(COIN, START + (at - 4000) * MINUTE, START + at * MINUTE)
        # a longer window reaches further back
        once.bars(COIN, START + (at - 4500) * MINUTE, START + at * MINUTE)
    spans = sorted(store.read)
    assert spans[0][0] <= 500
    assert spans[-1][1] >= 11_990
    assert all(end == begin for (_, end), (begin, _) in pairwise(spans))


def test_what_is_over_is_worked_out_once_for_all_later_views():
    store, made = Store(), []

    def seen(source, at, ended):
        def make():
            made.append(at)
            return at

        return View(COIN, START + at * MINUTE, source).once("day", make, START + ended * MINUTE)

    once = ReadOnce(store)
    assert [seen(once, at, 100) for at in (99, 100, 101, 5000)] == [99, 100, 100, 100]
    # a stretch that goes on is each view's own, and so is all that a scan sees: its minutes may still be repaired
    assert [seen(once, at, 6000) for at in (101, 102)] == [101, 102]
    assert [seen(store, at, 100) for at in (101, 102)] == [101, 102]
    assert made == [99, 100, 101, 102, 101, 102]
