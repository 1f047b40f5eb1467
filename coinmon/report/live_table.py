"""The live table: a row a pair."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from coinmon.model.events import Event, FlowEvent, FlowOfVenue, SignalEvent, VenueEvent, WhaleEvent
from coinmon.model.figures import significant
from coinmon.model.signal import say

_VERDICTS = {
    "strong_bull": ("强力看涨", "strong bull", "bold green"),
    "strong_bear": ("强力看跌", "strong bear", "bold red"),
    "lean_bull": ("倾向看涨", "lean bull", "green"),
    "lean_bear": ("倾向看跌", "lean bear", "red"),
    "mixed": ("震荡/分歧", "mixed", "dim"),
}
_HEAD = {
    "zh": ("交易对", "价格", "买卖比", "共识", "最近信号", "覆盖", "更新"),
    "en": ("pair", "price", "ratio", "consensus", "last signal", "seen", "age"),
}


_STATUS = {
    "zh": {"degraded": "数据不全", "down": "无法访问", "blocked": "拒绝本机访问"},
    "en": {"degraded": "is degraded", "down": "is down", "blocked": "refuses this network"},
}
_SIDES = {"zh": {"buy": "买入", "sell": "卖出"}, "en": {"buy": "buys", "sell": "sells"}}
_NARROW, _VENUE = 37, 7
"""Columns of the terminal that a row needs without its signal, ratio and age, and those of each venue."""
_RATIO_AND_AGE, _SIGNAL = 16, 12


class Board:
    """Keeps what the events say and draws it."""

    def __init__(self, venues: Sequence[str], lang: str) -> None:
        self._venues = venues
        self._lang = lang
        self._flows: dict[str, FlowEvent] = {}
        self._signals: dict[str, SignalEvent | WhaleEvent] = {}
        self._status: dict[str, VenueEvent] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, FlowEvent):
            self._flows[event.pair] = event
        elif isinstance(event, SignalEvent | WhaleEvent):
            # the newest comes last
            self._signals.pop(event.pair, None)
            self._signals[event.pair] = event
        elif isinstance(event, VenueEvent):
            self._status[event.venue] = event

    def table(self, now: int, width: int, rows: int) -> Table:
        """At most `rows` pairs, as many columns as `width` has room for: figures are shown whole or not at all."""
        pair, price, ratio, consensus, signal, seen, age = _HEAD[self._lang]
        wide = width - _NARROW - _VENUE * len(self._venues) >= _RATIO_AND_AGE + _SIGNAL
        shown = self._shown(rows)
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(pair, no_wrap=True)
        table.add_column(price, justify="right", no_wrap=True)
        for venue in self._venues:
            status = self._status[venue].status if venue in self._status else "ok"
            head = Text(venue[:3].upper(), "" if status == "ok" else "yellow" if status == "degraded" else "red")
            table.add_column(head, justify="right", no_wrap=True)
        if wide:
            table.add_column(ratio, justify="right", no_wrap=True)
        table.add_column(consensus, no_wrap=True)
        table.add_column(seen, justify="right", no_wrap=True)
        if wide:
            table.add_column(age, justify="right", no_wrap=True)
        # the one column that gives way
        table.add_column(signal)
        for flow in shown:
            table.add_row(*self._row(flow, now, wide))
        if self._flows:
            table.caption = _one_line("  ".join(self._legend(len(shown))), "dim")
        return table

    def _legend(self, shown: int) -> Iterator[str]:
        """What the venues' columns are, and how many pairs there was no room for."""
        window = next(iter(self._flows.values())).window
        words = ("净流量：最近 {} 分钟，计价货币", "flows: last {} minutes, quote currency")
        yield words[self._lang != "zh"].format(window)
        if any(_short(venue) for flow in self._flows.values() for venue in flow.venues.values()):
            yield "*: 未全部看到" if self._lang == "zh" else "*: not all seen"
        if shown < len(self._flows):
            yield f"{shown} / {len(self._flows)} {'币种' if self._lang == 'zh' else 'pairs'}"

    def _shown(self, rows: int) -> list[FlowEvent]:
        """All pairs in their order; where there are too many, those with the newest signals, then the largest flow."""
        flows = list(self._flows.values())
        if len(flows) <= rows:
            return flows
        told = {pair: number for number, pair in enumerate(self._signals)}

        def weight(flow: FlowEvent) -> tuple[int, float]:
            known = [each.net_flow for each in flow.venues.values() if each.net_flow is not None]
            return told.get(flow.pair, -1), abs(math.fsum(known))

        return sorted(flows, key=weight, reverse=True)[: max(0, rows)]

    def trouble(self) -> list[Text]:
        """A line for each venue that is not well."""
        words = _STATUS[self._lang]
        return [
            Text(
                f"{name} {words.get(each.status, each.status)}: {each.error}",
                "yellow" if each.status == "degraded" else "red",
                no_wrap=True,
                overflow="ellipsis",
            )
            for name, each in self._status.items()
            if each.status != "ok"
        ]

    def _row(self, flow: FlowEvent, now: int, wide: bool) -> list[str | Text]:
        venues = flow.venues
        share = flow.coverage
        return [
            flow.pair,
            price(flow.price),
            *(flow_text(venues.get(name)) for name in self._venues),
            *([ratio_text([each.ratio for each in venues.values() if each.listed])] if wide else []),
            consensus_text(flow, self._lang),
            Text("-" if share is None else f"{math.floor(share * 100)}%", "" if share == 1 else "yellow"),
            *([_age(flow.time, now)] if wide else []),
            signal_text(self._signals.get(flow.pair), self._lang),
        ]


