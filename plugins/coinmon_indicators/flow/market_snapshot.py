"""Market snapshot: one market at a glance."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.indicator import (
    MINUTE,
    Bars,
    Bilingual,
    Moment,
    Panel,
    SeenReport,
    Table,
    Text,
    View,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._average import with_volume
from coinmon_indicators._figures import compact, known, money, percent, price
from coinmon_indicators._of_instrument import InstrumentResult, head

DAY_MINUTES = 1440


class MarketSnapshot(InstrumentResult):
    """Last price, 24-hour figures, and of a perp mark, funding and open interest."""

    last_price: float | None = Field(description="last known close, quote currency")
    last_time: Moment | None = Field(description="end of the minute that it is of")
    open_24h: float | None = Field(description="first price of the last 1440 closed minutes, quote currency")
    high_24h: float | None = Field(description="highest price of them, quote currency")
    low_24h: float | None = Field(description="lowest price of them, quote currency")
    change_24h_pct: float | None = Field(description="last price against open_24h, %")
    volume_24h: float | None = Field(description="volume of them, base units")
    quote_volume_24h: float | None = Field(description="volume of them, quote currency")
    delta_24h: float | None = Field(description="taker buys - taker sells of them, quote currency")
    mark_price: float | None = Field(description="mark price of a perp, quote currency")
    index_price: float | None = Field(description="index price of a perp, quote currency")
    funding_rate: float | None = Field(description="rate of the next settlement, fraction for one interval")
    next_funding_time: Moment | None = Field(description="next settlement")
    open_interest: float | None = Field(description="open interest of a perp, one-sided, base units")
    open_interest_value: float | None = Field(
        description="the same, quote currency: as the venue says, else at last price"
    )

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        low, high, volume, rate, held = (
            ("最低", "最高", "成交额", "资金费率", "持仓")
            if zh
            else ("low", "high", "volume", "funding", "open interest")
        )
        text = f"{price(self.last_price)} (24h {percent(self.change_24h_pct)})  {low} {price(self.low_24h)}"
        text += f"  {high} {price(self.high_24h)}  {volume} {money(self.quote_volume_24h, self.currency)}"
        if self.mark_price is not None or self.open_interest is not None:
            share = None if self.funding_rate is None else 100 * self.funding_rate
            text += f"  {rate} {percent(share, 4)}  {held} {compact(self.open_interest)} {self.base}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """A row of the figures."""
        head = (
            Text("现价", "last"), "24h", Text("最高", "high"), Text("最低", "low"), Text("成交额", "volume"),
            Text("差额", "delta"), Text("标记价", "mark"), Text("资金费率", "funding"), Text("持仓", "open interest"),
        )  # fmt: skip
        share = None if self.funding_rate is None else 100 * self.funding_rate
        row = [
            price(self.last_price), percent(self.change_24h_pct), price(self.high_24h), price(self.low_24h),
            money(self.quote_volume_24h, self.currency), compact(self.delta_24h, sign=True), price(self.mark_price),
            percent(share, 4), money(self.open_interest_value, self.currency),
        ]  # fmt: skip
        return Panel(Text("24 小时", "24 hours"), [Table(head, [row])])


def market_snapshot(
    view: View,
    *,
    min_coverage: Annotated[
        float, Field(gt=0, le=1, description="share of the 1440 minutes that 24-hour figures need")
    ] = 0.95,
    max_age: Annotated[int, Field(gt=0, le=10_080, description="minutes after which a sample is too old")] = 120,
) -> MarketSnapshot:
    """One market at a glance: last price, 24-hour figures, mark price, funding and open interest.

    The 24 hours are the last 1440 closed minutes. Their figures are None while fewer than `min_coverage` of the minutes
    are known (for prices: have a price; for volumes: complete totals; for the delta: a complete taker split); minutes
    that are not known are not in them. Sources: trades or klines of the venue; its funding and open interest endpoints,
    as polled.
    """
    bars = view.bars(DAY_MINUTES)
    reasons: list[str] = []
    priced = np.flatnonzero(bars.close > 0)
    last = float(bars.price(bars.close[priced[-1:]])[0]) if len(priced) else None
    figures: dict[str, Any] = dict.fromkeys(_OPTIONAL)
    figures |= _prices(bars, len(priced), last, min_coverage, reasons) | _volumes(bars, min_coverage, reasons)
    if last is None:
        reasons.append(Bilingual("最近 24 小时没有已知价格", "no price is known in the last 24 hours"))
    if view.instrument.kind == "perp":
        figures |= _derivatives(view, last, max_age, reasons)
    return MarketSnapshot(
        **head(view, SeenReport.of(view.seen(bars)), "24 h: the last 1440 closed minutes", reasons),
        last_price=last,
        last_time=moment(int(bars.time[priced[-1]]) + MINUTE) if len(priced) else None,
        **figures,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("market_snapshot", market_snapshot)


_OPTIONAL = (
    "open_24h", "high_24h", "low_24h", "change_24h_pct", "volume_24h", "quote_volume_24h", "delta_24h", "mark_price",
    "index_price", "funding_rate", "next_funding_time", "open_interest", "open_interest_value",
)  # fmt: skip


def _prices(bars: Bars, priced: int, last: float | None, least: float, reasons: list[str]) -> dict[str, Any]:
    if last is None or priced / DAY_MINUTES < least:
        if priced:
            reasons.append(
                Bilingual(
                    f"1440 分钟中有 {priced} 分钟的价格已知，24 小时价格需要 {least:.0%}",
                    f"prices of {priced} of 1440 minutes are known, 24-hour prices need {least:.0%}",
                )
            )
        return {}
    first, high, low, _ = bars.price(np.array(bars.candle())).tolist()
    return {"open_24h": first, "high_24h": high, "low_24h": low, "change_24h_pct": 100 * (last - first) / first}


def _volumes(bars: Bars, least: float, reasons: list[str]) -> dict[str, Any]:
    rows, split = bars[with_volume(bars)], bars[bars.has_flow]
    figures: dict[str, Any] = {}
    if len(rows) / DAY_MINUTES < least:
        reasons.append(
            Bilingual(
                f"1440 分钟中有 {len(rows)} 分钟的总量完整，24 小时成交量需要 {least:.0%}",
                f"{len(rows)} of 1440 minutes have complete totals, 24-hour volumes need {least:.0%}",
            )
        )
    else:
        figures = {"volume_24h": math.fsum(rows.volume), "quote_volume_24h": math.fsum(rows.quote_volume)}
        if len(split) / DAY_MINUTES < least:
            reasons.append(
                Bilingual(
                    f"1440 分钟中有 {len(split)} 分钟的主动买卖拆分完整，24 小时差额需要 {least:.0%}",
                    f"{len(split)} of 1440 minutes have a complete taker split, the 24-hour delta needs {least:.0%}",
                )
            )
        else:
            figures["delta_24h"] = known(math.fsum(split.buy_quote - split.sell_quote))
    return figures


def _derivatives(view: View, last: float | None, max_age: int, reasons: list[str]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    funding, interest = view.funding(max_age), view.open_interest(max_age)
    if funding:
        latest = funding[-1]
        figures |= {
            "mark_price": latest.mark, "index_price": latest.index, "funding_rate": known(latest.rate),
            "next_funding_time": None if latest.next_time is None else moment(latest.next_time),
        }  # fmt: skip
    else:
        reasons.append(
            Bilingual(f"最近 {max_age} 分钟没有资金费率采样", f"no funding was sampled in the last {max_age} minutes")
        )
    if interest:
        held = interest[-1]
        value = held.value if held.value is not None or last is None else held.base * last
        figures |= {"open_interest": known(held.base), "open_interest_value": value}
    else:
        reasons.append(
            Bilingual(
                f"最近 {max_age} 分钟没有持仓量采样", f"no open interest was sampled in the last {max_age} minutes"
            )
        )
    return figures
