"""Takers buy and buy, and price stays where it is."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import NEAR, Comparisons
from coinmon_signals._evidence import HOLD
from coinmon_signals._quiet import quiet_windows
from coinmon_signals._window_columns import window_columns
from coinmon_signals._windows import LookbackSetting, windows


def accumulation(
    market: Market,
    *,
    window: Annotated[int, Field(gt=0, le=240, description="closed minutes that are looked at")] = 30,
    lookback: LookbackSetting = 240,
    min_ratio: Annotated[float, Field(gt=1, description="taker buys / taker sells")] = 1.4,
    max_move: Annotated[float, Field(gt=0, description="change of price at most, in ATR of such windows")] = 0.7,
) -> list[Signal] | Silent:
    """Buyers take much more than sellers while price hardly moves: someone builds a position (grade B).

    All venues' spot markets together (perpetuals where there is no spot), on at least the usual volume. Every venue
    must be covered to 95%. It lasts while the ratio is 80% of the way from 1 to that.
    """
    found = windows(market, window, lookback)
    if isinstance(found, Silent):
        return found
    ratio, atr = found.ratio(), found.atr
    move = found.moved() / atr if atr > 0 else 0.0
    if ratio is None or ratio < 1 + HOLD * (min_ratio - 1) or abs(move) > max_move or found.times < HOLD:
        shown = "-" if ratio is None else f"{ratio:.2f}"
        shift = with_sign(move, 2)
        return Silent(
            Bilingual(
                f"{window} 分钟买卖比 {shown} (需 {min_ratio:g})，价格变动 {shift} ATR (至多 {max_move:g})，"
                f"成交量为平时的 {found.times:.1f} 倍 (需 1)",
                f"buy/sell ratio of {window} min is {shown} (needs {min_ratio:g}) at {shift} ATR of price "
                f"(at most {max_move:g}) and {found.times:.1f} times the usual volume (needs 1)",
            )
        )
    bought = float(found.buy[-1] - found.sell[-1])
    currency = found.view.instrument.quote
    return [
        Signal(
            name="accumulation",
            pair=str(market.pair),
            grade="B",
            direction="bullish",
            title=Text("横盘吸筹", "Accumulation"),
            reading=Text(
                f"{window} 分钟净买入 {bought:,.0f} {currency}，价格几乎未动，疑似吸筹。",
                f"Net {bought:,.0f} {currency} bought in {window} minutes while price hardly moved: "
                "someone builds a position.",
            ),
            advice=Text("关注放量突破，可分批布局。", "Watch for a breakout on volume; fit for building in parts."),
            evidence=found.evidence(net_flow=bought, ratio=ratio, move_atr=move, volume_times=found.times),
            key=f"accumulation:{market.pair}",
            begins=ratio >= min_ratio and found.times >= 1,
        )
    ]


def columns(frame: Frame, *, window: int, lookback: int, min_ratio: float, max_move: float) -> Codes:
    """What `accumulation` says of each moment of the frame."""
    found, compare = window_columns(frame, window, lookback), Comparisons(frame.count)
    if found is None:
        return np.zeros(frame.count, np.int8)
    buy, sell, times = found.buy[:, -1], found.sell[:, -1], found.times()
    holds = compare.above(sell, 0.0, NEAR * found.volume[:, -1])
    holds &= compare.above(buy, (1 + HOLD * (min_ratio - 1)) * sell)
    holds &= compare.above(max_move, np.abs(found.moved_atr())) & compare.above(times, HOLD)
    return compare.codes(found.ready, holds, compare.above(buy, min_ratio * sell) & compare.above(times, 1.0))


def quiet(market: Market, *, window: int, lookback: int, min_ratio: float, max_move: float) -> bool:
    """Whether takers surely buy too little."""
    ratio = 1 + HOLD * (min_ratio - 1)
    return quiet_windows(market, window, lookback, lambda found: found.is_below(HOLD) or found.buyers_lack(ratio))


@hookimpl
def register_signals(register: Any) -> None:
    register("accumulation", accumulation, columns=columns, quiet=quiet, horizon="4h")
