"""Trades to one-minute bars: the one way in for every trade that coinmon ever sees."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from coinmon.model.bars import COLUMNS, Bars, Coverage, scaled
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Amounts, by_price
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Floats, Ints, Trades

_SAFE = float(2**62)
"""Integer sums are used while they surely fit into 63 bits."""


def fold(trades: Trades, instrument: Instrument, coverage: Coverage = Coverage.TRADES) -> Bars:
    """One bar for each minute in which something traded, with levels.

    Sums are made in integers (lots, and ticks times lots) and turned into floats once, so a bar's volumes are the
    float64 nearest to the exact decimal ones. Quantities off the lot grid fall back to float64 sums.
    """
    if not len(trades):
        return Bars.empty(instrument.tick_size)
    minute = trades.time // MINUTE
    if np.any(minute[1:] < minute[:-1]):
        order = np.argsort(minute, kind="stable")
        trades, minute = trades[order], minute[order]
    starts = np.flatnonzero(np.diff(minute, prepend=-1))
    ends = np.append(starts[1:], len(minute)) - 1
    ticks = trades.ticks
    amount, lot = _amounts(trades, instrument)
    is_buy = trades.side > 0
    buy = np.where(is_buy, amount, 0)
    signed = np.where(is_buy, amount, -amount)

    running = np.cumsum(signed)
    before = np.repeat(running[starts] - signed[starts], ends - starts + 1)
    running -= before

    def total(column: Amounts, unit: Decimal) -> Floats:
        return _to_float(np.add.reduceat(column, starts), unit)

    tick = instrument.tick_size
    levels = by_price(np.repeat(np.arange(len(starts)), ends - starts + 1), len(starts), ticks, buy, amount - buy)
    return Bars(
        tick,
        minute[starts] * MINUTE,
        ticks[starts],
        np.maximum.reduceat(ticks, starts),
        np.minimum.reduceat(ticks, starts),
        ticks[ends],
        total(amount, lot),
        total(amount * ticks, lot * tick),
        ends - starts + 1,
        total(buy, lot),
        total(buy * ticks, lot * tick),
        np.minimum(_to_float(np.minimum.reduceat(running, starts), lot), 0.0),
        np.maximum(_to_float(np.maximum.reduceat(running, starts), lot), 0.0),
        np.full(len(starts), coverage, np.uint8),
        replace(levels, buy=_to_float(levels.buy, lot), sell=_to_float(levels.sell, lot)),
    )


def _amounts(trades: Trades, instrument: Instrument) -> tuple[Amounts, Decimal]:
    """Quantities as integer lots and the lot, or as they are and 1 where they do not fit the grid or 63 bits."""
    exact = trades.qty / float(instrument.lot_size)
    lots = np.rint(exact)
    on_grid = bool(np.all((lots >= 1) & (np.abs(exact - lots) <= 1e-6 + lots * 1e-15)))
    if on_grid and float(lots.sum()) * float(trades.ticks.max()) < _SAFE:
        return lots.astype(np.int64), instrument.lot_size
    return trades.qty, Decimal(1)


def _to_float(values: Amounts, unit: Decimal) -> Floats:
    return (
        scaled(values.astype(np.int64), unit) if values.dtype.kind == "i" else values.astype(np.float64) * float(unit)
    )


def with_quiet_minutes(bars: Bars, start: int, end: int, coverage: Coverage, last_price: int = 0) -> Bars:
    """Rows for every minute of [start, end): those without a bar are minutes in which nothing traded.

    last_price: ticks of the price before `start`, 0 if unknown. A quiet minute's prices are the last known one.
    """
    rows = bars.dense(start, end)
    quiet = rows.coverage == Coverage.MISSING
    if not quiet.any():
        return rows
    known: Ints = np.maximum.accumulate(np.where(quiet, -1, np.arange(len(rows))))
    price = np.where(known >= 0, rows.close[known], last_price)

    columns = {name: np.where(quiet, 0, getattr(rows, name)) for name in COLUMNS}
    columns |= {name: np.where(quiet, price, getattr(rows, name)) for name in ("open", "high", "low", "close")}
    columns |= {"time": rows.time, "coverage": np.where(quiet, coverage, rows.coverage).astype(np.uint8)}
    return Bars(rows.tick_size, **columns, levels=rows.levels)
