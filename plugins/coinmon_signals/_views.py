"""Which markets of a pair a signal looks at, and whether enough of them was seen."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.signal import MINUTE, Bilingual, Market, Silent, View

NO_PERP = Bilingual("没有平台有该交易对的永续合约", "no venue has a perpetual of the pair")


def lead(market: Market, venue: str | None) -> View | Silent:
    """The pair's market on that venue, or on the first configured one that has it: spot, else the perpetual."""
    for views in (market.spot, market.perp):
        found = [view for name, view in views.items() if venue in (None, name)]
        if found:
            return found[0]
    words = Bilingual(
        f"{venue or '没有平台'}{'未' if venue else ''}上线该交易对", f"{venue or 'no venue'} does not list the pair"
    )
    return Silent(words, waits=bool(market.down))


def whole(market: Market) -> View | Silent:
    """All venues' spot markets as one, or where there is none their perpetuals."""
    for kind in ("spot", "perp"):
        if kind in market.merged:
            return market.merged[kind]
    return Silent(Bilingual("没有平台上线该交易对", "no venue lists the pair"), waits=bool(market.down))


def short(market: Market, view: View, minutes: int, least: float, what: Bilingual) -> Silent | None:
    """Why the last `minutes` are not seen well enough; every venue's of a merged view."""
    kind = view.instrument.kind
    parts: Sequence[View] = [view]
    if view is market.merged.get(kind):
        parts = list((market.spot if kind == "spot" else market.perp).values())
    waits: list[str] = []
    mute = 0
    for part in parts:
        rows = part.bars(minutes)
        seen = part.seen(rows)
        if seen.share < least:
            waits.append(f"{part.instrument.id} {seen.complete}/{seen.minutes}")
            mute = max(mute, still(rows.has_flow, least))
    if parts != [view]:
        there = {each.instrument.venue for each in parts}
        waits += [Bilingual(f"{name}（无法访问）", f"{name} (down)") for name in market.down if name not in there]
    if not waits:
        return None
    which = Bilingual.listed(waits)
    zh, en = (f"；还要 {mute} 分钟", f"; {mute} min more") if mute else ("", "")
    apart = " " if what.zh[:1].isascii() else ""
    return Silent(Bilingual(f"等待{apart}{what.zh}：{which.zh}{zh}", f"waits for {what}: {which}{en}"), waits=True)


def still(seen: npt.NDArray[np.bool_], least: float) -> int:
    """After how many more minutes that are all seen `least` of as many as there are will have been."""
    after = np.append(np.cumsum(seen[::-1])[::-1], 0) + np.arange(len(seen) + 1)
    return int(np.argmax(after >= least * len(seen)))


def fresh(market: Market, at: Any, minutes: float, max_age: int) -> bool:
    """Whether a candle of so many minutes that began then closed at most `max_age` minutes ago."""
    closed = round(at.timestamp() * 1000) + round(minutes * MINUTE)
    return bool(closed <= market.now <= closed + max_age * MINUTE)


def minutes_of(timeframe: str) -> int:
    """15m: 15; 1h: 60; 1d: 1440."""
    return int(timeframe[:-1]) * {"m": 1, "h": 60, "d": 1440}[timeframe[-1]]


def of_candles(view: View, indicator: str, timeframe: str, **settings: Any) -> Any:
    """The result of an indicator that looks at closed candles alone: it stays the same until the next one closes."""
    step = minutes_of(timeframe) * MINUTE
    key = (indicator, timeframe, *sorted(settings.items()))
    return view.once(key, partial(view.of, indicator, timeframe=timeframe, **settings), view.end // step * step, step)


def candles_of(count: int, timeframe: str) -> Bilingual:
    return Bilingual(f"{count} 根 {timeframe} K 线", f"{count} candle{'s' * (count > 1)} of {timeframe}")
