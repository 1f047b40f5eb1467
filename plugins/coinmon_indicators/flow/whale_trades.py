"""Whale trades: the single taker orders that are worth a look."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from coinmon.indicator import (
    Bilingual,
    Coverage,
    Moment,
    Panel,
    Points,
    SeenReport,
    Text,
    View,
    WhaleTrade,
    hookimpl,
    moment,
    say,
)
from coinmon_indicators._figures import money, price
from coinmon_indicators._of_instrument import InstrumentResult
from coinmon_indicators.flow._whale_columns import columns


class Whale(BaseModel):
    """One taker order."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    trade_id: int = Field(description="the venue's id of its first fill")
    time: Moment = Field(description="when it was filled")
    side: Literal["buy", "sell"] = Field(description="the taker's side")
    price: float = Field(description="average price, quote currency")
    base: float = Field(description="size, base units")
    quote: float = Field(description="size, quote currency")
    fills: int = Field(description="trades it was filled in")


class WhaleTrades(InstrumentResult):
    """The whale trades of a window, oldest first."""

    window: int = Field(description="minutes looked at, up to this moment")
    threshold: float = Field(description="smallest order listed, quote currency; 0: all that `whale_threshold` keeps")
    trades: list[Whale] = Field(description="the orders, oldest first")
    buys: int | None = Field(description="number of buy orders")
    sells: int | None = Field(description="number of sell orders")
    buy_volume: float | None = Field(description="sum of the buy orders, quote currency")
    sell_volume: float | None = Field(description="sum of the sell orders, quote currency")

    def line(self, lang: str) -> str:
        buy, sell, latest = ("买入", "卖出", "最近") if lang == "zh" else ("buys", "sells", "latest")
        text = (
            f"{buy} {_count(self.buys)} ({money(self.buy_volume, self.currency)})  "
            f"{sell} {_count(self.sells)} ({money(self.sell_volume, self.currency)})"
        )
        if self.trades:
            one = self.trades[-1]
            side = {"buy": "买入", "sell": "卖出"}[one.side] if lang == "zh" else one.side
            text += f"  {latest} {side} {money(one.quote, self.currency)} @ {price(one.price)} {one.time:%H:%M:%S} UTC"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """Each order at its price."""
        marks = []
        for side, way in (("buy", "up"), ("sell", "down")):
            some = [each for each in self.trades if each.side == side]
            marks.append(
                Points(
                    Text("巨鲸", "whales"), [each.time for each in some], [each.price for each in some],
                    [money(each.quote, self.currency) for each in some], "up" if way == "up" else "down", "circle",
                )
            )  # fmt: skip
        return Panel(Text("巨鲸成交", "Whale trades"), marks, "price", quiet=True)


def whale_trades(
    view: View,
    *,
    window: Annotated[int, Field(gt=0, le=10_080, description="minutes to look back")] = 50,
    threshold: Annotated[
        float,
        Field(ge=0, description="smallest order that counts, quote currency; 0: all that `whale_threshold` keeps"),
    ] = 0.0,
) -> WhaleTrades:
    """The big fish: single taker orders above a threshold, with totals for each side.

    One order that swept several prices at one moment counts once, at its average price; a row of Binance USD-M may be
    several orders of 100 ms at one price. The forming minute is looked at as well. Where the single trades of a minute
    were not seen, the totals are a floor and the reason says so. Amounts in quote currency. Source: the venue's public
    trades.
    """
    found = [trade for trade in view.whale_trades(window) if trade.quote >= threshold]
    bars = view.bars(window)
    seen = int(np.count_nonzero(bars.coverage == Coverage.TRADES))
    reason = None
    if seen < window:
        floor = Bilingual("合计只是下限", "totals are a floor")
        what = floor if found or seen else Bilingual("大单未知", "whale trades are unknown")
        reason = Bilingual(
            f"{window} 分钟中有 {window - seen} 分钟的逐笔成交不全，{what.zh}",
            f"the single trades of {window - seen} of {window} minutes were not all seen, {what}",
        )
    totals: dict[str, Any] = dict.fromkeys(("buys", "sells", "buy_volume", "sell_volume"))
    if found or seen:
        buys, sells = ([trade.quote for trade in found if trade.side == side] for side in (1, -1))
        totals = {
            "buys": len(buys), "sells": len(sells), "buy_volume": math.fsum(buys), "sell_volume": math.fsum(sells)
        }  # fmt: skip
    return WhaleTrades(
        as_of=moment(view.now),
        coverage=SeenReport.of(view.seen(bars)),
        convention="one order = rows of the same millisecond and side; the taker's side",
        reason=reason,
        instrument=view.instrument.id,
        base=view.instrument.base,
        currency=view.instrument.quote,
        window=window,
        threshold=threshold,
        trades=[_whale(trade) for trade in found],
        **totals,
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("whale_trades", whale_trades, columns=columns)


def _whale(trade: WhaleTrade) -> Whale:
    return Whale(
        trade_id=trade.trade_id, time=moment(trade.time), side="buy" if trade.side > 0 else "sell",
        price=trade.price, base=trade.base, quote=trade.quote, fills=trade.fills,
    )  # fmt: skip


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)
