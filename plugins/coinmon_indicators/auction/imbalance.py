"""Imbalance: prices where one side ran over the other."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import Box, Moment, Panel, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    Candles,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
    exact,
)
from coinmon_indicators.auction._grid import BinSetting, Grid, grid
from coinmon_indicators.auction._zones import Flags, Zone, zone_text, zones_of

ImbalanceMethod = Literal["diagonal", "horizontal"]
Zero = Literal["ignore", "one_lot", "infinite"]


class ImbalanceBar(Part):
    """The imbalanced rows of one candle."""

    time: Moment = Field(description="start of the candle")
    buy: list[float] = Field(description="rows where buyers ran over sellers: lower edges, quote currency, ascending")
    sell: list[float] = Field(description="rows where sellers ran over buyers: lower edges, quote currency, ascending")


class Imbalance(CandleResult):
    """Imbalances of each candle and the stacked ones' zones."""

    method: ImbalanceMethod
    ratio: float = Field(description="how many times the other side's volume")
    bin_size: float | None = Field(description="height of a price row, quote currency")
    bars: list[ImbalanceBar] = Field(description="closed candles that have imbalances, oldest first")
    buy_count: int | None = Field(description="rows imbalanced to the buyers in the whole window")
    sell_count: int | None = Field(description="rows imbalanced to the sellers in the whole window")
    zones: list[Zone] = Field(description="stacked imbalances, oldest first")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        name, none = ("失衡", "无堆叠") if zh else ("imbalance", "none stacked")
        buy, sell = ("-" if each is None else each for each in (self.buy_count, self.sell_count))
        text = f"{name} {self.timeframe}  {'买' if zh else 'buy'} {buy}  {'卖' if zh else 'sell'} {sell}"
        held = [each for each in self.zones if each.state != "broken"]
        text += "  " + ("  ".join(zone_text(each, zh) for each in held[-3:]) or none)
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """The zones that hold, from their candle on."""
        held = [each for each in self.zones if each.state != "broken"][-12:]
        marks = [
            Box("", each.time, self.as_of, each.low, each.high, "up" if each.side == "buy" else "down") for each in held
        ]
        return Panel(Text("堆叠失衡区", "Stacked imbalances"), marks, "price")


def imbalance(
    view: View,
    *,
    timeframe: TimeframeSetting = "15m",
    bars: BarsSetting = 96,
    start: StartSetting = None,
    end: EndSetting = None,
    bin_size: BinSetting = None,
    method: Annotated[
        ImbalanceMethod,
        Field(description="diagonal: buys of a row against sells of the row below; horizontal: the same row"),
    ] = "diagonal",
    ratio: Annotated[float, Field(gt=1, description="how many times the other side's volume is an imbalance")] = 3.0,
    consecutive: Annotated[int, Field(ge=2, le=100, description="adjacent rows that make a stack")] = 3,
    zero: Annotated[
        Zero,
        Field(description="other side without volume: no imbalance, counted as one lot, or always an imbalance"),
    ] = "ignore",
    min_volume: Annotated[float, Field(ge=0, description="least volume of the stronger side, base units")] = 0.0,
    min_difference: Annotated[float, Field(ge=0, description="least difference of the two sides, base units")] = 0.0,
) -> Imbalance:
    """Price rows where takers of one side did several times what the other side did, and stacks of them as zones.

    diagonal: buyers at row p when its buys are at least `ratio` times the sells of row p - 1; sellers at p when its
    sells are at least `ratio` times the buys of row p + 1; the outermost rows have no partner. horizontal: buys and
    sells of the same row. Adjacent means adjacent in price, rows without volume included. A zone is tested once price
    trades in it after its candle closed, and broken once it trades beyond its far edge: below a buy zone, above a sell
    zone. Candles with incomplete price levels are left out. Source: the venue's trades.
    """
    found = candles(view, timeframe, bars, start, end, levels=True)
    rows = grid(found, bin_size)
    marks: list[ImbalanceBar] = []
    zones: list[Zone] = []
    counts: tuple[int, int] | None = None
    if rows is not None and rows.complete.any():
        usable = rows.complete[rows.candle]
        least = (_units(min_volume, rows), _units(min_difference, rows))
        lot = float(view.instrument.lot_size / rows.unit)
        instead = {"ignore": np.inf, "one_lot": lot, "infinite": 0.0}[zero]
        sides = [_imbalanced(rows, side, method, ratio, instead, least) & usable for side in (1, -1)]
        counts = int(sides[0].sum()), int(sides[1].sum())
        marks = _bars(found, rows, *sides)
        zones = zones_of(found, rows, sides, consecutive)
    return Imbalance(
        method=method,
        ratio=ratio,
        bin_size=None if rows is None else rows.bin_size,
        bars=marks,
        buy_count=counts and counts[0],
        sell_count=counts and counts[1],
        zones=zones,
        **found.header(
            f"{method}, at least {ratio:g} times; zero opposite: {zero}; stacked: {consecutive} adjacent rows or more"
        ),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("imbalance", imbalance, merges=True)


def _units(base: float, rows: Grid) -> float:
    # 0.011 / 0.001 is a little more than 11 in floats
    return float(f"{base / float(rows.unit):.12g}")


def _imbalanced(
    rows: Grid, side: int, method: ImbalanceMethod, ratio: float, instead: float, least: tuple[float, float]
) -> Flags:
    """instead: what an empty other side counts as. least: volume and difference, in the grid's units."""
    strong, other = (rows.buy, rows.sell) if side > 0 else (rows.sell, rows.buy)
    paired = np.ones(len(strong), np.bool_)
    if method == "diagonal":
        # buys meet the row below, sells the row above; beyond a candle's ends there is none
        other = np.roll(other, side)
        ends = (rows.start[:-1] if side > 0 else rows.start[1:] - 1)[rows.traded()]
        paired[ends] = False
    # in whole numbers, for 11 lots are 1.1 times 10 and 1.1 * 10 is more than 11 in floats
    times, by = exact(ratio).limit_denominator(10**9).as_integer_ratio()
    beyond = by * strong >= times * np.where(other > 0, other, instead)
    volume, difference = least
    return np.asarray(paired & beyond & (strong > 0) & (strong >= volume) & (strong - other >= difference))


def _bars(found: Candles, rows: Grid, buy: Flags, sell: Flags) -> list[ImbalanceBar]:
    prices = rows.price(rows.row)
    made = []
    for candle in np.unique(rows.candle[buy | sell]).tolist():
        own = rows.cells(candle)
        made.append(
            ImbalanceBar(
                time=moment(int(found.bars.time[candle])),
                buy=prices[own][buy[own]].tolist(),
                sell=prices[own][sell[own]].tolist(),
            )
        )
    return made
