"""Order books, and what is kept of them: the depth near the mid, and a coarse picture of where size rests."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_FINEST = 1e-4
"""A row of a picture is at least this share of the mid high."""
_PICTURE_REACH_SHARE = 0.02
"""Share of the mid that a picture reaches to either side."""


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """An order book: two columns a side, price and base units, best first.

    known_from, known_to: no level is unknown between these prices; beyond them some may be. None: as far as it lists.
    """

    time: int
    bids: Floats
    asks: Floats
    known_from: float | None = None
    known_to: float | None = None

    @property
    def mid(self) -> float | None:
        """None: a side is empty."""
        return float(self.bids[0, 0] + self.asks[0, 0]) / 2 if len(self.bids) and len(self.asks) else None


@dataclass(frozen=True, slots=True)
class Near:
    """Resting size within `percent` of the mid: base units and quote currency."""

    percent: float
    bid_base: float
    bid_quote: float
    ask_base: float
    ask_quote: float


@dataclass(frozen=True, slots=True)
class Depth:
    """What a book held at `time`. bid, ask: the best prices.

    reach_bid, reach_ask: the percentage below and above the mid to which no level was unknown. A figure for more is of
    the levels that were known.
    """

    time: int
    bid: float
    ask: float
    reach_bid: float
    reach_ask: float
    near: tuple[Near, ...]

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2

    @classmethod
    def of(cls, book: Book, time: int, percents: Sequence[float]) -> "Depth | None":
        """None for a book with an empty side."""
        mid = book.mid
        if mid is None:
            return None
        known_from = book.bids[-1, 0] if book.known_from is None else book.known_from
        known_to = book.asks[-1, 0] if book.known_to is None else book.known_to
        near = []
        for percent in percents:
            # a level at the very edge is within, whatever the last bit of the product is
            low, high = mid * (1 - percent / 100) * (1 - 1e-12), mid * (1 + percent / 100) * (1 + 1e-12)
            bids, asks = book.bids[book.bids[:, 0] >= low], book.asks[book.asks[:, 0] <= high]
            near.append(Near(percent, *_sums(bids), *_sums(asks)))
        reach_bid, reach_ask = 100 * (mid - known_from) / mid, 100 * (known_to - mid) / mid
        best = float(book.bids[0, 0]), float(book.asks[0, 0])
        return cls(time, *best, max(0.0, float(reach_bid)), max(0.0, float(reach_ask)), tuple(near))


def _sums(levels: Floats) -> tuple[float, float]:
    return float(levels[:, 1].sum()), float((levels[:, 0] * levels[:, 1]).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Size resting in rows of price, base units, as of `time` or the mean of the minute that ended then.

    row: height of a row, quote currency. first: number of the lowest row, which begins at `first * row`. bids, asks: a
    figure a row; NaN where nothing is known.
    """

    time: int
    row: Decimal
    first: int
    bids: Floats
    asks: Floats

    @classmethod
    def of(cls, book: Book, time: int, tick: Decimal) -> "Picture | None":
        """Two percent to either side of the mid. None for a book with an empty side."""
        mid = book.mid
        if mid is None:
            return None
        ticks = _row_ticks(mid / float(tick))
        row = tick * ticks
        # through whole ticks: a price on an edge belongs to the row above it, whatever its last bit is
        low, high = (int(mid * (1 + side * _PICTURE_REACH_SHARE) / float(tick)) // ticks for side in (-1, 1))
        known_from = book.bids[-1, 0] if book.known_from is None else book.known_from
        known_to = book.asks[-1, 0] if book.known_to is None else book.known_to
        sides = [_filled(side, tick, ticks, low, high) for side in (book.bids, book.asks)]
        rows = np.arange(low, high + 1)
        # in ticks, as products of floats miss the edges; a side that is known whole reaches to infinity
        first, last = (np.rint(edge / float(tick)) for edge in (known_from, known_to))
        unknown = ((rows + 1) * ticks <= first) | (rows * ticks > last)
        for side in sides:
            side[unknown & (side == 0)] = np.nan
        return cls(time, row, low, *sides)

    @classmethod
    def mean_of(cls, pictures: "Sequence[Picture]", time: int) -> "Picture":
        """The mean of pictures taken at even times: time-weighted. Of a row that some did not know, of the others."""
        row = max(each.row for each in pictures)
        spans = [each.span(row) for each in pictures]
        first, rows = min(low for low, _ in spans), max(high for _, high in spans) + 1
        sides = zip(*(each.on(row, first, rows - first) for each in pictures), strict=True)
        bids, asks = (_known_mean(np.stack(side)) for side in sides)
        return cls(time, row, first, bids, asks)

    def span(self, row: Decimal) -> tuple[int, int]:
        """Numbers of the lowest and the highest row, of rows that high."""
        times = int(row / self.row)
        return self.first // times, (self.first + len(self.bids) - 1) // times

    def on(self, row: Decimal, first: int, rows: int) -> tuple[Floats, Floats]:
        """Both sides on rows that are whole numbers of this picture's; NaN where none of a row is known."""
        times = int(row / self.row)
        place = (np.arange(len(self.bids)) + self.first) // times - first
        within = (place >= 0) & (place < rows)
        told = []
        for side in (self.bids, self.asks):
            seen = within & ~np.isnan(side)
            sums = np.bincount(place[seen], side[seen], rows)
            told.append(np.where(np.bincount(place[seen], minlength=rows) > 0, sums, np.nan))
        return told[0], told[1]


def _known_mean(stacked: Floats) -> Floats:
    """The mean down the first axis of what is not NaN."""
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, stacked, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _row_ticks(mid: float) -> int:
    """Ticks of a row: 1, 5, 10, 50, ... so that each height is a whole number of every smaller one."""
    least = mid * _FINEST
    power: int = 10 ** max(0, math.ceil(math.log10(max(least, 1.0))))
    return power // 2 if power > 1 and least <= power // 2 else power


def _filled(levels: Floats, tick: Decimal, ticks: int, low: int, high: int) -> Floats:
    place = np.rint(levels[:, 0] / float(tick)).astype(np.int64) // ticks - low
    within = (place >= 0) & (place <= high - low)
    return np.bincount(place[within], levels[within, 1], high - low + 1).astype(np.float64)
