"""Swing liquidity: prices beyond which stops are likely to rest, and whether they were taken."""

from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.indicator import Level, Moment, Panel, Text, View, hookimpl, moment, say
from coinmon_indicators._candles import (
    BarsSetting,
    CandleResult,
    Candles,
    EndSetting,
    Part,
    StartSetting,
    TimeframeSetting,
    candles,
    exact,
    without_swings,
)
from coinmon_indicators._figures import price
from coinmon_indicators._pivots import pivots

PoolSide = Literal["buy_side", "sell_side"]
PoolState = Literal["active", "touched", "swept", "broken"]


class LiquidityLevel(Part):
    """A swing and what price did there since."""

    time: Moment = Field(description="start of the swing's candle")
    side: PoolSide = Field(description="buy_side: above a swing high; sell_side: below a swing low")
    price: float = Field(description="the swing's extreme, quote currency")
    state: PoolState = Field(
        description="active: not reached since; touched: reached exactly; swept: wick beyond and close back; broken: a "
        "close beyond"
    )
    touches: int = Field(description="later candles that reached exactly this price before it was traded through")
    swept: Moment | None = Field(description="first candle with a wick beyond and a close back")
    broken: Moment | None = Field(description="first candle that closed beyond")
    confirmed: Moment = Field(description="when the swing was known: the end of the last candle it needed")
    distance_pct: float | None = Field(description="from the last close to this price, %")


class Pool(Part):
    """Levels of one side that are not taken and lie together."""

    side: PoolSide
    low: float = Field(description="lowest of them, quote currency")
    high: float = Field(description="highest of them, quote currency")
    levels: int = Field(description="how many")


class SwingLiquidity(CandleResult):
    """Levels of resting liquidity at swings."""

    last_price: float | None = Field(description="last known close of the window, quote currency")
    levels: list[LiquidityLevel] = Field(description="oldest first")
    pools: list[Pool] = Field(description="two or more active or touched levels together, lowest first")
    dropped: int = Field(description="older levels left out")

    def line(self, lang: str) -> str:
        zh = lang == "zh"
        name, above, below = ("流动性", "上方", "下方") if zh else ("liquidity", "above", "below")
        held = [each for each in self.levels if each.state in ("active", "touched")]
        over = sorted(each.price for each in held if each.side == "buy_side")[:3]
        under = sorted((each.price for each in held if each.side == "sell_side"), reverse=True)[:3]
        text = f"{name} {self.timeframe}  {above} {' '.join(map(price, over)) or '-'}"
        text += f"  {below} {' '.join(map(price, under)) or '-'}"
        return f"{text}  ({say(self.reason, lang)})" if self.reason else text

    def panel(self, subject: View) -> Panel:
        """The levels that were not taken yet."""
        held = [each for each in self.levels if each.state in ("active", "touched")]
        marks = [Level("", each.price, "up" if each.side == "buy_side" else "down", each.time) for each in held[-16:]]
        return Panel(Text("摆动点流动性", "Swing liquidity"), marks, "price", quiet=True)


