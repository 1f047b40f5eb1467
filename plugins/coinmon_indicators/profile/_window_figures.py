"""Prices, volume, delta and average price of one stretch of time."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import Bars, Coverage, Moment, View, moment
from coinmon_indicators._average import with_volume
from coinmon_indicators._days import DaySpan, State
from coinmon_indicators._figures import known


class WindowFigures(BaseModel):
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


def window_figures(view: View, span: DaySpan) -> dict[str, Any]:
    """The fields of `WindowFigures`."""
    key = "window", span.start, span.end
    figures = view.once(key, lambda: _figures(view.between(span.start, span.end)), span.end)
    ends = {"start": moment(span.start), "end": moment(span.end), "state": span.state(view.end)}
    return {"name": span.name, **ends, **figures}


def _figures(bars: Bars) -> dict[str, Any]:
    """Of dense closed minutes."""
    plain = replace(bars, levels=None)
    counted, flow = with_volume(plain), plain.has_flow
    base, quote = (math.fsum(each[counted]) for each in (plain.volume, plain.quote_volume))
    return {
        "minutes": len(plain),
        "complete": int(flow.sum()),
        **_prices(plain),
        "volume": base if counted.any() else None,
        "quote_volume": quote if counted.any() else None,
        "delta_quote": _delta(plain[flow]),
        "vwap": known(quote / base) if base else None,
    }


def _prices(bars: Bars) -> dict[str, float | None]:
    """Of the minutes in which something traded; of those that only repeat a price where there is no other."""
    priced = bars.close > 0
    traded = priced & ~(bars.volume == 0)
    rows = np.flatnonzero(traded if traded.any() else priced)
    if not len(rows):
        return dict.fromkeys(("open", "high", "low", "close"))
    ticks = [bars.open[rows[0]], bars.high[rows].max(), bars.low[rows].min(), bars.close[rows[-1]]]
    first, high, low, last = bars.price(np.array(ticks)).tolist()
    seen = bars.coverage > Coverage.MISSING
    return {"open": first if seen[0] else None, "high": high, "low": low, "close": last if seen[-1] else None}


def _delta(bars: Bars) -> float | None:
    total = math.fsum(2 * bars.buy_quote - bars.quote_volume) if len(bars) else math.nan
    return total if math.isfinite(total) else None
