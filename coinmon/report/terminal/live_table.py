"""The live table: a row a pair."""

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from coinmon.model.events import Event, FlowEvent, SignalEvent, VenueEvent, WhaleEvent
from coinmon.report.cell_text import (
    consensus_text,
    flow_text,
    newness,
    one_line,
    partly_seen,
    price,
    ratio_text,
    signal_text,
)
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
_HEAD_AND_CAPTION, _LEAST_TITLES, _GAP = 2, 2, 1


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
            before = self._signals.get(event.pair)
            if before is None or newness(event) >= newness(before):
                # of one minute what comes last is the newest
                self._signals.pop(event.pair, None)
                self._signals[event.pair] = event
        elif isinstance(event, VenueEvent):
            self._status[event.venue] = event

    def draw(self, now: int, width: int, lines: int) -> Group:
        """At most that many lines, and as many columns as there is room for: what is shown is whole.

        Where a row has no room for what its signal is called, it has the grade, and the names stand below.
        """
        trouble = self.trouble()
        room = lines - len(trouble) - _HEAD_AND_CAPTION
        wide = width - _NARROW_WIDTH - _VENUE_WIDTH * len(self._venues) >= _RATIO_AND_AGE_WIDTH + _SIGNAL_WIDTH
        flows = self._shown(room)
        rows = [self._row(flow, now, wide) for flow in flows]
        titles: list[Text] = []
        if not self._are_whole(rows, wide, width):
            titles = self._titles(max(_LEAST_TITLES, room // 3))
            flows = self._shown(room - len(titles))
            rows = [self._row(flow, now, wide, brief=("signal",)) for flow in flows]
            if not self._are_whole(rows, wide, width):
                rows = [self._row(flow, now, wide, brief=("signal", "consensus")) for flow in flows]
        table = self._table(rows, wide)
        if self._flows:
            table.caption = one_line("  ".join(self._legend(len(rows), has_times=bool(titles))), "dim")
        return Group(table, *titles, *trouble)

    def _table(self, rows: Sequence[Sequence[Text]], wide: bool) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
        for head in self._heads(wide):
            # of all columns the consensus gives way where there is no room, and no figure
            table.add_column(head, justify=head.justify or "left", no_wrap=head.plain != _HEAD[self._lang][3])
        for row in rows:
            table.add_row(*row)
        return table

    def _heads(self, wide: bool) -> list[Text]:
        pair, price, ratio, consensus, signal, seen, age = (Text(each) for each in _HEAD[self._lang])
        venues = []
        for venue in self._venues:
            status = self._status[venue].status if venue in self._status else "ok"
            style = "" if status == "ok" else "yellow" if status == "degraded" else "red"
            venues.append(Text(venue[:3].upper(), style))
        for each in (price, *venues, ratio, seen, age):
            each.justify = "right"
        return [pair, price, *venues, *([ratio] if wide else []), consensus, seen, *([age] if wide else []), signal]

    def _are_whole(self, rows: Sequence[Sequence[Text]], wide: bool, width: int) -> bool:
        columns = zip(self._heads(wide), *rows, strict=True)
        widths: list[int] = [max(each.cell_len for each in column) for column in columns]
        return sum(widths) + _GAP * (len(widths) - 1) <= width

    def _titles(self, lines: int) -> list[Text]:
        """What each pair's last signal is called, with its time; the newest first."""
        newest = [
            one_line(f"{event.time[11:16]} {pair} ", "").append_text(signal_text(event, self._lang))
            for pair, event in reversed(self._oldest_first())
        ]
        if len(newest) <= lines:
            return newest
        more = "另有 {} 条" if self._lang == "zh" else "+{} more"
        return [*newest[: lines - 1], Text(more.format(len(newest) - lines + 1), "dim")]

    def _oldest_first(self) -> list[tuple[str, SignalEvent | WhaleEvent]]:
        """By minute, of one minute by grade, of one grade as they came."""
        return sorted(self._signals.items(), key=lambda each: newness(each[1]))

    def _legend(self, shown: int, *, has_times: bool) -> Iterator[str]:
        """What the venues' columns are, and how many pairs there was no room for."""
        window = next(iter(self._flows.values())).window
        words = ("净流量：最近 {} 分钟，计价货币", "flows: last {} minutes, quote currency")
        yield words[self._lang != "zh"].format(window)
        if any(partly_seen(venue) for flow in self._flows.values() for venue in flow.venues.values()):
            yield "*: 未全部看到" if self._lang == "zh" else "*: not all seen"
        if shown < len(self._flows):
            yield f"{shown} / {len(self._flows)} {'币种' if self._lang == 'zh' else 'pairs'}"
        if has_times:
            yield "UTC"

    def _shown(self, rows: int) -> list[FlowEvent]:
        """All pairs in their order; where there are too many, those with the newest signals, then the largest flow."""
        flows = list(self._flows.values())
        if len(flows) <= rows:
            return flows
        told = {pair: number for number, (pair, _) in enumerate(self._oldest_first())}

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

    def _row(self, flow: FlowEvent, now: int, wide: bool, *, brief: Collection[str] = ()) -> list[Text]:
        venues = flow.venues
        share = flow.coverage
        return [
            Text(flow.pair),
            Text(price(flow.price)),
            *(flow_text(venues.get(name)) for name in self._venues),
            *([Text(ratio_text([each.ratio for each in venues.values() if each.listed]))] if wide else []),
            consensus_text(flow, self._lang, brief="consensus" in brief),
            Text("-" if share is None else f"{math.floor(share * 100)}%", "" if share == 1 else "yellow"),
            *([Text(_age(flow.time, now))] if wide else []),
            signal_text(self._signals.get(flow.pair), self._lang, brief="signal" in brief),
        ]


def _age(time: str, now: int) -> str:
    seconds = max(0, now // 1000 - round(datetime.fromisoformat(time).timestamp()))
    return f"{seconds}s" if seconds < 100 else f"{seconds // 60}m"
