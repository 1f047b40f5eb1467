"""One side ran over the other at several prices in a row."""

from functools import partial
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    MINUTE,
    Bilingual,
    Codes,
    Coverage,
    Frame,
    Market,
    Signal,
    Silent,
    Text,
    View,
    hookimpl,
    iso,
    say,
)
from coinmon_signals._candle_columns import CandlesInFrame, asked_where, candle_columns, covered, lead_instrument
from coinmon_signals._last_candles import with_levels
from coinmon_signals._settings import LeadVenue, MaxAge, Timeframe
from coinmon_signals._views import candles_of, fresh, lead, minutes_of, short


def stacked_imbalance(
    market: Market,
    *,
    venue: LeadVenue = None,
    timeframe: Timeframe = "15m",
    candles: Annotated[int, Field(gt=0, le=20, description="closed candles that are looked at")] = 2,
    ratio: Annotated[float, Field(gt=1, description="times the other side's volume")] = 3.0,
    rows: Annotated[int, Field(ge=2, le=50, description="adjacent price rows")] = 4,
    min_share: Annotated[
        float, Field(ge=0, le=1, description="least volume of an imbalanced row, share of the candle's")
    ] = 0.01,
    max_age: MaxAge = 15,
) -> list[Signal] | Silent:
    """Stacked imbalance: takers of one side overran the other at adjacent prices (grade C; B from twice the rows).

    The `imbalance` indicator's zone that is not broken yet, each told once, while its candle closed at most max_age
    minutes ago. The candle's single trades must have been seen.
    """
    view = lead(market, venue)
    if isinstance(view, Silent):
        return view
    length = minutes_of(timeframe)
    missing = short(market, view, length, 1.0, candles_of(1, timeframe))
    if missing is not None:
        return missing
    found = _found(view, timeframe, candles, ratio, rows, min_share)
    if found.buy_count is None:
        why = found.reason or Bilingual("没有逐价数据", "no levels")
        return Silent(
            Bilingual(
                f"等待 {view.instrument.id} 的逐笔成交：{say(why, 'zh')}",
                f"waits for single trades of {view.instrument.id}: {why}",
            ),
            waits=True,
        )
    zones = [each for each in found.zones if fresh(market, each.time, length, max_age) and each.state != "broken"]
    if not zones:
        return Silent(
            Bilingual(
                f"{view.instrument.id} 的 {candles} 根 K 线中没有连续 {rows} 行失衡 {ratio:g} 倍："
                f"买方 {found.buy_count} 行，卖方 {found.sell_count} 行",
                f"no {rows} adjacent rows imbalanced {ratio:g} times in {candles} candles of {view.instrument.id}: "
                f"{found.buy_count} rows to buyers, {found.sell_count} to sellers",
            )
        )
    return [_signal(market, each, found, rows) for each in zones]


def _found(view: View, timeframe: str, candles: int, ratio: float, rows: int, min_share: float) -> Any:
    """The indicator's result; rows of less than a share of the last candle's volume do not count."""
    length = minutes_of(timeframe)
    last = view.end - view.end % (length * MINUTE)
    volume = float(np.nansum(view.between(last - length * MINUTE, last).volume))
    return view.of(
        "imbalance", timeframe=timeframe, bars=candles, ratio=ratio, consecutive=rows, min_volume=min_share * volume
    )


