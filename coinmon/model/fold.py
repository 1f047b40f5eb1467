"""Trades to one-minute bars: the one way in for every trade that coinmon ever sees."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

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
    return fold_many([(trades, instrument)], coverage)[0]


def fold_many(parts: Sequence[tuple[Trades, Instrument]], coverage: Coverage = Coverage.TRADES) -> list[Bars]:
    """Each part as `fold` gives it, in one pass over the columns of all: many have few trades a minute."""
    found = [Bars.empty(instrument.tick_size) for _, instrument in parts]
    full = [at for at, (trades, _) in enumerate(parts) if len(trades)]
    if not full:
        return found
    trades = Trades.concat([parts[at][0] for at in full])
    instruments = [parts[at][1] for at in full]
    sizes = np.array([len(parts[at][0]) for at in full])
    lots, fits = _lots(trades, instruments, sizes)
    if fits.all():
        folded = _fold(trades, instruments, sizes, lots, [each.lot_size for each in instruments], coverage)
    elif len(full) == 1:
        minute = trades.time // MINUTE
        order = np.argsort(minute, kind="stable")
        edges = [*np.flatnonzero(np.diff(minute[order], prepend=-1)).tolist(), len(order)]
        if len(edges) > 2:
            # the sums of a half, and in the end those of a minute, may fit where the whole one's do not
            middle = edges[len(edges) // 2]
            halves = trades[order[:middle]], trades[order[middle:]]
            folded = [Bars.concat([fold(each, instruments[0], coverage) for each in halves])]
        else:
            folded = _fold(trades, instruments, sizes, trades.qty, [Decimal(1)], coverage)
    else:
        # those that need float sums one by one
        together = iter(fold_many([parts[at] for at, fit in zip(full, fits, strict=True) if fit], coverage))
        folded = [next(together) if fit else fold(*parts[at], coverage) for at, fit in zip(full, fits, strict=True)]
    for at, bars in zip(full, folded, strict=True):
        found[at] = bars
    return found


def _fold(
    trades: Trades,
    instruments: Sequence[Instrument],
    sizes: Ints,
    amount: Amounts,
    lots: Sequence[Decimal],
    coverage: Coverage,
) -> list[Bars]:
    """Runs of rows, `sizes` of each instrument, whose `amount` counts the instrument's `lots`."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    minute = trades.time // MINUTE
    first_minute = int(minute.min())
    place = owner * (int(minute.max()) - first_minute + 1) + (minute - first_minute)
    if np.any(place[1:] < place[:-1]):
        order = np.argsort(place, kind="stable")
        trades, amount, minute, place = trades[order], amount[order], minute[order], place[order]
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    ends = np.append(starts[1:], len(place)) - 1
    of = owner[starts]
    ticks = trades.ticks
    is_buy = trades.side > 0
    buy = np.where(is_buy, amount, 0)
    signed = np.where(is_buy, amount, -amount)

    running = np.cumsum(signed)
    running -= np.repeat(running[starts] - signed[starts], ends - starts + 1)
    quotes = [lot * each.tick_size for lot, each in zip(lots, instruments, strict=True)]

    def total(column: Amounts, units: Sequence[Decimal]) -> Floats:
        return _to_float(np.add.reduceat(column, starts), units, of)

    low = np.minimum.reduceat(ticks, starts)
    bar = np.repeat(np.arange(len(starts)), ends - starts + 1)
    # prices relative to their bar's lowest keep the sorting key small, however far apart instruments are
    levels = by_price(bar, len(starts), ticks - low[bar], buy, amount - buy)
    columns: Sequence[Any] = (
        minute[starts] * MINUTE,
        ticks[starts],
        np.maximum.reduceat(ticks, starts),
        low,
        ticks[ends],
        total(amount, lots),
        total(amount * ticks, quotes),
        ends - starts + 1,
        total(buy, lots),
        total(buy * ticks, quotes),
        np.minimum(_to_float(np.minimum.reduceat(running, starts), lots, of), 0.0),
        np.maximum(_to_float(np.maximum.reduceat(running, starts), lots, of), 0.0),
        np.full(len(starts), coverage, np.uint8),
    )
    owns = levels.bar
    levels = replace(
        levels,
        ticks=levels.ticks + low[owns],
        buy=_to_float(levels.buy, lots, of[owns]),
        sell=_to_float(levels.sell, lots, of[owns]),
    )
    named = list(zip(COLUMNS, columns, strict=True))
    edges = np.searchsorted(of, np.arange(len(sizes) + 1)).tolist()
    return [
        Bars(each.tick_size, **{name: column[a:b] for name, column in named}, levels=levels.run(a, b))
        for each, (a, b) in zip(instruments, pairwise(edges), strict=True)
    ]


def _lots(trades: Trades, instruments: Sequence[Instrument], sizes: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Quantities as integer lots, and of which instruments they fit the grid and their sums 63 bits."""
    exact = trades.qty / np.repeat(np.array([float(each.lot_size) for each in instruments]), sizes)
    lots = np.rint(exact)
    starts = np.cumsum(sizes) - sizes
    on_grid = np.logical_and.reduceat((lots >= 1) & (np.abs(exact - lots) <= 1e-6 + lots * 1e-15), starts)
    largest = np.add.reduceat(lots, starts) * np.maximum.reduceat(trades.ticks, starts)
    fits = on_grid & (largest < _SAFE)
    return np.where(np.repeat(fits, sizes), lots, 0).astype(np.int64), fits


def _to_float(values: Amounts, units: Sequence[Decimal], of: Ints) -> Floats:
    """Counts of `units[of]` as the float64 nearest to the exact product."""
    if values.dtype.kind != "i":
        return np.asarray(values * float(units[0]), np.float64)
    counts = values.astype(np.int64)
    if len(set(units)) == 1:
        return scaled(counts, units[0])
    found = np.empty(len(counts))
    # grids are few, instruments many
    kinds = list(dict.fromkeys(units))
    kind = np.array([kinds.index(unit) for unit in units])[of]
    for at, unit in enumerate(kinds):
        rows = np.flatnonzero(kind == at)
        if len(rows):
            found[rows] = scaled(counts[rows], unit)
    return found


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
