"""One-minute footprint bars and how they add up."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from enum import IntEnum
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from coinmon.model.levels import Levels, by_price
from coinmon.model.moment import MINUTE, ceil, floor
from coinmon.model.trades import Floats, Ints, is_exact_float

CoverageColumn = npt.NDArray[np.uint8]


class Coverage(IntEnum):
    """How much of a minute was seen; a merged bar is only as good as its worst minute."""

    MISSING = 0
    PARTIAL = 1
    """A known gap: trades are missing, or the venue's kline came without the taker split."""
    KLINES = 2
    """The venue's own totals including the taker split; no levels."""
    TRADES = 3
    """Every trade, proven by ids or by the venue's own volume."""

    @property
    def label(self) -> str:
        return self.name.lower()


def scaled(counts: Ints, unit: Decimal) -> Floats:
    """Integer counts times a decimal unit, each the float64 nearest to the exact product (0.1 * 3 gives 0.3)."""
    times, by = unit.as_integer_ratio()
    largest = max(abs(int(counts.max(initial=0))), abs(int(counts.min(initial=0))))
    if largest * times <= _EXACT and is_exact_float(by):
        return np.asarray((counts if times == 1 else counts * times) / by, np.float64)
    # beyond what floats hold exactly, Python's own integer division still rounds once and right
    return np.array([count * times / by for count in counts.tolist()], np.float64)


