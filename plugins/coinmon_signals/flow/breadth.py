"""Money goes into most pairs at once, or out of most."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    Bars,
    Bilingual,
    Codes,
    Coverage,
    Frame,
    Market,
    SideBySide,
    Signal,
    Silent,
    Text,
    hookimpl,
)
from coinmon_signals._columns import Comparisons, Floats, Mask, rolling
from coinmon_signals._evidence import HOLD
from coinmon_signals._windows import LEAST_SEEN


def breadth(
    market: Market,
    *,
    told_on: Annotated[str, Field(description="the pair that stands for the market: it is told on this one")] = (
        "BTC/USDT"
    ),
    window: Annotated[int, Field(gt=0, le=1440, description="closed minutes that are looked at")] = 60,
    min_pct: Annotated[float, Field(ge=0, lt=100, description="net flow, in % of the pair's volume")] = 3.0,
    min_share: Annotated[float, Field(gt=0.5, le=1, description="share of the judged pairs, one way")] = 0.8,
    min_pairs: Annotated[int, Field(gt=1, description="pairs that have to be judged")] = 5,
    min_judged: Annotated[float, Field(gt=0, le=1, description="share of the pairs followed that are judged")] = 0.8,
) -> list[Signal] | Silent:
    """Takers buy in most of the pairs at once, or sell in most (grade C): the market, and not a pair.

    Of every pair all venues' spot markets together (perpetuals where there is no spot): takers' buys less their sells
    over the window, in % of the volume. A pair counts as followed where a minute of the window is stored, and as judged
    where each venue that is there is covered to 95%. It lasts while it is 80% of that share. It is one alert for the
    whole market, told on one pair; the evidence says how many of how many pairs.
    """
    if str(market.pair) != told_on:
        return Silent(Bilingual(f"只在 {told_on} 上通知", f"it is told on {told_on}"))
    found = np.zeros(4, int)
    taken = partial(_taken, window=window)
    for each in market.all_pairs():
        parts = [view.side_by_side(("breadth", window), taken) for view in (each.spot or each.perp).values()]
        followed = any(there for there, *_ in parts)
        judged = followed and all(seen or not there for there, seen, *_ in parts)
        net, volume = (sum(part[i] for part in parts) for i in (2, 3))
        into, out = judged and net > min_pct / 100 * volume, judged and -net > min_pct / 100 * volume
        found += [followed, judged, into, out]
    followed, judged, into, out = found.tolist()
    if judged < min_pairs or judged < min_judged * followed:
        need = max(min_pairs, int(np.ceil(min_judged * followed)))
        words = (
            f"等待 {need} 个交易对，现有 {judged} 个",
            f"waits for {need} pairs that can be judged, there are {judged}",
        )
        return Silent(Bilingual(*words), waits=True)
    most = max(into, out)
    if most < HOLD * min_share * judged:
        return Silent(
            Bilingual(
                f"{judged} 个交易对中流入 {into}、流出 {out}，需达到 {min_share:.0%}",
                f"of {judged} pairs money goes into {into} and out of {out}; it has to be {min_share:.0%}",
            )
        )
    up = into >= out
    return [
        Signal(
            name="breadth",
            pair=str(market.pair),
            grade="C",
            direction="bullish" if up else "bearish",
            title=Text("全市场流入" if up else "全市场流出", "Broad Inflow" if up else "Broad Outflow"),
            reading=Text(
                f"{window} 分钟内 {judged} 个交易对中有 {most} 个净{'流入' if up else '流出'}超过"
                f"成交量的 {min_pct:g}%。",
                f"Money goes {'into' if up else 'out of'} {most} of {judged} pairs at once: takers' net flow of "
                f"{window} minutes is beyond {min_pct:g}% of the volume.",
            ),
            evidence={
                "pairs_in": into, "pairs_out": out, "pairs_judged": judged, "pairs_followed": followed,
                "share": most / judged, "coverage": judged / followed, "window_minutes": window,
            },
            key=f"breadth:{market.pair}:{'in' if up else 'out'}",
            begins=most >= min_share * judged,
        )
    ]  # fmt: skip


def _taken(many: SideBySide, window: int) -> Sequence[tuple[bool, bool, float, float]]:
    """Of each market whether a minute is stored, whether the window is covered, its net flow and its volume."""
    coverage, total, buy = (many.last(name, window) for name in ("coverage", "quote_volume", "buy_quote"))
    has_flow = coverage >= np.uint8(Coverage.KLINES)
    known = has_flow & np.isfinite(total) & np.isfinite(buy)
    net, volume = (np.where(known, each, 0.0).sum(axis=1) for each in (2 * buy - total, total))
    there, seen = (coverage > 0).any(axis=1), has_flow.sum(axis=1) >= LEAST_SEEN * window
    return list(zip(*(each.tolist() for each in (there, seen, net, volume)), strict=True))


def _measured(parts: list[Bars], window: int) -> tuple[Mask, Mask, Floats, Floats]:
    """What `_taken` finds, of a pair and at each moment: followed, judged, net flow and volume.

    parts: each venue's rows, one a minute, of which the first `window` end at the first moment.
    """
    there = [rolling(each.coverage > 0, window) > 0 for each in parts]
    seen = [rolling(each.has_flow, window) >= LEAST_SEEN * window for each in parts]
    followed = np.any(there, axis=0)
    judged = followed & np.all([full | ~any_ for full, any_ in zip(seen, there, strict=True)], axis=0)
    net, volume = (np.zeros(len(followed)) for _ in range(2))
    for each in parts:
        known = each.has_flow & np.isfinite(each.quote_volume) & np.isfinite(each.buy_quote)
        net += rolling(np.where(known, 2 * each.buy_quote - each.quote_volume, 0.0), window)
        volume += rolling(np.where(known, each.quote_volume, 0.0), window)
    return followed, judged, net, volume


def columns(
    frame: Frame, *, told_on: str, window: int, min_pct: float, min_share: float, min_pairs: int, min_judged: float
) -> Codes:
    """What `breadth` says of each moment of the frame."""
    if str(frame.pair) != told_on:
        return np.zeros(frame.count, np.int8)
    followed, judged, into, out = (np.zeros(frame.count, np.int64) for _ in range(4))
    compare = Comparisons(frame.count)
    for each in frame.all_pairs():
        instruments = each.instruments("spot") or each.instruments("perp")
        there, known, net, volume = _measured([each.bars(one, window) for one in instruments.values()], window)
        # who traded nothing has no flow either way
        net, limit = np.where(known & (volume > 0), net, np.nan), min_pct / 100 * volume
        followed += there
        judged += known
        into += known & compare.above(net, limit, volume)
        out += known & compare.above(-net, limit, volume)
    most = np.maximum(into, out)
    ready = (judged >= min_pairs) & (judged >= min_judged * followed)
    return compare.codes(ready, most >= HOLD * min_share * judged, most >= min_share * judged, into >= out)


def quiet(
    market: Market, *, told_on: str, window: int, min_pct: float, min_share: float, min_pairs: int, min_judged: float
) -> bool:
    """Whether it is told on another pair."""
    return str(market.pair) != told_on


@hookimpl
def register_signals(register: Any) -> None:
    register("breadth", breadth, columns=columns, quiet=quiet, horizon="4h")
