"""Taker volumes at each traded price."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.model.trades import Floats, Ints

Amounts = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Volumes at each traded price, bar by bar: bar i owns rows start[i]:start[i + 1], in ascending price.

    ticks: price in ticks. buy, sell: taker volume there, base units.
    """

    start: Ints
    ticks: Ints
    buy: Floats
    sell: Floats

    @classmethod
    def empty(cls, bars: int) -> "Levels":
        return cls(np.zeros(bars + 1, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))

    @classmethod
    def concat(cls, parts: Sequence["Levels"]) -> "Levels":
        sizes = np.cumsum([0] + [len(part.ticks) for part in parts])
        starts = [part.start[:-1] + size for part, size in zip(parts, sizes, strict=False)]
        return cls(
            np.concatenate([*starts, sizes[-1:]]),
            np.concatenate([part.ticks for part in parts]),
            np.concatenate([part.buy for part in parts]),
            np.concatenate([part.sell for part in parts]),
        )

    def __len__(self) -> int:
        """The number of bars."""
        return len(self.start) - 1

    @property
    def bar(self) -> Ints:
        """For each level the number of the bar that owns it."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def take(self, bars: Ints) -> "Levels":
        """The levels of the bars numbered, in that order."""
        sizes = np.diff(self.start)[bars]
        start = np.concatenate(([0], np.cumsum(sizes)))
        rows = np.arange(start[-1]) + np.repeat(self.start[bars] - start[:-1], sizes)
        return Levels(start, self.ticks[rows], self.buy[rows], self.sell[rows])

    def run(self, first: int, last: int) -> "Levels":
        """The levels of bars first to last - 1, without copying them."""
        last = max(first, last)
        part = slice(self.start[first], self.start[last])
        start = self.start[first : last + 1] - self.start[first]
        return Levels(start, self.ticks[part], self.buy[part], self.sell[part])

    def spread(self, at: Ints, bars: int) -> "Levels":
        """The same levels among `bars` bars, of which number at[i] (ascending) gets those of bar i."""
        sizes = np.zeros(bars, np.int64)
        sizes[at] = np.diff(self.start)
        return Levels(np.concatenate(([0], np.cumsum(sizes))), self.ticks, self.buy, self.sell)

    def grouped(self, starts: Ints) -> "Levels":
        """Merge runs of bars, run i beginning at bar starts[i], adding up volumes at equal prices."""
        run = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(self)))[self.bar]
        return by_price(run, len(starts), self.ticks, self.buy, self.sell)


def by_price(bar: Ints | None, bars: int, ticks: Ints, buy: Amounts, sell: Amounts) -> Levels:
    """Add up rows of equal bar and price; `bar` numbers each row's bar, in any order (None: all are bar 0's).

    The sums keep the amounts' type, so that integer lots stay exact until they are scaled.
    """
    if not len(ticks):
        return Levels.empty(bars)
    low = int(ticks.min())
    span = int(ticks.max()) - low + 1
    # one integer key sorts by bar, then price; a lexsort would cost twice as much
    key = ticks - low
    if bar is not None:
        key += bar * span
    starts = np.arange(bars + 1) * span
    if bars * span <= _MAX_CELLS_A_ROW * len(ticks) and buy.dtype.kind != "i":
        # a cell for every price costs a tenth of sorting, where most of them are traded at
        there = np.zeros(bars * span, np.bool_)
        there[key] = True
        cells = np.flatnonzero(there)
        sums: list[Any] = [np.bincount(key, each, bars * span)[cells] for each in (buy, sell)]
        return Levels(np.searchsorted(cells, starts), cells % span + low, *sums)
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    sums = [np.add.reduceat(each[order], first) for each in (buy, sell)]
    return Levels(np.searchsorted(key[first], starts), ticks[order][first], *sums)


_MAX_CELLS_A_ROW = 8
"""Cells a row up to which a cell for every price is the faster way."""
