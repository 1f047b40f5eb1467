"""All exchanges buy (or sell) together."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl
from coinmon_signals._columns import Comparisons, asked_where_it_holds
from coinmon_signals._evidence import HOLD, compared, flows, unusual, usual, waits, worded
from coinmon_signals._settings import MinTimes
from coinmon_signals.flow._venue_flows import venue_flows


def global_sync(
    market: Market,
    *,
    bull_ratio: Annotated[float, Field(ge=1, description="buy/sell ratio that every venue must exceed")] = 1.15,
    bearish: Annotated[bool, Field(description="also tell when all sell")] = False,
    bear_ratio: Annotated[
        float, Field(gt=0, le=1, description="buy/sell ratio that every venue must stay below")
    ] = 0.85,
    min_times: MinTimes = 0.0,
) -> list[Signal] | Silent:
    """Big money accumulates on every exchange at once: the strongest sign there is (grade A+).

    Fires when every consensus venue has a net flow above 0 and a buy/sell ratio above bull_ratio (the mirror image
    below bear_ratio with `bearish`) over the window of `net_flow`. Every venue that lists the pair must be comparably
    covered, and at least as many as the consensus needs. It lasts while the ratios are 80% of the way from 1 to that.
    With min_times every flow also has to be unusual for its venue.
    """
    found = market.of("consensus")
    if not found.comparable:
        return waits(found)
    venues = compared(found)
    pairs = [(each.net_flow, each.buy_sell_ratio) for each in venues.values()]
    shown = worded({name: each.buy_sell_ratio for name, each in venues.items()}, ".3f")
    if any(ratio is None for _, ratio in pairs):
        return Silent(Bilingual(f"有平台的买卖比未知：{shown}", f"a buy/sell ratio is not known: {shown}"), waits=True)
    up, down = _together(pairs, bull_ratio, bear_ratio)
    down &= bearish and not up
    if (up or down) and not unusual(market, venues, 1 if up else -1, HOLD * min_times):
        return usual(market, venues, min_times)
    if up:
        return [
            Signal(
                name="global_sync_bullish",
                pair=str(market.pair),
                grade="A+",
                direction="bullish",
                title=Text("全球协同看涨", "Global Sync Bullish"),
                reading=Text(
                    "主力全平台吸筹，市场做多情绪一致。",
                    "Big money accumulates on every exchange: sentiment is bullish throughout.",
                ),
                advice=Text(
                    "主力全平台建仓，适合追涨或加仓，止损设置在关键支撑位。",
                    "Big money builds positions everywhere: fit for following or adding, with a stop at key support.",
                ),
                evidence=flows(found, total=found.total, consensus=found.verdict, bull_ratio=bull_ratio),
                key=f"global_sync_bullish:{market.pair}",
                begins=all(ratio > bull_ratio for _, ratio in pairs) and unusual(market, venues, 1, min_times),
            )
        ]
    if down:
        return [
            Signal(
                name="global_sync_bearish",
                pair=str(market.pair),
                grade="A+",
                direction="bearish",
                title=Text("全球协同看跌", "Global Sync Bearish"),
                reading=Text(
                    "主力全平台派发，市场做空情绪一致。",
                    "Big money distributes on every exchange: sentiment is bearish throughout.",
                ),
                advice=Text(
                    "主力全平台撤离，不宜抄底，考虑减仓或止盈。",
                    "Big money leaves everywhere: no time to buy the dip; consider reducing or taking profit.",
                ),
                evidence=flows(found, total=found.total, consensus=found.verdict, bear_ratio=bear_ratio),
                key=f"global_sync_bearish:{market.pair}",
                begins=all(ratio < bear_ratio for _, ratio in pairs) and unusual(market, venues, -1, min_times),
            )
        ]
    net = worded({name: each.net_flow for name, each in compared(found).items()})
    return Silent(
        Bilingual(
            f"并非所有平台都净买入且买卖比高于 {bull_ratio:g}：买卖比 {shown}；净流入 {net} {found.currency}",
            f"not all buy/sell ratios are above {bull_ratio:g} with net buying: ratio {shown}; "
            f"net flow {net} {found.currency}",
        )
    )


def _together(pairs: Sequence[tuple[float, float]], bull_ratio: float, bear_ratio: float) -> tuple[bool, bool]:
    """Whether all buy enough for a state to last, and whether all sell. pairs: net flow and buy/sell ratio by venue."""
    up = all(flow > 0 and ratio > 1 + HOLD * (bull_ratio - 1) for flow, ratio in pairs)
    return up, all(flow < 0 and ratio < 1 - HOLD * (1 - bear_ratio) for flow, ratio in pairs)


def columns(frame: Frame, *, bull_ratio: float, bearish: bool, bear_ratio: float, min_times: float) -> Codes:
    """What `global_sync` says of each moment of the frame."""
    found, compare = venue_flows(frame), Comparisons(frame.count)
    yes = np.ones(frame.count, bool)
    rated, up, risen, down, fallen = (yes.copy() for _ in range(5))
    for each in found.venues.values():
        compare.above(each.sell, 0.0, 1e-3)
        rated &= each.rated & (each.sell > 0)
        up &= compare.above(each.flow, 0.0, each.scale)
        up &= compare.above(each.buy, (1 + HOLD * (bull_ratio - 1)) * each.sell)
        risen &= compare.above(each.buy, bull_ratio * each.sell)
        down &= compare.above(0.0, each.flow, each.scale)
        down &= compare.above((1 - HOLD * (1 - bear_ratio)) * each.sell, each.buy)
        fallen &= compare.above(bear_ratio * each.sell, each.buy)
    down &= bearish & ~up
    codes = compare.codes(found.enough & (rated | compare.unsure), up | down, np.where(up, risen, fallen), down)
    return asked_where_it_holds(codes, min_times > 0)


def quiet(market: Market, *, bull_ratio: float, bearish: bool, bear_ratio: float, min_times: float) -> bool:
    """Whether not all venues go one way."""
    found = market.of("consensus")
    pairs = [(each.net_flow, each.buy_sell_ratio) for each in compared(found).values()]
    if not found.comparable or any(ratio is None for _, ratio in pairs):
        return True
    up, down = _together(pairs, bull_ratio, bear_ratio)
    return not up and not (bearish and down)


@hookimpl
def register_signals(register: Any) -> None:
    register(
        "global_sync", global_sync, columns=columns, quiet=quiet, horizon="1h",
        calm={"bearish": True, "min_times": 2.5},
    )  # fmt: skip
