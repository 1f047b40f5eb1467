"""What a message says, as a template gets it: every figure worded, every word in the reader's language and time."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from coinmon.output import significant
from coinmon_outputs._headline import money, reason, said, title
from coinmon_outputs._lines import ending, price, thousands
from coinmon_outputs._situation import situation_of

EventJson = Mapping[str, Any]

_VERDICTS = {
    "strong_bull": ("强力看涨 (全平台净流入)", "strong bullish (inflow on every exchange)"),
    "strong_bear": ("强力看跌 (全平台净流出)", "strong bearish (outflow on every exchange)"),
    "lean_bull": ("倾向看涨", "leaning bullish"),
    "lean_bear": ("倾向看跌", "leaning bearish"),
    "mixed": ("震荡/分歧", "mixed"),
}
_MAX_READINGS = 20
"""Events in a digest up to which each is told with its reading."""
_MAX_ITEM_CHARS = 100
"""Characters of an item of a digest: it is to name the event."""


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


def _signal_ended(event: EventJson, lang: str, zone: ZoneInfo) -> dict[str, Any]:
    told = {"time": event["told"]}
    return {"outcome": event["outcome"], "told": _time(told, zone), "of": event["of"], "how": ending(event, lang)}


def _signal(event: EventJson, lang: str) -> dict[str, Any]:
    zh, titles, evidence = lang == "zh", event.get("title") or {}, event.get("evidence") or {}
    name = said(titles, lang) or str(event.get("signal") or event.get("event"))
    if zh and said(titles, "en"):
        name = f"{name} ({titles['en']})"
    currency = str(evidence.get("currency") or str(event.get("pair", "")).rpartition("/")[2])
    venues = [_venue(venue, figures or {}, currency) for venue, figures in (evidence.get("venues") or {}).items()]
    left_out = evidence.get("left_out") or {}
    for venue, why in left_out.items():
        # in both languages, or as it is
        note = said(why, lang) if isinstance(why, Mapping) else str(why)
        venues.append({"mark": "", "name": venue.upper(), "sign": 0, "flow": "-", "note": note})
    verdict = evidence.get("consensus")
    words = _VERDICTS.get(verdict, (verdict, verdict))[not zh] if isinstance(verdict, str) else None
    return {
        "name": name,
        "direction": event.get("direction"),
        "venues": venues,
        "window": evidence.get("window_minutes"),
        "consensus": words,
        "reading": said(event.get("reading"), lang),
        "advice": said(event.get("advice"), lang),
        "record": said((event.get("record") or {}).get("text"), lang),
        "strong": event.get("grade") in ("A+", "A"),
        "also": [f"[{each['grade']}] {said(each['title'], lang)} · {each['id']}" for each in event.get("also") or ()],
        **situation_of(event, lang),
    }


def _venue(venue: str, figures: Mapping[str, Any], currency: str) -> dict[str, Any]:
    flow, coverage = figures.get("net_flow"), figures.get("coverage")
    short = isinstance(coverage, int | float) and coverage < 0.995 and flow is not None
    # what is written as nothing goes neither way
    sign = 0 if flow is None else (round(flow / 1000) > 0) - (round(flow / 1000) < 0)
    return {
        "mark": "" if flow is None else "➖📈📉"[sign],
        "name": venue.upper(),
        "sign": sign,
        "flow": "-" if flow is None else f"{thousands(flow)} {currency}",
        "note": f"{coverage:.0%}" if short else "",
    }


def _whale(event: EventJson, lang: str) -> dict[str, Any]:
    bought = event["side"] == "buy"
    return {
        "instrument": event.get("instrument") or event["venue"],
        "side": ("🟢 买入" if bought else "🔴 卖出") if lang == "zh" else "🟢 buy" if bought else "🔴 sell",
        "value": money(event),
        "price": price(event.get("price")),
        "amount": f"{significant(event['base'], 6)} {str(event['pair']).partition('/')[0]}",
    }


def _digest(event: EventJson, lang: str, zone: ZoneInfo) -> dict[str, Any]:
    several = event["events"]
    return {
        "reason": reason(event, lang),
        "items": [
            {
                "title": title(each, lang)[:_MAX_ITEM_CHARS],
                "time": _time(each, zone, "%H:%M:%S"),
                "id": each.get("id"),
                "reading": _gist(each, lang)[:_MAX_ITEM_CHARS] if len(several) <= _MAX_READINGS else "",
                "record": said((each.get("record") or {}).get("text"), lang) if len(several) <= _MAX_READINGS else "",
            }
            for each in several
        ],
    }


def _gist(event: EventJson, lang: str) -> str:
    return ending(event, lang) if event.get("event") == "signal_ended" else said(event.get("reading"), lang)


def _time(event: EventJson, zone: ZoneInfo, form: str = "%Y-%m-%d %H:%M:%S %Z") -> str:
    try:
        at = datetime.fromisoformat(str(event.get("time")))
    except ValueError:
        return "-"
    return at.astimezone(zone).strftime(form)
