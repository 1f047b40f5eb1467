"""VWAP: the average price paid, and how far prices spread around it."""

import math
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon.indicator import (
    DEFAULT_SESSIONS,
    MINUTE,
    Bars,
    Bilingual,
    Line,
    Moment,
    Panel,
    SeenReport,
    SummaryCell,
    Text,
    Tone,
    View,
    hookimpl,
    iso,
    moment,
    say,
    with_sign,
)
from coinmon_indicators._average import average, deviation, with_volume
from coinmon_indicators._days import (
    Date,
    DayTime,
    SessionText,
    TimeZone,
    chosen_day,
    day_span,
    month_start,
    session_spans,
    time_in,
    week_span,
)
from coinmon_indicators._figures import known, percent, price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators.profile._vwap_columns import columns

Anchor = Literal["day", "week", "month", "session", "time", "window", "swing", "signal"]
_ZH = {"day": "今日", "week": "本周", "month": "本月", "session": "本时段", "swing": "前摆动点", "signal": "上次信号"}
_NO_ANCHOR = {
    "time": Bilingual("anchor 为 time 时需要 `since`", "anchor time needs `since`"),
    "session": Bilingual("当前没有交易时段", "no session is going on"),
    "swing": Bilingual("没有确认的摆动点", "no swing is confirmed"),
    "signal": Bilingual("最近 7 天没有信号", "no signal was told in the last 7 days"),
}  # fmt: skip


