"""Where a signal's figures begin and end: cases that planted events do not show."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon import MINUTE, Coverage, Instrument, Liquidation, Market, Pair, Trades, View
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon_indicators.auction.imbalance import imbalance
from coinmon_indicators.profile.key_levels import key_levels
from coinmon_signals._windows import Windows, windows
from coinmon_signals.auction.stacked_imbalance import quiet, stacked_imbalance
from coinmon_signals.derivatives.liquidation_cascade import liquidation_cascade
from coinmon_signals.structure.key_level_touch import key_level_touch

START = 1_723_161_600_000
INDICATORS = {"imbalance": imbalance, "key_levels": key_levels}


class Tape:
    def __init__(self, rows, forced=()):
        self._rows, self._forced = rows, forced

    def bars(self, instrument, start, end, *, levels=False):
        return self._rows[(self._rows.time >= start) & (self._rows.time < end)]

    def liquidations(self, instrument, start, end):
        return [each for each in self._forced if start <= each.time < end]

    def liquidations_heard(self, instrument, start, end):
        return list(range(start, end, MINUTE))


def market(rows, minutes, *, kind="spot", missing=(), forced=(), still=Coverage.TRADES):
    """rows: (minute, ticks, lots, side). still: what is known of minutes without any."""
    symbol = "BTC/USDT" + (":USDT" if kind == "perp" else "")
    traded = Instrument("binance", kind, "BTC", "USDT", "BTC", symbol, Decimal("0.01"), Decimal("0.001"))
    columns = list(zip(*rows, strict=True))
    trades = Trades(
        np.arange(len(rows)), START + np.array(columns[0]) * MINUTE, np.array(columns[1]),
        np.array(columns[2]) / 1000, np.array(columns[3], np.int8),
    )  # fmt: skip
    end = START + minutes * MINUTE
    bars = with_quiet_minutes(fold(trades, traded), START, end, still)
    kept = bars[~np.isin((bars.time - START) // MINUTE, list(missing))]
    pair = Pair("BTC", "USDT")
    compute = lambda name, view, **settings: INDICATORS[name](view, **settings)  # noqa: E731
    return Market(pair, end, ["binance"], [View(traded, end, Tape(kept, forced), compute, pair)])


def test_a_minute_without_a_price_has_no_range_of_its_own():
    # minute 34 reaches far; in minute 35, the first of the next window, nothing is known
    rows = [(i, 10_000, 1, 1) for i in range(45)] + [(34, 10_500, 1, 1), (34, 10_000, 1, 1)]
    rows.sort(key=lambda each: each[0])
    found = windows(market(rows, 45, missing=[35]), 5, 40)
    assert isinstance(found, Windows)
    assert found.reach[-3:] == pytest.approx([5.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("minutes", "missing", "why"),
    [
        (4, (), "waits for the last 5 minutes: binance:BTC/USDT 4/5; 1 min more"),
        (30, (), "waits for 45 minutes to compare with: binance:BTC/USDT 30/45; 13 min more"),
        # until the gap has left the last 45 minutes but for two of its minutes
        (300, range(275, 290), "waits for 45 minutes to compare with: binance:BTC/USDT 30/45; 33 min more"),
    ],
)
def test_what_compares_windows_says_how_many_minutes_it_stays_mute(minutes, missing, why):
    said = windows(market([(i, 10_000, 1, 1) for i in range(minutes)], minutes, missing=missing), 5, 240)
    assert said.waits
    assert said.reason == why
    assert said.reason.zh.endswith(f"；还要 {why.split()[-3]} 分钟")


@pytest.mark.parametrize(
    ("minutes", "missing", "found"), [(45, (), 9), (60, (), 12), (300, (), 49), (300, range(230, 250), 10)]
)
def test_it_compares_with_the_windows_that_there_are(minutes, missing, found):
    said = windows(market([(i, 10_000, 1, 1) for i in range(minutes)], minutes, missing=missing), 5, 240)
    assert len(said.volume) == len(said.close) == found


def test_a_row_is_held_against_the_volume_of_its_own_candle():
    stack = [(0, 10_000 + i, lots, side) for i in range(6) for lots, side in ((30, 1), (10, -1))]
    # four minutes into the next candle far more was traded
    rows = [*stack, *((i, 10_000, 1, 1) for i in range(1, 15)), (16, 10_050, 10**6, 1)]
    settings = {"timeframe": "15m", "candles": 1, "rows": 4}
    at_close = stacked_imbalance(market(rows[:-1], 15), **settings)
    later = stacked_imbalance(market(rows, 19), **settings)
    assert [each.key for each in at_close] == [each.key for each in later]
    assert len(later) == 1


@pytest.mark.parametrize(("still", "tells"), [(Coverage.TRADES, 1), (Coverage.KLINES, 1), (Coverage.PARTIAL, 0)])
def test_a_candle_is_looked_at_where_its_trades_were_seen_and_nothing_was_traded_in_the_rest(still, tells):
    stack = [(0, 10_000 + i, lots, side) for i in range(6) for lots, side in ((30, 1), (10, -1))]
    settings = {"venue": None, "timeframe": "15m", "candles": 1, "ratio": 3.0, "rows": 4, "min_share": 0.01}
    settings |= {"max_age": 15}
    for minutes in (15, 19):
        seen = market(stack, minutes, still=still)
        assert len(stacked_imbalance(seen, **settings)) == tells
        assert quiet(seen, **settings) == (not tells)
    nothing = market([(16, 10_000, 1, 1)], 19, still=Coverage.KLINES)
    assert quiet(nothing, **settings)


def test_a_cascade_is_whole_until_its_last_one_is_history():
    forced = [Liquidation(START + i * 30_000, 1, 100.0, 1_000.0, str(i)) for i in range(10)]
    rows = [(i, 10_000, 1, 1) for i in range(25)]
    for minutes in (5, 18):
        (told,) = liquidation_cascade(market(rows[:minutes], minutes, kind="perp", forced=forced))
        assert (told.evidence["count"], told.evidence["total"]) == (10, 1e6)
    assert not liquidation_cascade(market(rows[:20], 20, kind="perp", forced=forced))


def test_a_level_of_a_day_that_was_half_seen_is_waited_for_whatever_its_name():
    rows = [(i, 10_000 + i % 3, 1, 1) for i in range(1440 + 120)]
    half = market(rows, 1440 + 120, missing=range(600))
    for level in ("pd high", "pdVWAP"):
        silent = key_level_touch(half, levels=(level,))
        assert silent.waits
        assert f"{level} 840/1440" in silent.reason


@pytest.mark.parametrize("touched", [True, False])
def test_a_level_is_told_with_the_last_price_that_is_known(touched):
    rows = [(i, 10_100 if i == 700 else 10_000, 1, 1) for i in range(1440 + 120)]
    if touched:
        rows[-2] = (1440 + 118, 10_100, 1, 1)
    stored = market(rows, 1440 + 120, missing=[3, 4, 1440 + 119])
    said = key_level_touch(stored, levels=("pd high",))
    # of a day that is over it is looked up once
    once = replace(stored, configured=lambda name: {"date": None, "timezone": "UTC"})
    assert key_level_touch(once, levels=("pd high",)) == said
    if not touched:
        assert said.reason.endswith("no level reached in 5 min on binance:BTC/USDT: pd high 101 (+1.00%)")
        return
    (signal,) = said
    assert signal.reading.en == "Price reached pd high 101; it is above it now, at 101."
    assert signal.evidence["coverage"] == 1557 / 1560
    assert all(each == each for each in signal.evidence.values()), "what is not known is no number"
