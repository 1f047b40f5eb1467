"""Heatmap: at which prices size has been resting, and for how long."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import MINUTE, Bilingual, Cells, Moment, Panel, Picture, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import Part
from coinmon_indicators._figures import known, money, percent, price
from coinmon_indicators._of_instrument import InstrumentResult, head
from coinmon_indicators._sampled import sampled

_COLUMNS, _ROWS = 48, 60
"""At most so many cells: what a screen shows and an assistant can read."""
_SIDES: tuple[Literal["bid"], Literal["ask"]] = ("bid", "ask")
Sizes = list[list[float | None]]


class RestingLevel(Part):
    """A row of prices where much rested."""

    side: Literal["bid", "ask"] = Field(description="which side it rested on")
    low: float = Field(description="lower edge, quote currency")
    high: float = Field(description="upper edge, quote currency")
    base: float = Field(description="mean size over the minutes in which it was known, base units")
    quote: float = Field(description="the same at the middle of the row, quote currency")
    seen: float = Field(description="share of the sampled minutes in which something rested there, 0 to 1")
    now: float | None = Field(description="size in the latest minute, base units; None: not known")
    distance_pct: float | None = Field(description="from the latest mid to the middle of the row, %")


class HeatMatrix(Part):
    """Mean resting size by time and price, base units; None: not sampled or not known."""

    minutes: int = Field(description="minutes that a column is the mean of")
    row: float = Field(description="height of a row, quote currency")
    times: list[Moment] = Field(description="end of each column")
    prices: list[float] = Field(description="lower edge of each row, ascending, quote currency")
    bids: Sizes = Field(description="a list a column, lowest row first")
    asks: Sizes = Field(description="a list a column, lowest row first")


class Heatmap(InstrumentResult):
    """Resting liquidity over time."""

    window: int = Field(description="minutes looked at")
    mid: float | None = Field(description="latest middle of the best prices, quote currency")
    levels: list[RestingLevel] = Field(description="the rows with most money, the most first")
    matrix: HeatMatrix | None = Field(description="the picture, coarser than the levels; None: there is none")

    def line(self, lang: str) -> str:
        name, words = ("挂单", {"bid": "买", "ask": "卖"}) if lang == "zh" else ("resting", {})
        text = name if self.levels else f"{name} -"
        for level in self.levels[:3]:
            side = words.get(level.side, level.side)
            text += f"  {side} {price(level.low)} {money(level.quote, self.currency)} ({percent(level.distance_pct)})"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel | None:
        """What rested at each price over time: bids as buying, asks as selling."""
        matrix = self.matrix
        if matrix is None:
            return None
        columns = [
            [_net(*pair) for pair in zip(bids, asks, strict=True)]
            for bids, asks in zip(matrix.bids, matrix.asks, strict=True)
        ]
        rows = [list(row) for row in zip(*columns, strict=True)]
        starts = [end - timedelta(minutes=matrix.minutes) for end in matrix.times]
        if len(starts) == 1:
            # how wide a column is shows beside another one
            starts.insert(0, starts[0] - timedelta(minutes=matrix.minutes))
            for row in rows:
                row.insert(0, None)
        cells = Cells(Text("挂单量", "resting"), starts, matrix.prices, rows, signed=True)
        return Panel(Text("挂单热力图（绿买红卖）", "Depth heatmap, bids green, asks red"), [cells], "under", self.base)


def heatmap(
    view: View,
    *,
    window: Annotated[int, Field(ge=1, le=10_080, description="minutes to look back")] = 180,
    max_levels: Annotated[int, Field(ge=1, le=200, description="at most so many levels")] = 15,
) -> Heatmap:
    """Where resting liquidity has been: the price levels with most of it, and a picture of time against price.

    A cell is the time-weighted mean size resting in a row of prices, bids and asks apart; rows are whole numbers of
    ticks, two percent to either side of the mid. Minutes that were not sampled, and prices beyond what is known of the
    book, are null. Resting orders can be withdrawn: this is what was offered, not what will be there.
    """
    pictures = view.heatmap(window)
    reasons: list[str] = []
    latest = view.depth(window)[-1:] if pictures else []
    mid = latest[0].mid if latest else None
    levels: list[RestingLevel] = []
    matrix = None
    if pictures:
        levels = _levels(pictures, max_levels, mid)
        matrix = _matrix(pictures, view.end, window)
    else:
        reasons.append(
            Bilingual(
                f"最近 {window} 分钟没有订单簿采样：请打开 `books` 并运行 `coinmon scan`",
                f"the order book was not sampled in the last {window} minutes: "
                "switch `books` on and let `coinmon scan` run",
            )
        )
    return Heatmap(
        **head(
            view,
            sampled({(each.time - 1) // MINUTE * MINUTE for each in pictures}, view.end, window),
            "time-weighted mean of resting size; bids and asks apart",
            reasons,
        ),
        window=window,
        mid=mid,
        levels=levels,
        matrix=matrix,
    )


def _net(bid: float | None, ask: float | None) -> float | None:
    """Where both rested in turn, what there was more of shows."""
    return None if bid is None and ask is None else (bid or 0.0) - (ask or 0.0)


@hookimpl
def register_indicators(register: Any) -> None:
    register("heatmap", heatmap)


def _levels(pictures: Sequence[Picture], most: int, mid: float | None) -> list[RestingLevel]:
    whole = Picture.mean_of(pictures, pictures[-1].time)
    rows = len(whole.bids)
    aligned = [each.on(whole.row, whole.first, rows) for each in pictures]
    middles = (whole.first + np.arange(rows) + 0.5) * float(whole.row)
    found = []
    for at in (0, 1):
        means = np.nan_to_num((whole.bids, whole.asks)[at])
        seen = np.mean([np.nan_to_num(each[at]) > 0 for each in aligned], axis=0)
        now = aligned[-1][at]
        for i in np.flatnonzero(means > 0).tolist():
            low = whole.row * (whole.first + i)
            level = RestingLevel(
                side=_SIDES[at], low=float(low), high=float(low + whole.row), base=float(means[i]),
                quote=float(means[i] * middles[i]), seen=float(seen[i]), now=known(now[i]),
                distance_pct=None if mid is None else 100 * (float(middles[i]) / mid - 1),
            )  # fmt: skip
            found.append(level)
    return sorted(found, key=lambda each: (-each.quote, each.low, each.side))[:most]


def _matrix(pictures: Sequence[Picture], end: int, window: int) -> HeatMatrix:
    minutes = -(-window // _COLUMNS)
    row, first, rows = _grid(pictures)
    length = minutes * MINUTE
    last = -(-max(end, pictures[-1].time) // length) * length
    columns: dict[int, list[Picture]] = {}
    for each in pictures:
        columns.setdefault(-(-each.time // length) * length, []).append(each)
    times = list(range(min(columns), last + 1, length))
    bids: Sizes = []
    asks: Sizes = []
    for time in times:
        column = columns.get(time)
        if column is None:
            bids.append([None] * rows)
            asks.append([None] * rows)
            continue
        told = Picture.mean_of(column, time).on(row, first, rows)
        for sides, sizes in zip((bids, asks), told, strict=True):
            sides.append([known(float(f"{size:.6g}")) for size in sizes.tolist()])
    prices = [float(row * (first + i)) for i in range(rows)]
    return HeatMatrix(
        minutes=minutes, row=float(row), times=[moment(time) for time in times], prices=prices, bids=bids, asks=asks
    )  # fmt: skip


def _grid(pictures: Sequence[Picture]) -> tuple[Decimal, int, int]:
    """Height, number of the lowest and count of the rows: as fine as they may be."""
    finest = max(each.row for each in pictures)
    for times in (power * digit for power in (1, 10, 100, 1000, 10_000) for digit in (1, 2, 5)):
        row = finest * times
        spans = [each.span(row) for each in pictures]
        first, last = min(low for low, _ in spans), max(high for _, high in spans)
        if last - first < _ROWS:
            break
    return row, first, last - first + 1
