"""Absorption: much was traded, one side pushed, and price did not move."""

from datetime import timedelta
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon.indicator import Bilingual, Box, Moment, Panel, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    STEPS,
    BarsSetting,
    CandleResult,
    Candles,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
    without_split,
)
from coinmon_indicators._figures import compact, price

Floats = npt.NDArray[np.float64]


class Absorbed(Part):
    """A candle in which takers were absorbed."""

    time: Moment = Field(description="start of the candle")
    absorbed: Literal["buyers", "sellers"] = Field(description="the takers who pushed and did not get through")
    delta: float = Field(description="taker buys - taker sells, base units")
    delta_threshold: float = Field(description="what |delta| was above: its quantile before, base units")
    volume: float = Field(description="volume, base units")
    volume_threshold: float = Field(description="what the volume was above: its quantile before, base units")
    range: float = Field(description="high - low, quote currency")
    range_threshold: float = Field(description="what the range was at most: its share of the median, quote currency")
    high: float = Field(description="highest price, quote currency")
    low: float = Field(description="lowest price, quote currency")


class Absorption(CandleResult):
    """Candles in which one side's pushing was absorbed."""

    candles: list[Absorbed] = Field(description="oldest first")
    judged: int = Field(description="candles that could be compared with enough earlier ones")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        text = f"{'吸收' if zh else 'absorption'} {self.timeframe}  {len(self.candles)}/{self.judged}"
        if self.candles:
            last = self.candles[-1]
            who = {"buyers": ("买方被吸收", "buyers absorbed"), "sellers": ("卖方被吸收", "sellers absorbed")}
            text += f"  {who[last.absorbed][0 if zh else 1]} {price(last.low)}-{price(last.high)}"
            text += f" {compact(last.delta, sign=True)} {self.base} ({last.time:%m-%d %H:%M} UTC)"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """A box around each candle, in the colour of the side that held."""
        step = timedelta(minutes=STEPS[self.timeframe])
        boxes = [
            Box("", each.time, each.time + step, each.low, each.high, "down" if each.absorbed == "buyers" else "up")
            for each in self.candles
        ]
        return Panel(Text("吸收", "Absorption"), boxes, "price", quiet=True)


def absorption(
    view: View,
    *,
    timeframe: TimeframeSetting = "5m",
    bars: BarsSetting = 96,
    start: StartSetting = None,
    end: EndSetting = None,
    lookback: Annotated[int, Field(ge=4, le=1000, description="earlier candles that a candle is compared with")] = 96,
    quantile: Annotated[
        float, Field(gt=0, lt=1, description="|delta| and volume are above this quantile of the earlier ones")
    ] = 0.9,
    max_range: Annotated[
        float, Field(gt=0, description="high - low is at most this share of the earlier ones' median")
    ] = 0.5,
) -> Absorption:
    """Candles with unusual delta and volume that moved unusually little: someone took the other side passively.

    Each candle is compared with the `lookback` candles before it and none later: |delta| and volume above their
    quantile (linear interpolation), range at most `max_range` of their median. Candles with an incomplete taker split
    are neither judged nor compared with; one with fewer than half of its earlier candles known is not judged. Source:
    trades or klines of the venue.
    """
    found = candles(view, timeframe, bars, start, end)
    before = candles(view, timeframe, lookback, None, found.start)
    without_split(found)
    made, judged = _absorbed(found, before, lookback, quantile, max_range)
    if len(found.bars) and not judged:
        least = -(-lookback // 2)
        found.reasons.append(
            Bilingual(
                f"之前的 {lookback} 根 K 线中已知的不足 {least} 根",
                f"fewer than {least} of the {lookback} candles before are known",
            )
        )
    return Absorption(
        candles=made,
        judged=judged,
        **found.header(
            f"|delta| and volume above their {quantile:.0%} quantile of {lookback} candles before, range at most "
            f"{max_range:g} of their median"
        ),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("absorption", absorption, merges=True)


def _absorbed(
    found: Candles, before: Candles, lookback: int, quantile: float, max_range: float
) -> tuple[list[Absorbed], int]:
    earlier, late = before.bars, found.bars
    known = np.concatenate((earlier.has_flow & before.priced, late.has_flow & found.priced))
    delta = np.concatenate((before.flow()[2], found.flow()[2]))
    volume = np.concatenate((earlier.volume, late.volume))
    spans = np.concatenate((earlier.high - earlier.low, late.high - late.low))
    size = np.abs(delta)
    made, judged = [], 0
    for i in range(len(earlier), len(known)):
        past = np.flatnonzero(known[max(0, i - lookback) : i]) + max(0, i - lookback)
        if not known[i] or 2 * len(past) < lookback:
            continue
        judged += 1
        allowed = max_range * float(np.median(spans[past]))
        if spans[i] > allowed:
            continue
        least_delta, least_volume = (float(np.quantile(each[past], quantile)) for each in (size, volume))
        if size[i] > least_delta and volume[i] > least_volume:
            bar = late[i - len(earlier) : i - len(earlier) + 1]
            tick = float(late.tick_size)
            made.append(
                Absorbed(
                    time=moment(int(bar.time[0])), absorbed="buyers" if delta[i] > 0 else "sellers", delta=delta[i],
                    delta_threshold=least_delta, volume=volume[i], volume_threshold=least_volume,
                    range=bar.price(spans[i : i + 1])[0] if spans[i] else 0.0, range_threshold=allowed * tick,
                    high=bar.price(bar.high)[0], low=bar.price(bar.low)[0],
                )
            )  # fmt: skip
    return made, judged
