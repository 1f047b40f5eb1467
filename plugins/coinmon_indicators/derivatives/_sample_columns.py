"""`funding` and `open_interest` at every moment of a frame at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Lane, rolling
from coinmon_indicators.derivatives._quadrant import windows_before

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_HOUR_MS = 60 * MINUTE


def funding_columns(lane: Lane, *, window: int, max_age: int) -> Mapping[str, Floats]:
    """The fields of `funding` but its reason, times as ms UTC; NaN where they are None."""
    samples, moments = lane.funding(max_age), _moments(lane)
    time, at, there = _latest(samples, moments, max_age)
    found: dict[str, Floats] = {"coverage": rolling(lane.bars(window).has_flow, window) / window}
    hours = _floats([each.interval_ms and each.interval_ms / _HOUR_MS for each in samples])
    rate = _floats([each.rate for each in samples])
    columns = {
        "time": time.astype(np.float64), "rate": rate, "interval_hours": np.where(hours > 0, hours, np.nan),
        "next_time": _floats([each.next_time for each in samples]), "annualised": _annual(rate, hours),
        "mark": _floats([each.mark for each in samples]), "index": _floats([each.index for each in samples]),
    }  # fmt: skip
    found |= {name: _picked(each, at, there) for name, each in columns.items()}
    found["age"] = (moments - found["time"]) / 1000
    return found


def _annual(rate: Floats, hours: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = rate * 24 / hours * 365
    return np.where((hours > 0) & np.isfinite(found), found, np.nan)


def open_interest_columns(
    lane: Lane, *, window: int, dead_band: float, period: str, limit: int
) -> Mapping[str, Floats]:
    """The level of `open_interest` and its change over the window, and when; NaN where they are None."""
    reach, span = (windows_before(window) + 1) * window, window * MINUTE
    samples, moments = lane.open_interest(reach), _moments(lane)
    time, at, there = _latest(samples, moments, 2 * window)
    base = _floats([each.base for each in samples])
    found: dict[str, Floats] = {"coverage": rolling(lane.bars(window).has_flow, window) / window}
    found["time"] = _picked(time.astype(np.float64), at, there)
    found["age"] = (moments - found["time"]) / 1000
    found["open_interest"] = _picked(base, at, there)
    before = np.full(lane.count, -1)
    if len(time):
        lowest = np.searchsorted(time, moments - reach * MINUTE, "left")
        before = _nearest(time, time[at] - span, lowest, at, span / 4)
    known = there & (before >= 0)
    earlier = _picked(base, np.maximum(before, 0), known)
    found["change"] = found["open_interest"] - earlier
    found["change_seconds"] = (found["time"] - _picked(time.astype(np.float64), np.maximum(before, 0), known)) / 1000
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 100 * (found["change"] / earlier)
    found["change_pct"] = np.where(np.isfinite(share), share, np.nan)
    return found


def _nearest(time: Ints, wanted: Ints, lowest: Ints, latest: Ints, within: float) -> Ints:
    """Numbers of the samples nearest to the times wanted, of equal ones the earlier; -1 where none is near enough."""
    at = np.maximum(np.searchsorted(time, wanted, "left"), lowest)
    at, below = np.minimum(at, latest), np.maximum(at - 1, lowest)
    found = np.where(np.abs(time[below] - wanted) <= np.abs(time[at] - wanted), below, at)
    return np.asarray(np.where(np.abs(time[found] - wanted) <= within, found, -1), np.int64)


def _moments(lane: Lane) -> Ints:
    return lane.start + MINUTE * np.arange(lane.count, dtype=np.int64)


def _latest(samples: Sequence[Any], moments: Ints, max_age: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """The samples' times; by moment the number of the latest, and whether it is so many minutes old at most."""
    time = np.array([each.time for each in samples], np.int64)
    if not len(time):
        return time, np.zeros(len(moments), np.int64), np.zeros(len(moments), bool)
    at = np.searchsorted(time, moments, "right") - 1
    there = (at >= 0) & (time[at] >= moments - max_age * MINUTE)
    return time, np.maximum(at, 0), there


def _picked(column: Floats, at: Ints, there: npt.NDArray[np.bool_]) -> Floats:
    return np.where(there, column[at], np.nan) if len(column) else np.full(len(at), np.nan)


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if each is None else each for each in values], np.float64)
