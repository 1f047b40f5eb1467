"""What signals like this one were worth, as an alert says it: looked up in a scorecard that was made before."""

from collections.abc import Mapping
from typing import Any

from coinmon.config.schema import Requirement
from coinmon.model.events import AlertRecord, BothLanguages
from coinmon.model.figures import with_sign
from coinmon.model.moment import iso
from coinmon.model.signal import Signal
from coinmon.model.verdicts import verdict_at_length
from coinmon.store.database import Database
from coinmon.store.scorecards import SHORT_HASH, StoredScorecard, last_scorecard

Quoted = Mapping[str, Any]


class RecordBook:
    """The newest scorecard, by signal and direction. `None`: there is none yet."""

    def __init__(self, stored: StoredScorecard | None = None) -> None:
        self._stored = stored
        signals = stored.card["signals"] if stored else ()
        self._rows: dict[tuple[str, str], Quoted] = {(each["signal"], each["direction"]): each for each in signals}

    @classmethod
    def stored(cls, database: Database, at: int | None = None) -> "RecordBook":
        """As the database's newest scorecard has them. at: the one that was the newest then, ms UTC."""
        with database.read() as connection:
            return cls(last_scorecard(connection, at=at))

    def of(self, signal: Signal) -> AlertRecord | None:
        """What the signal's event says under `record`; None for an event without a grade."""
        if signal.grade is None:
            return None
        stored = self._stored
        days, source, as_of = (
            (stored.card["days"], stored.hash[:SHORT_HASH], iso(stored.until)) if stored else (None, None, None)
        )
        row = self._rows.get((signal.name, signal.direction))
        if row is None or days is None:
            return AlertRecord(0, "too few", days, source, as_of, _none(days))
        text = BothLanguages(line(row, days, "zh"), line(row, days, "en"))
        return AlertRecord(
            row["told"], row["verdict"], days, source, as_of, text, **{name: row[name] for name in _QUOTED}
        )


_QUOTED = ("judged", "independent", "horizon_minutes", "median_pct", "base_pct", "hit", "after_costs_pct")


def line(row: Quoted, days: int, lang: str) -> str:
    """One row of a scorecard in one line."""
    zh, told, judged, hit = lang == "zh", row["told"], row["judged"], row["hit"]
    parts = [
        f"{days} 天内{_told_of(row, zh)}{told} 次" if zh
        else f"{told} time{'s' * (told != 1)} in {days} days{_told_of(row, zh)}"
    ]  # fmt: skip
    if row["verdict"] == "too few":
        if judged < told:
            parts.append(f"可判 {judged} 次" if zh else f"{judged} of them judged")
        parts.append(verdict_at_length("too few").say(lang))
        return ("，" if zh else ", ").join(parts)
    after = _horizon(row["horizon_minutes"], zh)
    moved = row["median_pct"], row["base_pct"]
    if row["direction"] == "neutral":
        shown = [f"{each:.2f}" for each in moved]
        words = "{}后波动中位 {} %，平时 {} %" if zh else "after {} a move of {} % median, usual {} %"
    else:
        shown = [with_sign(each, 2) for each in moved]
        words = "{}后中位 {} %，基准 {} %" if zh else "after {} {} % median, base {} %"
    parts.append(words.format(after, *shown))
    share, low, high = (100 * each for each in hit)
    independent = row["independent"]
    parts.append(
        f"命中 {share:.0f} %（95 % 区间 {low:.0f}-{high:.0f}，独立 {independent:.0f} 次）"
        if zh
        else f"hit {share:.0f} % (95 % {low:.0f}-{high:.0f}, {independent:.0f} independent)"
    )
    parts.append(verdict_at_length(row["verdict"]).say(lang))
    return ("；" if zh else "; ").join(parts)


def _told_of(row: Quoted, zh: bool) -> str:
    """Whose record it is: one of many pairs, or of another one, is not that of the pair whose alert quotes it."""
    # rows of older versions do not know
    only, pairs = row.get("only_pair"), row.get("told_pairs")
    if only:
        return f"仅在 {only} 上 " if zh else f" on {only} alone"
    if not pairs:
        return " " if zh else ""
    return f"在 {pairs} 个交易对上 " if zh else f" on {pairs} pairs"


def _none(days: int | None) -> BothLanguages:
    """It stands behind the word for a record."""
    return (
        BothLanguages("尚无", "none yet") if days is None else BothLanguages(f"{days} 天内无", f"none in {days} days")
    )


def _horizon(minutes: int, zh: bool) -> str:
    for unit, length, word in ((1440, "天", "d"), (60, "小时", "h")):
        if minutes % unit == 0:
            return f"{minutes // unit} {length if zh else word}"
    return f"{minutes} {'分钟' if zh else 'min'}"


def meets(verdict: str | None, requirement: Requirement) -> bool:
    """Whether a verdict is what a route requires."""
    if requirement == "any":
        return True
    return verdict == "proven" if requirement == "proven" else verdict != "worse than chance"
