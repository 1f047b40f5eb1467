"""Price rows of candles: a whole number of ticks high, dense from each candle's lowest to its highest traded row."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon.indicator import Bilingual, Coverage, Levels
from coinmon_indicators._candles import Candles, exact
from coinmon_indicators._lots import amounts, in_lots

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROWS = 50
"""Rows that the median candle has at most, where no bin size is given."""

MOST_CELLS = 20_000_000
"""Beyond this a window has too many rows to look at."""

BinSetting = Annotated[
    float | None,
    Field(
        gt=0,
        le=1e6,
        description="height of a price row, quote currency, a multiple of the tick; None: the smallest of 1, 2, 5, "
        f"10... ticks that gives the median candle at most {ROWS} rows",
    ),
]

BinByCoin = Annotated[
    Annotated[float, Field(gt=0, le=1e6)] | dict[str, Annotated[float, Field(gt=0, le=1e6)]] | None,
    Field(
        description="height of a price row, quote currency, a multiple of the tick, or one for each coin such as "
        f"{{BTC: 10}}; None: the smallest of 1, 2, 5, 10... ticks that gives the median candle at most {ROWS} rows",
    ),
]


def bin_of_coin(setting: float | Mapping[str, float] | None, base: str) -> float | None:
    """A coin's own height; None where none is set for it."""
    return setting.get(base) if isinstance(setting, Mapping) else setting


