"""Price goes one way and the takers' money the other."""

from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    MINUTE,
    Bars,
    Bilingual,
    Codes,
    Frame,
    Market,
    Signal,
    Silent,
    Text,
    View,
    hookimpl,
    iso,
    with_sign,
)
from coinmon_signals._candle_columns import candle_columns, covered, event_codes, lead_instrument
from coinmon_signals._columns import NEAR, Mask
from coinmon_signals._last_candles import LastCandles, newest, quiet_candles, stands_out
from coinmon_signals._settings import LeadVenue, MaxAge, Timeframe
from coinmon_signals._swing_columns import CandlePrices, Ints, swings
from coinmon_signals._views import candles_of, lead, minutes_of, of_candles, short


def cvd_divergence(
    market: Market,
    *,
    venue: LeadVenue = None,
    timeframe: Timeframe = "15m",
    bars: Annotated[int, Field(ge=10, le=1000, description="closed candles that swings are looked for in")] = 96,
    pivots: Annotated[int, Field(gt=0, le=100, description="candles on either side of a swing")] = 3,
    min_share: Annotated[
        float, Field(ge=0, le=1, description="delta between the swings against the volume between them, at least")
    ] = 0.02,
    hidden: Annotated[bool, Field(description="also tell hidden divergences")] = False,
    max_age: MaxAge = 15,
) -> list[Signal] | Silent:
    """CVD divergence: a new extreme of price that takers did not follow (grade B; hidden ones C).

    The `cvd` indicator's divergence at confirmed swings, each told once, at most max_age minutes after it was
    confirmed. The candles between the swings must be covered.
    """
    view = lead(market, venue)
    if isinstance(view, Silent):
        return view
    least = (2 * pivots + 2) * minutes_of(timeframe)
    missing = short(market, view, least, 0.95, candles_of(2 * pivots + 2, timeframe))
    if missing is not None:
        return missing
    found = of_candles(view, "cvd", timeframe, bars=bars, pivot_left=pivots, pivot_right=pivots, unit="base")
    length = minutes_of(timeframe)
    signals, weak = [], 0
    for each in found.divergences:
        age = market.now - round(each.confirmed.timestamp() * 1000)
        if not 0 <= age <= max_age * MINUTE or (each.hidden and not hidden):
            continue
        share = abs(each.cvd_change) / (_volume(view, each, length) or np.inf)
        if share < min_share:
            weak += 1
        else:
            signals.append(_signal(market, each, found, float(share)))
    if signals:
        return signals
    return Silent(
        Bilingual(
            f"{view.instrument.id} 最近 {max_age} 分钟没有确认的背离；{bars} 根 K 线中有 {len(found.divergences)} 个"
            + (f"；其中 {weak} 个不足成交量的 {min_share:.0%}" if weak else ""),
            f"no divergence confirmed in the last {max_age} minutes on {view.instrument.id}; "
            f"{len(found.divergences)} in {bars} candles"
            + (f"; {weak} with less than {min_share:.0%} of the volume" if weak else ""),
        )
    )


def _volume(view: View, divergence: Any, length: int) -> float:
    """Base units between the closes of the two swings' candles."""
    start, end = (round(at.timestamp() * 1000) + length * MINUTE for at in (divergence.first, divergence.second))
    return float(np.nansum(view.between(start, end).volume))


def _signal(market: Market, found: Any, cvd: Any, share: float) -> Signal:
    up = found.bias == "bullish"
    at = iso(round(found.second.timestamp() * 1000))
    moved = f"{with_sign(found.cvd_change, ',.6g')} {cvd.base}"
    prices = f"{found.first_price:,.10g} → {found.second_price:,.10g}"
    return Signal(
        name="cvd_divergence",
        pair=str(market.pair),
        grade="C" if found.hidden else "B",
        direction="bullish" if up else "bearish",
        title=Text(f"CVD {'看涨' if up else '看跌'}背离", f"{'Bullish' if up else 'Bearish'} CVD Divergence"),
        reading=Text(
            f"价格 {prices}，CVD 反向变化 {moved}。",
            f"Price {prices} while the takers' delta went the other way: {moved}.",
        ),
        advice=Text("动能未能跟随，警惕反转。", "Momentum does not follow: beware of a turn."),
        evidence={
            "instrument": cvd.instrument,
            "timeframe": cvd.timeframe,
            "hidden": found.hidden,
            "first": iso(round(found.first.timestamp() * 1000)),
            "second": at,
            "first_price": found.first_price,
            "second_price": found.second_price,
            "cvd_change": found.cvd_change,
            "share_of_volume": share,
            "currency": cvd.currency,
            "coverage": cvd.coverage.share,
        },
        key=f"{cvd.instrument}:{cvd.timeframe}:{at}:{found.bias}:{'hidden' if found.hidden else 'regular'}",
        once=True,
    )


