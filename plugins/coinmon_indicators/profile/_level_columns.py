"""`key_levels` at every moment of a frame at once."""

from collections.abc import Callable, Mapping
from datetime import date as Day
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Lane, LazyFigures, parse_sessions
from coinmon_indicators._days import DaySpan, day_span, local_days, session_spans, week_span
from coinmon_indicators._profile import Mode, Weight
from coinmon_indicators._value_area import Method
from coinmon_indicators.profile._area_columns import AREA_FIGURES
from coinmon_indicators.profile._level_names import ATR_HOURS, atr_of, levels_of
from coinmon_indicators.profile._spans_in_frame import SpansInFrame
from coinmon_indicators.profile._stretch_columns import INITIAL_BALANCE, STRETCH_FIGURES
from coinmon_indicators.profile._window import Shape

Floats = npt.NDArray[np.float64]
Groups = dict[tuple[str, ...], Callable[[], Mapping[str, Any]]]
_WHOLE = {"day": "d", "previous_day": "pd", "previous_week": "pw"}
_HOUR = 60


def columns(
    lane: Lane,
    *,
    date: str | None,
    timezone: str,
    sessions: str,
    bin_size: float | None,
    value_area_percent: float,
    method: Method,
    weight: Weight,
    mode: Mode,
    normalize_seconds: int,
) -> LazyFigures:
    """The stretches and levels by their names, as rules write them: `previous_day.vah`, `levels[pd high].price`.

    Of a chosen day nothing, nor of sessions that are called like a day.
    """
    named = parse_sessions(sessions)
    if date is not None or {"d", "pd", "pw"} & set(named):
        return LazyFigures({})
    shape = Shape(bin_size, value_area_percent, method, weight, mode, normalize_seconds)
    spans = {
        "day": SpansInFrame(lane, timezone, lambda day: day_span(day, timezone)),
        "previous_day": SpansInFrame(lane, timezone, lambda day: day_span(day - timedelta(days=1), timezone)),
        "previous_week": SpansInFrame(lane, timezone, lambda day: week_span(day, timezone, -1)),
    } | {
        f"sessions[{name}]": SpansInFrame(lane, timezone, partial(_session, name, sessions, timezone)) for name in named
    }  # fmt: skip
    groups: Groups = {
        ("coverage", "last_price"): partial(_seen, lane, timezone),
        ("atr",): lambda: {"atr": _atr(lane)},
    }

    def of(path: str) -> Any:
        return made[path]

    for path, each in spans.items():
        groups |= _stretch(path, each, shape)
        for name, what in levels_of(_WHOLE.get(path) or path[len("sessions[") : -1]):
            # the close of a day that goes on is no level
            if (path, what) != ("day", "close"):
                groups |= _level(of, f"levels[{name}]", f"{path}.{what}")
    made = LazyFigures(groups)
    return made


def _session(name: str, sessions: str, zone: str, day: Day) -> DaySpan:
    return next(each for each in session_spans(day, sessions, zone) if each.name == name)


def _stretch(path: str, span: SpansInFrame, shape: Shape) -> Groups:
    groups: Groups = {
        _under(path, STRETCH_FIGURES): lambda: _renamed(path, span.figures(shape.mode)),
        _under(path, AREA_FIGURES): lambda: _renamed(path, span.area(shape)),
    }
    if path in ("day", "previous_day"):
        groups[_under(path, INITIAL_BALANCE)] = lambda: _renamed(path, span.initial_balance())
    return groups


def _under(path: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{path}.{name}" for name in names)


def _renamed(path: str, figures: Mapping[str, Any]) -> Mapping[str, Any]:
    return {f"{path}.{name}": each for name, each in figures.items()}


def _level(of: Callable[[str], Any], path: str, what: str) -> Groups:
    """A level's price, and its distances; None where the stretch's figure is not worked out in columns."""

    def away(unit: str, times: float) -> Floats | None:
        price = of(what)
        if price is None:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            found = times * (price - of("last_price")) / of(unit)
        return np.where(np.isfinite(found), found, np.nan)

    return {
        (f"{path}.price",): lambda: {f"{path}.price": of(what)},
        (f"{path}.distance_pct",): lambda: {f"{path}.distance_pct": away("last_price", 100)},
        (f"{path}.distance_atr",): lambda: {f"{path}.distance_atr": away("atr", 1)},
    }


def _seen(lane: Lane, zone: str) -> Mapping[str, Floats]:
    """Of the day and the day before: the covered share, and the last price."""
    share, price = np.zeros(lane.count), np.full(lane.count, np.nan)
    days = [(*run, day_span(run[2] - timedelta(days=1), zone).start) for run in local_days(_moments(lane), zone)]
    before = (lane.start - min(start for *_, start in days)) // MINUTE
    rows = lane.bars(before)
    covered = np.concatenate(([0], np.cumsum(rows.has_flow)))
    latest = np.concatenate(([-1], np.maximum.accumulate(np.where(rows.close > 0, np.arange(len(rows)), -1))))
    for first, after, _, start in days:
        begin, ends = (start - lane.start) // MINUTE + before, np.arange(first, after) + before
        share[first:after] = (covered[ends] - covered[begin]) / (ends - begin)
        there = latest[ends] >= begin
        price[first:after] = np.where(there, rows.price(rows.close[np.maximum(latest[ends], 0)]), np.nan)
    return {"coverage": share, "last_price": price}


def _atr(lane: Lane) -> Floats:
    """Changes with the hour: see `key_levels`."""
    found = np.full(lane.count, np.nan)
    before = (ATR_HOURS + 2) * _HOUR
    rows, moments = lane.bars(before), _moments(lane)
    hours = moments // (_HOUR * MINUTE)
    for hour in np.unique(hours).tolist():
        end = (hour * _HOUR * MINUTE - lane.start) // MINUTE + before
        value = atr_of(rows[end - (ATR_HOURS + 1) * _HOUR : end])
        found[hours == hour] = np.nan if value is None else value
    return found


def _moments(lane: Lane) -> npt.NDArray[np.int64]:
    return lane.start + MINUTE * np.arange(lane.count, dtype=np.int64)
