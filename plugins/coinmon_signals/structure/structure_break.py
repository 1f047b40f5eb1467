"""Price closes beyond a swing, or only reaches beyond it."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.signal import ASK, WAITS, Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, iso
from coinmon_signals._candle_columns import candle_columns, covered, event_codes, lead_instrument
from coinmon_signals._settings import LeadVenue, MaxAge, Timeframe
from coinmon_signals._swing_columns import breaks_and_sweeps
from coinmon_signals._views import candles_of, fresh, lead, minutes_of, of_candles, short
from coinmon_signals.structure._break_quiet import break_quiet, sweep_quiet

_LEAST_SEEN = 0.95
SwingBarsSetting = Annotated[int, Field(ge=10, le=1000, description="closed candles that swings are looked for in")]
PivotSetting = Annotated[int, Field(gt=0, le=100, description="candles on either side that a swing stands out from")]
_Told = dict[str, tuple[Text, Text]]
_BREAKS: _Told = {
    "bos": (
        Text("结构突破", "Break of Structure"),
        Text("突破前{what} {price}，趋势延续。", "Closed beyond the last swing {what} {price}: the trend goes on."),
    ),
    "choch": (
        Text("结构反转", "Change of Character"),
        Text(
            "反向突破前{what} {price}，趋势可能反转。",
            "Closed beyond the last swing {what} {price} against the trend: it may turn.",
        ),
    ),
    "sweep": (
        Text("流动性扫荡", "Liquidity Sweep"),
        Text(
            "刺破前{what} {price} 后收回，止损被扫。",
            "Reached beyond the swing {what} {price} and closed back: stops were taken.",
        ),
    ),
}


def structure_break(
    market: Market,
    *,
    venue: LeadVenue = None,
    timeframe: Timeframe = "15m",
    bars: SwingBarsSetting = 96,
    pivots: PivotSetting = 5,
    max_age: MaxAge = 15,
) -> list[Signal] | Silent:
    """A close beyond the last swing: with the trend (BOS, grade C) or against it (CHoCH, grade B).

    The `structure` indicator's event, each told once, while its candle closed at most max_age minutes ago. The candles
    must be covered to 95%.
    """
    return _events(market, "structure_break", ("bos", "choch"), venue, timeframe, bars, pivots, max_age)


def liquidity_sweep(
    market: Market,
    *,
    venue: LeadVenue = None,
    timeframe: Timeframe = "15m",
    bars: SwingBarsSetting = 96,
    pivots: PivotSetting = 5,
    max_age: MaxAge = 15,
) -> list[Signal] | Silent:
    """A wick beyond the last swing and a close back: stops were taken, and price came back (grade C).

    The `structure` indicator's event, each told once, while its candle closed at most max_age minutes ago. The candles
    must be covered to 95%.
    """
    return _events(market, "liquidity_sweep", ("sweep",), venue, timeframe, bars, pivots, max_age)


def _events(
    market: Market,
    name: str,
    kinds: tuple[str, ...],
    venue: str | None,
    timeframe: str,
    bars: int,
    pivots: int,
    max_age: int,
) -> list[Signal] | Silent:
    view = lead(market, venue)
    if isinstance(view, Silent):
        return view
    length = minutes_of(timeframe)
    missing = short(market, view, (2 * pivots + 2) * length, _LEAST_SEEN, candles_of(2 * pivots + 2, timeframe))
    if missing is not None:
        return missing
    found = of_candles(view, "structure", timeframe, bars=bars, pivot_left=pivots, pivot_right=pivots)
    events = [each for each in found.events if each.event in kinds]
    news = [each for each in events if fresh(market, each.time, length, max_age)]
    if not news:
        at = iso(round(events[-1].time.timestamp() * 1000)) if events else None
        high, low, id = found.last_high or "-", found.last_low or "-", view.instrument.id
        return Silent(
            Bilingual(
                f"{id} 最近 {max_age} 分钟没有 {' 或 '.join(kinds)} ({f'上一次 {at}' if at else '区间内没有'}；"
                f"摆动高点 {high}，低点 {low})",
                f"no {' or '.join(kinds)} in the last {max_age} minutes on {id} "
                f"({f'the last at {at}' if at else 'none in the window'}; swing high {high}, low {low})",
            )
        )
    return [_signal(market, name, each, found) for each in news]


def _signal(market: Market, name: str, event: Any, found: Any) -> Signal:
    up = event.direction == "up"
    # a swept high is sellers' work, a broken one buyers'
    direction: Literal["bullish", "bearish"] = "bullish" if up != (event.event == "sweep") else "bearish"
    at = iso(round(event.time.timestamp() * 1000))
    title, reading = _BREAKS[event.event]
    price = f"{event.price:,.10g}"
    return Signal(
        name=name,
        pair=str(market.pair),
        grade="B" if event.event == "choch" else "C",
        direction=direction,
        title=title,
        reading=Text(
            reading.zh.format(what="高" if up else "低", price=price),
            reading.en.format(what="high" if up else "low", price=price),
        ),
        advice=Text("等待收盘确认后再行动。", "Let the next close confirm it before acting."),
        evidence={
            "instrument": found.instrument,
            "timeframe": found.timeframe,
            "event": event.event,
            "direction": event.direction,
            "price": event.price,
            "candle": at,
            "swing": iso(round(event.swing.timestamp() * 1000)),
            "trend": found.trend,
            "currency": found.currency,
            "coverage": found.coverage.share,
        },
        key=f"{found.instrument}:{found.timeframe}:{at}:{event.direction}",
        once=True,
    )


def break_columns(frame: Frame, *, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> Codes:
    """What `structure_break` says of each moment of the frame."""
    return _columns(frame, 0, venue, timeframe, bars, pivots, max_age)


def sweep_columns(frame: Frame, *, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int) -> Codes:
    """What `liquidity_sweep` says of each moment of the frame."""
    return _columns(frame, 1, venue, timeframe, bars, pivots, max_age)


def _columns(
    frame: Frame, which: int, venue: str | None, timeframe: str, bars: int, pivots: int, max_age: int
) -> Codes:
    """which: 0 breaks, 1 sweeps. All that any window of `bars` candles may hold is found in the candles as a whole."""
    instrument, settings = lead_instrument(frame, venue), frame.settings("structure")
    if instrument is None:
        return np.zeros(frame.count, np.int8)
    ready = covered(frame, instrument, (2 * pivots + 2) * minutes_of(timeframe), _LEAST_SEEN)
    if settings["broken_by"] != "close":
        return np.where(ready, np.int8(ASK), np.int8(WAITS))
    found = candle_columns(frame, instrument, timeframe, bars + max_age // minutes_of(timeframe) + 1)
    swing = frame.once(
        ("breaks", instrument.id, timeframe, bars, max_age, pivots), lambda: breaks_and_sweeps(found.bars, pivots)
    )[which]
    # a window holds a swing with the candles that it stands out from
    until = swing - pivots + bars - 1
    # without the break before it the trend of one may be another
    turns = until[swing >= 0] + 1 if which == 0 else None
    return event_codes(found, ready, swing >= 0, max_age, until, turns)


@hookimpl
def register_signals(register: Any) -> None:
    register("structure_break", structure_break, columns=break_columns, quiet=break_quiet, horizon="4h")
    register("liquidity_sweep", liquidity_sweep, columns=sweep_columns, quiet=sweep_quiet, horizon="4h")
