"""An event in one line: the first of its message, and what a locked phone and the list of chats show of it."""

from collections.abc import Mapping
from typing import Any

from coinmon_outputs._lines import amount, is_dollar, percent, price, venue_of

EventJson = Mapping[str, Any]

_DIRECTIONS = {"bullish": ("看涨", "bullish"), "bearish": ("看跌", "bearish")}
_SAYS_WHICH_WAY = (("看涨", "看跌"), ("bull", "bear"))
_GRADES = ("A+", "A", "B+", "B", "C")
"""The gravest first."""
_REASONS = {
    "digest": ("信号汇总", "Digest"),
    "quiet": ("静默时段汇总", "While it was quiet"),
    "busy": ("消息较多, 合并推送", "Many at once"),
    "late": ("延迟送达汇总", "Could not be sent before"),
}


def title(event: EventJson, lang: str) -> str:
    """What it is in one line: the preview in the list of chats."""
    if event.get("event") == "whale":
        return _whale_headline(event, lang)
    if event.get("event") == "signal":
        return _headline(event, lang, event.get("situation") or {})
    if event.get("event") == "signal_ended":
        failed = event["outcome"] == "failed"
        word = ("已失效" if failed else "已结束") if lang == "zh" else "failed" if failed else "is over"
        return f"{'❌' if failed else '⏹'} {_headline(event, lang, event)} {word}"
    if event.get("event") == "digest":
        told = [each for each in event["events"] if each.get("event") == "signal" and each.get("grade") in _GRADES]
        gravest = min(told, key=lambda each: _GRADES.index(each["grade"]), default=None)
        of = "" if gravest is None else f": {title(gravest, lang)}"
        return f"📋 {reason(event, lang)} ({len(event['events'])}){of}"
    return f"{event.get('event')} {event.get('pair') or event.get('venue') or ''}".strip()


def _headline(event: EventJson, lang: str, stood: EventJson) -> str:
    """[A+] BTC 96,409 +0.58 % 全球协同看涨: what a locked phone shows of it. stood: where the pair did, or does."""
    grade = f"[{event['grade']}]" if event.get("grade") else ""
    at = "" if stood.get("price") is None else price(stood["price"])
    change = "" if stood.get("change_pct") is None else percent(stood["change_pct"])
    return " ".join(filter(None, (grade, _coin(event), at, change, _name(event, lang))))


def _name(event: EventJson, lang: str) -> str:
    """Its title; with the direction where that does not say it."""
    name = said(event.get("title"), lang) or str(event.get("signal"))
    ways = _DIRECTIONS.get(str(event.get("direction")))
    if ways is None or any(each in name.lower() for each in _SAYS_WHICH_WAY[lang != "zh"]):
        return name
    return f"{name} ({ways[lang != 'zh']})"


def _whale_headline(event: EventJson, lang: str) -> str:
    """🐳 BTC 买入 $523,450 @ 42,150 [BINANCE 永续]"""
    zh, bought = lang == "zh", event["side"] == "buy"
    side = ("买入" if bought else "卖出") if zh else "buy" if bought else "sell"
    at = "" if event.get("price") is None else f" @ {price(event['price'])}"
    return f"🐳 {_coin(event)} {side} {money(event)}{at} [{venue_of(event, lang)}]"


def _coin(event: EventJson) -> str:
    """BTC for BTC/USDT; BTC/EUR as it is."""
    base, _, quote = str(event.get("pair") or "-").rpartition("/")
    return base if base and is_dollar(quote) else str(event.get("pair") or "-")


def reason(event: EventJson, lang: str) -> str:
    return _REASONS.get(str(event.get("reason")), _REASONS["digest"])[lang != "zh"]


def money(event: EventJson) -> str:
    return amount(event["quote"], str(event["pair"]).rpartition("/")[2])


def said(texts: Any, lang: str) -> str:
    return str(texts.get(lang) or "") if isinstance(texts, Mapping) else ""
