"""A report as text: a summary first, then a line for each indicator and instrument."""

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coinmon.model.bars import Seen
from coinmon.model.moment import iso
from coinmon.report.board import money, price
from coinmon.report.document import Report

_WORDS = {
    "zh": {
        "as_of": "截至", "venue": "市场", "price": "价格", "flow": "净流量", "ratio": "买卖比", "vwap": "VWAP",
        "seen": "覆盖", "signals": "信号", "none": "无信号", "missing": "缺口", "warming": "预热",
    },
    "en": {
        "as_of": "as of", "venue": "market", "price": "price", "flow": "net flow", "ratio": "buy/sell", "vwap": "VWAP",
        "seen": "seen", "signals": "signals", "none": "no signal", "missing": "missing",
        "warming": "warming",
    },
}  # fmt: skip


def render(report: Report, lang: str) -> RenderableType:
    words = _WORDS[lang]
    head = Text.assemble((str(report.market.pair), "bold"), f"  {words['as_of']} {iso(report.market.now)}")
    parts: list[RenderableType] = [head]
    agreed = report.results.get("consensus", {}).get("pair")
    if agreed is not None:
        parts.append(Text(agreed.line(lang)))
    parts.append(_summary(report, words))
    for offer in report.offers:
        results = report.results[offer.name]
        if not results or offer.scope == "pair":
            continue
        parts.append(Text(offer.name, "bold"))
        rows = Table(box=None, show_header=False, pad_edge=False)
        rows.add_column(no_wrap=True)
        rows.add_column(overflow="fold")
        for id, result in results.items():
            rows.add_row(Text(id, "dim"), Text(result.line(lang)))
        parts.append(Padding(rows, (0, 0, 0, 2)))
    for name, why in report.failed.items():
        parts.append(Text(f"{name}: {why}", "red"))
    parts.append(Text(words["signals"], "bold"))
    parts += [_signal(event, lang) for event in report.signals] or [Text(f"  {words['none']}", "dim")]
    return Group(*parts)


def _summary(report: Report, words: dict[str, str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(words["venue"], no_wrap=True)
    for name in ("price", "flow", "ratio", "vwap"):
        table.add_column(words[name], justify="right", no_wrap=True)
    table.add_column(words["seen"])
    for id, seen in report.seen.items():
        flow, vwap = (report.results.get(name, {}).get(id) for name in ("net_flow", "vwap"))
        amount = None if flow is None else flow.net_flow
        style = "" if amount is None else "green" if amount > 0 else "red"
        table.add_row(
            id,
            price(None if flow is None else flow.last_price),
            Text("-" if amount is None else money(amount, sign=True), style),
            "-" if flow is None or flow.buy_sell_ratio is None else f"{flow.buy_sell_ratio:.3f}",
            price(None if vwap is None else vwap.vwap),
            _seen(seen, words),
        )
    return table


def _seen(seen: Seen, words: dict[str, str]) -> Text:
    text = f"{seen.complete}/{seen.minutes} {seen.worst.label if seen.share == 1 else seen.best.label}"
    if seen.warming:
        text = f"{words['warming']} {text}"
    elif seen.missing:
        first, last = seen.missing[0][0], seen.missing[-1][1]
        ranges = f"{_clock(first)}-{_clock(last)}" + (f" ({len(seen.missing)})" if len(seen.missing) > 1 else "")
        text += f", {words['missing']} {ranges}"
    return Text(text, "" if seen.share == 1 else "yellow")


def _clock(ms: int) -> str:
    return (iso(ms) or "")[11:16]


def _signal(event: dict[str, Any], lang: str) -> Text:
    if event["event"] != "signal":
        size = money(event["quote"]) if event.get("quote") else ""
        return Text(f"  {event['event']} {event.get('venue', '')} {event.get('side', '')} {size}")
    style = {"bullish": "green", "bearish": "red"}.get(event["direction"], "")
    return Text(f"  [{event['grade']}] {event['title'][lang]} - {event['reading'][lang]}", style)
