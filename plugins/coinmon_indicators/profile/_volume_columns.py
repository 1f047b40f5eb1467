"""`volume_profile` of days and weeks at every moment of a frame at once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Lane, LazyFigures
from coinmon_indicators._days import day_span, week_span
from coinmon_indicators._profile import Mode, Weight
from coinmon_indicators._value_area import Method
from coinmon_indicators.profile._area_columns import AREA_FIGURES
from coinmon_indicators.profile._spans_in_frame import SpansInFrame
from coinmon_indicators.profile._stretch_columns import at
from coinmon_indicators.profile._window import Shape, in_profile

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_SEEN = ("coverage", "last_price", "profile_minutes")


def columns(
    lane: Lane,
    *,
    period: str,
    date: str | None,
    timezone: str,
    bin_size: float | None,
    value_area_percent: float,
    method: Method,
    weight: Weight,
    mode: Mode,
    normalize_seconds: int,
    **others: Any,
) -> LazyFigures:
    """Its area, last price and where that is; nothing of a chosen day or a window.

    Rows, nodes and naked POCs are read moment by moment.
    """
    if date is not None or period == "window":
        return LazyFigures({})
    shape = Shape(bin_size, value_area_percent, method, weight, mode, normalize_seconds)
    back = int(period.startswith("previous"))
    span = SpansInFrame(
        lane,
        timezone,
        lambda day: (
            week_span(day, timezone, -back) if "week" in period else day_span(day - timedelta(days=back), timezone)
        ),
    )

    def seen(rows: Bars, closed: Ints) -> Mapping[str, Floats]:
        latest = np.maximum.accumulate(np.where(rows.close > 0, np.arange(len(rows)), -1))
        price = np.where(latest >= 0, rows.price(rows.close[np.maximum(latest, 0)]), np.nan)
        share = np.cumsum(rows.has_flow) / np.arange(1, len(rows) + 1)
        counted = np.cumsum(in_profile(rows, mode)).astype(np.float64)
        return {
            "coverage": at(share, closed, 0.0), "last_price": at(price, closed),
            "profile_minutes": at(counted, closed, 0.0),
        }  # fmt: skip

    made = LazyFigures(
        {
            _SEEN: lambda: span.of_rows(_SEEN, seen),
            AREA_FIGURES: lambda: span.area(shape),
            ("position",): lambda: {"position": _position(made["last_price"], made["val"], made["vah"])},
        }
    )
    return made


def _position(last: Floats, low: Floats | None, high: Floats | None) -> Any:
    if low is None or high is None:
        return None
    said = np.where(last < low, "below", np.where(last >= high, "above", "inside")).astype(object)
    said[np.isnan(last - low - high)] = None
    return said
