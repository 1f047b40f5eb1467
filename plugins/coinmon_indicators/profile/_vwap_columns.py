"""`vwap` at every moment of a frame at once: ratios of sums since the anchor."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Lane, LazyFigures
from coinmon_indicators._average import with_volume
from coinmon_indicators._days import day_span, local_days, month_start, week_span
from coinmon_indicators.profile._deviation_columns import BANDS, bands

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_AVERAGES = (
    "coverage", "minutes", "vwap", "last_price", "volume", "quote_volume", "window", "window_vwap", "distance_pct",
)  # fmt: skip


def columns(
    lane: Lane, *, anchor: str, since: Any, window: int, date: Any, timezone: str, sessions: str
) -> LazyFigures:
    """The figures of `vwap` for anchors of the calendar and the window; none for others."""
    if date is not None or anchor not in ("day", "week", "month", "window"):
        return LazyFigures({})
    moments = lane.start + MINUTE * np.arange(lane.count, dtype=np.int64)
    began = moments - window * MINUTE if anchor == "window" else _anchors(moments, anchor, timezone)
    made = LazyFigures(
        {
            _AVERAGES: lambda: _averages(lane, began, window),
            BANDS: lambda: bands(lane, began, made["vwap"], made["volume"]),
        }
    )
    return made


def _averages(lane: Lane, began: Ints, window: int) -> Mapping[str, Floats]:
    before = max(window, (lane.start - int(began.min())) // MINUTE, 1)
    rows = lane.bars(before)
    counted = with_volume(rows)
    base, quote, minutes, covered = (
        np.concatenate(([0], np.cumsum(each)))
        for each in (
            np.where(counted, rows.volume, 0.0), np.where(counted, rows.quote_volume, 0.0), counted, rows.has_flow,
        )
    )  # fmt: skip
    now = np.arange(lane.count) + before
    first = (began - lane.start) // MINUTE + before
    used = minutes[now] - minutes[first]
    mean = _ratio(quote, base, first, now)
    priced = np.maximum.accumulate(np.where(rows.close > 0, np.arange(len(rows)), -1))
    latest = np.where(now > 0, priced[now - 1], -1)
    last = np.where(latest >= first, rows.price(rows.close[np.maximum(latest, 0)]), np.nan)
    length = now - first
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(length > 0, (covered[now] - covered[first]) / length, 0.0)
        distance = 100 * (last - mean) / mean
    return {
        "coverage": share, "minutes": used.astype(np.float64), "vwap": mean, "last_price": last,
        "volume": np.where(used > 0, base[now] - base[first], np.nan),
        "quote_volume": np.where(used > 0, quote[now] - quote[first], np.nan),
        "window": np.full(lane.count, float(window)), "window_vwap": _ratio(quote, base, now - window, now),
        "distance_pct": np.where(np.isfinite(distance), distance, np.nan),
    }  # fmt: skip


def _ratio(quote: Floats, base: Floats, first: Ints, last: Ints) -> Floats:
    below, above = base[last] - base[first], quote[last] - quote[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = above / below
    return np.where((below > 0) & np.isfinite(found), found, np.nan)


def _anchors(moments: Ints, anchor: str, zone: str) -> Ints:
    """Where the sums begin, by moment."""
    found = np.zeros(len(moments), np.int64)
    for first, after, day in local_days(moments, zone):
        start = day_span(day, zone).start if anchor == "day" else week_span(day, zone).start
        found[first:after] = month_start(day, zone) if anchor == "month" else start
    return found
