"""Positions are built or closed in numbers while price stands still."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import SILENT, Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, say
from coinmon_signals._columns import Comparisons
from coinmon_signals._evidence import HOLD, worded
from coinmon_signals._views import NO_PERP
from coinmon_signals.derivatives._perpetuals import changes, is_beyond


def oi_jump(
    market: Market,
    *,
    window: Annotated[int, Field(gt=0, le=1440, description="minutes that the changes are over")] = 50,
    min_times: Annotated[float, Field(gt=0, description="change of open interest in times its usual size")] = 6.0,
    max_move: Annotated[float, Field(gt=0, description="change of price below this, in times its usual size")] = 1.0,
    min_venues: Annotated[int, Field(ge=1, description="venues that have to agree")] = 2,
) -> list[Signal] | Silent:
    """Open interest jumps, up or down, and price does not move (grade C, neutral).

    On at least min_venues perpetuals (all, where there are fewer) the change of open interest over the window is
    min_times its median size in windows before, the same way, and the price's change below max_move times its own. It
    lasts while the changes are at 80% of that. Source: `open_interest`, as sampled.
    """
    times: dict[str, float] = {}
    moves: dict[str, float] = {}
    waits: list[str] = []
    for name, view in market.perp.items():
        found = view.of("open_interest", window=window, limit=0)
        if found.change is None or not found.noise or found.price_change_pct is None or not found.price_noise_pct:
            why = found.quadrant_note or found.reason or "-"
            waits.append(Bilingual(f"{name} ({say(why, 'zh')})", f"{name} ({why})"))
            continue
        times[name] = found.change / found.noise
        moves[name] = abs(found.price_change_pct) / found.price_noise_pct
    if not times:
        which = Bilingual.listed(waits)
        missing = Bilingual(f"等待持仓量：{which.zh}", f"waits for open interest: {which}") if waits else NO_PERP
        return Silent(missing, waits=bool(waits or market.down))
    needed = min(min_venues, len(market.perp))
    for way in (1, -1):
        there = {n: each for n, each in times.items() if way * each > HOLD * min_times and moves[n] < max_move}
        if len(there) >= needed:
            return [
                _signal(market, way, there, moves, sum(way * each > min_times for each in there.values()) >= needed)
            ]
    return Silent(
        Bilingual(
            f"持仓变化为常态的 {worded(times, '.1f')} 倍（需 {min_times:g}），"
            f"价格 {worded(moves, '.1f')} 倍（需低于 {max_move:g}）",
            f"open interest changed {worded(times, '.1f')} times the usual (needs {min_times:g}), price "
            f"{worded(moves, '.1f')} times (below {max_move:g})",
        )
    )


def _signal(market: Market, way: int, there: dict[str, float], moves: dict[str, float], begins: bool) -> Signal:
    up = way > 0
    return Signal(
        name="oi_jump",
        pair=str(market.pair),
        grade="C",
        direction="neutral",
        title=Text("持仓骤变而价格不动", "Open Interest Jump"),
        reading=Text(
            f"持仓量骤{'增' if up else '减'}（常态的 {worded(there, '.1f')} 倍），价格未动。",
            f"Open interest {'jumps' if up else 'drops'} ({worded(there, '.1f')} times the usual), price stands.",
        ),
        evidence={"times": there, "price_times": {name: moves[name] for name in there}},
        key=f"oi_jump:{market.pair}:{'up' if up else 'down'}",
        begins=begins,
    )


def columns(frame: Frame, *, window: int, min_times: float, max_move: float, min_venues: int) -> Codes:
    """What `oi_jump` says of each moment of the frame."""
    frame.settings("open_interest")
    perps, compare = frame.lanes("perp"), Comparisons(frame.count)
    if not perps:
        return np.full(frame.count, SILENT, np.int8)
    ready = np.zeros(frame.count, bool)
    there, strong = (np.zeros((2, frame.count), np.int64) for _ in range(2))
    for each in perps.values():
        found = each.of("open_interest", window=window)
        told = (found["noise"] > 0) & (found["price_noise_pct"] > 0)
        ready |= told
        with np.errstate(invalid="ignore", divide="ignore"):
            times = np.where(told, found["change"] / found["noise"], np.nan)
            moves = np.where(told, np.abs(found["price_change_pct"]) / found["price_noise_pct"], np.nan)
        still = compare.above(max_move, moves)
        for i, way in enumerate((1, -1)):
            holds = still & compare.above(way * times, HOLD * min_times)
            there[i] += holds
            strong[i] += holds & compare.above(way * times, min_times)
    needed = min(min_venues, len(perps))
    agreed = there >= needed
    first = np.argmax(agreed, axis=0)
    begun = np.take_along_axis(strong, first[None], axis=0)[0] >= needed
    return compare.codes(ready, np.asarray(agreed.any(axis=0)), begun, first == 1)


def quiet(market: Market, *, window: int, min_times: float, max_move: float, min_venues: int) -> bool:
    """Whether too few perpetuals may have jumped the same way."""
    found = changes(market, window).values()
    times = [each.times for each in found if is_beyond(max_move, each.price_times)]
    needed = max(1, min(min_venues, len(found)))
    return all(sum(is_beyond(way * each, HOLD * min_times) for each in times) < needed for way in (1, -1))


@hookimpl
def register_signals(register: Any) -> None:
    register("oi_jump", oi_jump, columns=columns, quiet=quiet, horizon="4h")
