"""What stands in a cell of a live table: prices, flows, ratios, verdicts, signals."""

from collections.abc import Sequence

from rich.text import Text

from coinmon.model.events import FlowEvent, FlowOfVenue, SignalEvent, WhaleEvent
from coinmon.model.figures import rough, significant
from coinmon.model.signal import GRADES, say

_VERDICTS = {
    "strong_bull": ("强力看涨", "strong bull", "bold green"),
    "strong_bear": ("强力看跌", "strong bear", "bold red"),
    "lean_bull": ("倾向看涨", "lean bull", "green"),
    "lean_bear": ("倾向看跌", "lean bear", "red"),
    "mixed": ("震荡/分歧", "mixed", "dim"),
}


_BRIEF_WIDTH = 12
_SIDES = {"zh": {"buy": "买入", "sell": "卖出"}, "en": {"buy": "buys", "sell": "sells"}}


def consensus_text(flow: FlowEvent, lang: str, *, brief: bool = False) -> Text:
    """The venues' verdict, or what it waits for. brief: of that, the minutes of the venue that has the fewest."""
    if flow.consensus is None:
        short = {
            name: each
            for name, each in flow.venues.items()
            if each.complete is not None and each.minutes is not None and each.complete < each.minutes
        }
        waiting = [f"{name[:3].upper()} {each.complete}/{each.minutes}" for name, each in short.items()]
        if brief and short:
            fewest = min(short.values(), key=lambda each: each.complete or 0)
            waiting = [f"{fewest.complete}/{fewest.minutes}"]
        words = ("预热", "warming") if all(each.warming for each in short.values()) else ("等待", "waits")
        if not waiting and flow.total is not None:
            # every venue is seen, and yet no verdict: it is off, or it failed, and says which
            reason = one_line(say(flow.consensus_reason or "-", lang), "dim")
            if brief:
                reason.truncate(_BRIEF_WIDTH, overflow="ellipsis")
            return reason
        return one_line(" ".join([words[lang != "zh"], *waiting]) if waiting else "-", "yellow")
    zh, en, style = _VERDICTS[flow.consensus]
    return Text(zh if lang == "zh" else en, style)


def signal_text(event: SignalEvent | WhaleEvent | None, lang: str, *, brief: bool = False) -> Text:
    """What was heard of a pair last. brief: its grade, or which way a whale went."""
    if event is None:
        return Text("")
    if isinstance(event, WhaleEvent):
        style = "green" if event.side == "buy" else "red"
        if brief:
            return one_line(f"🐳 {'↑' if event.side == 'buy' else '↓'}", style)
        side = _SIDES[lang][event.side]
        return one_line(f"🐳 {event.venue[:3].upper()} {side} {rough(event.quote)}", style)
    style = {"bullish": "bold green", "bearish": "bold red"}.get(event.direction, "")
    return one_line(f"[{event.grade}]" if brief else f"[{event.grade}] {event.title.say(lang)}", style)


def newness(event: SignalEvent | WhaleEvent) -> tuple[str, int]:
    """What a pair's row shows is the greatest: of the newest minute, and of one minute the gravest."""
    grade = event.grade if isinstance(event, SignalEvent) else None
    return event.time[:16], -1 if grade is None else GRADES.index(grade)


def one_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def price(value: float | None) -> str:
    """At most eight significant digits."""
    if value is None or not value > 0:
        return "-"
    return significant(value)


def partly_seen(venue: FlowOfVenue) -> bool:
    return venue.coverage is not None and venue.coverage < 1


def flow_text(venue: FlowOfVenue | None) -> Text:
    """Net flow of a venue; with a star where not all of it was seen."""
    if venue is None or not venue.listed:
        return Text("·", "dim")
    if venue.net_flow is None:
        return Text("-", "yellow")
    short = partly_seen(venue)
    style = "green" if venue.net_flow > 0 else "red" if venue.net_flow < 0 else ""
    return Text(rough(venue.net_flow, sign=True) + ("*" if short else ""), f"dim {style}" if short else style)


def ratio_text(ratios: Sequence[float | None]) -> str:
    """The least and the greatest of the venues' ratios."""
    known = sorted(ratio for ratio in ratios if ratio is not None)
    if not known:
        return "-"
    return f"{known[0]:.2f}" if len(known) == 1 else f"{known[0]:.2f}-{known[-1]:.2f}"
