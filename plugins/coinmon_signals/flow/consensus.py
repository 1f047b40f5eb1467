"""The venues come to agree: the consensus turns strongly bullish or bearish."""

from typing import Any, Literal

import numpy as np

from coinmon.signal import Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl
from coinmon_signals._columns import Comparisons, asked_where_it_holds
from coinmon_signals._evidence import HOLD, compared, flows, unusual, usual, waits, worded
from coinmon_signals._settings import MinTimes
from coinmon_signals.flow._venue_flows import venue_flows

_SAID: dict[str, tuple[Literal["bullish", "bearish"], Text, Text]] = {
    "strong_bull": (
        "bullish",
        Text("强力看涨", "Strong Bullish Consensus"),
        Text("主力资金全面进场，市场一致看多。", "Money flows in on every exchange: the market agrees on up."),
    ),
    "strong_bear": (
        "bearish",
        Text("强力看跌", "Strong Bearish Consensus"),
        Text("主力资金全面撤离，市场一致看空。", "Money flows out on every exchange: the market agrees on down."),
    ),
}


def consensus(market: Market, *, min_times: MinTimes = 0.0) -> list[Signal] | Silent:
    """Every exchange's money flows the same way at once (grade A).

    Fires when the `consensus` indicator enters strong_bull or strong_bear, whose thresholds are that indicator's
    settings; never while a venue that lists the pair is down or short of coverage. With min_times every flow also has
    to be so many times the median size of its venue's net flow over 24 hours, and 80% of that to last.
    """
    found = market.of("consensus")
    if found.verdict is None:
        return waits(found)
    if found.verdict not in _SAID:
        net = worded({name: each.net_flow for name, each in compared(found).items()})
        return Silent(
            Bilingual(
                f"共识为{found.label('zh')}：净流入 {net} {found.currency}",
                f"the consensus is {found.verdict}: net flow {net} {found.currency}",
            )
        )
    direction, title, reading = _SAID[found.verdict]
    way, venues = 1 if direction == "bullish" else -1, compared(found)
    if not unusual(market, venues, way, HOLD * min_times):
        return usual(market, venues, min_times)
    return [
        Signal(
            name="consensus_change",
            pair=str(market.pair),
            grade="A",
            direction=direction,
            title=title,
            reading=reading,
            evidence=flows(found, consensus=found.verdict, mode=found.mode, total=found.total),
            key=f"consensus_change:{market.pair}:{found.verdict}",
            begins=unusual(market, venues, way, min_times),
        )
    ]


def columns(frame: Frame, *, min_times: float) -> Codes:
    """What `consensus` says of each moment of the frame."""
    found, compare, settings = venue_flows(frame), Comparisons(frame.count), frame.settings("consensus")
    bull, bear = np.ones(frame.count, bool), np.ones(frame.count, bool)
    for each in found.venues.values():
        bull &= compare.above(each.flow, settings["venue_threshold"], each.scale)
        bear &= compare.above(-each.flow, settings["venue_threshold"], each.scale)
    if settings["mode"] != "absolute":
        # deviations are worked out by the indicator alone
        compare.unsure[:] = True
    return asked_where_it_holds(compare.codes(found.enough, bull | bear, bear), min_times > 0)


def quiet(market: Market, *, min_times: float) -> bool:
    """Whether the venues do not agree."""
    return market.of("consensus").verdict not in _SAID


@hookimpl
def register_signals(register: Any) -> None:
    register(
        "consensus", consensus, columns=columns, quiet=quiet, horizon="1h", calm={"min_times": 2.5},
        switches={"consensus_change": "consensus"},
    )  # fmt: skip
