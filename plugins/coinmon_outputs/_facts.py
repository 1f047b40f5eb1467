"""What a message says, as a template gets it: every figure worded, every word in the reader's language and time."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from coinmon_outputs._lines import amount, ending, is_dollar, percent, price, thousands
from coinmon_outputs._situation import situation_of

EventJson = Mapping[str, Any]

_VERDICTS = {
    "strong_bull": ("强力看涨 (全平台净流入)", "strong bullish (inflow on every exchange)"),
    "strong_bear": ("强力看跌 (全平台净流出)", "strong bearish (outflow on every exchange)"),
    "lean_bull": ("倾向看涨", "leaning bullish"),
    "lean_bear": ("倾向看跌", "leaning bearish"),
    "mixed": ("震荡/分歧", "mixed"),
}
_REASONS = {
    "digest": ("信号汇总", "Digest"),
    "quiet": ("静默时段汇总", "While it was quiet"),
    "busy": ("消息较多, 合并推送", "Many at once"),
    "late": ("延迟送达汇总", "Could not be sent before"),
}
_MAX_READINGS = 20
"""Events in a digest up to which each is told with its reading."""
_MAX_ITEM_CHARS = 100
"""Characters of an item of a digest: it is to name the event."""


def title(event: EventJson, lang: str) -> str:
    """What it is in one line: the preview in the list of chats."""
    if event.get("event") == "whale":
        bought = event["side"] == "buy"
        side = ("买入" if bought else "卖出") if lang == "zh" else "buys" if bought else "sells"
        return f"🐳 {event['pair']} {side} {_money(event)} [{str(event['venue']).upper()}]"
    if event.get("event") == "signal":
        return _headline(event, lang)
    if event.get("event") == "signal_ended":
        failed = event["outcome"] == "failed"
        word = ("已失效" if failed else "已结束") if lang == "zh" else "failed" if failed else "is over"
        return f"{'❌' if failed else '⏹'} [{event['grade']}] {_coin(event)} {_said(event['title'], lang)} {word}"
    if event.get("event") == "digest":
        return f"📋 {_reason(event, lang)} ({len(event['events'])})"
    return f"{event.get('event')} {event.get('pair') or event.get('venue') or ''}".strip()


def facts(event: EventJson, lang: str, zone: ZoneInfo) -> dict[str, Any]:
    """The names that a template may use; `event` is the event itself, with everything in it."""
    return {
        "event": event,
        "id": event.get("id"),
        "title": title(event, lang),
        "pair": event.get("pair") or "-",
        "grade": event.get("grade") or "-",
        "time": _time(event, zone),
        "bare_time": _time(event, zone, "%Y-%m-%d %H:%M:%S"),
        **_signal(event, lang),
        **(_whale(event, lang) if event.get("event") == "whale" else {}),
        **(_signal_ended(event, lang, zone) if event.get("event") == "signal_ended" else {}),
        **(_digest(event, lang, zone) if event.get("event") == "digest" else {}),
    }


def pages_everyone(event: EventJson, rules: Collection[str]) -> bool:
    """Whether a rule meets the event: a grade, `consensus` (one that became strong) or `whale`."""
    if event.get("event") == "digest":
        return any(pages_everyone(each, rules) for each in event["events"])
    if event.get("event") == "whale":
        return "whale" in rules
    if event.get("event") != "signal" or event.get("page") is False:
        # its record is not what `notify.at_all_requires` asks for
        return False
    return event.get("grade") in rules or ("consensus" in rules and str(event.get("signal")).startswith("consensus"))


def _headline(event: EventJson, lang: str) -> str:
    """[A+] BTC 96,409 +0.58 % 全球协同看涨: what a locked phone shows of it."""
    stood = event.get("situation") or {}
    grade = f"[{event['grade']}]" if event.get("grade") else ""
    at = "" if stood.get("price") is None else price(stood["price"])
    change = "" if stood.get("change_pct") is None else percent(stood["change_pct"])
    name = _said(event.get("title"), lang) or str(event.get("signal"))
    return " ".join(filter(None, (grade, _coin(event), at, change, name)))


def _coin(event: EventJson) -> str:
    """BTC for BTC/USDT; BTC/EUR as it is."""
    base, _, quote = str(event.get("pair") or "-").rpartition("/")
    return base if base and is_dollar(quote) else str(event.get("pair") or "-")


def _signal_ended(event: EventJson, lang: str, zone: ZoneInfo) -> dict[str, Any]:
    told = {"time": event["told"]}
    return {"outcome": event["outcome"], "told": _time(told, zone), "of": event["of"], "how": ending(event, lang)}


def _signal(event: EventJson, lang: str) -> dict[str, Any]:
    zh, titles, evidence = lang == "zh", event.get("title") or {}, event.get("evidence") or {}
    name = _said(titles, lang) or str(event.get("signal") or event.get("event"))
    if zh and _said(titles, "en"):
        name = f"{name} ({titles['en']})"
    currency = str(evidence.get("currency") or str(event.get("pair", "")).rpartition("/")[2])
    venues = [_venue(venue, figures or {}, currency) for venue, figures in (evidence.get("venues") or {}).items()]
    left_out = evidence.get("left_out") or {}
    for venue, why in left_out.items():
        # in both languages, or as it is
        note = _said(why, lang) if isinstance(why, Mapping) else str(why)
        venues.append({"mark": "", "name": venue.upper(), "sign": 0, "flow": "-", "note": note})
    verdict = evidence.get("consensus")
    said = _VERDICTS.get(verdict, (verdict, verdict))[not zh] if isinstance(verdict, str) else None
    return {
        "name": name,
        "direction": event.get("direction"),
        "venues": venues,
        "window": evidence.get("window_minutes"),
        "consensus": said,
        "reading": _said(event.get("reading"), lang),
        "advice": _said(event.get("advice"), lang),
        "record": _said((event.get("record") or {}).get("text"), lang),
        "strong": event.get("grade") in ("A+", "A"),
        "also": [f"[{each['grade']}] {_said(each['title'], lang)} · {each['id']}" for each in event.get("also") or ()],
        **situation_of(event, lang),
    }


def _venue(venue: str, figures: Mapping[str, Any], currency: str) -> dict[str, Any]:
    flow, coverage = figures.get("net_flow"), figures.get("coverage")
    short = isinstance(coverage, int | float) and coverage < 0.995 and flow is not None
    return {
        "mark": "" if flow is None else "📈" if flow > 0 else "📉" if flow < 0 else "➖",
        "name": venue.upper(),
        "sign": 0 if flow is None else (flow > 0) - (flow < 0),
        "flow": "-" if flow is None else f"{thousands(flow)} {currency}",
        "note": f"{coverage:.0%}" if short else "",
    }


def _whale(event: EventJson, lang: str) -> dict[str, Any]:
    bought = event["side"] == "buy"
    return {
        "instrument": event.get("instrument") or event["venue"],
        "side": ("🟢 买入" if bought else "🔴 卖出") if lang == "zh" else "🟢 buy" if bought else "🔴 sell",
        "value": _money(event),
        "price": price(event.get("price")),
    }


def _digest(event: EventJson, lang: str, zone: ZoneInfo) -> dict[str, Any]:
    several = event["events"]
    return {
        "reason": _reason(event, lang),
        "items": [
            {
                "title": title(each, lang)[:_MAX_ITEM_CHARS],
                "time": _time(each, zone, "%H:%M:%S"),
                "id": each.get("id"),
                "reading": _said(each.get("reading"), lang)[:_MAX_ITEM_CHARS] if len(several) <= _MAX_READINGS else "",
                "record": _said((each.get("record") or {}).get("text"), lang) if len(several) <= _MAX_READINGS else "",
            }
            for each in several
        ],
    }


def _reason(event: EventJson, lang: str) -> str:
    return _REASONS.get(str(event.get("reason")), _REASONS["digest"])[lang != "zh"]


def _money(event: EventJson) -> str:
    return amount(event["quote"], str(event["pair"]).rpartition("/")[2])


def _time(event: EventJson, zone: ZoneInfo, form: str = "%Y-%m-%d %H:%M:%S %Z") -> str:
    try:
        at = datetime.fromisoformat(str(event.get("time")))
    except ValueError:
        return "-"
    return at.astimezone(zone).strftime(form)


def _said(texts: Any, lang: str) -> str:
    return str(texts.get(lang) or "") if isinstance(texts, Mapping) else ""