@dataclass(frozen=True, eq=False)
class Grid:
    """Volumes by candle and row: candle i owns cells start[i]:start[i + 1], the first of which is row first[i].

    bin: ticks a row. Row r holds the ticks r * bin to (r + 1) * bin - 1 and is named by its lower edge.
    buy, sell: taker volumes in `unit`s of base: lots, where every volume is a number of lots, so that sums and ratios
    are exact. complete: candles whose rows add up to their volume. candle, row: the owner and row of each cell.
    """

    bin: int
    tick: Decimal
    unit: Decimal
    start: Ints
    first: Ints
    buy: Floats
    sell: Floats
    complete: npt.NDArray[np.bool_]
    candle: Ints
    row: Ints

    @property
    def bin_size(self) -> float:
        """Height of a row, quote currency."""
        return float(self.tick * self.bin)

    @cached_property
    def volume(self) -> Floats:
        return self.buy + self.sell

    def price(self, rows: Ints) -> Floats:
        """Lower edges of rows, quote currency."""
        times, by = (self.tick * self.bin).as_integer_ratio()
        return np.asarray(rows * times / by, np.float64)

    def amount(self, units: Floats) -> Floats:
        """Volumes in base units."""
        return amounts(units, self.unit)

    def traded(self) -> Ints:
        """Candles that have rows, in order."""
        return np.flatnonzero(np.diff(self.start))

    def cells(self, candle: int) -> slice:
        return slice(int(self.start[candle]), int(self.start[candle + 1]))

    @cached_property
    def peak(self) -> Ints:
        """The cell of each candle's POC, -1 where it has no rows.

        Most volume; of equal ones the nearest to the middle of the range, then the side with more volume, then the
        lower.
        """
        found = np.full(len(self.first), -1, np.int64)
        traded, volume = self.traded(), self.volume
        if not len(traded):
            return found
        most = np.maximum.reduceat(volume, self.start[traded])
        tops = np.flatnonzero(volume == np.repeat(most, np.diff(self.start)[traded]))
        owners = self.candle[tops]
        found[owners] = tops
        for candle in traded[np.bincount(owners, minlength=len(found))[traded] > 1].tolist():
            found[candle] = self._middle(candle, tops[owners == candle], volume)
        return found

    def _middle(self, candle: int, tops: Ints, volume: Floats) -> int:
        own = self.cells(candle)
        middle = own.start + own.stop - 1
        away = np.abs(2 * tops - middle)
        nearest = tops[away == away.min()]
        upper = volume[middle // 2 + 1 : own.stop].sum() > volume[own.start : (middle + 1) // 2].sum()
        return int(nearest[-1] if upper else nearest[0])


def grid(found: Candles, bin_size: float | None) -> Grid | None:
    """The rows of candles that were read with levels; None, with the reason noted, where there can be none."""
    ticks = _bin(found, bin_size)
    if ticks is None:
        return None
    made = found.view.once(("grid", ticks, found.step, found.start, found.end), lambda: _grid(found, ticks))
    if isinstance(made, int):
        found.reasons.append(
            Bilingual(
                f"{made:,} 个价格行过多：请增大 bin_size 或减少 K 线",
                f"{made:,} price rows are too many: take a larger bin_size or fewer candles",
            )
        )
        return None
    short = int((~made.complete & found.priced).sum())
    if short:
        # those of which nothing was seen are no candles: coverage tells them
        seen = int(found.priced.sum())
        found.reasons.append(
            Bilingual(
                f"{seen} 根 K 线中有 {short} 根的逐价数据不完整",
                f"{short} of {seen} candles have incomplete price levels",
            )
        )
    return made


def _grid(found: Candles, ticks: int) -> Grid | int:
    """Rows of so many ticks; how many there would be, where they are too many."""
    levels = found.minutes.levels or Levels.empty(len(found.minutes))
    count = len(found.bars)
    owner = (found.minutes.time - found.start) // found.step
    rows = levels.ticks // ticks
    first, height = _ranges(levels, rows, owner, count)
    start = np.concatenate(([0], np.cumsum(height)))
    if start[-1] > MOST_CELLS:
        return int(start[-1])
    candle = np.repeat(np.arange(count), height)
    cell = np.repeat((start[:-1] - first)[owner], np.diff(levels.start)) + rows
    sums = tuple(np.bincount(cell, each, int(start[-1])).astype(np.float64) for each in (levels.buy, levels.sell))
    # a row's sum is off by less than a hundredth of a lot, so whole lots come out exact
    (buy, sell), unit = in_lots(sums, found.view.instrument.lot_size)
    total = np.bincount(candle, buy + sell, count) * float(unit)
    complete = (found.bars.coverage >= Coverage.KLINES) & np.isclose(total, found.bars.volume, 1e-9, 0)
    return Grid(
        ticks, found.bars.tick_size, unit, start, first, buy, sell, complete, candle,
        np.arange(start[-1]) - np.repeat(start[:-1] - first, height),
    )  # fmt: skip


def _bin(found: Candles, bin_size: float | None) -> int | None:
    """Ticks a row."""
    tick = found.bars.tick_size
    if bin_size is not None:
        ratio = exact(bin_size) / Fraction(tick)
        if ratio.denominator == 1:
            return int(ratio)
        found.reasons.append(
            Bilingual(
                f"bin_size {bin_size:g} 不是最小价位 {tick} 的整数倍",
                f"bin_size {bin_size:g} is not a multiple of the tick {tick}",
            )
        )
        return None
    ranges = (found.bars.high - found.bars.low)[found.priced]
    # the lower of the two in the middle, so that it stays an integer
    middle = int(np.sort(ranges)[(len(ranges) - 1) // 2]) if len(ranges) else 0
    step = 1
    while True:
        for ticks in (step, 2 * step, 5 * step):
            # so high a range touches one row more where it begins inside one
            if -(-middle // ticks) < ROWS:
                return ticks
        step *= 10


def _ranges(levels: Levels, rows: Ints, owner: Ints, count: int) -> tuple[Ints, Ints]:
    """Each candle's lowest row and number of rows."""
    first, height = np.zeros(count, np.int64), np.zeros(count, np.int64)
    used = np.flatnonzero(np.diff(levels.start))
    if len(used):
        # levels ascend within a minute, so its ends are its extremes
        low, high, of = rows[levels.start[used]], rows[levels.start[used + 1] - 1], owner[used]
        runs = np.flatnonzero(np.diff(of, prepend=-1))
        first[of[runs]] = np.minimum.reduceat(low, runs)
        height[of[runs]] = np.maximum.reduceat(high, runs) - first[of[runs]] + 1
    return first, height
