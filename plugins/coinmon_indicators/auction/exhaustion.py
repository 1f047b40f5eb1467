"""Exhaustion: nobody was left to trade at the end of the move."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import Moment, Panel, Points, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
    exact,
)
from coinmon_indicators._figures import price
from coinmon_indicators.auction._grid import BinSetting, Grid, grid

_WAYS: tuple[tuple[Literal["buyers", "sellers"], Literal["up", "down"]], ...] = (("buyers", "down"), ("sellers", "up"))


class Exhausted(Part):
    """An extreme into which volume dried up."""

    time: Moment = Field(description="start of the candle")
    exhausted: Literal["buyers", "sellers"] = Field(description="buyers at its high, sellers at its low")
    price: float = Field(description="the candle's high or low, quote currency")
    volume: float = Field(description="volume of the outermost row, base units")
    share: float = Field(description="that against the volume of the candle's POC row, 0 to 1")


class Exhaustion(CandleResult):
    """Candles whose volume fell row by row into an extreme."""

    bin_size: float | None = Field(description="height of a price row, quote currency")
    extremes: list[Exhausted] = Field(description="oldest first, a candle's high before its low")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        text = f"{'衰竭' if zh else 'exhaustion'} {self.timeframe}  {len(self.extremes)}"
        if self.extremes:
            last = self.extremes[-1]
            who = {"buyers": ("买方", "buyers"), "sellers": ("卖方", "sellers")}[last.exhausted][0 if zh else 1]
            text += f"  {who} {price(last.price)} ({last.time:%m-%d %H:%M} UTC)"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """A mark at each extreme, pointing to where price may turn."""
        marks = []
        for who, way in _WAYS:
            some = [each for each in self.extremes if each.exhausted == who]
            marks.append(Points("", [each.time for each in some], [each.price for each in some], tone=way, shape=way))
        return Panel(Text("衰竭", "Exhaustion"), marks, "price", quiet=True)


def exhaustion(
    view: View,
    *,
    timeframe: TimeframeSetting = "15m",
    bars: BarsSetting = 96,
    start: StartSetting = None,
    end: EndSetting = None,
    bin_size: BinSetting = None,
    rows: Annotated[int, Field(ge=2, le=50, description="rows over which volume falls into the extreme")] = 3,
    max_share: Annotated[
        float, Field(gt=0, le=1, description="the outermost row has less than this share of the POC row's volume")
    ] = 0.1,
) -> Exhaustion:
    """Highs and lows into which volume fell row by row until almost nothing was traded.

    The last `rows` rows before the extreme each have less volume than the one before (rows without volume included, so
    a hole among them is no steady fall), and the outermost has less than `max_share` of the POC row's. Candles with
    incomplete price levels are left out. Source: the venue's trades.
    """
    found = candles(view, timeframe, bars, start, end, levels=True)
    made = grid(found, bin_size)
    extremes = []
    if made is not None:
        volume = made.amount(made.volume)
        edge = {high: found.bars.price(found.bars.high if high else found.bars.low) for high in (True, False)}
        for candle, high in _exhausted(made, rows, max_share):
            own = made.cells(candle)
            cell = own.stop - 1 if high else own.start
            extremes.append(
                Exhausted(
                    time=moment(int(found.bars.time[candle])), exhausted="buyers" if high else "sellers",
                    price=edge[high][candle], volume=volume[cell],
                    share=made.volume[cell] / made.volume[made.peak[candle]],
                )
            )  # fmt: skip
    return Exhaustion(
        bin_size=None if made is None else made.bin_size,
        extremes=extremes,
        **found.header(f"volume falls over {rows} rows into the extreme, below {max_share:.0%} of the POC row"),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("exhaustion", exhaustion, merges=True)


def _exhausted(made: Grid, rows: int, max_share: float) -> list[tuple[int, bool]]:
    """Candles, and whether it is their high."""
    volume = made.volume
    tall = made.traded()
    tall = tall[np.diff(made.start)[tall] >= rows]
    tall = tall[made.complete[tall]]
    if not len(tall):
        return []
    peak = volume[made.peak[tall]]
    # in whole numbers: 0.1 * 70 is more than 7 in floats
    times, by = exact(max_share).limit_denominator(10**9).as_integer_ratio()
    found = []
    for high in (True, False):
        edge = made.start[tall + 1] - 1 if high else made.start[tall]
        inwards = edge[:, None] + np.arange(rows) * (-1 if high else 1)
        outer = volume[inwards]
        falls = (np.diff(outer, axis=1) > 0).all(axis=1) & (by * outer[:, 0] < times * peak)
        found += [(candle, high) for candle in tall[falls].tolist()]
    return sorted(found, key=lambda each: (each[0], not each[1]))
