"""Whether a signal over candles surely says nothing now: worked out once a candle, for all markets at once.

Each of these looks at what the signal cannot do without. Where minutes are missing, or a figure is near its limit, it
answers "not sure", and the signal is asked itself.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import MINUTE, Coverage, Market, SideBySide, Silent
from coinmon_signals._columns import NEAR, Floats, Mask
from coinmon_signals._views import lead, minutes_of

Ints = npt.NDArray[np.int64]
_UNKNOWN = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class LastCandles:
    """The candles that closed last: a row a market, a column a candle; prices in ticks, the rest in base units.

    known: whether all of its minutes are; else its figures mean nothing. told: so many of the last may be told of.
    """

    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    delta: Floats
    known: Mask
    told: int

    @property
    def count(self) -> int:
        return int(self.close.shape[1])

    @property
    def young(self) -> Sequence[int]:
        """Numbers of those that may be told of."""
        return range(self.count - self.told, self.count)

    def last_known(self, count: int) -> Mask:
        """By market whether so many of the last ones are known."""
        return np.asarray(self.known[:, -count:].all(axis=1))


def quiet_candles(
    market: Market, venue: str | None, timeframe: str, max_age: int, count: int, what: Hashable,
    may: Callable[[LastCandles], Mask],
) -> bool:  # fmt: skip
    """Whether none of the candles that are young enough to be told of may be one that the signal tells.

    may: says so, by market and young candle, of the last `count` and those young ones before them. what: tells apart
    whose it is.
    """
    view = lead(market, venue)
    if isinstance(view, Silent):
        return False
    step = minutes_of(timeframe) * MINUTE
    end, most = view.end // step * step, max_age * MINUTE // step + 1
    # the older the last one is, the fewer are still told of
    told = max(0, (max_age * MINUTE - (market.now - end)) // step + 1)
    ages = partial(_ages, leads=venue is None, end=end, step=step, count=count + most - 1, most=most, may=may)
    age: int = view.side_by_side((what, venue is None, step, most), ages, end, step)
    return age >= told


def _ages(
    many: SideBySide, leads: bool, end: int, step: int, count: int, most: int, may: Callable[[LastCandles], Mask]
) -> Sequence[int]:
    """How many candles closed since the newest that may be told of; as many as are looked at where none may.

    leads: only the first market of each pair is looked at; of the others any may be.
    """
    ages = np.zeros(len(many.instruments), np.int64)
    rows = np.asarray(many.pairs) if leads else np.arange(len(ages))
    candles = partial(last_candles, many, rows, end, step, count, most)
    found = may(many.once(("candles", leads, end, step, count, most), candles))[:, ::-1]
    ages[rows] = np.where(found.any(axis=1), found.argmax(axis=1), most)
    return list(ages.tolist())


def last_candles(many: SideBySide, rows: Ints, end: int, step: int, count: int, told: int) -> LastCandles:
    """The `count` candles up to `end`, ms UTC, of the markets of these rows."""
    per, late = step // MINUTE, (many.end - end) // MINUTE

    def cut(name: str) -> npt.NDArray[Any]:
        columns = many.last(name, count * per + late)[rows, : count * per]
        return columns.reshape(len(rows), count, per)

    volume, buy, close = cut("volume"), cut("buy"), cut("close")
    known = (cut("coverage") >= np.uint8(Coverage.KLINES)) & (close > 0)
    # prices are those of the minutes in which something traded, where there are any
    traded = volume != 0
    traded |= ~traded.any(axis=2, keepdims=True)
    last = per - 1 - traded[:, :, ::-1].argmax(axis=2)
    total = volume.sum(axis=2)
    return LastCandles(
        np.where(traded, cut("high"), 0).max(axis=2),
        np.where(traded, cut("low"), _UNKNOWN).min(axis=2),
        np.take_along_axis(close, last[:, :, None], axis=2)[:, :, 0],
        total,
        2 * buy.sum(axis=2) - total,
        np.asarray(known.all(axis=2)),
        told,
    )


def with_levels(many: SideBySide, end: int, step: int, candles: int) -> Sequence[bool]:
    """Whether any of the candles up to `end` may have all its levels: no minute lacks, and trades of one were seen."""
    per, late = step // MINUTE, (many.end - end) // MINUTE
    coverage = many.last("coverage", candles * per + late)[:, : candles * per].reshape(-1, candles, per)
    whole, traded = coverage.min(axis=2) >= np.uint8(Coverage.KLINES), (coverage == Coverage.TRADES).any(axis=2)
    may: Sequence[bool] = (whole & traded).any(axis=1).tolist()
    return may


def stands_out(extreme: Ints, pivots: int) -> Mask:
    """Which candles stand out from so many on either side, by their highs or their lows negated; of equal the first."""
    count = extreme.shape[1]
    found = np.zeros(extreme.shape, bool)
    if count > 2 * pivots:
        middle = slice(pivots, count - pivots)
        at, stands = extreme[:, middle], np.ones((len(extreme), count - 2 * pivots), bool)
        for away in range(1, pivots + 1):
            stands &= at > extreme[:, pivots - away : count - pivots - away]
            stands &= at >= extreme[:, pivots + away : count - pivots + away]
        found[:, middle] = stands
    return found


def newest(flags: Mask) -> tuple[Mask, Ints]:
    """By market whether any candle is flagged, and the number of the newest that is."""
    count = flags.shape[1]
    if not count:
        return np.zeros(len(flags), bool), np.zeros(len(flags), np.int64)
    return np.asarray(flags.any(axis=1)), np.asarray(count - 1 - flags[:, ::-1].argmax(axis=1))


def beyond_quantile(column: Floats, k: int, lookback: int, quantile: float) -> Mask:
    """By market whether candle k may be above this quantile of those before it."""
    past = column[:, k - lookback : k]
    above = (past > column[:, k, None] * (1 + NEAR)).sum(axis=1)
    return np.asarray(above <= lookback - 1 - int(quantile * (lookback - 1)))


def small_range(found: LastCandles, k: int, lookback: int, share: float) -> Mask:
    """By market whether candle k's range may be at most this share of the median of those before it."""
    spans = found.high - found.low
    usual = np.median(spans[:, k - lookback : k], axis=1)
    return np.asarray(spans[:, k] <= share * usual * (1 + NEAR))
