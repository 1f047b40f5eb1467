"""Spot and perpetuals pull apart: real buyers on one side, leverage on the other."""

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Instrument, Market, Signal, Silent, Text, View, hookimpl, with_sign
from coinmon_signals._columns import Comparisons, Floats, Mask, rolling
from coinmon_signals._evidence import HOLD

_FEWEST_WINDOWS = 10
"""Of the time before, that `net_flow` needs to know what is usual."""


def spot_perp_divergence(
    market: Market,
    *,
    min_times: Annotated[float, Field(gt=0, description="net flow of each side in times its usual size")] = 3.0,
) -> list[Signal] | Silent:
    """Spot buys what perpetuals sell, or the other way: the two CVDs part (grade C).

    The net flow of all spot venues together and of all perpetuals together, over the window of `net_flow`, have
    opposite signs and are each at least min_times the sum of their venues' usual sizes (`net_flow.usual`). The
    direction is spot's: what is paid for in full. Every venue has to be covered. It lasts at 80% of that.
    """
    if not market.spot or not market.perp:
        return Silent(Bilingual("需要现货和永续", "it needs spot markets and perpetuals"), waits=bool(market.down))
    sides = [_side(each.values()) for each in (market.spot, market.perp)]
    if market.down or None in sides:
        return Silent(
            Bilingual("等待各平台的净流入及其常态", "waits for the net flow of each venue, and its usual size"),
            waits=True,
        )
    (spot, spot_usual), (perp, perp_usual) = (each for each in sides if each is not None)
    if not _stands((spot, spot_usual), (perp, perp_usual), min_times * HOLD):
        flows = with_sign(spot, ",.0f"), with_sign(perp, ",.0f")
        return Silent(
            Bilingual(
                f"现货净流入 {flows[0]}（常态 {spot_usual:,.0f}），永续 {flows[1]}（常态 {perp_usual:,.0f}），"
                f"需方向相反且均达 {min_times:g} 倍",
                f"net flow of spot {flows[0]} (usual {spot_usual:,.0f}), of perpetuals {flows[1]} (usual "
                f"{perp_usual:,.0f}); they have to be opposite and {min_times:g} times that",
            )
        )
    up = spot > 0
    return [
        Signal(
            name="spot_perp_divergence",
            pair=str(market.pair),
            grade="C",
            direction="bullish" if up else "bearish",
            title=Text("现货与永续背离", "Spot against Perpetuals"),
            reading=Text(
                f"现货净{'买入' if up else '卖出'}，永续净{'卖出' if up else '买入'}，两者的 CVD 背离。",
                f"Spot is net {'bought' if up else 'sold'} while perpetuals are net {'sold' if up else 'bought'}.",
            ),
            evidence={"spot": spot, "perp": perp, "spot_usual": spot_usual, "perp_usual": perp_usual},
            key=f"spot_perp_divergence:{market.pair}:{'up' if up else 'down'}",
            begins=abs(spot) >= min_times * spot_usual and abs(perp) >= min_times * perp_usual,
        )
    ]


def _side(views: Iterable[View]) -> tuple[float, float] | None:
    """Net flow and usual size of venues together; None where one is not known."""
    found = [view.of("net_flow") for view in views]
    if any(each.usual is None or each.net_flow is None for each in found):
        return None
    return sum(each.net_flow for each in found), sum(each.usual for each in found)


def _stands(spot: tuple[float, float], perp: tuple[float, float], least: float) -> bool:
    """Whether both net flows are so many times their usual sizes, and opposite."""
    return spot[0] * perp[0] < 0 and all(abs(flow) >= least * usual for flow, usual in (spot, perp))


def columns(frame: Frame, *, min_times: float) -> Codes:
    """What `spot_perp_divergence` says of each moment of the frame."""
    compare = Comparisons(frame.count)
    markets = [list(frame.instruments(kind).values()) for kind in ("spot", "perp")]
    if not all(markets):
        return np.zeros(frame.count, np.int8)
    sides = [[_lane(frame, each) for each in several] for several in markets]
    ready = np.logical_and.reduce([lane[2] for side in sides for lane in side])
    (spot, spot_usual, spot_scale), (perp, perp_usual, perp_scale) = (
        tuple(np.sum([lane[part] for lane in side], axis=0) for part in (0, 1, 3)) for side in sides
    )
    up = compare.above(spot, 0.0, spot_scale)
    apart = up & compare.above(0.0, perp, perp_scale) | (
        compare.above(0.0, spot, spot_scale) & compare.above(perp, 0.0, perp_scale)
    )
    large = [
        compare.above(np.abs(spot), times * spot_usual, spot_scale)
        & compare.above(np.abs(perp), times * perp_usual, perp_scale)
        for times in (HOLD * min_times, min_times)
    ]
    return compare.codes(ready, apart & large[0], large[1], up)


def _lane(frame: Frame, instrument: Instrument) -> tuple[Floats, Floats, Mask, Floats]:
    """Net flow, its usual size, whether both are known, and what was traded, at each moment."""
    settings = frame.settings("net_flow")
    window = settings["window"]
    blocks = settings["zscore_hours"] * 60 // window
    rows = frame.bars(instrument, window * (blocks + 1))
    usable = rows.has_flow & np.isfinite(rows.quote_volume) & np.isfinite(rows.buy_quote) & np.isfinite(rows.volume)
    sold = np.maximum(rows.sell_quote, 0.0)
    flows = rolling(np.where(usable, rows.buy_quote - sold, 0.0), window)
    traded = rolling(np.where(usable, rows.buy_quote + sold, 0.0), window)
    minutes = rolling(usable, window)
    starts = np.arange(frame.count)[:, None] + window * np.arange(blocks + 1)[None, :]
    whole = minutes[starts[:, :-1]] == window
    past = np.where(whole, np.abs(flows[starts[:, :-1]]), np.nan)
    known = (whole.sum(axis=1) >= _FEWEST_WINDOWS) & (minutes[starts[:, -1]] / window >= settings["min_coverage"])
    usual = np.zeros(frame.count)
    if known.any():
        usual[known] = np.nanmedian(past[known], axis=1)
    return flows[starts[:, -1]], usual, known, traded[starts[:, -1]]


def quiet(market: Market, *, min_times: float) -> bool:
    """Whether one side is missing or not known, or flows are too small or go one way."""
    if not market.spot or not market.perp:
        return True
    spot, perp = (_side(each.values()) for each in (market.spot, market.perp))
    return spot is None or perp is None or not _stands(spot, perp, min_times * HOLD)


@hookimpl
def register_signals(register: Any) -> None:
    register("spot_perp_divergence", spot_perp_divergence, columns=columns, quiet=quiet, horizon="4h")
