"""The East buys while the West sells."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, say
from coinmon_signals._columns import Comparisons, asked_where_it_holds
from coinmon_signals._evidence import HOLD, compared, flows, unusual, usual, worded
from coinmon_signals._settings import MinTimes
from coinmon_signals.flow._venue_flows import venue_flows


def long_trap(
    market: Market,
    *,
    east_venues: Annotated[tuple[str, ...], Field(min_length=1, description="venues of which one must show buying")] = (
        "binance",
        "okx",
    ),
    us_venue: Annotated[str, Field(description="the venue that must show selling")] = "coinbase",
    noise_floor: Annotated[float, Field(ge=0, description="net flow within this is noise, quote currency")] = 0.0,
    min_times: MinTimes = 0.0,
) -> list[Signal] | Silent:
    """Eastern exchanges buy while the Western one sells: perhaps a trap for longs (grade C).

    Fires when the net flow over the window of `net_flow` is above noise_floor on one of east_venues and below
    -noise_floor on us_venue. Only comparably covered venues count; the evidence names those left out. It lasts while
    both are beyond 80% of noise_floor. With min_times both flows also have to be unusual for their venues.
    """
    found = market.of("consensus")
    venues = compared(found)
    east = {name: venues[name].net_flow for name in east_venues if name in venues}
    if not east or us_venue not in venues:
        why = found.reason or Bilingual(f"{us_venue} 未上线该交易对", f"{us_venue} does not list it")
        return Silent(Bilingual(f"两侧无法比较：{say(why, 'zh')}", f"neither side can be compared: {why}"), waits=True)
    west, least = venues[us_venue].net_flow, HOLD * noise_floor
    buyers = [name for name, flow in east.items() if flow > least]
    if not buyers or not west < -least:
        shown = worded({**east, us_venue: west})
        return Silent(
            Bilingual(
                f"未出现东方平台买入而 {us_venue} 卖出：净流入 {shown} {found.currency}",
                f"no buying in the East with selling on {us_venue}: net flow {shown} {found.currency}",
            )
        )
    strange = [name for name in buyers if unusual(market, [name], 1, HOLD * min_times)]
    if not strange or not unusual(market, [us_venue], -1, HOLD * min_times):
        return usual(market, [*buyers, us_venue], min_times)
    strong = [name for name in strange if east[name] > noise_floor and unusual(market, [name], 1, min_times)]
    return [
        Signal(
            name="long_trap",
            pair=str(market.pair),
            grade="C",
            direction="bearish",
            title=Text("单平台诱多", "Single Platform Long Trap"),
            reading=Text(
                "东方交易所买入，西方交易所卖出。警惕诱多。",
                "Eastern exchanges buy, the Western one sells. Beware of a long trap.",
            ),
            advice=Text(
                "不建议追涨；如已持仓，考虑减仓或止盈；等待西方资金流向转正后再入场。",
                "Do not chase; with a position, consider reducing or taking profit; wait until Western flow turns.",
            ),
            evidence=flows(found, buyers=buyers, seller=us_venue, noise_floor=noise_floor),
            key=f"long_trap:{market.pair}",
            begins=bool(strong) and west < -noise_floor and unusual(market, [us_venue], -1, min_times),
        )
    ]


def columns(
    frame: Frame, *, east_venues: tuple[str, ...], us_venue: str, noise_floor: float, min_times: float
) -> Codes:
    """What `long_trap` says of each moment of the frame."""
    found, compare = venue_flows(frame), Comparisons(frame.count)
    nobody = np.zeros(frame.count, bool)
    east = [found.venues[name] for name in east_venues if name in found.venues]
    if us_venue not in found.venues or not east:
        return compare.codes(nobody, nobody)
    us = found.venues[us_venue]
    some, buys, bought = nobody.copy(), nobody.copy(), nobody.copy()
    for each in east:
        some |= each.comparable
        buys |= each.comparable & compare.above(each.flow, HOLD * noise_floor, each.scale)
        bought |= each.comparable & compare.above(each.flow, noise_floor, each.scale)
    holds = buys & compare.above(-us.flow, HOLD * noise_floor, us.scale)
    codes = compare.codes(some & us.comparable, holds, bought & compare.above(-us.flow, noise_floor, us.scale))
    return asked_where_it_holds(codes, min_times > 0)


def quiet(market: Market, *, east_venues: tuple[str, ...], us_venue: str, noise_floor: float, min_times: float) -> bool:
    """Whether nobody buys in the East, or the West does not sell."""
    flows = {each.venue: each.net_flow for each in market.of("consensus").venues if each.comparable}
    least = HOLD * noise_floor
    sells = us_venue in flows and flows[us_venue] < -least
    return not sells or not any(name in flows and flows[name] > least for name in east_venues)


@hookimpl
def register_signals(register: Any) -> None:
    register(
        "long_trap", long_trap, columns=columns, quiet=quiet, horizon="1h",
        calm={"noise_floor": 1_000.0, "min_times": 3.0},
    )  # fmt: skip
