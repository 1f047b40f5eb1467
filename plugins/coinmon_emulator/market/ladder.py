"""A made-up order book that is the same whoever asks: each level is a function of its price and of the moment.

So a REST snapshot, a stream's snapshot and any chain of differences between them agree without anybody keeping a book.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coinmon_emulator.market.market import Column, Listed, RestingOrders

STEP = 100
"""Milliseconds between two states of a book."""
UPDATES = 5
"""Update ids that one step uses up."""
LEVELS = 1000
BLOCK = 1024
"""Places whose dice are thrown together."""
SPACING = 2e-5
"""Between two levels, as a share of the price; a thousand of them reach two percent."""
# How many steps a level keeps its size, by a die of its own.
LIVES = np.array([20, 90, 300, 600, 900, 1800, 3600, 9000], np.uint64)
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A whole book at one step: integer prices, which are multiples of `unit`, and sizes, best first."""

    step: int
    unit: int
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
        return Ladder(self.step, self.unit, (bids[:depth], bid_sizes[:depth]), (asks[:depth], ask_sizes[:depth]))


def levels(side: tuple[Column, ...]) -> list[tuple[int, int]]:
    prices, sizes = side
    return list(zip(prices.tolist(), sizes.tolist(), strict=True))


def changes(states: Sequence[Ladder], side: Literal["bids", "asks"]) -> list[tuple[int, int]]:
    """Levels that were touched from one state to the next, as the last one has them, best first; size 0 is one gone.

    A level that came back to its size is told too: whoever starts from a state in between needs it.
    """
    found: list[tuple[Column, Column]] = [getattr(state, side) for state in states]
    ends = [int(price) for each, _ in found if len(each) for price in (each[0], each[-1])]
    if not ends:
        return []
    # a place for each price that there may be: to sort those that there are takes longer
    unit, least = math.gcd(*(state.unit for state in states)), min(ends)
    sizes = np.zeros((len(found), (max(ends) - least) // unit + 1), np.int64)
    for row, (each, held) in zip(sizes, found, strict=True):
        row[(each - least) // unit] = held
    which = np.flatnonzero((sizes[1:] != sizes[:-1]).any(axis=0))
    if side == "bids":
        which = which[::-1]
    return levels((least + which * unit, sizes[-1][which]))


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
    bids = range(best_bid, max(0, best_bid - LEVELS), -1)
    asks = range(best_ask, best_ask + LEVELS)
    sides = []
    for places in (bids, asks):
        lots, there = _lots(places, salt, step, quote / per_lot)
        at = np.arange(places.start, places.stop, places.step)
        sides.append((at[there] * (spacing * tick), lots[there] * one.lot))
    return Ladder(step, spacing * tick, sides[0], sides[1])


def _lots(places: range, salt: int, step: int, usual: float) -> tuple[Column, NDArray[np.bool_]]:
    own, lives, begun = _dice(places, salt)
    ages = (np.uint64(step) + begun) // lives
    # The best level changes at every step: no two states of a book are alike.
    ages[:1] = step
    drawn = mix(own ^ (ages * np.uint64(0xD1342543DE82EF95)))
    share = (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53
    there = (drawn & np.uint64(7)) != 0
    there[:1] = True
    # From a fifth of the usual size to five times it.
    return np.maximum(1, usual * np.exp2((share - 0.5) * 4.6)).astype(np.int64), there


def _dice(places: range, salt: int) -> Words:
    """Of each place: a number of its own, how many steps it keeps a size, and at which of these it begins."""
    if not places:
        return np.zeros((3, 0), np.uint64)
    first, last = sorted((places[0], places[-1]))
    blocks = range(first // BLOCK, last // BLOCK + 1)
    begin = blocks[0] * BLOCK
    found = np.concatenate([_block(each, salt) for each in blocks], axis=1)[:, first - begin : last + 1 - begin]
    return np.ascontiguousarray(found[:, :: places.step])


@lru_cache(512)
def _block(number: int, salt: int) -> Words:
    """Those of `BLOCK` places: they are the same at every step."""
    places = np.arange(number * BLOCK, (number + 1) * BLOCK).astype(np.uint64)
    own = mix(places * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt))
    lives = LIVES[(own & np.uint64(7)).astype(np.int64)]
    return np.stack((own, lives, (own >> np.uint64(8)) % lives))
