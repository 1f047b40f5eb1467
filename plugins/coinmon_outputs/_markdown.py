"""Events as messages for robots, in the words and order that users of the older monitor know."""

from collections.abc import Callable, Mapping
from typing import Any

from coinmon_outputs._lines import amount, price, thousands

Event = Mapping[str, Any]
Paint = Callable[[str, float], str]
"""Colours a text by the sign of a figure, where the robot has colours."""

_VERDICTS = {
    "strong_bull": ("强力看涨 (全平台净流入)", "strong bullish (inflow on every exchange)"),
    "strong_bear": ("强力看跌 (全平台净流出)", "strong bearish (outflow on every exchange)"),
    "lean_bull": ("倾向看涨", "leaning bullish"),
    "lean_bear": ("倾向看跌", "leaning bearish"),
    "mixed": ("震荡/分歧", "mixed"),
}


def plain(text: str, figure: float) -> str:
    return text


def title(event: Event, lang: str) -> str:
    """What it is in one line: the preview in the list of chats."""
    if event.get("event") == "whale":
        bought = event["side"] == "buy"
        side = ("买入" if bought else "卖出") if lang == "zh" else "buys" if bought else "sells"
        return f"🐳 {event['pair']} {side} {_money(event)} [{str(event['venue']).upper()}]"
    if event.get("event") == "signal":
        grade = f"[{event['grade']}] " if event.get("grade") else ""
        return f"🚨 {grade}{event['pair']} {_said(event.get('title'), lang) or event.get('signal')}"
    return f"{event.get('event')} {event.get('pair') or ''}".strip()


def blocks(event: Event, lang: str, message_id: str, paint: Paint = plain) -> list[list[str]]:
    """Groups of lines; a rule or an empty line goes between groups, a line break between lines."""
    zh = lang == "zh"
    body = _whale(event, zh) if event.get("event") == "whale" else _signal(event, zh, paint)
    return [*body, [f"coinmon · {message_id}"]]


def pages_everyone(event: Event) -> bool:
    """Signals of grade A and above, and a consensus that became strong."""
    if event.get("event") != "signal":
        return False
    return event.get("grade") in ("A+", "A") or str(event.get("signal", "")).startswith("consensus")


def cut(text: str, limit: int, lang: str, written: Callable[[str], str] = str) -> str:
    """At most `limit` bytes of UTF-8 as `written`: whole lines as far as they go, and a mark that some are missing."""

    def size(part: str) -> int:
        return len(written(part).encode())

    if size(text) <= limit:
        return text
    mark = "\n…… (内容过长, 已截断)" if lang == "zh" else "\n... (too long, cut)"
    fits, over = 0, len(text)
    while over - fits > 1:
        middle = (fits + over) // 2
        fits, over = (middle, over) if size(text[:middle] + mark) <= limit else (fits, middle)
    kept = text[:fits]
    whole = kept.rpartition("\n")[0].rstrip()
    # a line of half the room or more is rather cut in its middle than dropped
    return f"{whole if len(whole) * 2 > len(kept) else kept}{mark}"


def _signal(event: Event, zh: bool, paint: Paint) -> list[list[str]]:
    lang, titles = ("zh" if zh else "en"), event.get("title") or {}
    name = _said(titles, lang) or str(event.get("signal"))
    if zh and titles.get("en"):
        name = f"{name} ({titles['en']})"
    words = ("信号类型", "信号等级", "币种", "触发时间") if zh else ("Signal", "Grade", "Pair", "Time")
    facts = (name, event.get("grade") or "-", event.get("pair") or "-", _time(event))
    groups = [
        ["### 🚨 全球主力资金监控系统报警" if zh else "### 🚨 Fund flow alert"],
        [f"**{word}**: {fact}" for word, fact in zip(words, facts, strict=True)],
    ]
    evidence = event.get("evidence") or {}
    venues = evidence.get("venues") or {}
    if venues:
        window = evidence.get("window_minutes")
        spans = (f" (过去{window}分钟)", f" (last {window} minutes)") if window else ("", "")
        head = f"**平台资金流向**{spans[0]}:" if zh else f"**Net flow**{spans[1]}:"
        currency = str(evidence.get("currency") or str(event.get("pair", "")).rpartition("/")[2])
        flows = [_venue(venue, figures or {}, currency, paint) for venue, figures in venues.items()]
        left_out = [f"- {venue.upper()}: - ({note})" for venue, note in (evidence.get("left_out") or {}).items()]
        groups.append([head, *flows, *left_out])
    verdict = evidence.get("consensus")
    if isinstance(verdict, str):
        shown = _VERDICTS[verdict][not zh] if verdict in _VERDICTS else verdict
        groups.append([f"**{'市场共识' if zh else 'Consensus'}**: {shown}"])
    if reading := _said(event.get("reading"), lang):
        groups.append([f"**{'信号解读' if zh else 'Reading'}**: {reading}"])
    if advice := _said(event.get("advice"), lang):
        groups.append([f"🚀 **{'交易建议' if zh else 'Advice'}**: {advice}"])
    return groups


def _venue(venue: str, figures: Mapping[str, Any], currency: str, paint: Paint) -> str:
    flow, coverage = figures.get("net_flow"), figures.get("coverage")
    if flow is None:
        return f"- {venue.upper()}: -"
    mark = "📈" if flow > 0 else "📉" if flow < 0 else "➖"
    short = f" ({coverage:.0%})" if isinstance(coverage, int | float) and coverage < 0.995 else ""
    return f"- {mark} {venue.upper()}: {paint(f'{thousands(flow)} {currency}', flow)}{short}"


def _whale(event: Event, zh: bool) -> list[list[str]]:
    bought = event["side"] == "buy"
    side = ("🟢 买入" if bought else "🔴 卖出") if zh else "🟢 buy" if bought else "🔴 sell"
    words = (
        ("币种", "平台", "方向", "金额", "价格", "时间") if zh else ("Pair", "Venue", "Side", "Value", "Price", "Time")
    )
    facts = (
        event["pair"], event.get("instrument") or event["venue"], side, _money(event),
        price(event.get("price")), _time(event),
    )  # fmt: skip
    head = "### 🐳 巨鲸监测" if zh else "### 🐳 Whale trade"
    return [[head], [f"**{word}**: {fact}" for word, fact in zip(words, facts, strict=True)]]


def _money(event: Event) -> str:
    return amount(event["quote"], str(event["pair"]).rpartition("/")[2])


def _time(event: Event) -> str:
    return str(event.get("time") or "-").replace("T", " ").replace("Z", " UTC")


def _said(texts: Any, lang: str) -> str:
    return str(texts.get(lang) or "") if isinstance(texts, Mapping) else ""
