"""The market as of a moment: all that an endpoint may see.

Nothing later than `now` gets through here, the open candle included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coinmon_emulator.market.candles import CandleColumns, fold, spread
from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import DAY, Column, Listed, MarkPrice, Prints, RestingOrders, Settlement
from coinmon_emulator.market.world import World


@dataclass(frozen=True, slots=True)
class Spoil:
    """What a fault does to pages of trades, and to the server's own time."""

    gap: int = 0
    repeat: bool = False
    skew_ms: int = 0
    ids_reach_hours: int | None = None
    """How old an id may be that aggregate trades are asked from; older ones are answered with nothing."""
    unlisted: frozenset[str] = frozenset()
    """Bases that no list has now, and that are refused by name."""
    all_ever_listed: bool = False
    """Markets that have ended or have not begun are found too, as in files of history."""
    files: frozenset[str] = frozenset()
    """Odd shapes of files of history."""


@dataclass(frozen=True, slots=True)
class DayStats:
    """The last 24 hours of one instrument, in integer units."""

    open: int
    high: int
    low: int
    last: int
    last_size: int
    volume: int
    quote: int
    count: int
    first_id: int
    last_id: int
    last_time: int
    previous_close: int


class WorldNow:
    """One market at one moment."""

    def __init__(self, market: World, now: int, spoil: Spoil | None = None) -> None:
        self.market = market
        self.now = now
        self.spoil = spoil or Spoil()
        self._days: dict[Listed, DayStats | None] = {}
        self._books: dict[tuple[Listed, int], RestingOrders | None] = {}

    @property
    def server_time(self) -> int:
        """What the venue says the time is."""
        return self.now + self.spoil.skew_ms

    def listed(self, venue: str, kind: str | None = None) -> list[Listed]:
        unlisted = self.spoil.unlisted
        return [
            one
            for one in self.market.instruments
            if one.venue == venue and kind in (None, one.kind) and one.base not in unlisted and self._there(one)
        ]

    def _there(self, one: Listed) -> bool:
        return self.spoil.all_ever_listed or one.is_listed(self.now)

    def find(self, venue: str, kind: str, native: str) -> Listed | None:
        for one in self.market.instruments:
            if one.native == native and one.venue == venue and one.kind == kind:
                return None if one.base in self.spoil.unlisted or not self._there(one) else one
        return None

    def seen(self, instrument: Listed) -> int:
        """How many trades have happened."""
        return self.market.before(instrument, self.now + 1)

    def rows(self, instrument: Listed, low: int, high: int) -> Prints:
        """Trades by position."""
        high = min(high, self.seen(instrument))
        return self.market.rows(instrument, max(0, low), max(0, low, high))

    def between(self, instrument: Listed, start: int, end: int) -> Prints:
        """Trades from `start` up to but without `end`."""
        end = min(end, self.now + 1)
        if end <= start:
            return Prints.join([])
        return self.market.rows(instrument, self.market.before(instrument, start), self.market.before(instrument, end))

    def latest(self, instrument: Listed, count: int) -> Prints:
        seen = self.seen(instrument)
        return self.market.rows(instrument, max(0, seen - count), seen)

    def last(self, instrument: Listed) -> Prints | None:
        """The last trade, if there was one."""
        seen = self.seen(instrument)
        return self.market.rows(instrument, seen - 1, seen) if seen else None

    def spoiled(self, trades: Prints) -> Prints:
        """A page of trades after the fault schedule had its way with it."""
        if self.spoil.gap:
            trades = trades.take(trades.id % 100 >= self.spoil.gap)
        if self.spoil.repeat and len(trades):
            trades = trades.take(np.repeat(np.arange(len(trades)), np.where(trades.id % 10 == 0, 2, 1)))
        return trades

    def bars(
        self, instrument: Listed, interval: CandleInterval, low: int, high: int, *, flat: bool = True
    ) -> CandleColumns:
        """Candles that start from `low` up to but without `high`, the open one as far as it has come."""
        floor = interval.floor(low)
        low = max(interval.floor(self.market.begins(instrument)), floor if floor == low else interval.after(floor))
        high = min(high, self.now + 1, instrument.until_ms)
        if high <= low:
            return fold(Prints.join([]), interval)
        last = interval.floor(high - 1)
        bars = fold(self.between(instrument, low, interval.after(last)), interval)
        if not flat:
            return bars
        return spread(bars, interval, low, last + 1, self.close_before(instrument, low))

    def close_before(self, instrument: Listed, ms: int) -> int | None:
        position = self.market.before(instrument, min(ms, self.now + 1))
        return int(self.market.rows(instrument, position - 1, position).price[0]) if position else None

    def day(self, instrument: Listed) -> DayStats | None:
        """The rolling 24 hours; None before the first trade."""
        if instrument not in self._days:
            self._days[instrument] = self._day(instrument)
        return self._days[instrument]

    def _day(self, instrument: Listed) -> DayStats | None:
        trades = self.between(instrument, self.now - DAY, self.now + 1)
        last = trades.take(slice(-1, None)) if len(trades) else self.last(instrument)
        if last is None:
            return None
        within = trades if len(trades) else last
        first = within.id if within.first is None else within.first
        final = last.id if last.last is None else last.last
        count = len(trades)
        if trades.first is not None and trades.last is not None:
            count = int((trades.last - trades.first + 1).sum())
        before = self.close_before(instrument, int(within.time[0]))
        return DayStats(
            open=int(within.price[0]),
            high=int(within.price.max()),
            low=int(within.price.min()),
            last=int(last.price[0]),
            last_size=int(last.size[0]),
            volume=int(trades.size.sum()),
            quote=int((trades.price * trades.size).sum()),
            count=count,
            first_id=int(first[0]),
            last_id=int(final[0]),
            last_time=int(last.time[0]),
            previous_close=int(within.price[0]) if before is None else before,
        )

    def aggregates(self, instrument: Listed) -> tuple[int, Column] | None:
        return self.market.aggregates(instrument)

    def book(self, instrument: Listed, depth: int) -> RestingOrders | None:
        if not instrument.trades_at(self.now):
            return None
        if (instrument, depth) not in self._books:
            self._books[instrument, depth] = self.market.book(instrument, self.now, depth)
        return self._books[instrument, depth]

    def mark(self, instrument: Listed) -> MarkPrice | None:
        return self.market.mark(instrument, self.now)

    def open_interest(self, instrument: Listed, at: int | None = None) -> float | None:
        return self.market.open_interest(instrument, self.now if at is None else min(at, self.now))

    def settlements(self, instrument: Listed, start: int, end: int) -> Sequence[Settlement] | None:
        return self.market.settlements(instrument, start, min(end, self.now + 1))
