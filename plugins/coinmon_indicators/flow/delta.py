"""Delta: who was the more eager in each candle."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.indicator import Columns, Coverage, Moment, Panel, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
    optional,
    without_split,
)
from coinmon_indicators._figures import compact, percent, quotient
from coinmon_indicators._lots import amounts
from coinmon_indicators.flow._delta_columns import delta_columns
from coinmon_indicators.flow._minute_delta import Unit, minute_flow


class DeltaBar(Part):
    """One candle; figures are None where its taker split is incomplete."""

    time: Moment = Field(description="start of the candle")
    delta: float | None = Field(description="taker buys - taker sells, in the result's unit")
    delta_pct: float | None = Field(description="delta as % of the volume, -100 to 100")
    buy: float | None = Field(description="taker buys, in the result's unit")
    sell: float | None = Field(description="taker sells, in the result's unit")
    min_delta: float | None = Field(description="lowest running delta inside the candle (starts at 0), base units")
    max_delta: float | None = Field(description="highest running delta inside the candle (starts at 0), base units")
    close: float | None = Field(description="last price, quote currency")
    coverage: str = Field(description="worst kind of its minutes: trades, klines, partial or missing")


class Delta(CandleResult):
    """Delta of each closed candle and of the whole window."""

    unit: Unit = Field(description="what delta, buy and sell are in: base units or quote currency")
    bars: list[DeltaBar] = Field(description="closed candles, oldest first")
    delta: float | None = Field(description="sum over the window's covered minutes, in the unit")
    delta_pct: float | None = Field(description="that as % of the volume of the same minutes, -100 to 100")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        last = self.bars[-1] if self.bars else None
        currency = self.base if self.unit == "base" else self.currency
        name, whole = ("差额", "合计") if zh else ("delta", "window")
        text = f"{name} {self.timeframe}"
        if last is not None:
            text += f" {compact(last.delta, sign=True)} {currency} ({percent(last.delta_pct, 1)})"
            if last.min_delta is not None:
                text += f" [{compact(last.min_delta)}..{compact(last.max_delta)} {self.base}]"
        text += f"  {whole} {compact(self.delta, sign=True)} ({percent(self.delta_pct, 1)})"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """Each candle's delta."""
        bars = Columns(Text("差额", "delta"), [each.time for each in self.bars], [each.delta for each in self.bars])
        unit = self.base if self.unit == "base" else self.currency
        return Panel(Text(f"差额 {self.timeframe}", f"Delta {self.timeframe}"), [bars], unit=unit, order=15)


def delta(
    view: View,
    *,
    timeframe: TimeframeSetting = "15m",
    bars: BarsSetting = 96,
    start: StartSetting = None,
    end: EndSetting = None,
    unit: Annotated[Unit, Field(description="delta in base units or in quote currency")] = "base",
) -> Delta:
    """Taker buys less taker sells of each candle, and how far the running difference went inside it.

    min_delta and max_delta are the extremes of the running delta within the candle, trade by trade, which starts at 0;
    they are None where only klines are at hand. A candle with an incomplete taker split has no figures; the window's
    sum is over the covered minutes, and the reason names how many are not. Source: trades or klines of the venue.
    """
    found = candles(view, timeframe, bars, start, end)
    without_split(found)
    rows = found.bars
    flow = minute_flow(found.minutes, view.instrument, unit)
    whole = float(amounts(flow.net.sum(), flow.scale)) if flow.complete.any() else None
    share = quotient(float(flow.net.sum()), float(flow.volume.sum()))
    buy, sell, change = found.flow()
    total = rows.volume
    if unit == "quote":
        split = np.where(rows.has_flow, 1.0, np.nan)
        buy, sell, total = split * rows.buy_quote, split * rows.sell_quote, rows.quote_volume
        change = buy - sell
    low, high = found.running()
    figures = {
        "buy": buy, "sell": sell, "delta": change, "min_delta": low, "max_delta": high,
        "delta_pct": 100 * change / np.where(total > 0, total, np.nan),
    }  # fmt: skip
    columns: dict[str, list[Any]] = {name: optional(each) for name, each in figures.items()}
    columns["close"] = optional(rows.price(rows.close))
    columns["time"] = [moment(ms) for ms in rows.time.tolist()]
    columns["coverage"] = [Coverage(grade).label for grade in rows.coverage.tolist()]
    return Delta(
        unit=unit,
        bars=[DeltaBar(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)],
        delta=whole,
        delta_pct=None if share is None else 100 * share,
        **found.header("taker buys - taker sells of closed candles; min/max delta: extremes of the running delta"),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("delta", delta, merges=True, columns=delta_columns)
