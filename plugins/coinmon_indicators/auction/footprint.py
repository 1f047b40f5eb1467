"""Footprint: what was bought and sold at each price of each candle."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import Cells, Coverage, Moment, Panel, Text, Tone, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    Candles,
    EndSetting,
    Part,
    StartSetting,
    Timeframe,
    TimeframeSetting,
    candles,
    optional,
)
from coinmon_indicators._figures import compact, percent, price
from coinmon_indicators.auction._grid import BinByCoin, Grid, bin_of_coin, grid

Detail = Literal["statistics", "levels"]


class FootprintBar(Part):
    """One candle. Figures of price rows are None where its rows do not add up to its volume."""

    time: Moment = Field(description="start of the candle")
    open: float | None = Field(description="first price, quote currency")
    high: float | None = Field(description="highest price, quote currency")
    low: float | None = Field(description="lowest price, quote currency")
    close: float | None = Field(description="last price, quote currency")
    volume: float | None = Field(description="volume of the minutes known, base units")
    quote_volume: float | None = Field(description="volume of the minutes known, quote currency")
    trades: int | None = Field(description="number of trades")
    buy: float | None = Field(description="taker buys, base units")
    sell: float | None = Field(description="taker sells, base units")
    delta: float | None = Field(description="taker buys - taker sells, base units")
    delta_pct: float | None = Field(description="delta as % of the volume, -100 to 100")
    min_delta: float | None = Field(description="lowest running delta inside the candle (starts at 0), base units")
    max_delta: float | None = Field(description="highest running delta inside the candle (starts at 0), base units")
    poc: float | None = Field(description="row with most volume: its lower edge, quote currency")
    poc_volume: float | None = Field(description="volume of that row, base units")
    max_delta_price: float | None = Field(description="row with the highest delta: its lower edge, quote currency")
    max_delta_at_price: float | None = Field(description="delta of that row, base units")
    min_delta_price: float | None = Field(description="row with the lowest delta: its lower edge, quote currency")
    min_delta_at_price: float | None = Field(description="delta of that row, base units")
    coverage: str = Field(description="worst kind of its minutes: trades, klines, partial or missing")
    levels_complete: bool = Field(description="whether the price rows add up to the volume")
    levels: list[tuple[float, float, float]] | None = Field(
        default=None, description="rows that traded, ascending: lower edge (quote currency), taker buys, sells (base)"
    )
    levels_dropped: int = Field(default=0, description="rows left out, those with least volume")


class Footprint(CandleResult):
    """Candles with their volumes by price row."""

    detail: Detail = Field(description="statistics: figures only; levels: with each candle's price rows")
    bin_size: float | None = Field(description="height of a price row, quote currency")
    bars: list[FootprintBar] = Field(description="closed candles, oldest first")
    next_cursor: int | None = Field(description="cursor of the next page, ms UTC; None: this is the last")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        last = self.bars[-1] if self.bars else None
        name = f"足迹图 {self.timeframe}" if zh else f"footprint {self.timeframe}"
        if last is None:
            return f"{name}  -  ({say(self.reason or '-', lang)})"
        delta, running = ("差额", "盘中") if zh else ("delta", "running")
        text = f"{name}  {last.time:%H:%M} UTC  POC {price(last.poc)}  {delta} {compact(last.delta, sign=True)}"
        text += f" {self.base} ({percent(last.delta_pct, 1)})"
        if last.min_delta is not None:
            text += f"  {running} {compact(last.min_delta)}..{compact(last.max_delta)}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel | None:
        """Sells and buys by price of the last candles, imbalances (diagonal, three times) marked."""
        known: list[FootprintBar] = []
        tried: tuple[Timeframe, ...] = (self.timeframe, "5m")
        for timeframe in tried:
            found = footprint(subject, timeframe=timeframe, bars=12)
            known = [each for each in found.bars if each.levels_complete and each.high is not None]
            if len(known) >= 4:
                break
        if not known or found.bin_size is None:
            return None
        span = max(each.high or 0 for each in known) - min(each.low or math.inf for each in known)
        height = float(f"{found.bin_size * max(1, math.ceil(span / found.bin_size / 40)):.12g}")
        fine = footprint(subject, timeframe=timeframe, bars=12, detail="levels", bin_size=height, max_levels=None)
        return _drawn([each for each in fine.bars if each.levels], height, timeframe, self.base)


def footprint(
    view: View,
    *,
    timeframe: TimeframeSetting = "30m",
    bars: BarsSetting = 48,
    start: StartSetting = None,
    end: EndSetting = None,
    detail: Annotated[
        Detail, Field(description="statistics: figures only; levels: with each candle's price rows")
    ] = "statistics",
    bin_size: BinByCoin = None,
    max_levels: Annotated[
        int | None, Field(gt=0, description="price rows a candle at most, those with most volume; None: all")
    ] = 200,
    cursor: Annotated[
        int | None, Field(ge=0, description="go on with the candle that starts here, ms UTC: `next_cursor` of a page")
    ] = None,
    limit: Annotated[int | None, Field(gt=0, description="candles a page; None: all in one")] = None,
) -> Footprint:
    """What takers bought and sold at each price of each candle, with POC, delta and its extremes.

    Rows are whole numbers of ticks high and named by their lower edge. POC is the row with most volume; of equal ones
    the nearest to the middle of the candle's range, then the side with more volume, then the lower. min_delta and
    max_delta are the extremes of the running delta inside the candle, not of rows; the traded rows with the highest and
    lowest delta are given apart (of equal ones that with more volume, then the lower). Only closed candles are shown,
    and one with an incomplete taker split has no flow figures. Volumes in base units. Source: the venue's trades; where
    only klines are at hand there are no rows.
    """
    found = candles(view, timeframe, bars, start, end, levels=True)
    rows = grid(found, bin_of_coin(bin_size, view.instrument.base))
    first = 0 if cursor is None else max(0, -(-(cursor - found.start) // found.step))
    last = len(found.bars) if limit is None else min(len(found.bars), first + limit)
    made = _bars(found, rows, slice(first, last), detail == "levels", max_levels)
    convention = "rows by their lower edge; only closed candles; delta: taker buys - taker sells; min/max delta running"
    return Footprint(
        detail=detail,
        bin_size=None if rows is None else rows.bin_size,
        bars=made,
        next_cursor=found.start + last * found.step if last < len(found.bars) else None,
        **found.header(convention),
    )


def _sides(cell: tuple[float, float] | None) -> str:
    return "" if cell is None else f"{compact(cell[1])}×{compact(cell[0])}"


def _drawn(bars: list[FootprintBar], height: float, timeframe: str, base: str) -> Panel:
    columns = [{round(low / height): (buy, sell) for low, buy, sell in each.levels or ()} for each in bars]
    rows = range(min(map(min, columns)), max(map(max, columns)) + 1)
    names = [f"{each.time:%H:%M}" for each in bars]
    prices = [float(f"{row * height:.12g}") for row in rows]
    strong: list[tuple[str, float, Tone]] = []
    for name, column in zip(names, columns, strict=True):
        for row, price_ in zip(rows, prices, strict=True):
            (buy, sell), below, above = (column.get(at, (0.0, 0.0)) for at in (row, row - 1, row + 1))
            if 0 < 3 * below[1] <= buy:
                strong.append((name, price_, "up"))
            elif 0 < 3 * above[0] <= sell:
                strong.append((name, price_, "down"))
    cells = Cells(
        Text("差额", "delta"), names, prices,
        [[None if row not in each else each[row][0] - each[row][1] for each in columns] for row in rows], True,
        [[_sides(each.get(row)) for each in columns] for row in rows],
        strong,
    )  # fmt: skip
    return Panel(
        Text(f"足迹图 {timeframe} 卖×买", f"Footprint {timeframe}, sells × buys"), [cells], "own", base, order=80
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("footprint", footprint, merges=True)


def _bars(found: Candles, rows: Grid | None, page: slice, with_levels: bool, most: int | None) -> list[FootprintBar]:
    bars = found.bars
    columns: dict[str, list[Any]] = {name: optional(bars.price(getattr(bars, name))) for name in _PRICES}
    columns |= {name: optional(getattr(bars, name)) for name in ("volume", "quote_volume")}
    flow = dict(zip(("buy", "sell", "delta", "min_delta", "max_delta"), found.flow() + found.running(), strict=True))
    flow["delta_pct"] = 100 * flow["delta"] / np.where(bars.volume > 0, bars.volume, np.nan)
    columns |= {name: optional(each) for name, each in flow.items()}
    columns["trades"] = [count if count >= 0 else None for count in bars.trades.tolist()]
    columns["time"] = [moment(ms) for ms in bars.time.tolist()]
    columns["coverage"] = [Coverage(grade).label for grade in bars.coverage.tolist()]
    columns |= _extremes(rows) if rows else {}
    blank: dict[str, Any] = {name: None for names in _OF_ROWS for name in names}
    return [
        FootprintBar(
            **blank
            | {name: values[i] for name, values in columns.items()}
            | {"levels_complete": bool(rows is not None and rows.complete[i])}
            | (_levels(rows, i, most) if with_levels and rows is not None else {})
        )
        for i in range(*page.indices(len(bars)))
    ]


_PRICES = ("open", "high", "low", "close")
_OF_ROWS = (
    ("poc", "poc_volume"), ("max_delta_price", "max_delta_at_price"), ("min_delta_price", "min_delta_at_price"),
)  # fmt: skip


def _extremes(rows: Grid) -> dict[str, list[float | None]]:
    """POC and the rows with the highest and lowest delta."""
    delta = rows.buy - rows.sell
    cells = (rows.peak, _extreme(rows, delta), _extreme(rows, -delta))
    found: dict[str, list[float | None]] = {}
    for at, (price_name, amount_name), amounts in zip(cells, _OF_ROWS, (rows.volume, delta, delta), strict=True):
        known = (at >= 0) & rows.complete
        place = np.full(len(at), np.nan)
        amount = place.copy()
        place[known] = rows.price(rows.row[at[known]])
        amount[known] = rows.amount(amounts[at[known]])
        found |= {price_name: optional(place), amount_name: optional(amount)}
    return found


def _extreme(rows: Grid, value: Any) -> Any:
    """The traded cell with each candle's highest value; of equal ones that with more volume, then the lower."""
    order = np.lexsort((rows.row, -rows.volume, -value, rows.volume <= 0, rows.candle))
    found = np.full(len(rows.first), -1, np.int64)
    traded = rows.traded()
    # cells of a candle stay together, so the best of each is where its cells began
    found[traded] = order[rows.start[traded]]
    return found


def _levels(rows: Grid, candle: int, most: int | None) -> dict[str, Any]:
    own = rows.cells(candle)
    volume = rows.volume[own]
    kept = np.flatnonzero(volume > 0)
    dropped = 0
    if most is not None and len(kept) > most:
        dropped = len(kept) - most
        kept = np.sort(kept[np.argsort(-volume[kept], kind="stable")[:most]])
    cells = kept + own.start
    shown = (rows.price(rows.row[cells]), rows.amount(rows.buy[cells]), rows.amount(rows.sell[cells]))
    return {"levels": list(zip(*(each.tolist() for each in shown), strict=True)), "levels_dropped": dropped}
