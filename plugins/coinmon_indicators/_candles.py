"""Closed candles of any timeframe: what most order-flow indicators look at."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import MINUTE, Bars, Bilingual, Moment, SeenReport, View, moment
from coinmon_indicators._lots import amounts, in_lots
from coinmon_indicators._of_instrument import InstrumentResult, head

Floats = npt.NDArray[np.float64]

Timeframe = Literal["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]

STEPS: dict[str, int] = {
    "1m": 1, "3m": 3, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "4h": 240, "6h": 360, "8h": 480, "12h": 720,
    "1d": 1440,
}  # fmt: skip
"""Minutes of each timeframe; candles open at multiples of it, UTC."""

MOST_MINUTES = 100 * 1440
"""A window given by its start is cut to its last hundred days: it is read minute by minute."""

TimeframeSetting = Annotated[Timeframe, Field(description="length of a candle; only closed ones count")]
BarsSetting = Annotated[int, Field(gt=0, le=10_080, description="closed candles to look at")]
StartSetting = Annotated[
    int | None, Field(ge=0, description="start of the window, ms UTC; None: as many candles before the end as `bars`")
]
EndSetting = Annotated[int | None, Field(ge=0, description="end of the window, ms UTC; None: now")]


class Part(BaseModel):
    """A piece of a result."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")


class CandleResult(InstrumentResult):
    """What every result over candles tells."""

    timeframe: Timeframe = Field(description="length of a candle")
    start: Moment = Field(description="start of the window")
    end: Moment = Field(description="end of the window, exclusive: the last closed candle's end")


@dataclass(frozen=True, slots=True)
class Candles:
    """bars: the closed candles of [start, end), ms UTC, missing ones as such. minutes: what they are made of."""

    view: View
    timeframe: Timeframe
    start: int
    end: int
    minutes: Bars
    bars: Bars
    reasons: list[str]

    @property
    def step(self) -> int:
        """Length of a candle, ms."""
        return STEPS[self.timeframe] * MINUTE

    def flow(self) -> tuple[Floats, Floats, Floats]:
        """Taker buys, taker sells and delta of each candle, base units; NaN where its taker split is incomplete."""
        (buy, volume), unit = in_lots((self.bars.buy, self.bars.volume), self.view.instrument.lot_size)
        known = np.where(self.bars.has_flow, 1.0, np.nan)
        return (
            amounts(known * buy, unit),
            amounts(known * (volume - buy), unit),
            amounts(known * (2 * buy - volume), unit),
        )

    def running(self) -> tuple[Floats, Floats]:
        """Lowest and highest running delta inside each candle, base units; NaN where unknown."""
        extremes, unit = in_lots((self.bars.delta_min, self.bars.delta_max), self.view.instrument.lot_size)
        low, high = (amounts(np.where(self.bars.has_flow, each, np.nan), unit) for each in extremes)
        return low, high

    @property
    def priced(self) -> npt.NDArray[np.bool_]:
        """Candles of which a price is known."""
        return np.asarray(self.bars.close > 0)

    def minutes_to_now(self) -> Bars:
        """The closed minutes since the window's start, those after its end too, without levels."""
        own, after = replace(self.minutes, levels=None), self.view.between(self.end, self.view.end)
        return Bars.concat([own, after]) if len(after) else own

    def header(self, convention: str) -> dict[str, Any]:
        """The fields of `CandleResult`, `reason` included: to be asked for last."""
        own = head(self.view, SeenReport.of(self.view.seen(self.minutes)), convention, self.reasons)
        return own | {"timeframe": self.timeframe, "start": moment(self.start), "end": moment(self.end)}


def candles(
    view: View, timeframe: Timeframe, count: int, start: int | None = None, end: int | None = None,
    *, levels: bool = False,
) -> Candles:  # fmt: skip
    """The `count` candles that closed last before `end`, or all that lie in [start, end)."""
    step = STEPS[timeframe] * MINUTE
    reasons: list[str] = []
    last = (view.end if end is None else min(view.end, end)) // step * step
    first = last - count * step if start is None else min(last, -(-start // step) * step)
    earliest = last - MOST_MINUTES * MINUTE // step * step
    if start is not None and first < earliest:
        days = MOST_MINUTES // 1440
        reasons.append(
            Bilingual(
                f"区间超过 {days} 天：只含其中最后的部分",
                f"the window is longer than {days} days: these are the last ones of it",
            )
        )
    first = max(first, earliest, 0)
    minutes = view.between(first, last, levels=levels)
    # levels are added up on the rows that are wanted, not at every price
    plain = replace(minutes, levels=None)
    bars = plain if step == MINUTE else view.once(("candles", step, first, last), lambda: plain.resample(step))
    made = Candles(view, timeframe, first, last, minutes, bars, reasons)
    if not len(minutes):
        reasons.append(
            Bilingual(f"区间内没有收盘的 {timeframe} K 线", f"no {timeframe} candle has closed in the window")
        )
    elif not made.priced.any():
        reasons.append(Bilingual("区间内没有已知价格", "no price is known in the window"))
    return made


def without_split(found: Candles) -> None:
    """Name the minutes that have no complete taker split."""
    short = int((~found.minutes.has_flow).sum())
    if short and found.priced.any():
        count = len(found.minutes)
        found.reasons.append(
            Bilingual(
                f"{count} 分钟中有 {short} 分钟缺少完整的主动买卖拆分",
                f"{short} of {count} minutes have no complete taker split",
            )
        )


def without_swings(found: Candles, left: int, right: int) -> None:
    """Name what leaves swings unconfirmed: candles without a price, and too few candles."""
    if not found.priced.any():
        return
    count, gone, least = len(found.bars), int((~found.priced).sum()), left + right + 1
    if gone:
        found.reasons.append(
            Bilingual(
                f"{count} 根 K 线中有 {gone} 根没有价格；不跨越它们确认摆动点",
                f"{gone} of {count} candles have no price; no swing is confirmed across them",
            )
        )
    if count < least:
        found.reasons.append(
            Bilingual(
                f"摆动点需要 {least} 根 K 线，现有 {count} 根", f"a swing needs {least} candles, there are {count}"
            )
        )


def optional(values: npt.NDArray[np.float64]) -> list[float | None]:
    """A column as plain numbers, None where it is not finite."""
    return [value if ok else None for value, ok in zip(values.tolist(), np.isfinite(values).tolist(), strict=True)]


def exact(value: float) -> Fraction:
    """The decimal that was written, not its neighbour among the floats: 0.1 is 1/10."""
    return Fraction(str(value))
