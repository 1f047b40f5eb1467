"""Aggregate trades that begin in one minute and end in the next, parted where the venue's own volumes say so.

Binance USD-M adds up the fills of 100 ms; the sum has the time of the first (EXCHANGES 1.2, 6.1). The kline of the
first minute then has less than the trades, by exactly the fills after its end.
"""

import numpy as np

from coinmon.model.bars import Bars, Coverage, scaled
from coinmon.model.fold import fold
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Floats, Ints, Trades

_FILL_WINDOW_MS = 100
"""ms over which fills are added up."""
_OFF_GRID = 1e-3
"""Lots; quantities that are no whole number of lots cannot be compared exactly."""


def fitted(trades: Trades, seen: Bars, klines: Bars | None, instrument: Instrument) -> tuple[Bars, Trades]:
    """The bars `seen` of trades, with these parted; and what goes on after the last minute of `klines`."""
    if klines is None or not len(klines):
        return seen, Trades.empty()
    within, carry = split_at_minute(trades, klines, instrument)
    return (seen if within is trades else fold(within, instrument, Coverage.PARTIAL)), carry


def split_at_minute(trades: Trades, klines: Bars, instrument: Instrument) -> tuple[Trades, Trades]:
    """The trades of the minutes that `klines` has rows for, and what of them belongs to the minute after the last.

    A minute's last trade is parted where what is too much in the minute is a part of it in volume, buys and quote
    volume alike; everything else stays as it is. trades: of these minutes alone, in order of time.
    """
    nothing = Trades.empty()
    if not len(trades) or (np.diff(trades.time) < 0).any():
        return trades, nothing
    lot, tick = instrument.lot_size, instrument.tick_size
    exact = trades.qty / float(lot)
    lots = np.rint(exact)
    if np.abs(exact - lots).max() > _OFF_GRID:
        return trades, nothing
    minute = (trades.time - klines.time[0]) // MINUTE
    bought = trades.side > 0

    def excess(weights: Floats, theirs: Floats, unit: float) -> Floats:
        # an unknown one is NaN, and never too much
        return np.asarray(np.bincount(minute, weights, len(klines)) - np.rint(theirs / unit), np.float64)

    volume = excess(lots, klines.volume, float(lot))
    if not (volume > 0).any():
        return trades, nothing
    buys = excess(lots * bought, klines.buy, float(lot))
    quote = excess(lots * trades.ticks, klines.quote_volume, float(lot * tick))
    last = np.searchsorted(minute, np.arange(len(klines)), side="right") - 1
    rows, moved = [], []
    for at in range(len(klines)):
        row, much = int(last[at]), volume[at]
        end = int(klines.time[at]) + MINUTE
        if not (0 < much < lots[row] and minute[row] == at and int(trades.time[row]) >= end - _FILL_WINDOW_MS):
            continue
        if buys[at] != much * bought[row] or quote[at] != much * trades.ticks[row]:
            continue
        rows.append(row)
        moved.append(much)
        if at + 1 < len(klines):
            for sums, part in ((volume, much), (buys, much * bought[row]), (quote, much * trades.ticks[row])):
                sums[at + 1] += part
    if not rows:
        return trades, nothing
    return _moved(trades, np.array(rows), np.array(moved).astype(np.int64), lots, klines, instrument)


def _moved(
    trades: Trades, rows: Ints, moved: Ints, lots: Floats, klines: Bars, instrument: Instrument
) -> tuple[Trades, Trades]:
    """Lots of these rows put right after them, at the beginning of the next minute."""
    qty = trades.qty.copy()
    qty[rows] = scaled(lots[rows].astype(np.int64) - moved, instrument.lot_size)
    later = (trades.time[rows] // MINUTE + 1) * MINUTE
    at = rows + 1
    all_ = Trades(
        np.insert(trades.id, at, trades.id[rows]),
        np.insert(trades.time, at, later),
        np.insert(trades.ticks, at, trades.ticks[rows]),
        np.insert(qty, at, scaled(moved, instrument.lot_size)),
        np.insert(trades.side, at, trades.side[rows]),
    )
    within = all_.time < int(klines.time[-1]) + MINUTE
    return all_[within], all_[~within]