_EXACT = 2**53
"""Float64 has every whole number up to this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of one instrument in time order; all columns have one length.

    time: start, ms UTC. open, high, low, close: ticks of `tick_size` (0: no price known).
    volume, buy: total and taker-buy base units; quote_volume, buy_quote: the same in quote currency (NaN: unknown).
    trades: count as the venue counts (-1: unknown).
    delta_min, delta_max: extremes of the running taker delta in base units, which starts at 0 (NaN: unknown).
    coverage: a `Coverage` each. levels: volumes at each traded price, None when not loaded.
    A minute known to be without trades has volume 0 and the last known price; a missing one has NaN volumes.
    """

    tick_size: Decimal
    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    quote_volume: Floats
    trades: Ints
    buy: Floats
    buy_quote: Floats
    delta_min: Floats
    delta_max: Floats
    coverage: CoverageColumn
    levels: Levels | None = field(default=None)

    @classmethod
    def missing(cls, tick_size: Decimal, times: Ints) -> "Bars":
        """Rows of which nothing is known."""
        n = len(times)
        none, unknown = np.zeros(n, np.int64), np.full(n, np.nan)
        return cls(
            tick_size, times, none, none, none, none, unknown, unknown, np.full(n, -1, np.int64),
            unknown, unknown, unknown, unknown, np.zeros(n, np.uint8), Levels.empty(n),
        )  # fmt: skip

    @classmethod
    def empty(cls, tick_size: Decimal) -> "Bars":
        return cls.missing(tick_size, np.empty(0, np.int64))

    @classmethod
    def concat(cls, parts: Sequence["Bars"]) -> "Bars":
        """Rows of bars with one tick size one after the other; levels only where every part has them."""
        if not parts:
            raise ValueError("no bars to concatenate: their tick size would be unknown")
        first = parts[0]
        if len(parts) == 1:
            return first
        columns = dict(zip(COLUMNS, map(np.concatenate, zip(*map(_columns_of, parts), strict=True)), strict=True))
        levels = [part.levels for part in parts]
        known = [each for each in levels if each is not None]
        return cls(first.tick_size, **columns, levels=Levels.concat(known) if len(known) == len(levels) else None)

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, rows: slice | npt.NDArray[np.bool_] | Ints) -> "Bars":
        columns = dict(zip(COLUMNS, [each[rows] for each in _columns_of(self)], strict=True))
        levels = self.levels
        if levels is not None:
            if isinstance(rows, slice) and rows.step in (None, 1):
                levels = levels.run(*rows.indices(len(self))[:2])
            else:
                levels = levels.take(np.arange(len(self))[rows])
        return Bars(self.tick_size, **columns, levels=levels)

    @property
    def sell(self) -> Floats:
        return self.volume - self.buy

    @property
    def sell_quote(self) -> Floats:
        return self.quote_volume - self.buy_quote

    @property
    def delta(self) -> Floats:
        """Taker buy minus taker sell, base units."""
        return self.buy - self.sell

    def price(self, ticks: Ints) -> Floats:
        """Prices of a ticks column; NaN where no price is known."""
        return np.where(ticks > 0, scaled(ticks, self.tick_size), np.nan)

    @property
    def has_flow(self) -> npt.NDArray[np.bool_]:
        """Rows whose taker split is complete."""
        return self.coverage >= _WITH_SPLIT

    def dense(self, start: int, end: int) -> "Bars":
        """One row for each minute of [start, end), missing ones as such. Start and end are minutes."""
        first, last = np.searchsorted(self.time, (start, end)).tolist()
        inside = self if last - first == len(self) else self[first:last]
        if len(inside) == (end - start) // MINUTE:
            return inside
        times = np.arange(start, end, MINUTE, dtype=np.int64)
        at = (inside.time - start) // MINUTE
        blank = Bars.missing(self.tick_size, times)
        columns = {name: getattr(blank, name).copy() for name in COLUMNS}
        for name in COLUMNS:
            columns[name][at] = getattr(inside, name)
        levels = None if inside.levels is None else inside.levels.spread(at, len(times))
        return Bars(self.tick_size, **columns, levels=levels)

    def grouped(self, starts: Ints, times: Ints) -> "Bars":
        """Merge runs of consecutive rows: run i begins at row `starts[i]` and becomes the bar at `times[i]`.

        Prices come from the rows in which something traded. A run with a missing row is `partial`, and its volumes are
        those of the rows that are known; a run of missing rows only is `missing`.
        """
        if not len(starts):
            return Bars.empty(self.tick_size)
        lengths = np.diff(starts, append=len(self))
        run = np.repeat(np.arange(len(starts)), lengths)
        worst = np.minimum.reduceat(self.coverage, starts)
        best = np.maximum.reduceat(self.coverage, starts)
        coverage = np.where((worst == Coverage.MISSING) & (best > Coverage.MISSING), Coverage.PARTIAL, worst)

        priced = self.close > 0
        traded = priced & ~(self.volume == 0)
        use = np.where(np.logical_or.reduceat(traded, starts)[run], traded, priced)
        rows = np.flatnonzero(use)
        first = np.zeros(len(starts), np.int64)
        last = first.copy()
        first[run[rows][::-1]] = rows[::-1]
        last[run[rows]] = rows
        has_price = np.bincount(run[rows], minlength=len(starts)) > 0
        high = np.maximum.reduceat(np.where(use, self.high, 0), starts)
        low = np.minimum.reduceat(np.where(use, self.low, np.iinfo(np.int64).max), starts)

        delta = self.delta
        before = _running_before(np.nan_to_num(delta), starts, run)
        counts = np.where(self.coverage == Coverage.MISSING, 0, self.trades)
        unknown = np.logical_or.reduceat(counts < 0, starts) | (best == Coverage.MISSING)
        return Bars(
            tick_size=self.tick_size,
            time=np.asarray(times, np.int64),
            open=np.where(has_price, self.open[first], 0),
            high=np.where(has_price, high, 0),
            low=np.where(has_price, low, 0),
            close=np.where(has_price, self.close[last], 0),
            volume=self._sum(self.volume, starts, best),
            quote_volume=self._sum(self.quote_volume, starts, best),
            trades=np.where(unknown, -1, np.add.reduceat(counts, starts)),
            buy=self._sum(self.buy, starts, best),
            buy_quote=self._sum(self.buy_quote, starts, best),
            delta_min=np.minimum.reduceat(before + self.delta_min, starts),
            delta_max=np.maximum.reduceat(before + self.delta_max, starts),
            coverage=coverage.astype(np.uint8),
            levels=None if self.levels is None else self.levels.grouped(starts),
        )

    def _sum(self, column: Floats, starts: Ints, best: CoverageColumn) -> Floats:
        """Sums of the known rows; a row that is there but unknown (NaN) makes its run unknown."""
        known = np.where(self.coverage == Coverage.MISSING, 0.0, column)
        return np.where(best == Coverage.MISSING, np.nan, np.add.reduceat(known, starts))

    def resample(self, step: int, offset: int = 0) -> "Bars":
        """Candles of `step` ms from dense one-minute rows, opening at multiples of `step` plus `offset`, ms UTC."""
        opens = self.time - (self.time - offset) % step
        starts = np.flatnonzero(np.diff(opens, prepend=-1))
        return self.grouped(starts, opens[starts])

    def merged(self) -> "Bars":
        """All rows as one bar (no rows: no bar)."""
        return self.grouped(np.zeros(1, np.int64), self.time[:1]) if len(self) else self

    def candle(self) -> tuple[int, int, int, int]:
        """Open, high, low and close of all rows as one bar, as `merged` has them, in ticks; 0: no price is known."""
        priced = self.close > 0
        traded = priced & ~(self.volume == 0)
        rows = np.flatnonzero(traded if traded.any() else priced)
        if not len(rows):
            return 0, 0, 0, 0
        high, low = self.high[rows].max(), self.low[rows].min()
        return int(self.open[rows[0]]), int(high), int(low), int(self.close[rows[-1]])

    def profile(self) -> Levels:
        """The levels of the rows of which every trade was seen, added up as one bar's."""
        seen = self if (self.coverage == Coverage.TRADES).all() else self[self.coverage == Coverage.TRADES]
        levels = seen.levels
        return Levels.empty(1) if levels is None else by_price(None, 1, levels.ticks, levels.buy, levels.sell)

    def on_grid(self, tick_size: Decimal) -> "Bars":
        """The same prices as ticks of a grid that divides this one."""
        factor = int(self.tick_size / tick_size)
        if factor == 1:
            return self
        prices = {name: getattr(self, name) * factor for name in ("open", "high", "low", "close")}
        levels = self.levels and replace(self.levels, ticks=self.levels.ticks * factor)
        return replace(self, tick_size=tick_size, levels=levels, **prices)

    def with_coverage(self, coverage: CoverageColumn | Coverage) -> "Bars":
        return replace(self, coverage=np.full(len(self), coverage, np.uint8))


