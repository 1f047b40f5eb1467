"""`delta` and `cvd` at every moment of a frame at once: sums of minutes up to the candle that closed last."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import DAY, MINUTE, Lane
from coinmon_indicators._candles import MOST_MINUTES, STEPS, Timeframe
from coinmon_indicators._lots import amounts
from coinmon_indicators.flow._minute_delta import Unit, minute_flow

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_WEEK = 7 * DAY
_MONDAY = 4 * DAY
"""The first Monday, ms UTC."""


class _Sums:
    """Added up from the first row on; `rows`: how many lie before the candles' end at each moment."""

    def __init__(self, lane: Lane, before: int, step: int, unit: Unit) -> None:
        bars = lane.bars(before)
        flow = minute_flow(bars, lane.instrument, unit)
        self.scale = flow.scale
        self.origin = lane.start - before * MINUTE
        moments = lane.start + MINUTE * np.arange(lane.count, dtype=np.int64)
        self.end: Ints = moments // (step * MINUTE) * (step * MINUTE)
        self._net, self._volume, self._complete, self._covered = (
            np.concatenate(([0], np.cumsum(column))) for column in (flow.net, flow.volume, flow.complete, bars.has_flow)
        )

    def over(self, start: Ints) -> tuple[Floats, Floats]:
        """Delta and volume of [start, end), in scales; NaN where no minute has a complete split."""
        first, last = (start - self.origin) // MINUTE, (self.end - self.origin) // MINUTE
        there = self._complete[last] > self._complete[first]
        net, volume = (each[last] - each[first] for each in (self._net, self._volume))
        return np.where(there, net, np.nan), np.where(there, volume, np.nan)

    def covered(self, minutes: int) -> Floats:
        last = (self.end - self.origin) // MINUTE
        return np.asarray((self._covered[last] - self._covered[last - minutes]) / minutes, np.float64)


def delta_columns(
    lane: Lane, *, timeframe: Timeframe, bars: int, start: Any, end: Any, unit: Unit
) -> Mapping[str, Floats]:
    """delta and delta_pct of the whole window."""
    step = STEPS[timeframe]
    minutes = bars * step
    if start is not None or end is not None or minutes > MOST_MINUTES:
        return {}
    sums = _Sums(lane, minutes + step - 1, step, unit)
    net, volume = sums.over(sums.end - minutes * MINUTE)
    return {
        "coverage": sums.covered(minutes), "delta": amounts(net, sums.scale), "delta_pct": 100 * _over(net, volume),
    }  # fmt: skip


def cvd_columns(
    lane: Lane, *, timeframe: Timeframe, bars: int, start: Any, end: Any, reset: str, unit: Unit, pivot_left: int,
    pivot_right: int,
) -> Mapping[str, Floats]:  # fmt: skip
    """cvd and cvd_pct since it was reset."""
    step = STEPS[timeframe]
    minutes = bars * step
    if start is not None or end is not None or minutes > MOST_MINUTES:
        return {}
    sums = _Sums(lane, max(minutes, 0 if reset == "none" else _WEEK // MINUTE) + step, step, unit)
    last = sums.end - step * MINUTE
    if reset == "none":
        began = sums.end - minutes * MINUTE
    else:
        began = last // DAY * DAY if reset == "day" else (last - _MONDAY) // _WEEK * _WEEK + _MONDAY
    net, volume = sums.over(began)
    return {
        "coverage": sums.covered(minutes), "cvd": amounts(net, sums.scale),
        "cvd_pct": np.where(volume > 0, 100 * _over(net, volume), np.nan),
    }  # fmt: skip


def _over(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = above / below
    return np.where(np.isfinite(found), found, np.nan)
