"""Volume at price on a dense grid of rows, its point of control and its value area.

A row is `bin_ticks` ticks high and named by its lower edge. Volumes are whole lots (or lots times ticks, in quote
currency) wherever they lie on the lot grid, so that ties are ties.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Bilingual, Coverage, Instrument, Levels
from coinmon_indicators._average import with_volume
from coinmon_indicators._lots import in_lots

Weight = Literal["base", "quote"]
Mode = Literal["raw", "synthetic"]
ProfileRows = npt.NDArray[np.float64]

MAX_ROWS = 400
_MAX_GRID_ROWS = 2_000_000
"""Rows beyond which a grid is a mistake rather than a wish."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Row i covers ticks [(first + i) * bin_ticks, (first + i + 1) * bin_ticks).

    volume, buy: in units of `unit` (lots, lots times ticks, or plain). buy has NaN where the taker side is unknown.
    """

    tick: Decimal
    bin_ticks: int
    first: int
    volume: ProfileRows
    buy: ProfileRows
    unit: Decimal

    def __len__(self) -> int:
        return len(self.volume)

    def edge(self, row: int) -> float:
        """The lower edge of a row, which is the upper edge of the one below, as a price."""
        return float(self.tick * ((self.first + row) * self.bin_ticks))

    def amount(self, volume: float) -> float:
        """A volume in base units or quote currency."""
        return float(Decimal(volume) * self.unit)

    @property
    def exact(self) -> list[int]:
        """Volumes as integers that compare and add up without rounding."""
        whole = np.rint(self.volume)
        if not np.array_equal(self.volume, whole) or whole.max(initial=0) >= 2**63:
            # sums that are equal on paper differ in a float's last digits
            whole = np.rint(self.volume * (2.0**40 / self.volume.max()))
        exact: list[int] = whole.astype(np.int64).tolist()
        return exact


def bin_of(bin_size: float | None, tick: Decimal, low: int, high: int) -> int:
    """Ticks to a row: the size wished for, or the least of 1-2-5-10.. ticks that makes at most 400 rows.

    Raises ValueError for a size that is not a multiple of the tick.
    """
    if bin_size is None:
        power = 1
        while True:
            for digit in (1, 2, 5):
                ticks = digit * power
                if high // ticks - low // ticks < MAX_ROWS:
                    return ticks
            power *= 10
    ratio = Fraction(str(bin_size)) / Fraction(tick)
    if ratio.denominator != 1 or ratio < 1:
        raise ValueError(
            Bilingual(
                f"bin_size {bin_size:g} 不是最小价位 {tick.normalize():f} 的整数倍",
                f"bin_size {bin_size:g} is not a multiple of the tick {tick.normalize():f}",
            )
        )
    ticks = ratio.numerator
    if high // ticks - low // ticks >= _MAX_GRID_ROWS:
        raise ValueError(
            Bilingual(
                f"bin_size {bin_size:g} 的价格行超过 {_MAX_GRID_ROWS:,}",
                f"bin_size {bin_size:g} makes more than {_MAX_GRID_ROWS:,} rows",
            )
        )
    return ticks


def with_levels(bars: Bars) -> npt.NDArray[np.bool_]:
    """Minutes whose volume at each price is known in full."""
    return np.asarray(bars.coverage == Coverage.TRADES)


def profile_of(
    levels: Levels, instrument: Instrument, bin_size: float | None, weight: Weight = "base"
) -> Profile | None:
    """The profile of one bar's levels; None where nothing traded. Raises ValueError as `bin_of` does."""
    ticks = levels.ticks
    if not len(ticks):
        return None
    # each price is there once, in ascending order
    step = bin_of(bin_size, instrument.tick_size, int(ticks[0]), int(ticks[-1]))
    (buy, sell), unit = in_lots((levels.buy, levels.sell), instrument.lot_size)
    if weight == "quote":
        buy, sell, unit = buy * ticks, sell * ticks, unit * instrument.tick_size
    row = ticks // step
    first = int(row[0])
    bought, sold = (np.bincount(row - first, each).astype(np.float64) for each in (buy, sell))
    return Profile(instrument.tick_size, step, first, bought + sold, bought, unit)


def resampled(bars: Bars, seconds: int) -> Bars:
    """Bars at least so many seconds long; a minute is the shortest there is."""
    step = -(-seconds // 60) * 60_000
    return bars if step == 60_000 or not len(bars) else bars.resample(step, int(bars.time[0]))


def spread(bars: Bars, bin_size: float | None, weight: Weight) -> Profile | None:
    """Each bar's volume evenly over the rows of its low..high range; None where no totals are known."""
    used = bars[with_volume(bars) & (bars.volume > 0) & (bars.low > 0)]
    if not len(used):
        return None
    low, high = int(used.low.min()), int(used.high.max())
    step = bin_of(bin_size, bars.tick_size, low, high)
    below, first = used.low // step, low // step
    count = used.high // step - below + 1
    volume, buy = (used.volume, used.buy) if weight == "base" else (used.quote_volume, used.buy_quote)
    start = np.repeat(np.cumsum(count) - count, count)
    row = np.repeat(below - first, count) + np.arange(count.sum()) - start
    total, bought = (np.bincount(row, np.repeat(each / count, count)).astype(np.float64) for each in (volume, buy))
    return Profile(bars.tick_size, step, first, total, bought, Decimal(1))
