"""Trades as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coinmon.errors import DecodeError
from coinmon.model.instrument import Instrument

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.int8]

_OFF_GRID = 1e-3
"""A price this share of a tick away from the grid is not float noise but another tick size."""

_LARGEST = 2.0**53
"""Float64 has every whole number up to this one; ticks beyond it are not exact."""


def is_exact_float(number: int) -> bool:
    """Whether float64 has a positive whole number: all up to 2**53, and 10**22 but not 10**23."""
    return number // (number & -number) <= _LARGEST


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Public trades of one instrument in the order they happened; all columns have one length.

    id: the venue's own where it is a number, else a stable 63-bit digest of it. time: ms UTC. ticks: price in ticks.
    qty: base units. side: the taker's (the aggressor's), +1 buy, -1 sell. fills: of how many trades a row is the sum,
    where the venue adds up a taker's; None: each is one.
    """

    id: Ints
    time: Ints
    ticks: Ints
    qty: Floats
    side: Sides
    fills: Ints | None = None

    @classmethod
    def empty(cls) -> "Trades":
        none = np.empty(0, np.int64)
        return cls(none, none, none, np.empty(0), np.empty(0, np.int8))

    @classmethod
    def concat(cls, parts: Sequence["Trades"]) -> "Trades":
        """The parts one after the other, in the order given."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        summed = any(part.fills is not None for part in parts)
        return cls(
            np.concatenate([part.id for part in parts]),
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.ticks for part in parts]),
            np.concatenate([part.qty for part in parts]),
            np.concatenate([part.side for part in parts]),
            np.concatenate([part.fill_counts for part in parts]) if summed else None,
        )

    @property
    def fill_counts(self) -> Ints:
        return np.ones(len(self), np.int64) if self.fills is None else self.fills

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, rows: slice | npt.NDArray[np.bool_] | Ints) -> "Trades":
        fills = None if self.fills is None else self.fills[rows]
        return Trades(self.id[rows], self.time[rows], self.ticks[rows], self.qty[rows], self.side[rows], fills)


def to_ticks(prices: Floats, instrument: Instrument) -> Ints:
    """Prices to integer ticks, rounded to the grid (never floored: 0.3/0.1 is 2.999...).

    Raises DecodeError for a price that is not finite, not positive or not on the instrument's grid.
    """
    if not len(prices):
        return np.empty(0, np.int64)
    sound = np.isfinite(prices) & (prices > 0)
    exact = np.where(sound, prices, 0) / float(instrument.tick_size)
    ticks = np.rint(exact)
    # float64 holds the quotient to about 2e-16 of its size, so the allowance grows with it
    bad = ~sound | (np.abs(exact - ticks) > _OFF_GRID + ticks * 1e-15) | (ticks < 1) | (ticks > _LARGEST)
    if bad.any():
        price = prices[np.argmax(bad)]
        raise DecodeError(f"{instrument.id}: price {price} is not a positive multiple of tick {instrument.tick_size}")
    return ticks.astype(np.int64)
