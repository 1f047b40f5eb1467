"""The verdicts on what a signal's alerts were worth, in words: the same in alerts, tables and on the desk."""

from collections.abc import Mapping

from coinmon.model.events import BothLanguages

_WORDS: Mapping[str | None, BothLanguages] = {
    "too few": BothLanguages("样本太少", "too few"),
    "not proven": BothLanguages("未证实", "not proven"),
    "edge, not after costs": BothLanguages("有优势，但不够成本", "edge, not after costs"),
    "proven": BothLanguages("已证实", "proven"),
    "worse than chance": BothLanguages("不如随机", "worse than chance"),
    None: BothLanguages("尚无结论", "no verdict yet"),
}
_AT_LENGTH: Mapping[str | None, BothLanguages] = {
    "too few": BothLanguages("样本太少，无法判断", "too few to say"),
    "not proven": BothLanguages("未证实（不能排除偶然）", "not proven (may be chance)"),
    "edge, not after costs": BothLanguages("有优势，但不够交易成本", "an edge, but not after costs"),
    "proven": BothLanguages("扣费后：已证实", "after costs: proven"),
    None: BothLanguages("月末才下结论", "no verdict before the month's end"),
}


def verdict_words(verdict: str | None) -> BothLanguages:
    """In a word or two, for tables."""
    return _WORDS[verdict]


def verdict_at_length(verdict: str | None) -> BothLanguages:
    """As an alert says it."""
    return _AT_LENGTH.get(verdict) or _WORDS[verdict]
