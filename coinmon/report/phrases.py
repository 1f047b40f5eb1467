"""What a report says in words, whatever it is printed on: rows of cells and lines, each with a style.

Styles: up, down, short (not all of it was seen), or none.
"""

import math
from typing import Any

from coinmon.model.bars import Seen
from coinmon.model.events import AlertRecord, SignalEvent, ToldEvent, WhaleEvent, kind_of
from coinmon.model.moment import iso
from coinmon.report.document import PAIR, Report
from coinmon.report.live_table import money, price

Styled = tuple[str, str]

WORDS = {
    "zh": {
        "as_of": "截至", "venue": "市场", "markets": "各市场", "price": "价格", "flow": "净流量", "ratio": "买卖比",
        "vwap": "VWAP", "seen": "覆盖", "signals": "信号", "none": "无信号", "gap": "缺口", "warming": "预热",
        "profile": "成交量分布", "levels": "关键价位", "open_interest": "持仓量", "funding": "资金费率",
        "unseen": "未能看到", "all": "全部指标", "more": "条未列出", "last": "现价", "full": "--full 列出全部指标",
        "flows": "净流量：最近 {} 分钟，计价货币", "starred": "所需时间只看到一部分", "utc": "时间为 UTC",
        "theme": "浅色 / 深色", "trades": "逐笔", "klines": "K线", "partial": "不全", "missing": "缺失",
    },
    "en": {
        "as_of": "as of", "venue": "market", "markets": "Markets", "price": "price", "flow": "net flow",
        "ratio": "buy/sell", "vwap": "VWAP", "seen": "seen", "signals": "signals", "none": "no signal",
        "gap": "missing", "warming": "warming", "profile": "volume profile", "levels": "key levels",
        "open_interest": "open interest", "funding": "funding", "unseen": "not seen", "all": "every indicator",
        "flows": "flows: last {} minutes, quote currency", "starred": "of less than their whole time",
        "utc": "times are UTC",
        "more": "more", "last": "last", "full": "--full lists every indicator", "theme": "light / dark",
        "trades": "trades", "klines": "klines", "partial": "partial", "missing": "missing",
    },
}  # fmt: skip


def head(report: Report, lang: str) -> list[str]:
    """The consensus and the flow by venue."""
    agreed = report.results.get("consensus", {}).get(PAIR)
    return [] if agreed is None else [agreed.line(lang)]


def market_rows(report: Report, lang: str) -> list[list[Styled]]:
    """Instrument, price, net flow, buy/sell ratio, VWAP and coverage of each market."""
    rows = []
    for id, seen in report.seen.items():
        flow, vwap = (report.results.get(name, {}).get(id) for name in ("net_flow", "vwap"))
        amount = None if flow is None else flow.net_flow
        ratio = None if flow is None else flow.buy_sell_ratio
        rows.append(
            [
                (id, ""),
                (price(None if flow is None else flow.last_price), ""),
                ("-", "") if amount is None else (money(amount, sign=True), "up" if amount > 0 else "down"),
                ("-" if ratio is None else f"{ratio:.3f}", ""),
                (price(None if vwap is None else vwap.vwap) + star(report, "vwap", id), ""),
                (_seen(seen, lang), "" if seen.share == 1 else "short"),
            ]
        )
    return rows


def star(report: Report, indicator: str, of: str) -> str:
    """Marks a figure of an indicator that did not see all of its time."""
    result = report.results.get(indicator, {}).get(of)
    return "*" if result is not None and result.coverage.share < 1 else ""


def flows(report: Report, lang: str) -> str:
    """The time that the flows are of, and their money."""
    minutes = {each.window for each in report.results.get("net_flow", {}).values()}
    return WORDS[lang]["flows"].format(*minutes) if len(minutes) == 1 else ""


def starred(report: Report, lang: str) -> str:
    """What the star means: the indicators marked with it, and the least share of its time that each saw."""
    of = {"vwap": report.seen, "volume_profile": [PAIR], "key_levels": [PAIR]}
    shares = {
        name: min((report.results[name][id].coverage.share for id in ids if star(report, name, id)), default=1)
        for name, ids in of.items()
    }
    told = [f"{name} {math.floor(100 * share)}%" for name, share in shares.items() if share < 1]
    return f"* {WORDS[lang]['starred']}: {', '.join(told)}" if told else ""


def _seen(seen: Seen, lang: str) -> str:
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
    """The signals that are on."""
    return [_signal(event, lang) for event in report.events]


def _signal(event: ToldEvent, lang: str) -> Styled:
    if isinstance(event, WhaleEvent):
        return f"whale {event.venue} {event.side} {money(event.quote)}", "up" if event.side == "buy" else "down"
    if not isinstance(event, SignalEvent):
        return kind_of(event), ""
    style = {"bullish": "up", "bearish": "down"}.get(event.direction, "")
    worth = ""
    if isinstance(event.record, AlertRecord):
        worth = f" ({'战绩' if lang == 'zh' else 'record'}: {event.record.text.say(lang)})"
    return f"[{event.grade}] {event.title.say(lang)} - {event.reading.say(lang)}{worth}", style


def derivatives(report: Report, lang: str) -> list[tuple[str, list[Styled]]]:
    """Open interest and funding: the name of each, and what it is at each venue."""
    made = []
    for name, words in (("open_interest", _interest), ("funding", _funding)):
        found = {id.partition(":")[0]: words(each) for id, each in report.results.get(name, {}).items()}
        cells = [(f"{venue[:3].upper()} {cell[0]}", cell[1]) for venue, cell in found.items() if cell]
        if cells:
            unit = f" ({report.market.pair.base})" if name == "open_interest" else ""
            made.append((WORDS[lang][name] + unit, cells))
    return made


def _interest(result: Any) -> Styled | None:
    held, change = result.open_interest, result.change_pct
    if held is None:
        return None
    return (money(held), "") if change is None else (f"{money(held)} ({change:+.2f}%)", "up" if change > 0 else "down")


def _funding(result: Any) -> Styled | None:
    every = "" if result.interval_hours is None else f"/{result.interval_hours:g}h"
    return None if result.rate is None else (f"{100 * result.rate:+.4f}%{every}", "")


def unseen(report: Report, lang: str) -> list[str]:
    """Venues that are down, indicators that raised, and gaps."""
    lines = [f"{name}: {why}" for name, why in report.market.down.items()]
    lines += [f"{name}: {why}" for name, why in report.failed.items()]
    lines += [
        f"{id}: {seen.minutes - seen.complete}/{seen.minutes} {WORDS[lang]['gap']} {_gaps(seen)}"
        for id, seen in report.seen.items()
        if seen.missing
    ]
    return lines
