"""Candles of a session, by clock time from its beginning."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import (
    MINUTE,
    Bars,
    Moment,
    moment,
)
from coinmon_indicators._figures import known

Interval = Literal["1m", "5m", "15m", "30m", "1h"]


MINUTES: dict[Interval, int] = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60}


class Candle(BaseModel):
    """One candle of a session, its minutes so far."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    time: Moment = Field(description="when it begins")
    open: float | None = Field(description="first price, quote currency")
    high: float | None = Field(description="highest price, quote currency")
    low: float | None = Field(description="lowest price, quote currency")
    close: float | None = Field(description="last price, quote currency")
    quote_volume: float | None = Field(description="volume, quote currency")
    delta_quote: float | None = Field(description="taker buy - taker sell, quote currency")


def candles_of(rows: Bars, minutes: int, start: int) -> list[Candle]:
    if not len(rows):
        return []
    bars = Bars.resample(rows, minutes * MINUTE, start)
    prices = {name: bars.price(getattr(bars, name)) for name in ("open", "high", "low", "close")}
    return [
        Candle(
            time=moment(int(bars.time[i])),
            **{name: known(column[i]) for name, column in prices.items()},
            quote_volume=known(bars.quote_volume[i]),
            delta_quote=known(2 * bars.buy_quote[i] - bars.quote_volume[i]),
        )
        for i in range(len(bars))
    ]
