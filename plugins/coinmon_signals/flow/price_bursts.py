"""Price runs away: up with buyers, down with sellers, on unusual volume."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import Comparisons
from coinmon_signals._evidence import HOLD
from coinmon_signals._quiet import quiet_windows
from coinmon_signals._window_columns import window_columns
from coinmon_signals._windows import LookbackSetting, Windows, windows

WindowSetting = Annotated[int, Field(gt=0, le=240, description="closed minutes that are looked at")]
MoveSetting = Annotated[float, Field(gt=0, description="change of price that begins it, in ATR of such windows")]
RatioSetting = Annotated[float, Field(gt=1, description="times that takers of one side outweigh the other's")]
ZscoreSetting = Annotated[float, Field(gt=0, description="volume in standard deviations above that of the time before")]


def early_pump(
    market: Market,
    *,
    window: WindowSetting = 5,
    lookback: LookbackSetting = 240,
    min_move: MoveSetting = 3.0,
    min_ratio: RatioSetting = 1.5,
    min_zscore: ZscoreSetting = 3.0,
) -> list[Signal] | Silent:
    """A pump begins: price jumps on unusual volume, and buyers do it (grade B; B+ from twice the move).

    All venues' spot markets together (perpetuals where there is no spot): the change of price over the window of at
    least min_move ATR, taker buys at least min_ratio times the sells, and volume min_zscore deviations above that of
    the windows before. Every venue must be covered to 95%. It lasts while the move is 80% of that.
    """
    return _burst(market, windows(market, window, lookback), 1, min_move, min_ratio, min_zscore)


def panic_dump(
    market: Market,
    *,
    window: WindowSetting = 5,
    lookback: LookbackSetting = 240,
    min_move: MoveSetting = 3.0,
    min_ratio: RatioSetting = 1.5,
    min_zscore: ZscoreSetting = 3.0,
) -> list[Signal] | Silent:
    """Panic: price falls on unusual volume, and sellers do it (grade B; B+ from twice the move).

    The mirror image of early_pump: price falls by at least min_move ATR, taker sells are at least min_ratio times the
    buys, and volume is min_zscore deviations above that of the windows before.
    """
    return _burst(market, windows(market, window, lookback), -1, min_move, min_ratio, min_zscore)


def _burst(
    market: Market, found: Windows | Silent, way: Literal[1, -1], min_move: float, min_ratio: float, min_zscore: float
) -> list[Signal] | Silent:
    if isinstance(found, Silent):
        return found
    atr, buys, sells = found.atr, float(found.buy[-1]), float(found.sell[-1])
    move = way * found.moved() / atr if atr > 0 else 0.0
    more, less = (buys, sells) if way > 0 else (sells, buys)
    zscore = found.zscore
    if zscore is None or move < HOLD * min_move or more < HOLD * min_ratio * less or zscore < HOLD * min_zscore:
        spread = "-" if zscore is None else with_sign(zscore, 1)
        shift, needed = with_sign(way * move, 1), with_sign(way * min_move, "g")
        return Silent(
            Bilingual(
                f"{found.minutes} 分钟内价格变动 {shift} ATR (需 {needed})，主动买入 {buys:,.0f} "
                f"对卖出 {sells:,.0f} (需 {min_ratio:g} 倍)，成交量 z 值 {spread} (需 {min_zscore:g})",
                f"price moved {shift} ATR in {found.minutes} min (needs {needed}), taker buys "
                f"{buys:,.0f} to sells {sells:,.0f} (needs {min_ratio:g} times), volume z {spread} "
                f"(needs {min_zscore:g})",
            )
        )
    up, share = way > 0, 100 * found.moved() / float(found.close[-2])
    title = Text("早期拉升", "Early Pump") if up else Text("恐慌抛售", "Panic Dump")
    reading = (
        f"{found.minutes} 分钟{'上涨' if up else '下跌'} {abs(share):.2f}%，成交量放大到 {found.times:.1f} 倍，"
        f"{'主动买盘' if up else '主动卖盘'}主导。",
        f"{'Up' if up else 'Down'} {abs(share):.2f}% in {found.minutes} minutes on {found.times:.1f} times the usual "
        f"volume, driven by takers who {'buy' if up else 'sell'}.",
    )
    advice = (
        Text(
            "短线动能强，追高需设止损；等待回踩更稳妥。",
            "Momentum is strong: a stop belongs to a chase; a pullback is safer.",
        )
        if up
        else Text(
            "勿急于抄底，等待抛压衰竭；持仓考虑减仓。",
            "Do not catch it yet: wait until selling dries up; consider reducing.",
        )
    )
    name = "early_pump" if up else "panic_dump"
    return [
        Signal(
            name=name,
            pair=str(market.pair),
            grade="B+" if move >= 2 * min_move else "B",
            direction="bullish" if up else "bearish",
            title=title,
            reading=Text(*reading),
            advice=advice,
            evidence=found.evidence(
                move=found.moved(),
                move_pct=share,
                move_atr=way * move,
                buy_volume=buys,
                sell_volume=sells,
                volume_zscore=zscore,
                volume_times=found.times,
            ),
            key=f"{name}:{market.pair}",
            begins=move >= min_move and more >= min_ratio * less and zscore >= min_zscore,
        )
    ]


def _columns(frame: Frame, way: int, window: int, lookback: int, *limits: float) -> Codes:
    found, compare = window_columns(frame, window, lookback), Comparisons(frame.count)
    if found is None:
        return np.zeros(frame.count, np.int8)
    min_move, min_ratio, min_zscore = limits
    move, zscore = way * found.moved_atr(), found.zscore(compare)
    buys, sells = found.buy[:, -1], found.sell[:, -1]
    more, less = (buys, sells) if way > 0 else (sells, buys)
    holds = compare.above(move, HOLD * min_move) & compare.above(zscore, HOLD * min_zscore)
    holds &= compare.above(more, HOLD * min_ratio * less)
    begins = compare.above(move, min_move) & compare.above(zscore, min_zscore) & compare.above(more, min_ratio * less)
    return compare.codes(found.ready, holds, begins, compare.above(move, 2 * min_move))


def pump_columns(
    frame: Frame, *, window: int, lookback: int, min_move: float, min_ratio: float, min_zscore: float
) -> Codes:
    """What `early_pump` says of each moment of the frame."""
    return _columns(frame, 1, window, lookback, min_move, min_ratio, min_zscore)


def dump_columns(
    frame: Frame, *, window: int, lookback: int, min_move: float, min_ratio: float, min_zscore: float
) -> Codes:
    """What `panic_dump` says of each moment of the frame."""
    return _columns(frame, -1, window, lookback, min_move, min_ratio, min_zscore)


def quiet(market: Market, *, window: int, lookback: int, min_move: float, min_ratio: float, min_zscore: float) -> bool:
    """Whether volume is surely too small for either of them."""
    return quiet_windows(market, window, lookback, lambda found: found.is_usual(HOLD * min_zscore))


@hookimpl
def register_signals(register: Any) -> None:
    register("early_pump", early_pump, columns=pump_columns, quiet=quiet, horizon="1h")
    register("panic_dump", panic_dump, columns=dump_columns, quiet=quiet, horizon="1h")
