"""Which swings were broken or swept, and which way the trend is."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars
from coinmon_indicators._pivots import pivots

Ints = npt.NDArray[np.int64]
BySide = Mapping[bool, Ints]
"""Numbers of the swings' bars: True: highs, False: lows."""


class Break(NamedTuple):
    """What bar number `bar` did to the swing at bar number `swing`. up: it is a swing high."""

    bar: int
    up: bool
    swing: int
    event: Literal["bos", "choch", "sweep"]


def swing_highs_and_lows(bars: Bars, left: int, right: int) -> BySide:
    return {high: pivots(bars, left, right, high) for high in (True, False)}


def breaks(
    bars: Bars, at: BySide, right: int, *, wick: bool
) -> tuple[list[Break], Literal["up", "down"] | None, dict[bool, int | None]]:
    """Breaks and sweeps in time order, the trend after them, and each side's last swing where it is unbroken.

    A swing counts from the bar after the one that confirmed it until the next of its kind is confirmed.
    """
    broken, swept = [], []
    unbroken: dict[bool, int | None] = {}
    for up in (True, False):
        side_broken, side_swept = _of_side(bars, at[up], right, up, wick)
        broken += side_broken
        swept += side_swept
        last = int(at[up][-1]) if len(at[up]) else None
        unbroken[up] = None if last in {each[2] for each in side_broken} else last
    # an outside bar that breaks both ways (wicks only) is taken to have gone against its close first
    closes_up = bars.close >= bars.open
    broken.sort(key=lambda each: (each[0], each[1] == bool(closes_up[each[0]])))
    trend: Literal["up", "down"] | None = None
    found: list[Break] = []
    for bar, up, swing in broken:
        way: Literal["up", "down"] = "up" if up else "down"
        found.append(Break(bar, up, swing, "bos" if trend in (None, way) else "choch"))
        trend = way
    found += [Break(*each, "sweep") for each in swept]
    return sorted(found, key=lambda each: each.bar), trend, unbroken


_Hits = list[tuple[int, bool, int]]


def _of_side(bars: Bars, swings: Ints, right: int, up: bool, wick: bool) -> tuple[_Hits, _Hits]:
    """(bar, up, swing) of each break, and of each first sweep before it."""
    if not len(swings):
        return [], []
    sign = 1 if up else -1
    extreme, close = (bars.high, bars.close) if up else (-bars.low, -bars.close)
    # the last swing confirmed before each bar, -1 where there is none
    current = np.searchsorted(swings + right, np.arange(len(bars)), side="left") - 1
    level = sign * (bars.high if up else bars.low)[swings][current]
    live = (current >= 0) & (bars.close > 0)
    beyond = live & ((extreme if wick else close) > level)
    broken = _first(beyond, current)
    ends = np.full(len(swings), len(bars))
    ends[current[broken]] = broken
    swept = np.zeros(0, np.int64)
    if not wick:
        back = live & (extreme > level) & (close <= level) & (np.arange(len(bars)) < ends[current])
        swept = _first(back, current)
    hits: list[_Hits] = [
        list(zip(rows.tolist(), [up] * len(rows), swings[current[rows]].tolist(), strict=True))
        for rows in (broken, swept)
    ]
    return hits[0], hits[1]


def _first(flags: npt.NDArray[np.bool_], of: Ints) -> Ints:
    """The first flagged bar of each swing."""
    rows = np.flatnonzero(flags)
    return rows[np.flatnonzero(np.diff(of[rows], prepend=-1))]