def columns(
    frame: Frame, *, venue: str | None, timeframe: str, bars: int, pivots: int, min_share: float, hidden: bool,
    max_age: int,
) -> Codes:  # fmt: skip
    """What `cvd_divergence` says of each moment of the frame."""
    frame.settings("cvd")
    instrument, length = lead_instrument(frame, venue), minutes_of(timeframe)
    if instrument is None:
        return np.zeros(frame.count, np.int8)
    ready = covered(frame, instrument, (2 * pivots + 2) * length, 0.95)
    found = candle_columns(frame, instrument, timeframe, bars + max_age // length + 1)
    since = _may_diverge(found.bars, found.minutes, pivots, min_share, hidden)
    return event_codes(found, ready, since >= 0, max_age, since - pivots + bars - 1)


def quiet(
    market: Market, *, venue: str | None, timeframe: str, bars: int, pivots: int, min_share: float, hidden: bool,
    max_age: int,
) -> bool:  # fmt: skip
    """Whether no candle that would be told surely confirms a swing from which on the two went apart."""
    market.settings("cvd")
    may = partial(may_confirm, pivots=pivots, min_share=min_share, hidden=hidden)
    what = "divergences", bars, pivots, min_share, hidden
    return quiet_candles(market, venue, timeframe, max_age, bars + 1, what, may)


def may_confirm(found: LastCandles, pivots: int, min_share: float, hidden: bool) -> Mask:
    """By market and young candle whether it may confirm a swing, between which and the one before they went apart."""
    may, rows = np.zeros((len(found.close), found.told), bool), np.arange(len(found.close))
    delta, volume = np.cumsum(found.delta, axis=1), np.cumsum(found.volume, axis=1)
    whole = found.known.all(axis=1)
    for high in (True, False):
        extreme = found.high if high else found.low
        stands = stands_out(extreme if high else -extreme, pivots)
        for i, k in enumerate(found.young):
            b = max(0, k - pivots)
            has, a = newest(stands[:, :b])
            moved, change = extreme[:, b] - extreme[rows, a], delta[:, b] - delta[rows, a]
            # sums of many candles: what rounding may have moved is let through
            apart = has & (moved != 0) & (moved * change <= NEAR * np.abs(moved) * volume[:, b])
            apart &= np.abs(change) >= min_share * (volume[:, b] - volume[rows, a]) - NEAR * volume[:, b]
            if not hidden:
                apart &= (moved > 0) == high
            may[:, i] |= stands[:, b] & (apart | ~whole)
    return may | ~found.last_known(found.told + 2 * pivots)[:, None]


def _may_diverge(bars: CandlePrices, minutes: Bars, pivots: int, min_share: float, hidden: bool) -> Ints:
    """By candle that confirms a swing, the swing from which on price and the takers' delta may have gone apart.

    The older where there is one on either side; -1: none.
    """
    per = len(minutes) // len(bars)
    flow = minutes.has_flow & np.isfinite(minutes.volume) & np.isfinite(minutes.buy)
    net, volume = 2 * minutes.buy - minutes.volume, minutes.volume
    total, size, seen = (
        np.concatenate(([0.0], np.cumsum(np.where(flow, each, 0.0))))[per::per] for each in (net, volume, flow)
    )
    since = np.full(len(bars), len(bars))
    for high in (True, False):
        extreme, at = bars.high if high else bars.low, swings(bars, pivots, high)
        a, b = at[:-1], at[1:]
        moved, change, between = extreme[b] - extreme[a], total[b] - total[a], size[b] - size[a]
        # sums of many minutes: what rounding may have moved is let through
        apart = moved * change <= NEAR * np.abs(moved) * size[b]
        apart &= (moved != 0) & (seen[b] - seen[a] == (b - a) * per)
        apart &= np.abs(change) >= min_share * between - NEAR * size[b]
        if not hidden:
            apart &= (moved > 0) == high
        since[b[apart] + pivots] = np.minimum(since[b[apart] + pivots], a[apart])
    return np.where(since < len(bars), since, -1)


@hookimpl
def register_signals(register: Any) -> None:
    register("cvd_divergence", cvd_divergence, columns=columns, quiet=quiet, horizon="4h")
