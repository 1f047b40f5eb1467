"""VWAP: the average price paid, and how far prices spread around it."""

import math
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from coinmon import DAY, MINUTE, Bars, Coverage, Moment, Result, SeenReport, View, hookimpl, iso, moment
from coinmon_indicators._figures import because, known, percent, price

Anchor = Literal["day", "week", "window"]


class Vwap(Result):
    """Volume-weighted average price since an anchor."""

    instrument: str = Field(description="instrument id")
    base: str = Field(description="currency that base figures are in")
    currency: str = Field(description="quote currency that prices are in")
    anchor: Anchor = Field(description="where the sums begin")
    anchored_at: Moment = Field(description="start of the sums")
    minutes: int = Field(description="minutes counted: those whose base and quote volume are known in full")
    vwap: float | None = Field(description="sum of quote / sum of base since the anchor, quote currency")
    sigma: float | None = Field(description="volume-weighted standard deviation around it, quote currency")
    upper_1: float | None = Field(description="vwap + 1 sigma, quote currency")
    lower_1: float | None = Field(description="vwap - 1 sigma, quote currency")
    upper_2: float | None = Field(description="vwap + 2 sigma, quote currency")
    lower_2: float | None = Field(description="vwap - 2 sigma, quote currency")
    volume: float | None = Field(description="volume of the minutes counted, base units")
    quote_volume: float | None = Field(description="volume of the minutes counted, quote currency")
    window: int = Field(description="closed minutes of the rolling window")
    window_vwap: float | None = Field(description="the same ratio over the rolling window, quote currency")
    last_price: float | None = Field(description="last known close since the anchor, quote currency")
    distance_pct: float | None = Field(description="last price against vwap, %")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        since = {"day": "今日", "week": "本周", "window": f"{self.window} 分钟"}[self.anchor] if zh else self.anchor
        last, rolling = ("现价", f"{self.window} 分钟") if zh else ("last", f"{self.window} min")
        text = f"VWAP ({since}) {price(self.vwap)}"
        if self.sigma is not None:
            text += f"  ±1σ {price(self.lower_1)} .. {price(self.upper_1)}"
            text += f"  ±2σ {price(self.lower_2)} .. {price(self.upper_2)}"
        text += f"  {rolling} {price(self.window_vwap)}"
        if self.last_price is not None:
            text += f"  {last} {price(self.last_price)} ({percent(self.distance_pct)})"
        return f"{text}  ({self.reason})" if self.reason else text


def vwap(
    view: View,
    *,
    anchor: Annotated[
        Anchor, Field(description="sums begin at 00:00 UTC of the day or of the week's Monday, or with the window")
    ] = "day",
    window: Annotated[int, Field(gt=0, le=10_080, description="closed minutes of the rolling window")] = 50,
) -> Vwap:
    """The average price that everyone paid since the day (or week) began, with bands of one and two deviations.

    VWAP is the sum of quote volume over the sum of base volume, exact and not from typical prices, over the minutes
    whose both volumes are known in full. sigma is the volume-weighted deviation of traded prices around it; minutes
    without traded prices at hand count with their own average, which makes it a floor, and the convention says so.
    Prices in quote currency. Source: trades or klines of the venue.
    """
    start = _anchored_at(view, anchor, window)
    bars = view.between(start, view.end, levels=True)
    counted = _counted(bars)
    reasons = _reasons(bars, counted, iso(start))
    base, quote = math.fsum(bars.volume[counted]), math.fsum(bars.quote_volume[counted])
    average = known(quote / base) if base else None
    sigma, how = (None, "") if average is None else _sigma(bars, counted, average, base)
    last = bars.close[bars.close > 0]
    last_price = float(bars.price(last[-1:])[0]) if len(last) else None
    bands = {
        f"{side}_{k}": None if average is None or sigma is None else average + sign * k * sigma
        for side, sign in (("upper", 1), ("lower", -1))
        for k in (1, 2)
    }
    return Vwap(
        as_of=moment(view.now),
        coverage=SeenReport.of(view.seen(bars)),
        convention=f"sum of quote / sum of base since {iso(start)}{how}",
        reason=because(reasons),
        instrument=view.instrument.id,
        base=view.instrument.base,
        currency=view.instrument.quote,
        anchor=anchor,
        anchored_at=moment(start),
        minutes=int(counted.sum()),
        vwap=average,
        sigma=sigma,
        **bands,
        volume=base if counted.any() else None,
        quote_volume=quote if counted.any() else None,
        window=window,
        window_vwap=average if anchor == "window" else _plain_vwap(view.bars(window)),
        last_price=last_price,
        distance_pct=None if not average or last_price is None else known(100 * (last_price - average) / average),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("vwap", vwap, merges=True)


def _anchored_at(view: View, anchor: Anchor, window: int) -> int:
    if anchor == "window":
        return view.end - window * MINUTE
    day = view.now - view.now % DAY
    # the epoch began on a Thursday
    return day if anchor == "day" else day - (day // DAY + 3) % 7 * DAY


def _counted(bars: Bars) -> npt.NDArray[np.bool_]:
    """Minutes with complete totals: with a complete taker split, or the venue's kline without any."""
    whole = bars.has_flow | ((bars.coverage == Coverage.PARTIAL) & np.isnan(bars.buy))
    return np.asarray(whole & np.isfinite(bars.volume) & np.isfinite(bars.quote_volume))


def _reasons(bars: Bars, counted: npt.NDArray[np.bool_], start: str | None) -> list[str]:
    if not len(bars):
        return [f"no minute has closed since {start}"]
    if counted.any() and not bars.volume[counted].any():
        return [f"nothing traded since {start}"]
    out = int((~counted).sum())
    no_quote = int((np.isnan(bars.quote_volume) & np.isfinite(bars.volume)).sum())
    why = f" ({no_quote} of them klines without quote volume)" if no_quote else ""
    return [f"{out} of {len(bars)} minutes since {start} are not counted{why}"] if out else []


def _plain_vwap(bars: Bars) -> float | None:
    counted = _counted(bars)
    base = math.fsum(bars.volume[counted])
    return known(math.fsum(bars.quote_volume[counted]) / base) if base else None


def _sigma(bars: Bars, counted: npt.NDArray[np.bool_], average: float, base: float) -> tuple[float | None, str]:
    """Deviation from the average itself, so nothing cancels; and how it was made."""
    exact = np.zeros(len(bars), np.bool_)
    square = 0.0
    if bars.levels is not None:
        levels, volume = bars.levels, bars.levels.buy + bars.levels.sell
        total = np.bincount(levels.bar, volume, len(bars))
        exact = counted & (bars.coverage == Coverage.TRADES) & np.isclose(total, bars.volume, 1e-9, 0)
        used = exact[levels.bar]
        square = float((volume[used] * (bars.price(levels.ticks[used]) - average) ** 2).sum())
    rest = counted & ~exact & (bars.volume > 0)
    volume = bars.volume[rest]
    square += float((volume * (bars.quote_volume[rest] / volume - average) ** 2).sum())
    how = "; sigma from traded prices"
    if rest.any():
        how = f"; sigma from one-minute averages in {int(rest.sum())} of {int(counted.sum())} minutes, a floor"
    return known(math.sqrt(square / base)), how
