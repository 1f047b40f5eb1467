"""The order books thin out around the price: a small order would move it far."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    MINUTE,
    SILENT,
    Bilingual,
    Codes,
    Frame,
    Instrument,
    Market,
    Signal,
    Silent,
    Text,
    View,
    hookimpl,
)  # fmt: skip
from coinmon_signals._columns import Comparisons, Floats
from coinmon_signals._evidence import worded

_LASTS = 1.25
"""A vacuum is over when books hold again so many times the share that it began at."""
_LEAST_SEEN = 0.8
"""Share of the minutes before of which there have to be samples."""


def liquidity_vacuum(
    market: Market,
    *,
    percent: Annotated[float, Field(gt=0, le=20, description="distance from the mid within which is counted")] = 0.5,
    window: Annotated[int, Field(gt=0, le=60, description="minutes that are looked at")] = 5,
    lookback: Annotated[int, Field(ge=30, le=1440, description="minutes before, which say what is usual")] = 240,
    max_share: Annotated[float, Field(gt=0, lt=1, description="share of the usual that is left, at most")] = 0.35,
    min_venues: Annotated[int, Field(ge=1, description="venues that have to agree")] = 2,
) -> list[Signal] | Silent:
    """What rests within half a percent of the price falls to a third of the usual (grade C, neutral).

    On at least min_venues spot markets (all, where there are fewer; perpetuals where there is no spot) the median of
    both sides' size within `percent` of the mid, over the window, is at most max_share of its median over the lookback.
    It lasts until it is 1.25 times that share. Source: samples of the order books (`books`); without them it waits.
    """
    views = market.spot or market.perp
    shares = {
        name: share for name, view in views.items() if (share := _left(view, percent, window, lookback)) is not None
    }
    if not shares:
        waits = bool(views or market.down)
        return Silent(Bilingual("等待订单簿采样", "waits for samples of the order books"), waits=waits)
    needed = min(min_venues, len(views))
    thin = {name: share for name, share in shares.items() if share <= _LASTS * max_share}
    if len(thin) < needed:
        return Silent(
            Bilingual(
                f"价格 {percent:g}% 内的挂单为常态的 {worded(shares, '.0%')}，"
                f"需有 {needed} 个平台不超过 {max_share:.0%}",
                f"what rests within {percent:g}% is {worded(shares, '.0%')} of the usual; {needed} venues have to be "
                f"at {max_share:.0%} or less",
            )
        )
    return [
        Signal(
            name="liquidity_vacuum",
            pair=str(market.pair),
            grade="C",
            direction="neutral",
            title=Text("流动性真空", "Liquidity Vacuum"),
            reading=Text(
                f"价格 {percent:g}% 内的挂单只剩常态的 {worded(thin, '.0%')}，小单即可推动价格。",
                f"Only {worded(thin, '.0%')} of the usual size rests within {percent:g}%: small orders move price far.",
            ),
            advice=Text("市价单滑点加大，宜减小单量。", "Market orders slip: trade smaller, or with limits."),
            evidence={"share_of_usual": thin, "percent": percent, "window_minutes": window},
            key=f"liquidity_vacuum:{market.pair}",
            begins=sum(share <= max_share for share in thin.values()) >= needed,
        )
    ]


def _left(view: View, percent: float, window: int, lookback: int) -> float | None:
    """Share of the usual that rests near the price; None where too little was sampled."""
    samples = view.depth(lookback + window)
    since = view.now - window * MINUTE
    now = _sizes([each for each in samples if each.time >= since], percent)
    before = [each for each in samples if each.time < since]
    past = _sizes(before, percent)
    minutes = {each.time // MINUTE for each in before}
    if not len(now) or not len(past) or len(minutes) < _LEAST_SEEN * lookback:
        return None
    usual = float(np.median(past))
    return float(np.median(now)) / usual if usual > 0 else None


def _sizes(samples: Sequence[Any], percent: float) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Both sides' size within the distance, quote currency, of the samples that reach so far."""
    return np.array(
        [
            near.bid_quote + near.ask_quote
            for each in samples
            if min(each.reach_bid, each.reach_ask) >= percent
            for near in each.near
            if near.percent == percent
        ],
        np.float64,
    )


def columns(frame: Frame, *, percent: float, window: int, lookback: int, max_share: float, min_venues: int) -> Codes:
    """What `liquidity_vacuum` says of each moment of the frame: medians of the same samples, in the same order."""
    markets = frame.instruments("spot") or frame.instruments("perp")
    if not markets:
        return np.full(frame.count, SILENT, np.int8)
    shares = np.stack([_shares(frame, each, percent, window, lookback) for each in markets.values()])
    needed = min(min_venues, len(markets))
    with np.errstate(invalid="ignore"):
        thin, begins = (shares <= most for most in (_LASTS * max_share, max_share))
    ready, holds = np.asarray(np.isfinite(shares).any(axis=0)), thin.sum(axis=0) >= needed
    return Comparisons(frame.count).codes(ready, holds, begins.sum(axis=0) >= needed)


def _shares(frame: Frame, instrument: Instrument, percent: float, window: int, lookback: int) -> Floats:
    """`_left` at each moment; NaN where it is None."""
    samples = frame.depth(instrument, lookback + window)
    found = np.full(frame.count, np.nan)
    if not samples:
        return found
    time = np.array([each.time for each in samples], np.int64)
    sizes = [_sizes([each], percent) for each in samples]
    owner = np.concatenate([[0], np.cumsum([len(each) for each in sizes])])
    size = np.concatenate(sizes)
    seen = np.concatenate([[0], np.cumsum(np.diff(time // MINUTE) > 0)])
    moments = frame.start + MINUTE * np.arange(frame.count, dtype=np.int64)
    first = np.searchsorted(time, moments - (lookback + window) * MINUTE, "left")
    since = np.searchsorted(time, moments - window * MINUTE, "left")
    last = np.searchsorted(time, moments, "right")
    minutes = np.where(since > first, seen[since - 1] - seen[np.minimum(first, len(seen) - 1)] + 1, 0)
    for i in np.flatnonzero((minutes >= _LEAST_SEEN * lookback) & (last > since)).tolist():
        now, past = size[owner[since[i]] : owner[last[i]]], size[owner[first[i]] : owner[since[i]]]
        if len(now) and len(past) and (usual := float(np.median(past))) > 0:
            found[i] = float(np.median(now)) / usual
    return found


def quiet(market: Market, *, percent: float, window: int, lookback: int, max_share: float, min_venues: int) -> bool:
    """Whether no order book was sampled lately."""
    return not any(view.depth(window) for view in (market.spot or market.perp).values())


@hookimpl
def register_signals(register: Any) -> None:
    register("liquidity_vacuum", liquidity_vacuum, columns=columns, quiet=quiet, horizon="1h")
