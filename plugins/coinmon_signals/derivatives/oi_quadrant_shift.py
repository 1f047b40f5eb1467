"""Open interest and price move together: who comes and who goes."""

from collections import Counter
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.signal import SILENT, Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, say, with_sign
from coinmon_signals._columns import Comparisons
from coinmon_signals._evidence import HOLD
from coinmon_signals._views import NO_PERP
from coinmon_signals.derivatives._perpetuals import changes, is_beyond

_SAID: dict[str, tuple[Literal["bullish", "bearish"], Text, Text]] = {
    "long_buildup": (
        "bullish",
        Text("多头增仓", "Long Build-up"),
        Text("价格上涨且持仓增加，新多头入场。", "Price and open interest rise: new longs come in."),
    ),
    "short_buildup": (
        "bearish",
        Text("空头增仓", "Short Build-up"),
        Text("价格下跌且持仓增加，新空头入场。", "Price falls and open interest rises: new shorts come in."),
    ),
    "short_covering": (
        "bullish",
        Text("空头回补", "Short Covering"),
        Text("价格上涨但持仓减少，空头回补推动。", "Price rises and open interest falls: shorts cover."),
    ),
    "long_unwinding": (
        "bearish",
        Text("多头平仓", "Long Unwinding"),
        Text("价格下跌且持仓减少，多头离场。", "Price and open interest fall: longs leave."),
    ),
}


def oi_quadrant_shift(
    market: Market,
    *,
    window: Annotated[int, Field(gt=0, le=1440, description="minutes that the changes are over")] = 50,
    dead_band: Annotated[
        float, Field(gt=0, description="changes larger than so many times their usual size, of price and open interest")
    ] = 4.0,
    min_venues: Annotated[int, Field(ge=1, description="venues that have to agree")] = 2,
) -> list[Signal] | Silent:
    """Open interest turns: long or short build-up, short covering or long unwinding (grade C; B from three venues).

    The quadrant of the `open_interest` indicator, where at least min_venues perpetuals (all, where there are fewer) are
    in the same one. One quadrant ends when another begins. It lasts while changes are beyond 80% of dead_band.
    """
    told, waits = {}, []
    for name, view in market.perp.items():
        found = view.of("open_interest", window=window, dead_band=HOLD * dead_band, limit=0)
        if found.quadrant is None:
            why = found.quadrant_note or found.reason or "-"
            waits.append(Bilingual(f"{name} ({say(why, 'zh')})", f"{name} ({why})"))
        else:
            told[name] = found
    if not told:
        which = Bilingual.listed(waits)
        missing = Bilingual(f"等待持仓量：{which.zh}", f"waits for open interest: {which}") if waits else NO_PERP
        return Silent(missing, waits=bool(waits or market.down))
    needed = min(min_venues, len(market.perp))
    for quadrant in _SAID:
        there = {name: each for name, each in told.items() if each.quadrant == quadrant}
        if len(there) >= needed:
            strong = sum(_beyond(each, dead_band) for each in there.values())
            return [_signal(market, quadrant, there, strong, needed, window)]
    shown = ", ".join(
        f"{name} {each.quadrant} (OI {_times(each.change, each.noise)}, "
        f"price {_times(each.price_change_pct, each.price_noise_pct)})"
        for name, each in told.items()
    )
    which = Bilingual.listed(waits)
    return Silent(
        Bilingual(
            f"没有 {needed} 个平台同时达到常态变化的 {dead_band:g} 倍：{shown}"
            + (f"；等待 {which.zh}" if waits else ""),
            f"no {needed} venues agree at {dead_band:g} times the usual change: {shown}"
            + (f"; waits for {which}" if waits else ""),
        )
    )


def _beyond(found: Any, dead_band: float) -> bool:
    return bool(
        abs(found.change) > dead_band * found.noise and abs(found.price_change_pct) > dead_band * found.price_noise_pct
    )


def _times(change: float | None, noise: float | None) -> str:
    return "-" if change is None or not noise else f"{with_sign(change / noise, 1)}x"


def _signal(market: Market, quadrant: str, there: dict[str, Any], strong: int, needed: int, window: int) -> Signal:
    direction, title, reading = _SAID[quadrant]
    return Signal(
        name="oi_quadrant_shift",
        pair=str(market.pair),
        grade="B" if strong >= 3 else "C",
        direction=direction,
        title=title,
        reading=reading,
        advice=Text("结合价格结构判断持续性。", "Judge by the price's structure whether it lasts."),
        evidence={
            "quadrant": quadrant,
            "window_minutes": window,
            "perpetuals": {
                name: {
                    "open_interest_change": each.change,
                    "open_interest_noise": each.noise,
                    "price_change_pct": each.price_change_pct,
                    "price_noise_pct": each.price_noise_pct,
                    "seconds": each.change_seconds,
                }
                for name, each in there.items()
            },
        },
        key=f"oi_quadrant_shift:{market.pair}:{quadrant}",
        begins=strong >= needed,
    )


def columns(frame: Frame, *, window: int, dead_band: float, min_venues: int) -> Codes:
    """What `oi_quadrant_shift` says of each moment of the frame."""
    frame.settings("open_interest")
    count, compare = frame.count, Comparisons(frame.count)
    perps = frame.lanes("perp")
    told = np.zeros(count, bool)
    there, strong = (np.zeros((len(_SAID), count), np.int64) for _ in range(2))
    for each in perps.values():
        found = each.of("open_interest", window=window)
        change, price = found["change"], found["price_change_pct"]
        told |= np.isfinite(found["noise"])
        within, beyond = (
            (np.abs(change) > times * found["noise"]) & (np.abs(price) > times * found["price_noise_pct"])
            for times in (HOLD * dead_band, dead_band)
        )
        # as _SAID is ordered: long build-up, short build-up, short covering, long unwinding
        up, dearer = change > 0, price > 0
        quadrants = (up & dearer, up & ~dearer, ~up & dearer, ~up & ~dearer)
        for i, quadrant in enumerate(quadrants):
            there[i] += quadrant & within
            strong[i] += quadrant & within & beyond
    if not perps:
        return np.full(count, SILENT, np.int8)
    needed = min(min_venues, len(perps))
    agreed = there >= needed
    first = np.argmax(agreed, axis=0)
    begun = np.take_along_axis(strong, first[None], axis=0)[0]
    codes = compare.codes(told, np.asarray(agreed.any(axis=0)), begun >= needed, begun >= 3)
    return np.where(codes > SILENT, codes + 4 * first, codes)


def quiet(market: Market, *, window: int, dead_band: float, min_venues: int) -> bool:
    """Whether too few perpetuals may be in one quadrant."""
    found = changes(market, window).values()
    band = HOLD * dead_band
    there = Counter(
        (each.held > 0, each.price > 0)
        for each in found
        if is_beyond(abs(each.held), band * each.noise) and is_beyond(abs(each.price), band * each.price_noise)
    )
    return max(there.values(), default=0) < max(1, min(min_venues, len(found)))


@hookimpl
def register_signals(register: Any) -> None:
    register("oi_quadrant_shift", oi_quadrant_shift, columns=columns, quiet=quiet, horizon="4h")
