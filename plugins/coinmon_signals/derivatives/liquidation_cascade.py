"""Many positions are closed by force at once."""

from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import MINUTE, Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, iso
from coinmon_signals._candle_columns import asked_where
from coinmon_signals._columns import NEAR, rolling
from coinmon_signals._views import NO_PERP

_MAX_MINUTES = 60
"""Minutes that a cascade is followed back from its last liquidation that is no history yet."""


def liquidation_cascade(
    market: Market,
    *,
    events: Annotated[int, Field(ge=2, description="liquidations of one side in a row")] = 5,
    gap: Annotated[float, Field(gt=0, description="seconds between two of them at most")] = 60.0,
    min_total: Annotated[float, Field(gt=0, description="all of them together, quote currency")] = 500_000.0,
    max_age: Annotated[int, Field(gt=0, le=240, description="minutes after which a cascade is history")] = 15,
) -> list[Signal] | Silent:
    """A cascade of liquidations: longs or shorts run out of margin one after another (grade B; B+ from 5 times it).

    Liquidations of all perpetuals of the pair in order of time: at least `events` of one side with at most `gap`
    seconds between them, min_total together. What venues tell is a floor. It lasts until its last one is max_age
    minutes old.
    """
    rows: list[tuple[int, int, float, str]] = []
    heard = 0
    for view in market.perp.values():
        listened = view.liquidations_heard(max_age)
        heard += bool(listened)
        rows += [
            (each.time, each.side, each.price * each.base, view.instrument.venue)
            for each in view.liquidations(max_age + _MAX_MINUTES)
        ]
    if not market.perp:
        return Silent(NO_PERP, waits=bool(market.down))
    if not rows and not heard:
        return Silent(
            Bilingual(
                f"等待爆仓数据：最近 {max_age} 分钟没有监听任何平台",
                f"waits for liquidations: no venue was listened to in the last {max_age} minutes",
            ),
            waits=True,
        )
    since = market.now - max_age * MINUTE
    recent = sum(each[0] >= since for each in rows)
    signals: list[Signal] = []
    largest = 0.0
    for side in (1, -1):
        for run in _runs(sorted(each for each in rows if each[1] == side), gap * 1000):
            if run[-1][0] < since:
                continue
            total = sum(each[2] for each in run)
            largest = max(largest, total)
            if len(run) >= events and total >= min_total:
                signals = [_signal(market, side, run, total, min_total), *signals]
    # of one side the latest run is the state
    unique = {each.key: each for each in reversed(signals)}
    return list(unique.values()) or Silent(
        Bilingual(
            f"监听的 {heard} 个平台 {max_age} 分钟内爆仓 {recent} 笔，最大一串 {largest:,.0f} {market.pair.quote} "
            f"(需 {events} 笔、相邻不超过 {gap:g} 秒、合计 {min_total:,.0f})",
            f"{recent} liquidations in {max_age} min on {heard} venues listened to, the largest run {largest:,.0f} "
            f"{market.pair.quote} (needs {events} within {gap:g} s of one another and {min_total:,.0f})",
        )
    )


def _runs(rows: list[Any], gap: float) -> list[list[Any]]:
    runs = [rows[:1]] if rows else []
    for before, each in pairwise(rows):
        if each[0] - before[0] <= gap:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _signal(market: Market, side: int, run: list[Any], total: float, min_total: float) -> Signal:
    longs = side > 0
    venues: dict[str, float] = {}
    for _, _, quote, venue in run:
        venues[venue] = venues.get(venue, 0.0) + quote
    currency = market.pair.quote
    return Signal(
        name="liquidation_cascade",
        pair=str(market.pair),
        grade="B+" if total >= 5 * min_total else "B",
        direction="bearish" if longs else "bullish",
        title=Text("多头连环爆仓" if longs else "空头连环爆仓", "Long Liquidations" if longs else "Short Liquidations"),
        reading=Text(
            f"{len(run)} 笔{'多单' if longs else '空单'}连续爆仓，合计至少 {total:,.0f} {currency}。",
            f"{len(run)} {'longs' if longs else 'shorts'} liquidated one after another, "
            f"at least {total:,.0f} {currency}.",
        ),
        advice=Text(
            "波动剧烈，避免高杠杆；关注衰竭后的反弹。" if longs else "波动剧烈，避免高杠杆；警惕冲高回落。",
            "Violent: no high leverage; watch for exhaustion.",
        ),
        evidence={
            "side": "long" if longs else "short",
            "count": len(run),
            "total": total,
            "by_venue": venues,
            "currency": currency,
            "first": iso(run[0][0]),
            "last": iso(run[-1][0]),
            "floor": True,
        },
        key=f"liquidation_cascade:{market.pair}:{'long' if longs else 'short'}",
    )


def columns(frame: Frame, *, events: int, gap: float, min_total: float, max_age: int) -> Codes:
    """What `liquidation_cascade` says of each moment of the frame: asked while there may be one."""
    count, before = frame.count, max_age + _MAX_MINUTES
    perps = frame.instruments("perp").values()
    if not perps:
        return np.zeros(count, np.int8)
    ready, alive = np.zeros(count, bool), np.zeros(count, bool)
    rows: list[tuple[int, int, float]] = []
    for each in perps:
        ready |= rolling(frame.liquidations_heard(each, max_age), max_age) > 0
        rows += [(one.time, one.side, one.price * one.base) for one in frame.liquidations(each, before)]
    moments = frame.start + MINUTE * np.arange(count, dtype=np.int64)
    for side in (1, -1):
        own = sorted(row for row in rows if row[1] == side)
        time = np.array([row[0] for row in own], np.int64)
        total = np.concatenate(([0.0], np.cumsum([row[2] for row in own])))
        last = np.searchsorted(time, moments, "right")
        first, recent = (np.searchsorted(time, moments - age * MINUTE, "left") for age in (before, max_age))
        ready |= last > first
        enough = total[last] - total[first] >= min_total - NEAR * (total[last] + min_total)
        alive |= (last > recent) & (last - first >= events) & enough
    return asked_where(ready, alive, np.ones(count, bool))


def quiet(market: Market, *, events: int, gap: float, min_total: float, max_age: int) -> bool:
    """Whether nobody was liquidated."""
    return not any(view.liquidations(max_age + _MAX_MINUTES) for view in market.perp.values())


@hookimpl
def register_signals(register: Any) -> None:
    register("liquidation_cascade", liquidation_cascade, columns=columns, quiet=quiet, horizon="1h")
