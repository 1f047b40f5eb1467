"""The signals that are on, as a report says them: on whatever it is printed."""

import math
from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from coinmon.model.events import AlertRecord, SignalEvent, ToldEvent, WhaleEvent, kind_of
from coinmon.model.figures import rough
from coinmon.model.verdicts import verdict_words
from coinmon.report.document import Report
from coinmon.report.phrases import Styled


def signal_lines(report: Report, lang: str, width: int | None = None) -> list[Styled]:
    """The signals that are on; whales on one line behind the two gravest, for a screen has room for three.

    width: of that screen. Where it has no room for a line, the record is its verdict alone, before the reading, which
    is what may be cut.
    """
    whales = [event for event in report.events if isinstance(event, WhaleEvent)]
    lines = [_signal(event, lang, width) for event in report.events if not isinstance(event, WhaleEvent)]
    if whales:
        lines.insert(2, _whale(whales[0], lang) if len(whales) == 1 else _whales(whales, lang))
    return lines


def _whale(event: WhaleEvent, lang: str) -> Styled:
    is_buy = event.side == "buy"
    return f"{'巨鲸' if lang == 'zh' else 'whale'} {_order(event, lang)}", "up" if is_buy else "down"


def _order(event: WhaleEvent, lang: str) -> str:
    side = {"buy": "买入", "sell": "卖出"}[event.side] if lang == "zh" else event.side
    return f"{event.venue} {side} {rough(event.quote)} {_currency(event)}"


def _whales(events: Sequence[WhaleEvent], lang: str) -> Styled:
    """How many, what they bought and sold in each currency, and the largest; a tone where all currencies agree."""
    bought, sold = ([each for each in events if each.side == side] for side in ("buy", "sell"))
    more, less = _sums(bought), _sums(sold)
    # base units are the same everywhere, what they are paid in is not
    largest = _order(max(events, key=lambda each: (each.base, each.quote)), lang)
    buys, sells = _added(bought, more), _added(sold, less)
    if lang == "zh":
        text = f"巨鲸 {len(events)} 笔：{len(bought)} 笔买入{buys}，{len(sold)} 笔卖出{sells}；最大：{largest}"
    else:
        text = f"{len(events)} whales: {len(bought)} bought{buys}, {len(sold)} sold{sells}; the largest: {largest}"
    net = {more.get(each, 0.0) - less.get(each, 0.0) for each in (*more, *less)}
    return text, "up" if min(net) > 0 else "down" if max(net) < 0 else ""


def _currency(event: WhaleEvent) -> str:
    """What it was paid in: a venue's dollars are not another's USDT."""
    return event.instrument.partition("/")[2].partition(":")[0]


def _sums(events: Sequence[WhaleEvent]) -> dict[str, float]:
    return {
        currency: math.fsum(each.quote for each in events if _currency(each) == currency)
        for currency in sorted(set(map(_currency, events)))
    }


def _added(events: Sequence[WhaleEvent], sums: Mapping[str, float]) -> str:
    return f" {' + '.join(f'{rough(value)} {currency}' for currency, value in sums.items())}" if events else ""


def _signal(event: ToldEvent, lang: str, width: int | None) -> Styled:
    if not isinstance(event, SignalEvent):
        return kind_of(event), ""
    style = {"bullish": "up", "bearish": "down"}.get(event.direction, "")
    title, reading = f"[{event.grade}] {event.title.say(lang)}", event.reading.say(lang)
    if not isinstance(event.record, AlertRecord):
        return f"{title} - {reading}", style
    word = "战绩" if lang == "zh" else "record"
    line = f"{title} - {reading} ({word}: {event.record.text.say(lang)})"
    if width is not None and cell_len(line) > width:
        line = f"{title} ({word}: {verdict_words(event.record.verdict).say(lang)}) - {reading}"
    return line, style
