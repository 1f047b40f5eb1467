"""American institutions buy more than the rest of the world."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import Comparisons, asked_where_it_holds
from coinmon_signals._evidence import HOLD, compared, flows, unusual, usual, waits
from coinmon_signals._settings import MinTimes
from coinmon_signals.flow._venue_flows import venue_flows


def us_accumulation(
    market: Market,
    *,
    us_venue: Annotated[str, Field(description="the venue where American institutions trade")] = "coinbase",
    min_net_flow: Annotated[float, Field(ge=0, description="net flow there must exceed this, quote currency")] = 1e6,
    times_others: Annotated[
        float, Field(gt=0, description="and this many times the mean net flow of the other venues")
    ] = 1.5,
    min_times: MinTimes = 0.0,
) -> list[Signal] | Silent:
    """American institutions accumulate: Coinbase leads the buying (grade A).

    Fires when the net flow on us_venue over the window of `net_flow` exceeds min_net_flow and times_others times the
    mean of the other venues, a negative mean counting as 0. Every configured venue that lists the pair must be
    comparably covered, and there must be another: a mean over a hole is no mean. It lasts while it is above
    80% of that. With min_times it also has to be so many times the median size of that venue's
    net flow over 24 hours: dollars mean something else on each pair.
    """
    found = market.of("consensus")
    venues = compared(found)
    others = [each.net_flow for name, each in venues.items() if name != us_venue]
    if found.waits_for:
        return waits(found)
    if us_venue not in venues or not others:
        return Silent(
            Bilingual(
                f"需要 {us_venue} 和另一平台上线该交易对；现有 {'、'.join(venues) or '无'}",
                f"{us_venue} and another venue have to list it; there are {', '.join(venues) or 'none'}",
            )
        )
    flow = venues[us_venue].net_flow
    mean, least = _needed(others, min_net_flow, times_others)
    if not flow > HOLD * least:
        return Silent(
            Bilingual(
                f"{us_venue} 净流入 {with_sign(flow, ',.0f')} {found.currency}，需超过 {least:,.0f}",
                f"net flow on {us_venue} is {with_sign(flow, ',.0f')} {found.currency}, it has to exceed {least:,.0f}",
            )
        )
    if not unusual(market, [us_venue], 1, HOLD * min_times):
        return usual(market, [us_venue], min_times)
    name = us_venue.capitalize()
    return [
        Signal(
            name="us_accumulation",
            pair=str(market.pair),
            grade="A",
            direction="bullish",
            title=Text("美资机构吸筹", "US Institutional Accumulation"),
            reading=Text(
                f"{name} 领涨，机构资金流入显著。", f"{name} leads the buying: institutional money flows in markedly."
            ),
            advice=Text(
                "适合建仓或持有，关注后续其他平台是否跟进。",
                "Fit for building or holding a position; watch whether the other exchanges follow.",
            ),
            evidence=flows(found, us_venue=us_venue, us_net_flow=flow, mean_of_others=mean, times_others=times_others),
            key=f"us_accumulation:{market.pair}",
            begins=flow > least and unusual(market, [us_venue], 1, min_times),
        )
    ]


def _needed(others: Sequence[float], min_net_flow: float, times_others: float) -> tuple[float, float]:
    """The mean net flow of the other venues, and what it has to exceed."""
    mean = math.fsum(others) / len(others)
    return mean, max(min_net_flow, times_others * max(mean, 0.0))


def columns(frame: Frame, *, us_venue: str, min_net_flow: float, times_others: float, min_times: float) -> Codes:
    """What `us_accumulation` says of each moment of the frame."""
    found, compare = venue_flows(frame), Comparisons(frame.count)
    others = [each for name, each in found.venues.items() if name != us_venue]
    nobody = np.zeros(frame.count, bool)
    if us_venue not in found.venues or not others:
        return compare.codes(found.covered, nobody)
    us = found.venues[us_venue]
    scale = us.scale + np.sum([each.scale for each in others], axis=0)
    mean = np.sum([each.flow for each in others], axis=0) / len(others)
    least = np.maximum(min_net_flow, times_others * np.maximum(mean, 0.0))
    holds = compare.above(us.flow, HOLD * least, scale)
    codes = compare.codes(found.covered, holds, compare.above(us.flow, least, scale))
    return asked_where_it_holds(codes, min_times > 0)


def quiet(market: Market, *, us_venue: str, min_net_flow: float, times_others: float, min_times: float) -> bool:
    """Whether too little flows there, or not every venue can be compared."""
    found = market.of("consensus")
    flows = {each.venue: each.net_flow for each in found.venues if each.comparable}
    flow = flows.pop(us_venue, None)
    if found.waits_for or flow is None or not flows:
        return True
    return not flow > HOLD * _needed(list(flows.values()), min_net_flow, times_others)[1]


@hookimpl
def register_signals(register: Any) -> None:
    register(
        "us_accumulation", us_accumulation, columns=columns, quiet=quiet, horizon="4h",
        calm={"min_net_flow": 0.0, "min_times": 8.0},
    )  # fmt: skip
