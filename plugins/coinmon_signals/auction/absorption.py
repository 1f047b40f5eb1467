"""One side pushes hard and price does not move."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, iso, say
from coinmon_signals._candle_columns import CandlesInFrame, Ints, candle_columns, covered, event_codes, lead_instrument
from coinmon_signals._columns import NEAR, Floats, Mask, rolling
from coinmon_signals._last_candles import LastCandles, beyond_quantile, quiet_candles, small_range
from coinmon_signals._settings import LeadVenue, MaxAge, Timeframe
from coinmon_signals._views import candles_of, fresh, lead, minutes_of, of_candles, short


def absorption(
    market: Market,
    *,
    venue: LeadVenue = None,
    timeframe: Timeframe = "5m",
    candles: Annotated[int, Field(gt=0, le=50, description="closed candles that are looked at")] = 3,
    lookback: Annotated[int, Field(ge=8, le=1000, description="earlier candles that they are compared with")] = 96,
    min_share: Annotated[float, Field(ge=0, le=1, description="|delta| against the candle's volume, at least")] = 0.2,
    max_age: MaxAge = 10,
) -> list[Signal] | Silent:
    """Absorption: takers push on heavy volume and someone takes the other side passively (grade B).

    The `absorption` indicator's candle, each told once, at most max_age minutes after it closed, where its delta is at
    least min_share of its volume. At least half of the earlier candles must be known.
    """
    view = lead(market, venue)
    if isinstance(view, Silent):
        return view
    length = minutes_of(timeframe)
    missing = short(market, view, candles * length, 1.0, candles_of(candles, timeframe))
    if missing is not None:
        return missing
    found = of_candles(view, "absorption", timeframe, bars=candles, lookback=lookback)
    if not found.judged:
        return Silent(
            Bilingual(
                f"等待用于比较的 K 线：{say(found.reason or '-', 'zh')}",
                f"waits for candles to compare with: {found.reason}",
            ),
            waits=True,
        )
    news = [
        each
        for each in found.candles
        if fresh(market, each.time, length, max_age) and abs(each.delta) >= min_share * each.volume
    ]
    if not news:
        return Silent(
            Bilingual(
                f"{view.instrument.id} 最近 {found.judged} 根 K 线中没有窄幅而 Delta 与成交量异常的 "
                f"({len(found.candles)} 根的 Delta 不足成交量的 {min_share:.0%})",
                f"none of the last {found.judged} candles of {view.instrument.id} has unusual delta and volume in a "
                f"small range ({len(found.candles)} without a delta of {min_share:.0%} of the volume)",
            )
        )
    return [_signal(market, each, found) for each in news]


def _signal(market: Market, candle: Any, found: Any) -> Signal:
    sold = candle.absorbed == "sellers"
    at = iso(round(candle.time.timestamp() * 1000))
    span = f"{candle.low:,.10g}-{candle.high:,.10g}"
    return Signal(
        name="absorption",
        pair=str(market.pair),
        grade="B",
        direction="bullish" if sold else "bearish",
        title=Text("卖盘被吸收" if sold else "买盘被吸收", "Sellers Absorbed" if sold else "Buyers Absorbed"),
        reading=Text(
            f"{span} 内{'主动卖出' if sold else '主动买入'} {abs(candle.delta):,.6g} {found.base}，价格未动。",
            f"Net {abs(candle.delta):,.6g} {found.base} {'sold' if sold else 'bought'} by takers within {span}, and "
            "price did not move.",
        ),
        advice=Text(
            f"{'下方' if sold else '上方'}有大额挂单承接，关注反向。",
            f"Someone large stands {'below' if sold else 'above'}: watch for the other way.",
        ),
        evidence={
            "instrument": found.instrument,
            "timeframe": found.timeframe,
            "candle": at,
            "absorbed": candle.absorbed,
            "delta": candle.delta,
            "delta_threshold": candle.delta_threshold,
            "volume": candle.volume,
            "volume_threshold": candle.volume_threshold,
            "range": candle.range,
            "range_threshold": candle.range_threshold,
            "low": candle.low,
            "high": candle.high,
            "currency": found.currency,
            "coverage": found.coverage.share,
        },
        key=f"{found.instrument}:{found.timeframe}:{at}",
        once=True,
    )


def columns(
    frame: Frame, *, venue: str | None, timeframe: str, candles: int, lookback: int, min_share: float, max_age: int
) -> Codes:
    """What `absorption` says of each moment of the frame."""
    instrument, settings = lead_instrument(frame, venue), frame.settings("absorption")
    if instrument is None:
        return np.zeros(frame.count, np.int8)
    found = candle_columns(frame, instrument, timeframe, candles + lookback)
    judged, may = _may_be(found, lookback, settings["quantile"], settings["max_range"])
    ready = covered(frame, instrument, candles * minutes_of(timeframe), 1.0)
    some = np.concatenate((np.zeros(candles - 1, bool), rolling(judged, candles) > 0))
    until = np.arange(len(may)) + candles - 1
    return event_codes(found, ready & some[found.last], may, max_age, until)


def _may_be(found: CandlesInFrame, lookback: int, quantile: float, max_range: float) -> tuple[Mask, Mask]:
    """By candle: whether enough candles before it are known, and whether it may be one that absorbed."""
    bars = found.bars
    known = bars.has_flow & (bars.close > 0)
    judged = np.zeros(len(bars), bool)
    judged[lookback:] = known[lookback:] & (2 * rolling(known, lookback)[: len(bars) - lookback] >= lookback)
    spans, size = (bars.high - bars.low).astype(float), np.abs(2 * bars.buy - bars.volume)
    may = np.zeros(len(bars), bool)
    for i in _small(spans, known, np.flatnonzero(judged), lookback, max_range).tolist():
        past = np.flatnonzero(known[i - lookback : i]) + i - lookback
        limits = (float(np.quantile(each[past], quantile)) * (1 - NEAR) for each in (size, bars.volume))
        may[i] = size[i] >= next(limits) and bars.volume[i] >= next(limits)
    return judged, may


def _small(spans: Floats, known: Mask, candles: Ints, lookback: int, max_range: float) -> Ints:
    """Of these candles those whose range may be small next to the median of the known ones before them."""
    view = np.lib.stride_tricks.sliding_window_view
    past, there = view(spans, lookback)[candles - lookback], view(known, lookback)[candles - lookback]
    usual: Floats = np.median(past, axis=1) if there.all() else np.nanmedian(np.where(there, past, np.nan), axis=1)
    return candles[spans[candles] <= max_range * usual * (1 + NEAR)]


def quiet(
    market: Market, *, venue: str | None, timeframe: str, candles: int, lookback: int, min_share: float, max_age: int
) -> bool:
    """Whether no candle that would be told surely has unusual delta and volume in a small range."""
    settings = market.settings("absorption")

    def may_absorb(found: LastCandles) -> Mask:
        may, size = np.zeros((len(found.close), found.told), bool), np.abs(found.delta)
        for i, k in enumerate(found.young):
            if k < found.count - candles:
                continue
            may[:, i] = (
                (size[:, k] >= min_share * found.volume[:, k] * (1 - NEAR))
                & beyond_quantile(found.volume, k, lookback, settings["quantile"])
                & beyond_quantile(size, k, lookback, settings["quantile"])
                & small_range(found, k, lookback, settings["max_range"])
            )
            may[:, i] |= ~found.known[:, k - lookback : k + 1].all(axis=1)
        return may

    what = "absorption", candles, lookback, min_share
    return quiet_candles(market, venue, timeframe, max_age, lookback + 1, what, may_absorb)


@hookimpl
def register_signals(register: Any) -> None:
    register("absorption", absorption, columns=columns, quiet=quiet, horizon="1h")
