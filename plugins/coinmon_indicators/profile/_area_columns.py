"""A volume profile as it develops: its point of control and value area after each minute."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Instrument, Levels
from coinmon_indicators._lots import in_lots
from coinmon_indicators._profile import Profile, bin_of, with_levels
from coinmon_indicators._value_area import control, value_area
from coinmon_indicators.profile._window import Shape

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AREA_FIGURES = ("bin_size", "rows", "poc", "poc_high", "poc_volume", "vah", "val", "profile_volume")
_MAX_ROWS = 4_000
_EXACT = 2.0**53
"""Below this sums of whole numbers are exact in any order."""


def developing_area(before: Levels, minutes: Bars, instrument: Instrument, shape: Shape) -> Mapping[str, Floats] | None:
    """len(minutes) + 1 of each figure of a raw profile: of `before` alone, then after each of the minutes.

    before: one bar's levels. minutes: with levels. None where the sums would depend on their order, or the profile has
    too many rows to be worked out again each minute.
    """
    moment, ticks, amount, unit = _traded(before, minutes, instrument, shape)
    if np.any(amount != np.rint(amount)) or amount.sum() >= _EXACT:
        return None
    count = len(minutes) + 1
    found = {name: np.full(count, np.nan) for name in AREA_FIGURES}
    if not len(ticks):
        return found
    low, high = np.full(count, ticks.max()), np.full(count, ticks.min())
    np.minimum.at(low, moment, ticks)
    np.maximum.at(high, moment, ticks)
    low, high = np.minimum.accumulate(low), np.maximum.accumulate(high)
    begins = int(moment[0])
    try:
        steps = _steps(shape.bin_size, instrument, low[begins:], high[begins:])
    except ValueError:
        return None
    edges = [*(np.flatnonzero(np.diff(steps, prepend=0)) + begins).tolist(), count]
    starts = np.searchsorted(moment, np.arange(count + 1), "left")
    for first, after in pairwise(edges):
        step = int(steps[first - begins])
        lowest = int(low[after - 1]) // step
        height = int(high[after - 1]) // step - lowest + 1
        if height > _MAX_ROWS:
            return None
        row = ticks[: starts[after]] // step - lowest
        grid = np.bincount(row[: starts[first]], amount[: starts[first]], height).astype(np.float64)
        for i in range(first, after):
            new = slice(starts[i], starts[i + 1])
            if new.start == new.stop and i > first:
                for each in found.values():
                    each[i] = each[i - 1]
                continue
            grid += np.bincount(row[new], amount[new], height)
            part = grid[int(low[i]) // step - lowest : int(high[i]) // step - lowest + 1]
            profile = Profile(instrument.tick_size, step, int(low[i]) // step, part, part, unit)
            for name, value in zip(AREA_FIGURES, _figures(profile, shape), strict=True):
                found[name][i] = value
    return found


def _traded(before: Levels, minutes: Bars, instrument: Instrument, shape: Shape) -> tuple[Ints, Ints, Floats, Decimal]:
    """What was traded, in whole units if it can be, and the moment from which on it counts, ascending."""
    levels = minutes.levels
    assert levels is not None
    counts = with_levels(minutes)[levels.bar]
    moment = np.concatenate((np.zeros(len(before.ticks), np.int64), levels.bar[counts] + 1))
    ticks = np.concatenate((before.ticks, levels.ticks[counts]))
    buy, sell = (np.concatenate((getattr(before, side), getattr(levels, side)[counts])) for side in ("buy", "sell"))
    (buy, sell), unit = in_lots((buy, sell), instrument.lot_size)
    if shape.weight == "quote":
        return moment, ticks, (buy + sell) * ticks, unit * instrument.tick_size
    return moment, ticks, buy + sell, unit


def _steps(bin_size: float | None, instrument: Instrument, low: Ints, high: Ints) -> Ints:
    """Ticks to a row at each moment, which change only when the range does. Raises ValueError as `bin_of` does."""
    wider = np.flatnonzero((np.diff(low, prepend=low[0] + 1) != 0) | (np.diff(high, prepend=high[0] - 1) != 0))
    steps = [bin_of(bin_size, instrument.tick_size, int(low[i]), int(high[i])) for i in wider.tolist()]
    return np.repeat(np.array(steps, np.int64), np.diff(wider, append=len(low)))


def _figures(profile: Profile, shape: Shape) -> tuple[float, ...]:
    volume = profile.volume.astype(np.int64).tolist()
    poc = control(volume)
    low, high = value_area(volume, poc, shape.percent, shape.method)
    return (
        float(profile.tick * profile.bin_ticks), len(volume), profile.edge(poc), profile.edge(poc + 1),
        profile.amount(volume[poc]), profile.edge(high + 1), profile.edge(low), profile.amount(sum(volume)),
    )  # fmt: skip
