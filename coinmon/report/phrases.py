"""What a report says in words, whatever it is printed on: rows of cells and lines, each with a style.

Styles: up, down, short (not all of it was seen), or none.
"""

import math
from collections.abc import Mapping, Sequence

from coinmon.model.bars import Seen
from coinmon.model.events import AlertRecord, SignalEvent, ToldEvent, WhaleEvent, kind_of
from coinmon.model.figures import rough
from coinmon.model.moment import iso
from coinmon.report.document import Report

Styled = tuple[str, str]

WORDS = {
    "zh": {
        "as_of": "截至", "venue": "市场", "markets": "各市场", "price": "价格",
        "seen": "覆盖", "signals": "信号", "none": "无信号", "gap": "缺口", "warming": "预热",
        "profile": "成交量分布", "levels": "关键价位",
        "without": "分钟不足而未计入", "min": "分钟", "or_scan": "或持续的 scan",
        "unseen": "未能看到", "all": "全部指标", "more": "条未列出", "last": "现价", "full": "--full 列出全部指标",
        "starred": "所需时间只看到一部分", "utc": "时间为 UTC",
        "theme": "浅色 / 深色", "trades": "逐笔", "klines": "K线", "partial": "不全", "missing": "缺失",
    },
    "en": {
        "as_of": "as of", "venue": "market", "markets": "Markets",
        "price": "price", "seen": "seen", "signals": "signals", "none": "no signal",
        "gap": "missing", "warming": "warming", "profile": "volume profile", "levels": "key levels",
        "unseen": "not seen", "without": "made without", "min": "min", "or_scan": "or a scan", "all": "every indicator",
        "starred": "of less than their whole time",
        "utc": "times are UTC",
        "more": "more", "last": "last", "full": "--full lists every indicator", "theme": "light / dark",
        "trades": "trades", "klines": "klines", "partial": "partial", "missing": "missing",
    },
}  # fmt: skip


def seen_words(seen: Seen, lang: str) -> str:
    """How much of the window, of what kind, and the gaps."""
    words = WORDS[lang]
    kind = seen.worst.label if seen.share == 1 else seen.best.label
    text = f"{seen.complete}/{seen.minutes} {words[kind]}"
    if seen.warming:
        return f"{words['warming']} {text}"
    return f"{text}, {words['gap']} {_gaps(seen)}" if seen.missing else text


def _gaps(seen: Seen) -> str:
    """From the first gap's start to the last one's end, and how many there are."""
    first, last = ((iso(ms) or "")[11:16] for ms in (seen.missing[0][0], seen.missing[-1][1]))
    return f"{first}-{last}" + (f" ({len(seen.missing)})" if len(seen.missing) > 1 else "")


def signal_lines(report: Report, lang: str) -> list[Styled]:
    """The signals that are on; whales on one line behind the two gravest, for a screen has room for three."""
    whales = [event for event in report.events if isinstance(event, WhaleEvent)]
    lines = [_signal(event, lang) for event in report.events if not isinstance(event, WhaleEvent)]
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


def _signal(event: ToldEvent, lang: str) -> Styled:
    if not isinstance(event, SignalEvent):
        return kind_of(event), ""
    style = {"bullish": "up", "bearish": "down"}.get(event.direction, "")
    worth = ""
    if isinstance(event.record, AlertRecord):
        worth = f" ({'战绩' if lang == 'zh' else 'record'}: {event.record.text.say(lang)})"
    return f"[{event.grade}] {event.title.say(lang)} - {event.reading.say(lang)}{worth}", style


def unseen(report: Report, lang: str) -> list[str]:
    """Venues that are down, indicators that raised, gaps, what is made without a market, what the last day lacks."""
    lines = [f"{name}: {why}" for name, why in report.market.down.items()]
    lines += [f"{name}: {why}" for name, why in report.failed.items()]
    lines += [
        f"{id}: {seen.minutes - seen.complete}/{seen.minutes} {WORDS[lang]['gap']} {_gaps(seen)}"
        for id, seen in report.seen.items()
        if seen.missing
    ]
    day = report.last_day
    return [*lines, *left_out(report, lang), *([f"{day.words(lang)} {day.command}"] if day.command else [])]


def left_out(report: Report, lang: str) -> list[str]:
    """Which figures of the pair are made without which markets, and how many of their minutes those have."""
    by_markets: dict[str, list[str]] = {}
    for name, without in report.left_out.items():
        ids = ", ".join(f"{id} ({seen.complete} {WORDS[lang]['min']})" for id, seen in without.items())
        by_markets.setdefault(ids, []).append(name)
    return [f"{WORDS[lang]['without']} {ids}: {', '.join(names)}" for ids, names in by_markets.items()]
