"""Events as lines for people, in the formats that users of the older monitor know."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from coinmon.output import say, significant, with_sign

EventJson = Mapping[str, Any]

_VERDICTS = {
    "strong_bull": ("强力看涨", "strong bullish"),
    "strong_bear": ("强力看跌", "strong bearish"),
    "lean_bull": ("倾向看涨", "leaning bullish"),
    "lean_bear": ("倾向看跌", "leaning bearish"),
    "mixed": ("震荡/分歧", "mixed"),
}
_STATUS = {
    "ok": ("恢复正常", "is back"),
    "degraded": ("数据不全", "is degraded"),
    "down": ("无法访问", "is down"),
    "blocked": ("拒绝本机访问", "refuses this network"),
}


def line(event: EventJson, lang: str = "zh", min_coverage: float = 0.95) -> str | None:
    """The line for an event, None for a kind that has none. A venue covered less shows how much, not a flow."""
    kind = str(event.get("event"))
    if kind == "flow":
        return _flow(event, lang, min_coverage)
    write = _WRITERS.get(kind)
    return None if write is None else write(event, lang)


def thousands(value: float | None) -> str:
    """+500k, -2021k, 0k; - for what is unknown."""
    if value is None:
        return "-"
    return f"{with_sign(value / 1000, 0)}k"


def amount(value: float, currency: str) -> str:
    """$523,450 for anything worth a dollar, else 523,450 EUR."""
    return f"${value:,.0f}" if is_dollar(currency) else f"{value:,.0f} {currency}"


def price(value: float | None) -> str:
    """42,150 and 98.5: at most eight significant digits, never in powers of ten."""
    if value is None or value <= 0:
        return "-"
    return significant(value)


def percent(value: float, digits: int = 2) -> str:
    """+0.58 %"""
    return f"{with_sign(value, digits)} %"


def is_dollar(currency: str) -> bool:
    return "USD" in currency or currency == "DAI"


def _flow(event: EventJson, lang: str, min_coverage: float) -> str:
    zh, verdict = lang == "zh", event.get("consensus")
    if verdict is None:
        reason = event.get("consensus_reason")
        said = ("待定" if zh else "unknown") + (f" ({say(reason, lang)})" if reason else "")
    else:
        said = _VERDICTS[verdict][not zh] if verdict in _VERDICTS else str(verdict)
    total = event.get("total")
    if verdict in ("lean_bull", "lean_bear") and total is not None:
        said += f" ({_total(total, str(event.get('currency')), zh)})"
    venues = event.get("venues") or {}
    shown = [f"{name[:3].upper()}:{_venue_flow(each, min_coverage)}" for name, each in venues.items()]
    return " | ".join([f"💰 {event['pair']}", f"{'共识' if zh else 'consensus'}: {said}", *shown])


def _venue_flow(figures: Mapping[str, Any], min_coverage: float) -> str:
    coverage, flow = figures.get("coverage"), figures.get("net_flow")
    if not figures.get("listed", True) or flow is None or not coverage:
        return "-"
    if coverage >= min_coverage:
        return thousands(flow)
    complete, minutes = figures.get("complete"), figures.get("minutes")
    return f"{math.floor(100 * coverage)}%" if complete is None or not minutes else f"{complete}/{minutes}"


def _total(total: float, currency: str, zh: bool) -> str:
    words = ("总净流入", "total net inflow") if total > 0 else ("总净流出", "total net outflow")
    millions = f"{abs(total) / 1e6:,.1f}M"
    return f"{words[not zh]}: " + (f"${millions}" if is_dollar(currency) else f"{millions} {currency}")


def _signal(event: EventJson, lang: str) -> str:
    title, reading, grade = event["title"], event["reading"], event.get("grade") or "-"
    record = ((event.get("record") or {}).get("text") or {}).get(lang)
    if lang == "zh":
        name, worth = f"{title['zh']} ({title['en']})", f" | 战绩: {record}" if record else ""
        return f"🚨 [{event['pair']}] 信号触发 [{grade}]: {name} - {reading['zh']}{worth}"
    worth = f" | record: {record}" if record else ""
    return f"🚨 [{event['pair']}] signal [{grade}]: {title['en']} - {reading['en']}{worth}"


def _signal_ended(event: EventJson, lang: str) -> str:
    zh, failed = lang == "zh", event["outcome"] == "failed"
    word = ("信号失效" if failed else "信号结束") if zh else "signal failed" if failed else "signal over"
    name = event["title"]["zh" if zh else "en"]
    return f"{'❌' if failed else '⏹'} [{event['pair']}] {word} [{event['grade']}]: {name} - {ending(event, lang)}"


def ending(event: EventJson, lang: str) -> str:
    """How a signal came to its end: how long it was on, what the price did, and the level that broke."""
    zh, level = lang == "zh", event.get("level")
    parts = [f"持续 {event['minutes']} 分钟" if zh else f"after {event['minutes']} min"]
    if event.get("change_pct") is not None:
        then, now = price(event["price_then"]), price(event["price"])
        parts.append(f"{'价格' if zh else 'price'} {then} → {now} ({percent(event['change_pct'])})")
    if level is not None:
        below = event["direction"] == "bullish"
        crossed = ("跌破支撑" if below else "升破阻力") if zh else "below support" if below else "above resistance"
        parts.append(f"{crossed} {level_name(level, lang)} {price(level['price'])}")
    return ("，" if zh else ", ").join(parts)


def level_name(level: Mapping[str, Any], lang: str) -> str:
    """In words where it has any: `昨日 VAL`, else its short name."""
    return str((level.get("title") or {}).get(lang) or level["name"])


def _whale(event: EventJson, lang: str) -> str:
    zh, bought = lang == "zh", event["side"] == "buy"
    side = ("买入" if bought else "卖出") if zh else "buys" if bought else "sells"
    said = f"{side} {amount(event['quote'], str(event['pair']).rpartition('/')[2])} @ {price(event['price'])}"
    return f"🐳 [{event['pair']}] {'巨鲸监测' if zh else 'whale'} [{venue_of(event, lang)}]: {said}"


def venue_of(event: EventJson, lang: str) -> str:
    """BINANCE, or BINANCE 永续 of a perpetual."""
    perp = str(event.get("instrument", "")).count(":") > 1
    return str(event["venue"]).upper() + ((" 永续" if lang == "zh" else " perp") if perp else "")


def _venue(event: EventJson, lang: str) -> str:
    zh, status = lang == "zh", event.get("status")
    said = _STATUS[status][not zh] if status in _STATUS else str(status)
    error = event.get("error")
    mark = "✅" if status == "ok" else "⚠️"
    return f"{mark} [{str(event['venue']).upper()}] {said}" + (f": {error}" if error else "")


def _scan_started(event: EventJson, lang: str) -> str:
    pairs = event["pairs"]
    return f"=== 开始新一轮扫描 ({pairs} 币种) ===" if lang == "zh" else f"=== new scan ({pairs} pairs) ==="


def watched(event: EventJson, lang: str) -> str | None:
    """How many pairs of an exchange are watched, where all of them are."""
    all_of, pairs = event.get("all_of"), event["pairs"]
    if not all_of:
        return None
    if lang == "zh":
        return f"✅ {str(all_of).upper()} 监控列表 ({pairs} 个币种)"
    return f"✅ {str(all_of).upper()} watch list ({pairs} pairs)"


def _scan_finished(event: EventJson, lang: str) -> str:
    share = event.get("coverage")
    covered = "-" if share is None else f"{math.floor(100 * share)}%"
    seconds, signals, whales = f"{event['seconds']:.1f}", event["signals"], event["whales"]
    zh = lang == "zh"
    how = _health(event["health"], zh) if event.get("health") else ""
    if zh:
        return f"=== 扫描完成: {seconds} 秒, {signals} 个信号, {whales} 笔巨鲸, 覆盖 {covered}{how} ==="
    return f"=== scan finished: {seconds} s, {signals} signals, {whales} whales, coverage {covered}{how} ==="


def _health(health: Mapping[str, Any], zh: bool) -> str:
    lag, queue = health["lag_ms"], sum(health["queue"].values())
    warming = health["warming"]
    waiting, failed = warming["instruments"], len(warming["failed"])
    figures = (
        ("内存", "memory", None if health["rss_mb"] is None else f"{health['rss_mb']:.0f} MB"),
        ("延迟", "lag", None if lag is None else f"{lag / 1000:.1f} s"),
        ("队列", "queue", str(queue)),
        ("重连", "reconnects", str(health["reconnects"])),
        ("预热", "warming", str(waiting) if waiting else None),
        ("预热失败", "not warmed", str(failed) if failed else None),
    )
    return "".join(f", {words[not zh]} {words[2]}" for words in figures if words[2] is not None)


_WRITERS: dict[str, Callable[[EventJson, str], str]] = {
    "signal": _signal,
    "signal_ended": _signal_ended,
    "whale": _whale,
    "venue": _venue,
    "scan_started": _scan_started,
    "scan_finished": _scan_finished,
}
