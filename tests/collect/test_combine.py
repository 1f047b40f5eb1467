"""Which account of a minute stands, case by case, and over all cases against the rules said in a plain loop."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinmon.collect.track.reconcile import reconcile
from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.levels import Levels

NAN = math.nan
MISSING, PARTIAL, KLINES, TRADES = Coverage


def bars(*rows):
    """Dense rows of (coverage, volume, bought, trades); missing ones are empty, traded ones have one level."""
    times = np.arange(len(rows), dtype=np.int64) * 60_000
    blank = Bars.missing(Decimal("0.1"), times)
    columns = {name: getattr(blank, name).copy() for name in COLUMNS}
    held = []
    for place, (coverage, volume, buy, count) in enumerate(rows):
        columns["coverage"][place] = coverage
        if coverage:
            columns["close"][place] = 100
            columns["trades"][place] = count
            columns["volume"][place], columns["buy"][place] = volume, buy
            columns["quote_volume"][place], columns["buy_quote"][place] = 10 * volume, 10 * buy
        held.append([buy] if coverage and buy > 0 else [])
    flat = [each for part in held for each in part]
    levels = Levels(
        np.cumsum([0, *map(len, held)]), np.full(len(flat), 100, np.int64), np.array(flat), np.zeros(len(flat))
    )
    return Bars(blank.tick_size, **columns, levels=levels)


CASES = {
    "a total that disagrees with proven trades": ((TRADES, 5, 3, 7), (PARTIAL, 6, NAN, 9), (PARTIAL, 6, NAN, 9)),
    "a total of nothing against proven trades": ((TRADES, 5, 3, 7), (PARTIAL, 0, NAN, 9), (PARTIAL, 5, 3, 9)),
    "proven trades and a total but for rounding": ((TRADES, 5, 3, 7), (PARTIAL, 5.000001, NAN, 9), (TRADES, 5, 3, 9)),
    "but a split that disagrees with them wins": ((TRADES, 5, 3, 7), (KLINES, 6, 4, 9), (KLINES, 6, 4, 9)),
    "a split that agrees leaves them their levels": ((TRADES, 5, 3, 7), (KLINES, 5, 3, 9), (TRADES, 5, 3, 9)),
    "equal volume proves trades": ((PARTIAL, 5, 3, 7), (PARTIAL, 5, NAN, 9), (TRADES, 5, 3, 9)),
    "equal but for float noise": ((PARTIAL, 0.1 + 0.2, 0.1, 7), (PARTIAL, 0.3, NAN, 9), (TRADES, 0.3, 0.1, 9)),
    "unequal volume does not": ((PARTIAL, 4, 3, 7), (PARTIAL, 5, NAN, 9), (PARTIAL, 5, NAN, 9)),
    "a kline without count leaves the trades' own": ((TRADES, 5, 3, 7), (PARTIAL, 5, NAN, -1), (TRADES, 5, 3, 7)),
    "no kline": ((PARTIAL, 4, 3, 7), (MISSING, 0, 0, 0), (PARTIAL, 4, 3, 7)),
    "no trades": ((MISSING, 0, 0, 0), (KLINES, 5, 3, 9), (KLINES, 5, 3, 9)),
    "no trades and no split": ((MISSING, 0, 0, 0), (PARTIAL, 5, NAN, 9), (PARTIAL, 5, NAN, 9)),
    "nothing traded is a split of zero": ((MISSING, 0, 0, 0), (PARTIAL, 0, NAN, 0), (KLINES, 0, 0, 0)),
    "nothing": ((MISSING, 0, 0, 0), (MISSING, 0, 0, 0), (MISSING, NAN, NAN, -1)),
}


def figures(row):
    return [int(row.coverage[0]), *(float(getattr(row, name)[0]) for name in ("volume", "buy")), int(row.trades[0])]


@pytest.mark.parametrize("case", CASES)
def test_the_better_account_stands(case):
    trades, kline, expected = CASES[case]
    found = reconcile(bars(trades), bars(kline))
    assert figures(found) == pytest.approx([*expected], nan_ok=True)
    assert len(found.levels.ticks) == (1 if found.buy[0] > 0 and found.coverage[0] != KLINES else 0)


ACCOUNT = st.tuples(st.sampled_from([0.0, 2.0, 3.0]), st.sampled_from([0.0, 1.0]), st.integers(1, 9))


@given(st.lists(st.tuples(st.sampled_from(Coverage), ACCOUNT, st.sampled_from([MISSING, PARTIAL, KLINES]), ACCOUNT)))
def test_minute_by_minute_as_the_rules_say(rows):
    left = [(coverage, *account) for coverage, account, _, _ in rows]
    right = [(coverage, volume, buy if coverage == KLINES else NAN, n) for _, _, coverage, (volume, buy, n) in rows]
    found = reconcile(bars(*left), bars(*right))
    assert len(found) == len(rows)
    for place, (t, k) in enumerate(zip(left, right, strict=True)):
        same = t[0] and k[0] and t[1] == k[1]
        if k[0] == KLINES and not same:
            expected = (KLINES, k[1])
        elif t[0] == TRADES and k[0] and not same:
            expected = (PARTIAL, k[1] or t[1])
        elif t[0] == TRADES or same:
            expected = (TRADES, t[1])
        elif k[0]:
            expected = (k[0] if k[1] else KLINES, k[1])
        else:
            expected = (t[0], t[1] if t[0] else NAN)
        if k[0] and not k[1] and t[0] != TRADES and found.coverage[place] != TRADES:
            expected = (KLINES, 0.0)
        assert (found.coverage[place], found.volume[place]) == pytest.approx(expected, nan_ok=True)


def test_volume_counted_once_when_two_sources_overlap():
    """Five minutes of trades and five of klines, three of them the same minutes."""
    trades = bars(*[(TRADES, 5, 3, 7)] * 5, *[(MISSING, 0, 0, 0)] * 2)
    klines = bars(*[(MISSING, 0, 0, 0)] * 2, *[(KLINES, 5, 3, 7)] * 5)
    found = reconcile(trades, klines)
    assert found.volume.tolist() == [5.0] * 7
    assert found.coverage.tolist() == [TRADES] * 5 + [KLINES] * 2
    # what is stored already and comes again
    assert reconcile(found, klines).volume.sum() == reconcile(trades, found).volume.sum() == 35
