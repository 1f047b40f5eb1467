"""A made-up order book that is the same whoever asks: each level is a function of its price and of the moment.

So a REST snapshot, a stream's snapshot and any chain of differences between them agree without anybody keeping a book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coinmon_emulator.market.market import Column, Listed, RestingOrders

STEP = 100
"""Milliseconds between two states of a book."""
UPDATES = 5
"""Update ids that one step uses up."""
LEVELS = 1000
SPACING = 2e-5
"""Between two levels, as a share of the price; a thousand of them reach two percent."""
# How many steps a level keeps its size, by a die of its own.
LIVES = np.array([20, 90, 300, 600, 900, 1800, 3600, 9000], np.uint64)
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A whole book at one step: integer prices and sizes, best first."""

    step: int
    bids: tuple[Column, Column]
    asks: tuple[Column, Column]

    @property
    def update_id(self) -> int:
        return self.step * UPDATES

    @property
    def time(self) -> int:
        return self.step * STEP

    def book(self, depth: int) -> RestingOrders:
        bids, asks = (levels(tuple(column[:depth] for column in side)) for side in (self.bids, self.asks))
        return RestingOrders(self.update_id, self.time, bids, asks)

    def top(self, depth: int) -> Ladder:
        """The same step with the best `depth` levels only."""
        (bids, bid_sizes), (asks, ask_sizes) = self.bids, self.asks
        return Ladder(self.step, (bids[:depth], bid_sizes[:depth]), (asks[:depth], ask_sizes[:depth]))


def levels(side: tuple[Column, ...]) -> list[tuple[int, int]]:
    prices, sizes = side
    return list(zip(prices.tolist(), sizes.tolist(), strict=True))


def changes(states: Sequence[Ladder], side: Literal["bids", "asks"]) -> list[tuple[int, int]]:
    """Levels that were touched from one state to the next, as the last one has them, best first; size 0 is one gone.

    A level that came back to its size is told too: whoever starts from a state in between needs it.
    """
    found: list[tuple[Column, Column]] = [getattr(state, side) for state in states]
    prices = np.unique(np.concatenate([each for each, _ in found]))
    sizes = np.zeros((len(found), len(prices)), np.int64)
    for row, (each, held) in zip(sizes, found, strict=True):
        row[np.searchsorted(prices, each)] = held
    which = np.flatnonzero((sizes[1:] != sizes[:-1]).any(axis=0))
    if side == "bids":
        which = which[::-1]
    return levels((prices[which], sizes[-1][which]))


def mix(words: Words) -> Words:
    """splitmix64: neighbouring numbers become unrelated ones."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def ladder(one: Listed, salt: int, fair: float, start: float, quote: float, step: int) -> Ladder:
    """The book around the price `fair`; at `start` levels are spaced by a share of it, and usually worth `quote`."""
    tick = one.as_of("tick", step * STEP)
    scale = 10**one.price_digits / tick
    ticks = fair * scale
    spacing = max(1, int(start * scale * SPACING))
    best_bid = int(ticks - max(0.5, ticks * 2e-5)) // spacing
    best_ask = max(best_bid + 1, -(-int(ticks + max(0.5, ticks * 2e-5)) // spacing))
    # Not of the price of the moment: sizes would all change with it.
    per_lot = start * one.lot / 10.0**one.size_digits
    bids = np.arange(best_bid, max(0, best_bid - LEVELS), -1)
    asks = np.arange(best_ask, best_ask + LEVELS)
    sides = []
    for places in (bids, asks):
        lots, there = _lots(places, salt, step, quote / per_lot)
        sides.append((places[there] * (spacing * tick), lots[there] * one.lot))
    return Ladder(step, sides[0], sides[1])


def _lots(places: Column, salt: int, step: int, usual: float) -> tuple[Column, NDArray[np.bool_]]:
    own = mix(places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt))
    lives = LIVES[(own & np.uint64(7)).astype(np.int64)]
    ages = (np.uint64(step) + (own >> np.uint64(8)) % lives) // lives
    # The best level changes at every step: no two states of a book are alike.
    ages[:1] = step
    drawn = mix(own ^ (ages * np.uint64(0xD1342543DE82EF95)))
    share = (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53
    there = (drawn & np.uint64(7)) != 0
    there[:1] = True
    # From a fifth of the usual size to five times it.
    return np.maximum(1, usual * np.exp2((share - 0.5) * 4.6)).astype(np.int64), there
