"""`funding` and `open_interest` at every moment of a frame at once."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Lane, LazyFigures, rolling
from coinmon_indicators.derivatives._quadrant import windows_before
from coinmon_indicators.derivatives._quadrant_columns import QUADRANT_FIGURES, quadrants
from coinmon_indicators.derivatives._sample_numbers import latest, nearest_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_HOUR_MS = 60 * MINUTE
_LEVEL = ("time", "age", "open_interest", "change", "change_seconds", "change_pct")


def funding_columns(lane: Lane, *, window: int, max_age: int) -> Mapping[str, Floats]:
    """The fields of `funding` but its reason, times as ms UTC; NaN where they are None."""
    samples, moments = lane.funding(max_age), _moments(lane)
    time, at, there = latest(samples, moments, max_age)
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


def open_interest_columns(lane: Lane, *, window: int, dead_band: float, period: str, limit: int) -> LazyFigures:
    """The level of `open_interest`, its change over the window and the quadrant; NaN where they are None."""
    return LazyFigures(
        {
            ("coverage",): lambda: {"coverage": rolling(lane.bars(window).has_flow, window) / window},
            _LEVEL: lambda: _level(lane, window),
            QUADRANT_FIGURES: lambda: quadrants(lane, window, dead_band),
        }
    )


def _level(lane: Lane, window: int) -> Mapping[str, Floats]:
    reach, span = (windows_before(window) + 1) * window, window * MINUTE
    samples, moments = lane.open_interest(reach), _moments(lane)
    time, at, there = latest(samples, moments, 2 * window)
    base = _floats([each.base for each in samples])
    found = {"time": _picked(time.astype(np.float64), at, there)}
    found["age"] = (moments - found["time"]) / 1000
    found["open_interest"] = _picked(base, at, there)
    before = np.full(lane.count, -1)
    if len(time):
        lowest = np.searchsorted(time, moments - reach * MINUTE, "left")
        before = nearest_of(time, time[at] - span, lowest, at, span / 4)
    known = there & (before >= 0)
    earlier = _picked(base, np.maximum(before, 0), known)
    found["change"] = found["open_interest"] - earlier
    found["change_seconds"] = (found["time"] - _picked(time.astype(np.float64), np.maximum(before, 0), known)) / 1000
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 100 * (found["change"] / earlier)
    found["change_pct"] = np.where(np.isfinite(share), share, np.nan)
    return found


def _moments(lane: Lane) -> Ints:
    return lane.start + MINUTE * np.arange(lane.count, dtype=np.int64)


def _picked(column: Floats, at: Ints, there: npt.NDArray[np.bool_]) -> Floats:
    return np.where(there, column[at], np.nan) if len(column) else np.full(len(at), np.nan)


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if each is None else each for each in values], np.float64)
