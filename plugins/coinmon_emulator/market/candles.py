"""Candles out of trades, in exact integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import Column, Prints


@dataclass(frozen=True, slots=True)
class CandleColumns:
    """Candles as columns, oldest first; sizes and quotes are sums of integer units."""

    start: Column
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column
    quote: Column
    count: Column
    buy_volume: Column
    buy_quote: Column

    def __len__(self) -> int:
        return len(self.start)

    def take(self, which: slice) -> CandleColumns:
        return CandleColumns(*(getattr(self, name)[which] for name in self.__slots__))

    def rows(self) -> list[tuple[int, ...]]:
        return list(zip(*(getattr(self, name).tolist() for name in self.__slots__), strict=True))


def fold(trades: Prints, interval: CandleInterval) -> CandleColumns:
    """One bar for each interval that has trades."""
    if not len(trades):
        return CandleColumns(*(np.empty(0, np.int64) for _ in CandleColumns.__slots__))
    starts = interval.floors(trades.time)
    edges = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    last = np.append(edges[1:], len(starts)) - 1
    quote = trades.price * trades.size
    buys = trades.side > 0
    if trades.first is None or trades.last is None:
        count = last - edges + 1
    else:
        count = np.add.reduceat(trades.last - trades.first + 1, edges)
    return CandleColumns(
        starts[edges],
        trades.price[edges],
        np.maximum.reduceat(trades.price, edges),
        np.minimum.reduceat(trades.price, edges),
        trades.price[last],
        np.add.reduceat(trades.size, edges),
        np.add.reduceat(quote, edges),
        count,
        np.add.reduceat(np.where(buys, trades.size, 0), edges),
        np.add.reduceat(np.where(buys, quote, 0), edges),
    )


def spread(bars: CandleColumns, interval: CandleInterval, low: int, high: int, previous: int | None) -> CandleColumns:
    """Every interval from `low` to `high`: those without trades are flat at the close before them.

    Where nothing traded before, the answer begins at the first trade.
    """
    if previous is None:
        if not len(bars):
            return bars
        low = int(bars.start[0])
    starts = interval.starts(low, high)
    if len(starts) == len(bars):
        return bars
    place = np.searchsorted(bars.start, starts, side="right") - 1
    has = np.zeros(len(starts), bool)
    has[np.searchsorted(starts, bars.start)] = True
    before = np.where(place >= 0, np.append(bars.close, 0)[place], 0 if previous is None else previous)

    def laid(values: Column, empty: Column | int) -> Column:
        filled = np.append(values, 0)[place]
        return np.where(has, filled, empty)

    return CandleColumns(
        starts,
        laid(bars.open, before),
        laid(bars.high, before),
        laid(bars.low, before),
        laid(bars.close, before),
        laid(bars.volume, 0),
        laid(bars.quote, 0),
        laid(bars.count, 0),
        laid(bars.buy_volume, 0),
        laid(bars.buy_quote, 0),
    )


def opened_at_the_close_before(bars: CandleColumns, previous: int | None) -> CandleColumns:
    """Bybit's candles: each opens at the close before it, and its high and low include that price."""
    if not len(bars):
        return bars
    before = np.append(bars.open[0] if previous is None else previous, bars.close[:-1])
    return CandleColumns(
        bars.start,
        before,
        np.maximum(bars.high, before),
        np.minimum(bars.low, before),
        bars.close,
        bars.volume,
        bars.quote,
        bars.count,
        bars.buy_volume,
        bars.buy_quote,
    )
