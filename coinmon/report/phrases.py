"""What a report says in words, whatever it is printed on: rows of cells and lines, each with a style.

Styles: up, down, short (not all of it was seen), or none.
"""

from coinmon.model.bars import Seen
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
        "theme": "浅色 / 深色", "trades": "逐笔", "klines": "K线", "partial": "不全",
        "missing": "缺失", "samples": "采样",
    },
    "en": {
        "as_of": "as of", "venue": "market", "markets": "Markets",
        "price": "price", "seen": "seen", "signals": "signals", "none": "no signal",
        "gap": "missing", "warming": "warming", "profile": "volume profile", "levels": "key levels",
        "unseen": "not seen", "without": "made without", "min": "min", "or_scan": "or a scan", "all": "every indicator",
        "starred": "of less than their whole time",
        "utc": "times are UTC",
        "more": "more", "last": "last", "full": "--full lists every indicator", "theme": "light / dark",
        "trades": "trades", "klines": "klines", "partial": "partial", "missing": "missing", "samples": "samples",
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
    return stretch(seen.missing[0][0], seen.missing[-1][1]) + (
        f" ({len(seen.missing)})" if len(seen.missing) > 1 else ""
    )


def stretch(start: int, end: int) -> str:
    """From when to when (ms UTC): 11:40-12:24, with the days where they are two."""
    first, last = str(iso(start)), str(iso(end))
    begin = 11 if first[:10] == last[:10] else 5
    return f"{first[begin:16]}-{last[begin:16]}".replace("T", " ")


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
