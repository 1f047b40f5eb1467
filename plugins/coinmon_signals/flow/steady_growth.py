"""Price climbs step by step."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import NEAR, Comparisons
from coinmon_signals._evidence import HOLD
from coinmon_signals._quiet import WindowSums, quiet_windows
from coinmon_signals._window_columns import window_columns
from coinmon_signals._windows import FEWEST, windows


def steady_growth(
    market: Market,
    *,
    window: Annotated[int, Field(gt=0, le=240, description="length of a step, minutes")] = 5,
    steps: Annotated[int, Field(ge=4, le=100, description="steps that are looked at")] = 12,
    lookback: Annotated[
        int,
        Field(
            gt=0, le=10_080, description="minutes that tell what a usual step is; as many as there are, from 8 steps on"
        ),
    ] = 240,
    min_move: Annotated[float, Field(gt=0, description="rise over all steps, in ATR of a step")] = 4.0,
    min_up: Annotated[float, Field(gt=0, le=1, description="share of the steps that close higher")] = 0.75,
    min_ratio: Annotated[float, Field(ge=1, description="taker buys / taker sells over all steps")] = 1.1,
) -> list[Signal] | Silent:
    """Price rises steadily with buyers behind it, without a jump (grade C).

    All venues' spot markets together (perpetuals where there is no spot): most steps close higher than the one before,
    together at least min_move ATR, none of them more than half of it. Every venue must be covered to 95%. It lasts
    while the rise and the share of steps are 80% of that.
    """
    found = windows(market, window, max(lookback, (steps + 1) * window), max(FEWEST, steps + 1))
    if isinstance(found, Silent):
        return found
    changes = np.diff(found.close)[-steps:]
    rise, up, atr, ratio = found.moved(steps), float((changes > 0).mean()), found.atr, found.ratio(steps)
    move = rise / atr if atr > 0 else 0.0
    jump = float(changes.max()) > 0.5 * rise
    if move < HOLD * min_move or up < HOLD * min_up or jump or ratio is None or ratio < 1 + HOLD * (min_ratio - 1):
        shown, at_once = "-" if ratio is None else f"{ratio:.2f}", jump and move >= min_move
        shift = with_sign(move, 1)
        return Silent(
            Bilingual(
                f"{steps * window} 分钟内价格上涨 {shift} ATR (需 {min_move:g})，{up:.0%} 的区间上涨 (需 "
                f"{min_up:.0%})，买卖比 {shown} (需 {min_ratio:g}){'，涨幅大多来自单个区间' if at_once else ''}",
                f"price rose {shift} ATR in {steps * window} min (needs {min_move:g}) with {up:.0%} of the steps "
                f"up (needs {min_up:.0%}), buy/sell ratio {shown} (needs {min_ratio:g})"
                f"{', most of it in one step' if at_once else ''}",
            )
        )
    share = 100 * rise / float(found.close[-1 - steps])
    return [
        Signal(
            name="steady_growth",
            pair=str(market.pair),
            grade="C",
            direction="bullish",
            title=Text("稳步上涨", "Steady Growth"),
            reading=Text(
                f"{steps * window} 分钟内稳步上涨 {share:.2f}%，{up:.0%} 的时段收高，买盘持续。",
                f"Up {share:.2f}% in {steps * window} minutes, step by step: {up:.0%} of them closed higher, with "
                "buyers behind it.",
            ),
            advice=Text("趋势健康，可顺势持有。", "A healthy trend: fit for holding along with it."),
            evidence=found.evidence(move_pct=share, move_atr=move, steps=steps, steps_up=up, ratio=ratio),
            key=f"steady_growth:{market.pair}",
            begins=move >= min_move and up >= min_up and ratio >= min_ratio,
        )
    ]


def columns(
    frame: Frame, *, window: int, steps: int, lookback: int, min_move: float, min_up: float, min_ratio: float
) -> Codes:
    """What `steady_growth` says of each moment of the frame."""
    found = window_columns(frame, window, max(lookback, (steps + 1) * window), max(FEWEST, steps + 1))
    compare = Comparisons(frame.count)
    if found is None:
        return np.zeros(frame.count, np.int8)
    changes = np.diff(found.close, axis=1)[:, -steps:]
    rise, move = found.close[:, -1] - found.close[:, -1 - steps], found.moved_atr(steps)
    # as exactly as the signal's own share
    up = (changes > 0).mean(axis=1)
    buy, sell = found.buy[:, -steps:].sum(axis=1), found.sell[:, -steps:].sum(axis=1)
    holds = compare.all_above(
        found.ready & (up >= HOLD * min_up),
        (sell, 0.0, NEAR * (buy + sell)),
        (move, HOLD * min_move),
        (0.5 * rise, changes.max(axis=1)),
        (buy, (1 + HOLD * (min_ratio - 1)) * sell),
    )
    begins = compare.all_above(holds & (up >= min_up), (move, min_move), (buy, min_ratio * sell))
    return compare.codes(found.ready, holds, begins)


def quiet(
    market: Market, *, window: int, steps: int, lookback: int, min_move: float, min_up: float, min_ratio: float
) -> bool:
    """Whether takers surely buy too little, or too few steps close higher."""

    def stands(found: WindowSums) -> bool:
        if found.buyers_lack(1 + HOLD * (min_ratio - 1), steps):
            return True
        closes = found.close
        if closes is None:
            return False
        return bool((np.diff(closes)[-steps:] > 0).mean() < HOLD * min_up or closes[-1] <= closes[-1 - steps])

    return quiet_windows(market, window, max(lookback, (steps + 1) * window), stands, max(FEWEST, steps + 1))


@hookimpl
def register_signals(register: Any) -> None:
    register("steady_growth", steady_growth, columns=columns, quiet=quiet, horizon="4h")
