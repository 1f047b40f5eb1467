"""The figures that a signal rests on, as JSON-ready evidence."""

from collections.abc import Iterable, Mapping
from typing import Any

from coinmon.signal import Bilingual, Market, Silent, say, with_sign

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


def unusual(market: Market, venues: Iterable[str], way: int, min_times: float) -> bool:
    """Whether each venue's net flow goes that way (1, -1) with so many times its usual size; 0 asks for nothing."""
    return not min_times or all((_times(market, name) or 0.0) * way >= min_times for name in venues)


def usual(market: Market, venues: Iterable[str], min_times: float) -> Silent:
    """What is said where not every flow is unusual: how large each is, or which venues are too new to tell."""
    times = {name: _times(market, name) for name in venues}
    names = [name for name, each in times.items() if each is None]
    if names:
        words = f"{'、'.join(names)} 的常态净流入未知", f"the usual net flow of {', '.join(names)} is not known yet"
        return Silent(Bilingual(*words), waits=True)
    shown = worded(times, ".1f")
    return Silent(
        Bilingual(
            f"净流入为常态的 {shown} 倍，需达到 {min_times:g} 倍",
            f"net flow is {shown} times the usual, it has to reach {min_times:g}",
        )
    )


def _times(market: Market, venue: str) -> float | None:
    found = market.spot[venue].of("net_flow")
    return found.net_flow / found.usual if found.usual and found.net_flow is not None else None


def worded(figures: Mapping[str, Any], form: str = ",.0f") -> str:
    """`binance +1,200, okx -300`; a figure that is not known is a dash."""
    shown = {name: "-" if figure is None else with_sign(figure, form) for name, figure in figures.items()}
    return ", ".join(f"{name} {text}" for name, text in shown.items())


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