def _signal(market: Market, zone: Any, found: Any, rows: int) -> Signal:
    bought = zone.side == "buy"
    at = iso(round(zone.time.timestamp() * 1000))
    span = f"{zone.low:,.10g}-{zone.high:,.10g}"
    return Signal(
        name="stacked_imbalance",
        pair=str(market.pair),
        grade="B" if zone.rows >= 2 * rows else "C",
        direction="bullish" if bought else "bearish",
        title=Text("堆叠失衡", "Stacked Imbalance"),
        reading=Text(
            f"{span} 连续 {zone.rows} 个价位{'买' if bought else '卖'}方失衡。",
            f"{zone.rows} adjacent price rows at {span} overrun by {'buyers' if bought else 'sellers'}.",
        ),
        advice=Text(
            f"该区域可能成为{'支撑' if bought else '阻力'}，关注回测。",
            f"The zone may turn into {'support' if bought else 'resistance'}: watch its retest.",
        ),
        evidence={
            "instrument": found.instrument,
            "timeframe": found.timeframe,
            "candle": at,
            "side": zone.side,
            "low": zone.low,
            "high": zone.high,
            "rows": zone.rows,
            "state": zone.state,
            "ratio": found.ratio,
            "currency": found.currency,
            "coverage": found.coverage.share,
        },
        key=f"{found.instrument}:{found.timeframe}:{at}:{zone.side}:{zone.low:g}",
        once=True,
    )


def columns(
    frame: Frame,
    *,
    venue: str | None,
    timeframe: str,
    candles: int,
    ratio: float,
    rows: int,
    min_share: float,
    max_age: int,
) -> Codes:
    """What `stacked_imbalance` says of each moment of the frame: the indicator is asked once a candle."""
    instrument = lead_instrument(frame, venue)
    if instrument is None:
        return np.zeros(frame.count, np.int8)
    length = minutes_of(timeframe)
    found = candle_columns(frame, instrument, timeframe, candles)
    ready = covered(frame, instrument, length, 1.0)
    alive, moves = np.zeros(frame.count, bool), found.closed == 0
    seen = _may_have_levels(found)
    edges = [0, *(np.flatnonzero(np.diff(found.last)) + 1).tolist(), frame.count]
    for first, after in pairwise(edges):
        last = int(found.last[first])
        if not ready[first:after].any() or not seen[max(0, last - candles + 1) : last + 1].any():
            ready[first:after] = False
            continue
        view = lead(frame.market(after - 1), venue)
        zones = None if isinstance(view, Silent) else _found(view, timeframe, candles, ratio, rows, min_share)
        if zones is None or zones.buy_count is None:
            ready[first:after] = False
            continue
        for each in zones.zones:
            # until it is too old or, minutes later, known to be broken
            until = _moment(frame, each.time) + length + max_age
            until = until if each.broken is None else min(until, _moment(frame, each.broken))
            alive[first : min(after, max(first, until + 1))] = True
            moves[max(0, until + 1) : until + 2] = True
    return asked_where(ready, alive, moves)


def _may_have_levels(found: CandlesInFrame) -> Any:
    """Candles with minutes of which every trade was seen, or without any volume to be seen."""
    traded = found.minutes.coverage == Coverage.TRADES
    per = found.step // MINUTE
    return traded.reshape(-1, per).any(axis=1) | (found.bars.volume == 0)


def _moment(frame: Frame, at: Any) -> int:
    """The frame's moment number of a time; before it below 0."""
    return int((round(at.timestamp() * 1000) - frame.start) // MINUTE)


def quiet(
    market: Market, *, venue: str | None, timeframe: str, candles: int, ratio: float, rows: int, min_share: float,
    max_age: int,
) -> bool:  # fmt: skip
    """Whether the candles surely have no zone: looked up once a candle, where single trades were seen at all."""
    view = lead(market, venue)
    if isinstance(view, Silent):
        return False
    step = minutes_of(timeframe) * MINUTE
    end = view.end // step * step
    seen = partial(with_levels, end=end, step=step, candles=candles)
    if not view.side_by_side(("levels", step, candles), seen, end, step):
        return True

    def has_zones() -> bool:
        return bool(_found(view, timeframe, candles, ratio, rows, min_share).zones)

    return not view.once(("zones", timeframe, candles, ratio, rows, min_share), has_zones, end)


@hookimpl
def register_signals(register: Any) -> None:
    register("stacked_imbalance", stacked_imbalance, columns=columns, quiet=quiet, horizon="1h")
