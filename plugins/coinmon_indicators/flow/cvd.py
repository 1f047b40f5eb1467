"""CVD: the taker delta added up, and where it disagrees with the price."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon.indicator import (
    DAY,
    MINUTE,
    Bars,
    Bilingual,
    Line,
    Moment,
    Panel,
    Points,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
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
    optional,
    without_split,
)
from coinmon_indicators._figures import compact, known, percent, price
from coinmon_indicators._lots import amounts
from coinmon_indicators._pivots import pivots
from coinmon_indicators.flow._delta_columns import cvd_columns
from coinmon_indicators.flow._minute_delta import Unit, minute_flow

Reset = Literal["day", "week", "none"]
Floats = npt.NDArray[np.float64]


class CvdPoint(Part):
    """One candle's close."""

    time: Moment = Field(description="start of the candle")
    cvd: float | None = Field(description="CVD at its close, in the result's unit")
    close: float | None = Field(description="last price, quote currency")


class Divergence(Part):
    """Two swings of the price between which the CVD went the other way."""

    bias: Literal["bullish", "bearish"] = Field(description="what it is read as")
    hidden: bool = Field(description="False: price beyond its swing without the CVD; True: the CVD without the price")
    first: Moment = Field(description="candle of the earlier swing")
    first_price: float = Field(description="its extreme, quote currency")
    second: Moment = Field(description="candle of the later swing")
    second_price: float = Field(description="its extreme, quote currency")
    cvd_change: float = Field(description="delta between the two candles' closes, in the result's unit")
    confirmed: Moment = Field(description="when the later swing was known: the end of the last candle it needed")


class Cvd(CandleResult):
    """Cumulative volume delta, with its divergences from the price."""

    glance: ClassVar = "line"

    unit: Unit = Field(description="what the CVD is in: base units or quote currency")
    reset: Reset = Field(description="when it begins again at 0")
    cvd: float | None = Field(description="CVD now, at the last closed candle, in the unit")
    cvd_pct: float | None = Field(description="that as % of the volume of the same minutes, -100 to 100")
    counted_from: Moment = Field(description="when the current sum began")
    points: list[CvdPoint] = Field(description="CVD at the close of each candle, oldest first")
    divergences: list[Divergence] = Field(description="at confirmed swings, oldest first")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        currency = self.base if self.unit == "base" else self.currency
        words = {"day": ("今日", "day"), "week": ("本周", "week"), "none": ("窗口", "window")}
        since = words[self.reset][0 if zh else 1]
        text = f"CVD ({since}) {compact(self.cvd, sign=True)} {currency} ({percent(self.cvd_pct, 1)})"
        if self.divergences:
            last = self.divergences[-1]
            name = ("隐藏" if last.hidden else "") + ("看涨背离" if last.bias == "bullish" else "看跌背离")
            if not zh:
                name = f"{'hidden ' if last.hidden else ''}{last.bias} divergence"
            text += f"  {name} {price(last.first_price)} → {price(last.second_price)} ({last.second:%m-%d %H:%M} UTC)"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """The CVD over time, each at its candle's close, when it was known, with its divergences."""
        value = {each.time: each.cvd for each in self.points}
        seen = [each for each in self.divergences if value.get(each.second) is not None]
        step = timedelta(minutes=STEPS[self.timeframe])
        closes = [time + step for time in value]
        marks: list[Line | Points] = [Line("CVD", closes, list(value.values()))]
        for bias in ("bullish", "bearish"):
            some = [each.second for each in seen if each.bias == bias]
            up = bias == "bullish"
            name = Text("看涨背离" if up else "看跌背离", f"{bias} divergence")
            way: Literal["up", "down"] = "up" if up else "down"
            marks.append(
                Points(name, [time + step for time in some], [value[time] for time in some], tone=way, shape=way)
            )
        return Panel(
            Text("累计差额 CVD", "CVD"), marks, unit=self.base if self.unit == "base" else self.currency, order=20
        )


