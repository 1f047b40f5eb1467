"""Unfinished auctions: extremes at which both sides were still trading."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon import Box, Moment, Panel, Text, View, hookimpl, moment
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
)
from coinmon_indicators._figures import price
from coinmon_indicators._grid import BinSetting, grid
from coinmon_indicators._reach import reached


class Unfinished(Part):
    """An extreme that was left with both sides trading."""

    time: Moment = Field(description="start of the candle")
    side: Literal["high", "low"]
    low: float = Field(description="lower edge of the extreme row, quote currency")
    high: float = Field(description="upper edge of the extreme row, quote currency")
    buy: float = Field(description="taker buys in it, base units")
    sell: float = Field(description="taker sells in it, base units")
    state: Literal["open", "repaired"] = Field(description="repaired: price has traded beyond the row since")
    repaired: Moment | None = Field(description="minute in which it first did")


class UnfinishedAuction(CandleResult):
    """Highs and lows where the auction did not finish."""

    bin_size: float | None = Field(description="height of a price row, quote currency")
    extremes: list[Unfinished] = Field(description="oldest first, a candle's high before its low")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        held = [each for each in self.extremes if each.state == "open"]
        name, words = ("未完成拍卖", {"high": "高点", "low": "低点"}) if zh else ("unfinished auction", {})
        text = f"{name} {self.timeframe}  {len(held)}/{len(self.extremes)} {'未修复' if zh else 'open'}"
        for each in held[-3:]:
            text += f"  {words.get(each.side, each.side)} {price(each.low)}-{price(each.high)}"
        return f"{text}  ({self.reason})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """The rows that price has not traded beyond since."""
        held = [each for each in self.extremes if each.state == "open"]
        boxes = [Box("", each.time, self.as_of, each.low, each.high, "third") for each in held]
        return Panel(Text("未完成拍卖", "Unfinished auctions"), boxes, "price", quiet=True)


def unfinished_auction(
    view: View,
    *,
    timeframe: TimeframeSetting = "30m",
    bars: BarsSetting = 48,
    start: StartSetting = None,
    end: EndSetting = None,
    bin_size: BinSetting = None,
    open_only: Annotated[bool, Field(description="only those that price has not traded through since")] = False,
) -> UnfinishedAuction:
    """Highs and lows of candles at whose outermost price row both buyers and sellers traded.

    An auction is finished where one side has nothing left in the extreme row. An unfinished one is repaired once price
    trades beyond the row, above a high or below a low, after its candle closed. Candles with incomplete price levels
    are left out. Source: the venue's trades.
    """
    found = candles(view, timeframe, bars, start, end, levels=True)
    made = grid(found, bin_size)
    extremes = []
    if made is not None:
        later = found.minutes_to_now()
        candidates = made.traded()
        for candle in candidates[made.complete[candidates]].tolist():
            own = made.cells(candle)
            since = int(found.bars.time[candle]) + found.step
            for cell, high in ((own.stop - 1, True), (own.start, False)):
                if not (made.buy[cell] > 0 and made.sell[cell] > 0):
                    continue
                row = int(made.row[cell])
                beyond = (row + 1) * made.bin if high else row * made.bin - 1
                at = reached(later, since, beyond, below=not high)
                edges = made.price(np.array([row, row + 1]))
                buy, sell = (made.amount(each[cell : cell + 1])[0] for each in (made.buy, made.sell))
                extremes.append(
                    Unfinished(
                        time=moment(int(found.bars.time[candle])), side="high" if high else "low", low=edges[0],
                        high=edges[1], buy=buy, sell=sell, state="repaired" if at else "open",
                        repaired=None if at is None else moment(at),
                    )
                )  # fmt: skip
    return UnfinishedAuction(
        bin_size=None if made is None else made.bin_size,
        extremes=[each for each in extremes if each.state == "open" or not open_only],
        **found.header("both sides traded in the outermost row; repaired: traded beyond it since"),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("unfinished_auction", unfinished_auction, merges=True)
