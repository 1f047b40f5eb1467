"""Spot is bought and perpetuals are sold: what a hedge looks like."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    ASK,
    SILENT,
    WAITS,
    Bilingual,
    Codes,
    Frame,
    Market,
    Signal,
    Silent,
    Text,
    View,
    hookimpl,
    say,
    with_sign,
)
from coinmon_signals._columns import NEAR
from coinmon_signals._flow_columns import net_flow_columns

_LEAST_SEEN = 0.95


def derivative_hedge(
    market: Market,
    *,
    min_zscore: Annotated[float, Field(gt=0, description="net flow of spot, in its own standard deviations")] = 2.0,
    oi_times: Annotated[
        float, Field(gt=0, description="change of open interest, in times its usual size over such a window")
    ] = 2.0,
    max_move: Annotated[float, Field(gt=0, description="change of price below this, in ATR of one-minute bars")] = 10.0,
    min_match: Annotated[
        float, Field(gt=0, le=1, description="the smaller of spot flow and change of open interest to the larger")
    ] = 0.5,
) -> list[Signal] | Silent:
    """Flow consistent with hedging: spot bought, perpetuals sold, open interest up, price still (B; B+ on two venues).

    On one venue, over the window of `net_flow`: net flow of spot above min_zscore, of the perpetual the other way, open
    interest (base units) up by more than oi_times its usual change, price within max_move ATR, basis or funding falling
    or not above 0, and spot flow and the change of open interest of like size (min_match). The unwinding of one is the
    mirror image. Spot and perpetual must be covered to 95%.
    """
    judged = {
        name: _judged(market.spot[name], perp, min_zscore, oi_times, max_move, min_match)
        for name, perp in market.perp.items()
        if name in market.spot
    }
    if not judged:
        why = Bilingual("没有平台同时有该交易对的现货和永续合约", "no venue has both spot and a perpetual of the pair")
        return Silent(why, waits=bool(market.down))
    signals = []
    for way, kind in ((1, "hedge"), (-1, "unwind")):
        there = {name: each for name, each in judged.items() if isinstance(each, dict) and each["way"] == way}
        if there:
            signals.append(_signal(market, kind, there))
    if signals:
        return signals
    reasons = {name: each for name, each in judged.items() if isinstance(each, Silent)}
    return Silent(
        Bilingual(
            "；".join(f"{name}：{say(each.reason, 'zh')}" for name, each in reasons.items()),
            "; ".join(f"{name}: {each.reason}" for name, each in reasons.items()),
        ),
        waits=all(each.waits for each in reasons.values()),
    )


def _judged(
    spot: View, perp: View, min_zscore: float, oi_times: float, max_move: float, min_match: float
) -> dict[str, Any] | Silent:
    """The figures where all of it holds; else the first thing that does not."""
    bought, sold = spot.of("net_flow"), perp.of("net_flow")
    for each in (bought, sold):
        if each.coverage.share < _LEAST_SEEN:
            seen = f"{each.instrument} {each.coverage.complete}/{each.coverage.minutes}"
            return Silent(Bilingual(f"等待 {seen}", f"waits for {seen}"), waits=True)
    if bought.zscore is None:
        why = bought.reason or "-"
        return Silent(
            Bilingual(f"等待现货的 z 值：{say(why, 'zh')}", f"waits for a z-score of spot: {why}"), waits=True
        )
    if abs(bought.zscore) < min_zscore:
        z, needed = with_sign(bought.zscore, 1), f"{min_zscore:g}"
        return Silent(Bilingual(f"现货净流入 z 值 {z} (需 {needed})", f"net flow of spot is z {z} (needs {needed})"))
    way = 1 if bought.net_flow > 0 else -1
    if way * bought.zscore < 0 or way * sold.net_flow >= 0:
        both = with_sign(bought.net_flow, ",.0f"), with_sign(sold.net_flow, ",.0f")
        return Silent(
            Bilingual(
                f"现货净流入 {both[0]}，永续合约 {both[1]}",
                f"net flow of spot {both[0]} and of the perpetual {both[1]}",
            )
        )
    held = perp.of("open_interest", window=bought.window, limit=0)
    if held.change is None or held.noise is None:
        why = held.reason or held.quadrant_note or Bilingual("变化未知", "no change known")
        return Silent(Bilingual(f"等待持仓量：{say(why, 'zh')}", f"waits for open interest: {why}"), waits=True)
    if way * held.change <= oi_times * held.noise:
        moved, needed = with_sign(held.change, ",.6g"), with_sign(way * oi_times * held.noise, ",.6g")
        return Silent(Bilingual(f"持仓量变化 {moved} (需 {needed})", f"open interest changed {moved} (needs {needed})"))
    if bought.price_change_pct is None or not bought.atr:
        return Silent(Bilingual("等待价格", "waits for prices"), waits=True)
    first = bought.last_price / (1 + bought.price_change_pct / 100)
    move = abs(bought.last_price - first) / bought.atr
    if move >= max_move:
        return Silent(
            Bilingual(
                f"价格变动 {move:.1f} ATR (需低于 {max_move:g})", f"price moved {move:.1f} ATR (below {max_move:g})"
            )
        )
    cheaper = _cheaper(perp, bought.window, way)
    if isinstance(cheaper, Silent):
        return cheaper
    change = abs(held.change) * bought.last_price
    match = min(abs(bought.net_flow), change) / max(abs(bought.net_flow), change)
    if match < min_match:
        return Silent(
            Bilingual(
                f"现货净流入 {abs(bought.net_flow):,.0f} 与持仓量变化 {change:,.0f} 不匹配 (需 {min_match:g})",
                f"spot flow {abs(bought.net_flow):,.0f} and change of open interest {change:,.0f} do not match "
                f"(needs {min_match:g})",
            )
        )
    return {
        "way": way,
        "net_flow": bought.net_flow,
        "zscore": bought.zscore,
        "perp_net_flow": sold.net_flow,
        "open_interest_change": held.change,
        "open_interest_noise": held.noise,
        "move_atr": move,
        "match": match,
        "coverage": min(bought.coverage.share, sold.coverage.share),
        **cheaper,
    }


def _cheaper(perp: View, window: int, way: int) -> dict[str, float | None] | Silent:
    """Basis and funding where one of them falls or is not above 0 (of an unwinding: rises or is not below 0)."""
    samples = [each for each in perp.funding(window) if math.isfinite(each.rate)]
    if not samples:
        why = Bilingual("等待资金费率：区间内没有采样", "waits for funding: no sample in the window")
        return Silent(why, waits=True)
    first, last = samples[0], samples[-1]
    share = [(each.mark - each.index) / each.index for each in (first, last) if each.mark and each.index]
    basis = share[-1] if share else None
    falls = (basis is not None and way * basis <= 0) or (len(share) == 2 and way * (share[1] - share[0]) < 0)
    if not (falls or way * last.rate <= 0 or way * (last.rate - first.rate) < 0):
        shown = "-" if basis is None else f"{with_sign(100 * basis, 3)}%"
        rate = with_sign(100 * last.rate, 4)
        return Silent(
            Bilingual(
                f"基差 ({shown}) 与资金费率 ({rate}%) 均未{'下降' if way > 0 else '上升'}",
                f"neither basis ({shown}) nor funding ({rate}%) {'falls' if way > 0 else 'rises'}",
            )
        )
    return {"basis_pct": None if basis is None else 100 * basis, "funding_rate": last.rate}


def _signal(market: Market, kind: str, there: dict[str, dict[str, Any]]) -> Signal:
    hedge = kind == "hedge"
    names = ", ".join(name.capitalize() for name in there)
    currency = market.pair.quote
    return Signal(
        name="derivative_hedge",
        pair=str(market.pair),
        grade="B+" if len(there) > 1 else "B",
        direction="neutral",
        title=Text("衍生品对冲" if hedge else "对冲平仓", "Derivative Hedge" if hedge else "Hedge Unwound"),
        reading=Text(
            f"{names}：现货净{'买入' if hedge else '卖出'}、合约净{'卖出' if hedge else '买入'}、持仓量"
            f"{'上升' if hedge else '下降'}、价格平稳，符合对冲{'建仓' if hedge else '平仓'}特征。",
            f"{names}: spot {'bought' if hedge else 'sold'}, perpetuals {'sold' if hedge else 'bought'}, open interest "
            f"{'up' if hedge else 'down'}, price still: "
            f"consistent with {'hedging' if hedge else 'a hedge being unwound'}.",
        ),
        advice=Text("并非方向性信号，勿据此追单。", "Not a direction: no reason to follow it."),
        evidence={
            "currency": currency,
            "venues": {
                name: {key: value for key, value in each.items() if key != "way"} for name, each in there.items()
            },
        },
        key=f"derivative_hedge:{market.pair}:{kind}",
    )


def columns(frame: Frame, *, min_zscore: float, oi_times: float, max_move: float, min_match: float) -> Codes:
    """What `derivative_hedge` says of each moment of the frame: asked where spot, perpetual and open interest fit."""
    own, count = frame.settings("net_flow"), frame.count
    frame.settings("open_interest")
    spots, perps = frame.instruments("spot"), frame.lanes("perp")
    both = [(spots[name], perp) for name, perp in perps.items() if name in spots]
    asked, waits = np.zeros(count, bool), np.full(count, bool(both))
    for spot, perp in both:
        bought, sold = (net_flow_columns(frame, each, own) for each in (spot, perp.instrument))
        covered = (bought.seen >= _LEAST_SEEN) & (sold.seen >= _LEAST_SEEN)
        known = covered & (np.isfinite(bought.zscore) | bought.unsure)
        way = np.where(bought.flow > 0, 1.0, -1.0)
        with np.errstate(invalid="ignore"):
            fits = (np.abs(bought.zscore) >= min_zscore * (1 - NEAR)) & (way * bought.zscore >= -NEAR)
            fits &= way * sold.flow <= NEAR * sold.scale
            fits |= bought.unsure | (np.abs(bought.flow) <= NEAR * bought.scale)
        held = perp.of("open_interest", window=own["window"])
        moved = way * held["change"] > oi_times * held["noise"]
        asked |= known & fits & (moved | np.isnan(held["noise"]))
        waits &= ~known
    return np.where(asked, ASK, np.where(waits, WAITS, SILENT)).astype(np.int8)


def quiet(market: Market, *, min_zscore: float, oi_times: float, max_move: float, min_match: float) -> bool:
    """Whether the flow of spot is usual wherever there is a perpetual beside it."""
    scores = (market.spot[name].of("net_flow").zscore for name in market.perp if name in market.spot)
    return all(score is None or abs(score) < min_zscore for score in scores)


@hookimpl
def register_signals(register: Any) -> None:
    register("derivative_hedge", derivative_hedge, columns=columns, quiet=quiet, horizon="4h")