def cvd(
    view: View,
    *,
    timeframe: TimeframeSetting = "15m",
    bars: BarsSetting = 96,
    start: StartSetting = None,
    end: EndSetting = None,
    reset: Annotated[
        Reset, Field(description="begin at 0 with the UTC day, with the week's Monday, or once with the window")
    ] = "day",
    unit: Annotated[Unit, Field(description="in base units or in quote currency")] = "base",
    pivot_left: Annotated[int, Field(gt=0, le=100, description="candles before a swing that it stands out from")] = 5,
    pivot_right: Annotated[int, Field(gt=0, le=100, description="candles after a swing that confirm it")] = 5,
) -> Cvd:
    """Taker buys less taker sells, added up since the day began, and where price and CVD part ways.

    A sum over the covered minutes: the reason names how many have no taker split and count as nothing. Divergences are
    looked for between neighbouring confirmed swings of the price: a higher high with less CVD is bearish, a lower low
    with more CVD bullish; hidden ones are a lower high with more CVD (bearish) and a higher low with less (bullish).
    The CVD's change is the delta between the two candles, whatever was reset between; where a minute between them is
    not covered there is no divergence. Source: trades or klines of the venue.
    """
    found = candles(view, timeframe, bars, start, end)
    without_split(found)
    origin = _period(found.start, reset, found.start)
    before = view.between(origin, found.start)
    minutes = Bars.concat([before, found.minutes]) if len(before) else found.minutes
    gone = int((~before.has_flow).sum())
    if gone:
        found.reasons.append(
            Bilingual(
                f"重置点与区间之间 {len(before)} 分钟中有 {gone} 分钟未覆盖",
                f"{gone} of the {len(before)} minutes between the reset and the window are not covered",
            )
        )
    flow = minute_flow(minutes, view.instrument, unit)
    began = np.array([_period(ms, reset, found.start) for ms in found.bars.time.tolist()], np.int64)
    closes = (found.bars.time + found.step - origin) // MINUTE
    total, volume, seen = (
        np.concatenate(([0], np.cumsum(column))) for column in (flow.net, flow.volume, flow.complete)
    )
    from_row = (began - origin) // MINUTE
    # nothing covered since the reset: not 0, unknown
    values = np.where(seen[closes] > seen[from_row], total[closes] - total[from_row], np.nan)
    values = amounts(values, flow.scale)
    now = known(values[-1]) if len(values) else None
    since = float(amounts(volume[closes[-1]] - volume[from_row[-1]], flow.scale)) if len(values) else 0.0
    return Cvd(
        unit=unit,
        reset=reset,
        cvd=now,
        cvd_pct=None if now is None or since <= 0 else known(100 * now / since),
        counted_from=moment(int(began[-1]) if len(began) else origin),
        points=[
            CvdPoint(time=moment(ms), cvd=value, close=close)
            for ms, value, close in zip(
                found.bars.time.tolist(), optional(values), optional(found.bars.price(found.bars.close)), strict=True
            )
        ],
        divergences=_divergences(found, total[closes], flow.scale, seen[closes], pivot_left, pivot_right),
        **found.header(f"sum of taker delta since {_SINCE[reset]}; divergences at swings {pivot_left}/{pivot_right}"),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("cvd", cvd, merges=True, columns=cvd_columns)


_SINCE = {"day": "00:00 UTC", "week": "Monday 00:00 UTC", "none": "the window's start"}


def _period(ms: int, reset: Reset, start: int) -> int:
    """Where the sum that holds a minute began."""
    day = ms - ms % DAY
    # the epoch began on a Thursday
    return start if reset == "none" else day if reset == "day" else day - (day // DAY + 3) % 7 * DAY


def _divergences(found: Candles, total: Floats, scale: Decimal, seen: Any, left: int, right: int) -> list[Divergence]:
    """total, seen: the delta (in `scale`s) and the covered minutes added up to each candle's close."""
    bars = found.bars
    per = found.step // MINUTE
    made = []
    for high in (True, False):
        extreme = bars.high if high else bars.low
        at = pivots(bars, left, right, high).tolist()
        for a, b in pairwise(at):
            change = float(amounts(total[b] - total[a], scale))
            moved = int(extreme[b] - extreme[a])
            # it takes both to move, apart from one another
            if not moved * change < 0 or seen[b] - seen[a] < (b - a) * per:
                continue
            first, second = bars.price(extreme[[a, b]]).tolist()
            made.append(
                Divergence(
                    bias="bearish" if high else "bullish", hidden=(moved < 0) == high,
                    first=moment(int(bars.time[a])), first_price=first, second=moment(int(bars.time[b])),
                    second_price=second, cvd_change=change, confirmed=moment(int(bars.time[b + right]) + found.step),
                )
            )  # fmt: skip
    return sorted(made, key=lambda each: each.second)
