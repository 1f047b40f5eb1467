"""Unfinished auctions: extremes at which both sides were still trading."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import Box, Moment, Panel, Text, View, hookimpl, moment, say
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
from coinmon_indicators._reach import Reach
from coinmon_indicators.auction._grid import BinSetting, grid


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
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

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
        later = Reach(found.minutes_to_now())
        ends = made.start[made.traded()], made.start[made.traded() + 1] - 1
        # a candle's high before its low
        cells = np.stack(ends[::-1], axis=1).ravel()
        high = np.arange(len(cells)) % 2 == 0
        both = made.complete[made.candle[cells]] & (made.buy[cells] > 0) & (made.sell[cells] > 0)
        cells, high = cells[both], high[both]
        time, row = found.bars.time[made.candle[cells]], made.row[cells]
        beyond = np.where(high, (row + 1) * made.bin, row * made.bin - 1)
        figures = (made.price(row), made.price(row + 1), made.amount(made.buy[cells]), made.amount(made.sell[cells]))
        for ms, up, far, low, top, buy, sell in zip(
            *(each.tolist() for each in (time, high, beyond, *figures)), strict=True
        ):
            at = later.reached(ms + found.step, far, below=not up)
            extremes.append(
                Unfinished(
                    time=moment(ms), side="high" if up else "low", low=low, high=top, buy=buy, sell=sell,
                    state="repaired" if at else "open", repaired=None if at is None else moment(at),
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
