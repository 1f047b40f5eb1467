"""The figures of one stretch of time: prices, volume, delta, average price and volume profile."""

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import Bars, Bilingual, View
from coinmon_indicators._average import with_volume
from coinmon_indicators._days import DaySpan
from coinmon_indicators._profile import Mode, Profile, Weight, profile_of, resampled, spread, with_levels
from coinmon_indicators._value_area import Method, control, value_area

BinSetting = Annotated[
    float | None, Field(gt=0, le=1e6, description="height of a row, a multiple of the tick; null: at most 400 rows")
]
PercentSetting = Annotated[float, Field(gt=0, le=100, description="share of the volume in it, %")]
MethodSetting = Annotated[Method, Field(description="two_row (CBOT) or one_row a step")]
WeightSetting = Annotated[Weight, Field(description="count volume in base units or in quote currency")]
ModeSetting = Annotated[Mode, Field(description="raw: exact prices; synthetic: spread over each bar's range")]
SecondsSetting = Annotated[int, Field(gt=0, le=86_400, description="synthetic: length of a bar")]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a profile is made: the settings above."""

    bin_size: float | None
    percent: float
    method: Method
    weight: Weight
    mode: Mode
    seconds: int

    @property
    def convention(self) -> str:
        """In words."""
        if self.mode == "raw":
            made = "exact volume at each price"
        else:
            length = -(-self.seconds // 60) * 60
            made = f"synthetic: each {length} s bar's volume spread evenly over its range"
            made += f" (no bars of {self.seconds} s are kept)" if length != self.seconds else ""
        return f"{made}, in {self.weight}; value area {self.percent:g}%, {self.method.replace('_', '-')} steps"


class ProfileRow(BaseModel):
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


def area_figures(view: View, span: DaySpan, shape: Shape, reasons: list[str]) -> tuple[Profile | None, dict[str, Any]]:
    """The profile of the closed minutes of a span and the fields of `Area`; why there is none goes to the reasons."""
    key = ("area", span.start, span.end, shape)
    try:
        return view.once(key, lambda: _area(view, span, shape), span.end)
    except ValueError as error:
        reasons.append(error.args[0])
        return None, {"profile_minutes": int(in_profile(view.between(span.start, span.end), shape.mode).sum())}


def in_profile(bars: Bars, mode: Mode) -> Any:
    """Minutes in the profile: raw needs every trade of one, synthetic its totals."""
    return with_volume(bars) if mode == "synthetic" else with_levels(bars)


def _area(view: View, span: DaySpan, shape: Shape) -> tuple[Profile | None, dict[str, Any]]:
    """Raises ValueError as `bin_of` does."""
    bars = view.between(span.start, span.end)
    if shape.mode == "synthetic":
        profile = spread(resampled(bars, shape.seconds), shape.bin_size, shape.weight)
    else:
        profile = profile_of(view.profile(span.start, span.end), view.instrument, shape.bin_size, shape.weight)
    figures: dict[str, Any] = {"profile_minutes": int(in_profile(bars, shape.mode).sum())}
    if profile is None:
        return None, figures
    volume = profile.exact
    poc = control(volume)
    low, high = value_area(volume, poc, shape.percent, shape.method)
    return profile, figures | {
        "bin_size": float(profile.tick * profile.bin_ticks),
        "rows": len(profile),
        "poc": profile.edge(poc),
        "poc_high": profile.edge(poc + 1),
        "poc_volume": profile.amount(float(profile.volume[poc])),
        "vah": profile.edge(high + 1),
        "val": profile.edge(low),
        "profile_volume": profile.amount(float(profile.volume.sum())),
    }


def largest_rows(profile: Profile | None, most: int) -> tuple[list[ProfileRow], int]:
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
        rows.append(
            ProfileRow(low=profile.edge(row), high=profile.edge(row + 1), volume=profile.amount(volume), delta=delta)
        )
    return rows, len(filled) - len(kept)


def shortfall(minutes: int, counted: int, what: Bilingual) -> Bilingual | None:
    """Why a profile lacks minutes, where it does."""
    if not minutes:
        return Bilingual(f"{what.zh}尚无收盘的分钟", f"no minute of the {what} has closed")
    if counted >= minutes:
        return None
    return Bilingual(
        f"{what.zh} {minutes} 分钟中有 {minutes - counted} 分钟不在分布内",
        f"{minutes - counted} of {minutes} minutes of the {what} are not in its profile",
    )


def named(span: str) -> Bilingual:
    """A span of days as people say it: `previous_day`."""
    words = {"day": "今日", "previous_day": "昨日", "week": "本周", "previous_week": "上周", "window": "区间"}
    return Bilingual(words.get(span, span), span.replace("_", " "))
