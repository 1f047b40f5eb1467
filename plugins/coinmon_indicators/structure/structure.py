"""Market structure: swings, the trend, its breaks and changes, sweeps, and the ZigZag."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import Bars, Line, Moment, Panel, Points, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
    without_swings,
)
from coinmon_indicators._figures import price
from coinmon_indicators.structure._breaks import BySide, breaks, swing_highs_and_lows
from coinmon_indicators.structure._zigzag import by_atr, by_percent

SwingKind = Literal["high", "low"]
Trend = Literal["up", "down"]
Label = Literal["HH", "LH", "EH", "HL", "LL", "EL"]


class Swing(Part):
    """A confirmed swing."""

    time: Moment = Field(description="start of its candle")
    kind: SwingKind
    price: float = Field(description="its extreme, quote currency")
    label: Label | None = Field(
        description="against the swing of its kind before: higher, lower or equal high or low; None: the first one"
    )
    confirmed: Moment = Field(description="when it was known: the end of the last candle it needed")


class StructureEvent(Part):
    """A break or a sweep of a swing; each swing breaks once and is swept once."""

    time: Moment = Field(description="start of the candle that did it")
    event: Literal["bos", "choch", "sweep"] = Field(
        description="bos: break with the trend; choch: against it; sweep: wick beyond and close back"
    )
    direction: Trend = Field(description="up: at a swing high; down: at a swing low")
    price: float = Field(description="the swing's extreme, quote currency")
    swing: Moment = Field(description="start of the swing's candle")


class ZigZagPoint(Part):
    """A turning point."""

    time: Moment = Field(description="start of its candle")
    kind: SwingKind
    price: float = Field(description="its extreme, quote currency")
    provisional: bool = Field(description="True: the end of the current leg, which may still go on")


class Structure(CandleResult):
    """Swings and what became of them."""

    trend: Trend | None = Field(description="direction of the last break; None: none in the window")
    last_high: float | None = Field(description="last confirmed swing high, if it is not broken, quote currency")
    last_low: float | None = Field(description="last confirmed swing low, if it is not broken, quote currency")
    swings: list[Swing] = Field(description="oldest first")
    events: list[StructureEvent] = Field(description="oldest first")
    zigzag: list[ZigZagPoint] = Field(description="oldest first; the last leg is provisional")
    dropped: int = Field(description="older swings, events and turning points left out")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        trend = {"up": ("上升", "up"), "down": ("下降", "down"), None: ("未定", "unknown")}[self.trend][0 if zh else 1]
        name, high, low = ("结构", "前高", "前低") if zh else ("structure", "swing high", "swing low")
        text = f"{name} {self.timeframe} {trend}  {high} {price(self.last_high)}  {low} {price(self.last_low)}"
        if self.events:
            last = self.events[-1]
            what = {"bos": "BOS", "choch": "CHoCH", "sweep": "流动性扫荡" if zh else "sweep"}[last.event]
            text += f"  {what} {'↑' if last.direction == 'up' else '↓'} {price(last.price)}"
            text += f" ({last.time:%m-%d %H:%M} UTC)"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """The ZigZag, and a mark at each break and sweep."""
        legs = Line(
            "ZigZag", [each.time for each in self.zigzag], [each.price for each in self.zigzag], "muted", through=True
        )
        names: dict[str, str | Text] = {"bos": "BOS", "choch": "CHoCH", "sweep": Text("流动性扫荡", "sweep")}
        marks = []
        for way in ("up", "down"):
            some = [each for each in self.events if each.direction == way]
            marks.append(
                Points(
                    Text(f"结构{'↑' if way == 'up' else '↓'}", f"structure {way}"), [each.time for each in some],
                    [each.price for each in some], [names[each.event] for each in some], way, way,
                )
            )  # fmt: skip
        return Panel(Text("市场结构", "Structure"), [legs, *marks], "price")


def structure(
    view: View,
    *,
    timeframe: TimeframeSetting = "15m",
    bars: BarsSetting = 400,
    start: StartSetting = None,
    end: EndSetting = None,
    pivot_left: Annotated[int, Field(gt=0, le=500, description="candles before a swing that it stands out from")] = 10,
    pivot_right: Annotated[int, Field(gt=0, le=500, description="candles after a swing that confirm it")] = 10,
    broken_by: Annotated[
        Literal["close", "wick"], Field(description="what has to be beyond a swing to break it")
    ] = "close",
    zigzag_percent: Annotated[
        float | None, Field(gt=0, lt=100, description="reversal that ends a ZigZag leg, %; None: by ATR")
    ] = None,
    zigzag_atr: Annotated[
        float, Field(gt=0, description="reversal that ends a ZigZag leg, in ATR of 14 candles")
    ] = 3.0,
    max_points: Annotated[
        int | None, Field(gt=0, description="swings, events and turning points each at most, the latest; None: all")
    ] = 80,
) -> Structure:
    """Where the swings are, which way they break, and where stops were taken.

    A swing high is strictly above the candles before it and not below those after it, `pivot_left` and `pivot_right`
    of them; it is known, and used, only once the last of these has closed. A close beyond the last confirmed swing
    breaks it, once: with the trend it is a BOS (so is the first break), against it a CHoCH, which turns the trend. A
    wick beyond and a close back is a sweep (told once for each swing, before it breaks). The ZigZag turns where price
    comes back from a leg's extreme, in a later candle, by `zigzag_percent` or `zigzag_atr`. Source: candles of the
    venue's trades or klines.
    """
    found = candles(view, timeframe, bars, start, end)
    without_swings(found, pivot_left, pivot_right)
    at = swing_highs_and_lows(found.bars, pivot_left, pivot_right)
    events, trend, unbroken = breaks(found.bars, at, pivot_right, wick=broken_by == "wick")
    rows = np.flatnonzero(found.priced)
    priced = found.bars[rows] if not found.priced.all() else found.bars
    turns = by_atr(priced, zigzag_atr) if zigzag_percent is None else by_percent(priced, zigzag_percent)
    swings = _labelled(found.bars, at)
    cut = slice(None if max_points is None else -max_points, None)
    edge = {high: found.bars.price(found.bars.high if high else found.bars.low).tolist() for high in (True, False)}
    time = found.bars.time.tolist()
    last = {high: None if i is None else edge[high][i] for high, i in unbroken.items()}
    leg = f"{zigzag_atr:g} ATR (14)" if zigzag_percent is None else f"{zigzag_percent:g}%"
    return Structure(
        trend=trend,
        last_high=last[True],
        last_low=last[False],
        swings=[
            Swing(
                time=moment(time[i]), kind="high" if high else "low", price=edge[high][i], label=label,
                confirmed=moment(time[i] + (pivot_right + 1) * found.step),
            )
            for i, high, label in swings[cut]
        ],
        events=[
            StructureEvent(
                time=moment(time[each.bar]), event=each.event, direction="up" if each.up else "down",
                price=edge[each.up][each.swing], swing=moment(time[each.swing]),
            )
            for each in events[cut]
        ],
        zigzag=[
            ZigZagPoint(
                time=moment(time[rows[i]]), kind="high" if high else "low", price=edge[high][rows[i]],
                provisional=(i, high) == turns[-1],
            )
            for i, high in turns[cut]
        ],
        dropped=sum(max(0, len(each) - (max_points or len(each))) for each in (swings, events, turns)),
        **found.header(f"swings {pivot_left}/{pivot_right}; broken by {broken_by}; ZigZag turns after {leg}"),
    )  # fmt: skip


@hookimpl
def register_indicators(register: Any) -> None:
    register("structure", structure, merges=True)


def _labelled(bars: Bars, at: BySide) -> list[tuple[int, bool, Label | None]]:
    """Number, high or low, and label of each swing, in order of time."""
    found: list[tuple[int, bool, Label | None]] = []
    for high in (True, False):
        ticks = (bars.high if high else bars.low)[at[high]]
        names: dict[int, Label] = {1: "HH", -1: "LH", 0: "EH"} if high else {1: "HL", -1: "LL", 0: "EL"}
        labels = [None, *(names[sign] for sign in np.sign(np.diff(ticks)).tolist())]
        found += zip(at[high].tolist(), [high] * len(ticks), labels, strict=False)
    return sorted(found, key=lambda each: (each[0], not each[1]))