def consensus_text(flow: FlowEvent, lang: str) -> Text:
    """The venues' verdict, or what it waits for."""
    if flow.consensus is None:
        short = {
            name: each
            for name, each in flow.venues.items()
            if each.complete is not None and each.minutes is not None and each.complete < each.minutes
        }
        waiting = [f"{name[:3].upper()} {each.complete}/{each.minutes}" for name, each in short.items()]
        words = ("预热", "warming") if all(each.warming for each in short.values()) else ("等待", "waits")
        if not waiting and flow.total is not None:
            # every venue is seen, and yet no verdict: it is off, or it failed, and says which
            return _one_line(say(flow.consensus_reason or "-", lang), "dim")
        return Text(" ".join([words[lang != "zh"], *waiting]) if waiting else "-", "yellow")
    zh, en, style = _VERDICTS[flow.consensus]
    return Text(zh if lang == "zh" else en, style)


def signal_text(event: SignalEvent | WhaleEvent | None, lang: str) -> Text:
    """What was heard of a pair last."""
    if event is None:
        return Text("")
    if isinstance(event, WhaleEvent):
        style = "green" if event.side == "buy" else "red"
        side = _SIDES[lang][event.side]
        return _one_line(f"🐳 {event.venue[:3].upper()} {side} {money(event.quote)}", style)
    style = {"bullish": "bold green", "bearish": "bold red"}.get(event.direction, "")
    return _one_line(f"[{event.grade}] {event.title.say(lang)}", style)


def _one_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def money(value: float, sign: bool = False) -> str:
    """+1.25M, -80.0k, 640."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return (
                f"{value / limit:{'+' if sign else ''}.3g}{unit}"
                if abs(value) < limit * 999.5
                else f"{value / limit:,.0f}{unit}"
            )
    return f"{value:{'+' if sign else ''}.0f}"


def price(value: float | None) -> str:
    """At most eight significant digits."""
    if value is None or not value > 0:
        return "-"
    return significant(value)


def _short(venue: FlowOfVenue) -> bool:
    return venue.coverage is not None and venue.coverage < 1


def flow_text(venue: FlowOfVenue | None) -> Text:
    """Net flow of a venue; with a star where not all of it was seen."""
    if venue is None or not venue.listed:
        return Text("·", "dim")
    if venue.net_flow is None:
        return Text("-", "yellow")
    short = _short(venue)
    style = "green" if venue.net_flow > 0 else "red"
    return Text(money(venue.net_flow, sign=True) + ("*" if short else ""), f"dim {style}" if short else style)


def ratio_text(ratios: Sequence[float | None]) -> str:
    """The least and the greatest of the venues' ratios."""
    known = sorted(ratio for ratio in ratios if ratio is not None)
    if not known:
        return "-"
    return f"{known[0]:.2f}" if len(known) == 1 else f"{known[0]:.2f}-{known[-1]:.2f}"


def _age(time: str, now: int) -> str:
    seconds = max(0, now // 1000 - round(datetime.fromisoformat(time).timestamp()))
    return f"{seconds}s" if seconds < 100 else f"{seconds // 60}m"
