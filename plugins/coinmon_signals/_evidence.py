"""The figures that a signal rests on, as JSON-ready evidence."""

from collections.abc import Mapping
from typing import Any

from coinmon.signal import Bilingual, Silent, say

HOLD = 0.8
"""A state that is on goes on at this share of the threshold that it begins at, so that it does not flap."""


def flows(consensus: Any, /, **figures: Any) -> dict[str, Any]:
    """Every venue's figures with their coverage, the venues left out and why, and the signal's own figures."""
    return {
        "venues": {each.venue: _figures(each) for each in consensus.venues if each.comparable},
        "left_out": {each.venue: _both(each.note) for each in consensus.venues if not each.comparable},
        "currency": consensus.currency,
        "window_minutes": consensus.window,
        **figures,
    }


def compared(consensus: Any) -> Mapping[str, Any]:
    """The comparably covered venues by name."""
    return {each.venue: each for each in consensus.venues if each.comparable}


def waits(consensus: Any) -> Silent:
    """Why the venues cannot be compared."""
    return Silent(consensus.reason or Bilingual("各平台无法比较", "the venues cannot be compared"), waits=True)


def worded(figures: Mapping[str, Any], kind: str = "+,.0f") -> str:
    """`binance +1,200, okx -300`; a figure that is not known is a dash."""
    return ", ".join(f"{name} {'-' if figure is None else format(figure, kind)}" for name, figure in figures.items())


def _both(note: str) -> dict[str, str]:
    return {"zh": say(note, "zh"), "en": str(note)}


def _figures(flow: Any) -> dict[str, Any]:
    return {
        "instrument": flow.instrument,
        "net_flow": flow.net_flow,
        "ratio": flow.buy_sell_ratio,
        "net_flow_pct": flow.net_flow_pct,
        "zscore": flow.zscore,
        "coverage": flow.coverage,
    }
