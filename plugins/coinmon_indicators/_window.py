"""The figures of one stretch of time: prices, volume, delta, average price and volume profile."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from coinmon import Bars, Coverage, Moment, View, moment
from coinmon_indicators._average import average, with_volume
from coinmon_indicators._days import Span, State
from coinmon_indicators._profile import (
    Method,
    Mode,
    Profile,
    Weight,
    control,
    profile_of,
    resampled,
    spread,
    value_area,
    with_levels,
)


class Row(BaseModel):
    """One row of a profile."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    low: float = Field(description="lower edge, which names the row, quote currency")
    high: float = Field(description="upper edge, quote currency")
    volume: float = Field(description="volume traded in the row, in the profile's weight")
    delta: float | None = Field(description="taker buy - taker sell in the row; None: taker sides unknown")


class Area(BaseModel):
    """Where the volume was."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    bin_size: float | None = Field(default=None, description="height of a row, quote currency")
    rows: int | None = Field(default=None, description="rows from the lowest to the highest price traded")
    poc: float | None = Field(default=None, description="point of control: lower edge of the row with most volume")
    poc_high: float | None = Field(default=None, description="upper edge of that row, quote currency")
    poc_volume: float | None = Field(default=None, description="volume of that row, in the profile's weight")
    vah: float | None = Field(default=None, description="value area high: upper edge of its top row, quote currency")
    val: float | None = Field(default=None, description="value area low: lower edge of its bottom row, quote currency")
    profile_volume: float | None = Field(default=None, description="volume in the profile, in its weight")
    profile_minutes: int = Field(
        default=0, description="minutes in the profile: raw needs every trade of a minute, synthetic its totals"
    )


class Window(BaseModel):
    """Prices and flow of a stretch of time."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    name: str
    start: Moment = Field(description="when it begins")
    end: Moment = Field(description="when it ends, exclusive")
    state: State = Field(description="developing: not over at the moment asked about; done")
    minutes: int = Field(description="closed minutes of it")
    complete: int = Field(description="of those, minutes whose taker split is complete")
    open: float | None = Field(description="first price traded; None where its first minute was not seen")
    high: float | None = Field(description="highest price of the minutes seen, quote currency")
    low: float | None = Field(description="lowest price of the minutes seen, quote currency")
    close: float | None = Field(description="last price traded; None where its last minute was not seen")
    volume: float | None = Field(description="volume of the minutes with complete totals, base units")
    quote_volume: float | None = Field(description="the same, quote currency")
    delta_quote: float | None = Field(description="taker buy - taker sell of the complete minutes, quote currency")
    vwap: float | None = Field(description="sum of quote / sum of base of the minutes with complete totals")


def window_figures(span: Span, bars: Bars, now: int) -> dict[str, Any]:
    """The fields of `Window`; bars are the dense closed minutes of the span."""
    plain = replace(bars, levels=None)
    counted, flow = with_volume(plain), plain.has_flow
    whole = plain.merged()
    seen = plain.coverage > Coverage.MISSING
    prices = dict.fromkeys(("open", "high", "low", "close"))
    if len(whole) and whole.close[0] > 0:
        prices = {name: float(whole.price(getattr(whole, name))[0]) for name in prices}
        prices["open"] = prices["open"] if seen[0] else None
        prices["close"] = prices["close"] if seen[-1] else None
    return {
        "name": span.name,
        "start": moment(span.start),
        "end": moment(span.end),
        "state": span.state(now),
        "minutes": len(plain),
        "complete": int(flow.sum()),
        **prices,
        "volume": math.fsum(plain.volume[counted]) if counted.any() else None,
        "quote_volume": math.fsum(plain.quote_volume[counted]) if counted.any() else None,
        "delta_quote": _delta(plain[flow]),
        "vwap": average(plain),
    }


def _delta(bars: Bars) -> float | None:
    total = math.fsum(2 * bars.buy_quote - bars.quote_volume) if len(bars) else math.nan
    return total if math.isfinite(total) else None


def profile_in(
    view: View, span: Span, bars: Bars, bin_size: float | None, weight: Weight, mode: Mode, seconds: int
) -> Profile | None:
    """The profile of the closed minutes of a span; bars: those, dense. Raises ValueError as `bin_of` does.

    raw counts minutes of which every trade was seen; synthetic spreads each bar's volume over its range and counts
    every minute with totals.
    """
    if mode == "synthetic":
        return spread(resampled(bars, seconds), bin_size, weight)
    return profile_of(view.profile(span.start, span.end), view.instrument, bin_size, weight)


def area_figures(bars: Bars, profile: Profile | None, percent: float, method: Method, mode: Mode) -> dict[str, Any]:
    """The fields of `Area`."""
    counted = with_volume(bars) if mode == "synthetic" else with_levels(bars)
    figures: dict[str, Any] = {"profile_minutes": int(counted.sum())}
    if profile is None:
        return figures
    volume = profile.exact
    poc = control(volume)
    low, high = value_area(volume, poc, percent, method)
    return figures | {
        "bin_size": float(profile.tick * profile.bin_ticks),
        "rows": len(profile),
        "poc": profile.edge(poc),
        "poc_high": profile.edge(poc + 1),
        "poc_volume": profile.amount(float(profile.volume[poc])),
        "vah": profile.edge(high + 1),
        "val": profile.edge(low),
        "profile_volume": profile.amount(float(profile.volume.sum())),
    }


def largest_rows(profile: Profile | None, most: int) -> tuple[list[Row], int]:
    """At most so many rows, those with most volume, in order of price; and how many with volume were left out."""
    if profile is None:
        return [], 0
    filled = np.flatnonzero(profile.volume)
    # of equal rows the lower stays
    kept = np.sort(filled[np.argsort(-profile.volume[filled], kind="stable")[:most]])
    rows = []
    for row in kept.tolist():
        volume, buy = float(profile.volume[row]), float(profile.buy[row])
        delta = profile.amount(2 * buy - volume) if math.isfinite(buy) else None
        rows.append(Row(low=profile.edge(row), high=profile.edge(row + 1), volume=profile.amount(volume), delta=delta))
    return rows, len(filled) - len(kept)


def shortfall(minutes: int, counted: int, what: str) -> str | None:
    """Why a profile lacks minutes, where it does."""
    if not minutes:
        return f"no minute of the {what} has closed"
    return (
        f"{minutes - counted} of {minutes} minutes of the {what} are not in its profile" if counted < minutes else None
    )


def how(weight: Weight, mode: Mode, seconds: int, percent: float, method: Method) -> str:
    """The convention in words."""
    if mode == "raw":
        made = "exact volume at each price"
    else:
        length = -(-seconds // 60) * 60
        made = f"synthetic: each {length} s bar's volume spread evenly over its range"
        made += f" (no bars of {seconds} s are kept)" if length != seconds else ""
    return f"{made}, in {weight}; value area {percent:g}%, {method.replace('_', '-')} steps"
