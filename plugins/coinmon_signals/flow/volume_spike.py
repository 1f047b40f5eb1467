"""Far more is traded than usual, and price does not run yet."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import Comparisons
from coinmon_signals._evidence import HOLD
from coinmon_signals._quiet import quiet_windows
from coinmon_signals._window_columns import window_columns
from coinmon_signals._windows import LookbackSetting, windows


def volume_spike(
    market: Market,
    *,
    window: Annotated[int, Field(gt=0, le=240, description="closed minutes that are looked at")] = 5,
    lookback: LookbackSetting = 240,
    min_zscore: Annotated[float, Field(gt=0, description="standard deviations above the time before")] = 5.0,
    min_times: Annotated[float, Field(gt=1, description="and times the mean volume of the time before")] = 3.0,
    max_move: Annotated[
        float, Field(gt=0, description="from this change of price in ATR on it is a pump or a dump and not told here")
    ] = 3.0,
) -> list[Signal] | Silent:
    """Volume many times the usual without a run of price (grade C; B from twice the times).

    All venues' spot markets together (perpetuals where there is no spot); every venue must be covered to 95%. Neutral
    unless one side's takers are 1.2 times the other's. It lasts while volume is 80% of what begins it.
    """
    found = windows(market, window, lookback)
    if isinstance(found, Silent):
        return found
    zscore, atr = found.zscore, found.atr
    move = found.moved() / atr if atr > 0 else 0.0
    if zscore is None or zscore < HOLD * min_zscore or found.times < HOLD * min_times or abs(move) >= max_move:
        spread = "-" if zscore is None else with_sign(zscore, 1)
        return Silent(
            Bilingual(
                f"{window} 分钟成交量为平时的 {found.times:.1f} 倍 (需 {min_times:g})，z 值 {spread} "
                f"(需 {min_zscore:g})；价格变动 {with_sign(move, 1)} ATR (需低于 {max_move:g})",
                f"volume of {window} min is {found.times:.1f} times the usual (needs {min_times:g}), z {spread} "
                f"(needs {min_zscore:g}); price moved {with_sign(move, 1)} ATR (below {max_move:g})",
            )
        )
    buys, sells = float(found.buy[-1]), float(found.sell[-1])
    return [
        Signal(
            name="volume_spike",
            pair=str(market.pair),
            grade="B" if found.times >= 2 * min_times else "C",
            direction="bullish" if buys > 1.2 * sells else "bearish" if sells > 1.2 * buys else "neutral",
            title=Text("成交量激增", "Volume Spike"),
            reading=Text(
                f"{window} 分钟成交量为平时的 {found.times:.1f} 倍，价格尚未大幅变动。",
                f"{window} minutes traded {found.times:.1f} times the usual volume; price has not run yet.",
            ),
            advice=Text("可能酝酿行情，关注突破方向。", "A move may be in the making: watch which way it breaks."),
            evidence=found.evidence(
                volume=float(found.volume[-1]),
                volume_times=found.times,
                volume_zscore=zscore,
                buy_volume=buys,
                sell_volume=sells,
                move_atr=move,
            ),
            key=f"volume_spike:{market.pair}",
            begins=zscore >= min_zscore and found.times >= min_times,
        )
    ]


def columns(frame: Frame, *, window: int, lookback: int, min_zscore: float, min_times: float, max_move: float) -> Codes:
    """What `volume_spike` says of each moment of the frame."""
    found, compare = window_columns(frame, window, lookback), Comparisons(frame.count)
    if found is None:
        return np.zeros(frame.count, np.int8)
    zscore, times = found.zscore(compare), found.times()
    holds = compare.above(zscore, HOLD * min_zscore) & compare.above(times, HOLD * min_times)
    holds &= compare.above(max_move, np.abs(found.moved_atr()))
    begins = compare.above(zscore, min_zscore) & compare.above(times, min_times)
    return compare.codes(found.ready, holds, begins, compare.above(times, 2 * min_times))


def quiet(market: Market, *, window: int, lookback: int, min_times: float, min_zscore: float, max_move: float) -> bool:
    """Whether volume is surely too small."""
    return quiet_windows(
        market, window, lookback, lambda found: found.is_below(HOLD * min_times) or found.is_usual(HOLD * min_zscore)
    )


@hookimpl
def register_signals(register: Any) -> None:
    register("volume_spike", volume_spike, columns=columns, quiet=quiet, horizon="1h")