class Vwap(InstrumentResult):
    """Volume-weighted average price since an anchor."""

    anchor: Anchor = Field(description="where the sums begin")
    anchored_at: Moment = Field(description="start of the sums")
    minutes: int = Field(description="minutes counted: those whose base and quote volume are known in full")
    vwap: float | None = Field(description="sum of quote / sum of base since the anchor, quote currency")
    sigma: float | None = Field(description="volume-weighted standard deviation around it, quote currency")
    upper_1: float | None = Field(description="vwap + 1 sigma, quote currency")
    lower_1: float | None = Field(description="vwap - 1 sigma, quote currency")
    upper_2: float | None = Field(description="vwap + 2 sigma, quote currency")
    lower_2: float | None = Field(description="vwap - 2 sigma, quote currency")
    upper_3: float | None = Field(description="vwap + 3 sigma, quote currency")
    lower_3: float | None = Field(description="vwap - 3 sigma, quote currency")
    volume: float | None = Field(description="volume of the minutes counted, base units")
    quote_volume: float | None = Field(description="volume of the minutes counted, quote currency")
    window: int = Field(description="closed minutes of the rolling window")
    window_vwap: float | None = Field(description="the same ratio over the rolling window, quote currency")
    last_price: float | None = Field(description="last known close since the anchor, quote currency")
    distance_pct: float | None = Field(description="last price against vwap, %")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        since: str = self.anchor
        if self.anchor == "time":
            since = f"{self.anchored_at:%m-%d %H:%MZ}"
        elif zh:
            since = _ZH.get(since, f"{self.window} 分钟")
        last, rolling = ("现价", f"{self.window} 分钟") if zh else ("last", f"{self.window} min")
        text = f"VWAP ({since}) {price(self.vwap)}"
        if self.sigma is not None:
            text += f"  ±1σ {price(self.lower_1)} .. {price(self.upper_1)}"
            text += f"  ±2σ {price(self.lower_2)} .. {price(self.upper_2)}"
        text += f"  {rolling} {price(self.window_vwap)}"
        if self.last_price is not None:
            text += f"  {last} {price(self.last_price)} ({percent(self.distance_pct)})"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def cells(self) -> list[SummaryCell]:
        return [SummaryCell(Text("VWAP", "VWAP"), price(self.vwap), starred=True, order=40)]

    def panel(self, subject: View) -> Panel:
        """The average and its bands as they developed; the bands from one-minute averages."""
        bars = subject.between(round(self.anchored_at.timestamp() * 1000), subject.end)
        bars = bars[with_volume(bars) & (bars.volume > 0)]
        center = self.vwap or 0.0
        base = np.cumsum(bars.volume)
        off = bars.quote_volume / bars.volume - center
        mean = np.cumsum(off * bars.volume) / base
        spread = np.sqrt(np.maximum(np.cumsum(off**2 * bars.volume) / base - mean**2, 0))
        # a point every few minutes is as fine as a screen
        shown = slice(None, None, max(1, len(bars) // 300))
        time = [moment(ms + MINUTE) for ms in bars.time[shown].tolist()]

        def line(name: str, k: int, tone: Tone) -> Line:
            return Line(name, time, (center + mean + k * spread)[shown].tolist(), tone, dashed=bool(k))

        bands = [line(f"{with_sign(k, 0)}σ", k, "second" if abs(k) == 1 else "muted") for k in (-2, -1, 1, 2)]
        return Panel(Text("VWAP 与标准差带", "VWAP and bands"), [line("VWAP", 0, "accent"), *bands], "price")


def vwap(
    view: View,
    *,
    anchor: Annotated[
        Anchor,
        Field(
            description="sums begin with the day, week (Monday), month, session, a time, the window, the candle of the "
            "last confirmed swing of `structure`, or the minute of the pair's last signal"
        ),
    ] = "day",
    since: Annotated[DayTime | None, Field(description="with anchor time: that time, as 2024-08-09T00:05:00Z")] = None,
    window: Annotated[int, Field(gt=0, le=10_080, description="closed minutes of the rolling window")] = 50,
    date: Annotated[Date | None, Field(description="the day at whose end the sums stop; null: today")] = None,
    timezone: TimeZone = "UTC",
    sessions: SessionText = DEFAULT_SESSIONS,
) -> Vwap:
    """The average price that everyone paid since an anchor such as the day's start, with bands of 1 to 3 deviations.

    VWAP is the sum of quote volume over the sum of base volume, exact and not from typical prices, over the minutes
    whose both volumes are known in full. sigma is the volume-weighted deviation of traded prices around it; minutes
    without traded prices at hand count with their own average, which makes it a floor, and the convention says so.
    Prices in quote currency. Source: trades or klines of the venue.
    """
    day = chosen_day(date, view.now, timezone)
    at = view.now if date is None else min(view.now, day_span(day, timezone).end - 1)
    end = view.end if date is None else min(view.end, day_span(day, timezone).end)
    began = _anchored_at(view, day, at, end, anchor, window, since, timezone, sessions)
    start = end if began is None else began
    bars = view.between(start, end, levels=True)
    counted = with_volume(bars)
    reasons = _reasons(bars, counted, iso(start))
    if began is None:
        reasons = [_NO_ANCHOR[anchor]]
    base, quote = math.fsum(bars.volume[counted]), math.fsum(bars.quote_volume[counted])
    mean = known(quote / base) if base else None
    sigma, how = (None, "") if mean is None else deviation(bars, counted, mean, base)
    last = bars.close[bars.close > 0]
    last_price = float(bars.price(last[-1:])[0]) if len(last) else None
    bands: dict[str, Any] = {
        f"{side}_{k}": None if mean is None or sigma is None else mean + sign * k * sigma
        for side, sign in (("upper", 1), ("lower", -1))
        for k in (1, 2, 3)
    }
    return Vwap(
        **head(view, SeenReport.of(view.seen(bars)), f"sum of quote / sum of base since {iso(start)}{how}", reasons),
        anchor=anchor,
        anchored_at=moment(start),
        minutes=int(counted.sum()),
        vwap=mean,
        sigma=sigma,
        **bands,
        volume=base if counted.any() else None,
        quote_volume=quote if counted.any() else None,
        window=window,
        window_vwap=mean if anchor == "window" else average(view.between(end - window * MINUTE, end)),
        last_price=last_price,
        distance_pct=None if not mean or last_price is None else known(100 * (last_price - mean) / mean),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("vwap", vwap, merges=True, columns=columns)


def _anchored_at(
    view: View,
    day: date,
    at: int,
    end: int,
    anchor: Anchor,
    window: int,
    since: str | None,
    zone: str,
    sessions: str,
) -> int | None:
    """Where the sums begin that end at `end`, seen from the moment `at` of the day; None: there is no such moment."""
    if anchor == "window":
        return end - window * MINUTE
    if anchor == "time":
        return None if since is None else min(time_in(since, zone), end)
    if anchor == "swing":
        swings = view.of("structure").swings
        return round(swings[-1].time.timestamp() * 1000) if swings else None
    if anchor == "signal":
        told = view.signals(10_080)
        return time_in(told[0]["time"], zone) if told else None
    if anchor == "week":
        return week_span(day, zone).start
    if anchor == "month":
        return month_start(day, zone)
    if anchor == "session":
        spans = [span for back in (1, 0) for span in session_spans(day - timedelta(days=back), sessions, zone)]
        return max((span.start for span in spans if span.start <= at < span.end), default=None)
    return day_span(day, zone).start


def _reasons(bars: Bars, counted: npt.NDArray[np.bool_], start: str | None) -> list[str]:
    if not len(bars):
        return [Bilingual(f"自 {start} 起尚无收盘的分钟", f"no minute has closed since {start}")]
    if counted.any() and not bars.volume[counted].any():
        return [Bilingual(f"自 {start} 起没有成交", f"nothing traded since {start}")]
    out = int((~counted).sum())
    no_quote = int((np.isnan(bars.quote_volume) & np.isfinite(bars.volume)).sum())
    if not out:
        return []
    zh, en = (
        f"自 {start} 起 {len(bars)} 分钟中有 {out} 分钟未计入",
        f"{out} of {len(bars)} minutes since {start} are not counted",
    )
    if no_quote:
        zh, en = (
            f"{zh} (其中 {no_quote} 分钟的 K 线没有成交额)",
            f"{en} ({no_quote} of them klines without quote volume)",
        )
    return [Bilingual(zh, en)]
