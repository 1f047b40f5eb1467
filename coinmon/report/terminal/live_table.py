"""The live table: a row a pair."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from coinmon.model.events import Event, FlowEvent, SignalEvent, VenueEvent, WhaleEvent
from coinmon.report.cell_text import consensus_text, flow_text, one_line, partly_seen, price, ratio_text, signal_text
from coinmon.spoken.phrases import speaker

_HEAD = {
    "zh": ("交易对", "价格", "买卖比", "共识", "最近信号", "覆盖", "更新"),
    "en": ("pair", "price", "ratio", "consensus", "last signal", "seen", "age"),
}


_STATUS = {
    "zh": {"degraded": "数据不全", "down": "无法访问", "blocked": "拒绝本机访问"},
    "en": {"degraded": "is degraded", "down": "is down", "blocked": "refuses this network"},
}
_NARROW_WIDTH, _VENUE_WIDTH = 37, 7
"""Columns of the terminal that a row needs without its signal, ratio and age, and those of each venue."""
_RATIO_AND_AGE_WIDTH, _SIGNAL_WIDTH = 16, 12


class Board:
    """Keeps what the events say and draws it."""

    def __init__(self, venues: Sequence[str], lang: str) -> None:
        self._venues = venues
        self._lang = lang
        self._say = speaker(lang)
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
        wide = width - _NARROW_WIDTH - _VENUE_WIDTH * len(self._venues) >= _RATIO_AND_AGE_WIDTH + _SIGNAL_WIDTH
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
            table.caption = one_line("  ".join(self._legend(len(shown))), "dim")
        return table

    def _legend(self, shown: int) -> Iterator[str]:
        """What the venues' columns are, and how many pairs there was no room for."""
        window = next(iter(self._flows.values())).window
        words = ("净流量：最近 {} 分钟，计价货币", "flows: last {} minutes, quote currency")
        yield words[self._lang != "zh"].format(window)
        if any(partly_seen(venue) for flow in self._flows.values() for venue in flow.venues.values()):
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
                f"{name} {words.get(each.status, each.status)}: {self._say(each.error or '')}",
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


def _age(time: str, now: int) -> str:
    seconds = max(0, now // 1000 - round(datetime.fromisoformat(time).timestamp()))
    return f"{seconds}s" if seconds < 100 else f"{seconds // 60}m"