COLUMNS = tuple(each.name for each in fields(Bars) if each.name not in ("tick_size", "levels"))
"""The column names of `Bars`, in order."""
_columns_of = attrgetter(*COLUMNS)
_WITH_SPLIT = np.uint8(Coverage.KLINES)  # of an enum numpy makes wider numbers, and compares those


def _running_before(delta: Floats, starts: Ints, run: Ints) -> Floats:
    """For each row the delta of its run's earlier rows."""
    total = np.cumsum(delta) - delta
    return np.asarray(total - total[starts][run])


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a window was seen: what every result carries.

    share: of the window's minutes with a complete taker split. missing: [start, end) ranges without one, ms UTC.
    best, worst: the kinds of minute in it. since: from when it has been followed, where it goes on to be; 0: unknown.
    """

    start: int
    end: int
    minutes: int
    complete: int
    worst: Coverage
    best: Coverage
    missing: tuple[tuple[int, int], ...] = ()
    since: int = 0

    @property
    def warming(self) -> bool:
        """Whether only the beginning of the window is missing, or as yet all of it: time fills it."""
        if len(self.missing) != 1 or self.missing[0][0] != self.start:
            return False
        return self.complete > 0 or self.since > self.start

    @property
    def share(self) -> float:
        return self.complete / self.minutes if self.minutes else 0.0

    @classmethod
    def of(cls, bars: Bars, start: int, end: int, since: int = 0) -> "Seen":
        """Looks at every minute of [start, end), not at its ends."""
        start, end = floor(start), ceil(end)
        rows = bars.dense(start, end)
        if not len(rows):
            return cls(start, end, 0, 0, Coverage.MISSING, Coverage.MISSING)
        worst, best = Coverage(int(rows.coverage.min())), Coverage(int(rows.coverage.max()))
        if worst >= Coverage.KLINES:
            return cls(start, end, len(rows), len(rows), worst, best, (), since)
        ok = rows.has_flow
        edges = np.flatnonzero(np.diff(np.concatenate(([False], ~ok, [False])).astype(np.int8)))
        gaps = [(start + int(a) * MINUTE, start + int(b) * MINUTE) for a, b in edges.reshape(-1, 2)]
        return cls(start, end, len(rows), int(ok.sum()), worst, best, tuple(gaps), since)