def swing_liquidity(
    view: View,
    *,
    timeframe: TimeframeSetting = "15m",
    bars: BarsSetting = 300,
    start: StartSetting = None,
    end: EndSetting = None,
    pivot_left: Annotated[int, Field(gt=0, le=500, description="candles before a swing that it stands out from")] = 10,
    pivot_right: Annotated[int, Field(gt=0, le=500, description="candles after a swing that confirm it")] = 15,
    active_only: Annotated[bool, Field(description="only levels that are neither swept nor broken")] = False,
    max_levels: Annotated[int | None, Field(gt=0, description="levels at most, the latest; None: all")] = 150,
    tolerance_pct: Annotated[
        float, Field(ge=0, le=10, description="levels this near to a pool's lowest belong to it, % of its price")
    ] = 0.05,
) -> SwingLiquidity:
    """Swing highs and lows as places where stops rest: above highs (buy side), below lows (sell side).

    Swings as in `structure`: known only once their right-hand candles have closed. A level is active until a later
    candle reaches it; touched when one reaches exactly it; swept when a wick goes beyond and the close comes back;
    broken when a close is beyond, whatever was before. Levels not taken that lie within the tolerance make a pool.
    Source: candles of the venue's trades or klines.
    """
    found = candles(view, timeframe, bars, start, end)
    without_swings(found, pivot_left, pivot_right)
    closes = found.bars.close[found.priced]
    last = int(closes[-1]) if len(closes) else None
    levels: list[LiquidityLevel] = []
    pools: list[Pool] = []
    for high in (True, False):
        ticks = found.bars.high if high else found.bars.low
        of_side = [
            (int(ticks[i]), _level(found, i, high, pivot_right, last))
            for i in pivots(found.bars, pivot_left, pivot_right, high).tolist()
        ]
        levels += [level for _, level in of_side]
        held = sorted(at for at, level in of_side if level.state in ("active", "touched"))
        pools += _pools(found, held, "buy_side" if high else "sell_side", exact(tolerance_pct) / 100)
    if active_only:
        levels = [each for each in levels if each.state in ("active", "touched")]
    levels.sort(key=lambda each: (each.time, each.side))
    kept = levels if max_levels is None else levels[-max_levels:]
    return SwingLiquidity(
        last_price=None if last is None else found.bars.price(closes[-1:])[0],
        levels=kept,
        pools=sorted(pools, key=lambda each: each.low),
        dropped=len(levels) - len(kept),
        **found.header(f"swings {pivot_left}/{pivot_right}; broken by close; pools within {tolerance_pct:g}%"),
    )


@hookimpl
def register_indicators(register: Any) -> None:
    register("swing_liquidity", swing_liquidity, merges=True)


def _level(found: Candles, i: int, high: bool, right: int, last: int | None) -> LiquidityLevel:
    bars = found.bars
    level = int((bars.high if high else bars.low)[i])
    sign = 1 if high else -1
    rest = slice(i + 1, None)
    known = bars.close[rest] > 0
    extreme = sign * (bars.high if high else bars.low)[rest] - sign * level
    close = sign * bars.close[rest] - sign * level
    wick, beyond = np.flatnonzero(known & (extreme > 0)), np.flatnonzero(known & (close > 0))
    swept = np.flatnonzero(known & (extreme > 0) & (close <= 0))
    first_through = int(wick[0]) if len(wick) else len(extreme)
    touches = int((known & (extreme == 0))[:first_through].sum())
    broken_at = int(beyond[0]) if len(beyond) else None
    # once broken a level is gone: a later wick sweeps nothing
    swept_at = int(swept[0]) if len(swept) and (broken_at is None or swept[0] < broken_at) else None
    state: PoolState = (
        "broken" if broken_at is not None else "swept" if swept_at is not None else "touched" if touches else "active"
    )

    def when(after: int | None) -> Any:
        return None if after is None else moment(int(bars.time[i + 1 + after]))

    return LiquidityLevel(
        time=moment(int(bars.time[i])), side="buy_side" if high else "sell_side",
        price=bars.price(np.array([level]))[0], state=state, touches=touches, swept=when(swept_at),
        broken=when(broken_at), confirmed=moment(int(bars.time[i + right]) + found.step),
        distance_pct=None if last is None else 100 * (level - last) / last,
    )  # fmt: skip


def _pools(found: Candles, held: list[int], side: PoolSide, tolerance: Fraction) -> list[Pool]:
    """held: ticks of the levels of one side that are not taken, ascending."""
    groups: list[list[int]] = []
    for ticks in held:
        if groups and ticks - groups[-1][0] <= tolerance * groups[-1][0]:
            groups[-1].append(ticks)
        else:
            groups.append([ticks])
    pools = []
    for group in groups:
        if len(group) > 1:
            low, high = found.bars.price(np.array([group[0], group[-1]])).tolist()
            pools.append(Pool(side=side, low=low, high=high, levels=len(group)))
    return pools
