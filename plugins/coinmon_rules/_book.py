"""Rules as they are written made into rules that can be judged; every fault with its line, column and cure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, get_args

from coinmon.command import PluginConfig, RulesFile, WrittenSignals
from coinmon.signal import Market, Signal, Silent
from coinmon_rules._check import Known, compiled, condition
from coinmon_rules._examples.inline_bars import inline_markets, is_pair
from coinmon_rules._fields import Indicators, near
from coinmon_rules._nodes import FLAG, Node, OverTime
from coinmon_rules._rule import Direction, Example, Grade, Rule
from coinmon_rules._screen import PairScreen
from coinmon_rules._words import TextPieces, said
from coinmon_rules._written.files import Entry, RulesFileFault, rules_of
from coinmon_rules._written.grammar import RuleFault

_KEYS = (
    "when", "for", "until", "grade", "direction", "horizon", "cooldown", "title", "say", "advice", "pairs", "coverage",
    "tests", "enabled",
)  # fmt: skip
_MEANT = {
    "if": "when", "condition": "when", "expr": "when", "alert": "say", "message": "say", "text": "say",
    "severity": "grade", "level": "grade", "labels": "grade", "description": "say", "summary": "title", "name": "title",
    "annotations": "say", "duration": "for", "side": "direction", "symbols": "pairs", "symbol": "pairs",
    "pair": "pairs", "examples": "tests", "unless": "until", "pause": "cooldown", "disabled": "enabled",
}  # fmt: skip
"""Words of other tools, and what they are called here."""
_SPAN = re.compile(r"(\d{1,5})\s*(m|min|h|d)")
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": 1440}
SignalsOf = Callable[[Market], Iterable[Signal]]
"""Asks a signal what it says of a pair."""
_EXAMPLE_KEYS = ("pair", "at", "bars", "expect")
BARS_END = "2026-01-15T12:00Z"
"""When the last of the minutes ends that are written beside a rule, where that is not said."""
_DEFAULT_COVERAGE = 0.95
_DEFAULT_COOLDOWN = 30
LONGEST_HOLD = 240
"""Minutes that `for` may ask for."""


def read_rules(
    files: Sequence[RulesFile],
    indicators: Mapping[str, PluginConfig],
    venues: Collection[str],
    signals: Mapping[str, PluginConfig],
) -> WrittenSignals:
    """All rules of all files. A file or rule that is wrong costs itself; its faults are said."""
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    for file in files:
        try:
            for name, entry in rules_of(file.name, file.text, alone=file.alone).items():
                if name in entries:
                    faults.append(
                        f"{entry.place()}: rule {name} is also in {entries[name].place()}: give it another name"
                    )
                else:
                    entries[name] = entry
        except RulesFileFault as error:
            faults.append(str(error))
    rules: dict[str, Rule] = {}
    asks: dict[str, SignalsOf] = {name: partial(each.offer.target, **each.settings) for name, each in signals.items()}
    # of a rule that is wrong nothing is known
    asks |= {name: partial(_of_rule, rules, name) for name in entries}
    for name, entry in entries.items():
        if not re.fullmatch("[a-z][a-z0-9_]{0,59}", name):
            faults.append(f"{entry.place()}: {name[:60]!r} is no name for a rule: lower-case letters, digits and _")
            continue
        if name in signals:
            faults.append(f"{entry.place()}: {name} is the name of a signal that is there: give the rule another name")
            continue
        others = {each: ask for each, ask in asks.items() if each != name}
        reader = _RuleReader(name, entry, Indicators(indicators), venues, others)
        rule = reader.rule()
        faults += reader.faults
        if rule is not None and not reader.faults:
            rules[name] = rule
    for name in _in_circles(rules):
        faults.append(
            f"{rules.pop(name).place}: rule {name}: it asks on(...) of rules that ask it: they go in a circle"
        )
    places = {name: entries[name].file for name in rules}
    return WrittenSignals(rules, places, faults, PairScreen(rules), partial(_examples, rules))


def _examples(rules: Mapping[str, Rule], reader: Any) -> Sequence[Mapping[str, Any]]:
    from coinmon_rules._examples.tried import rows_of

    return rows_of(reader, [(rule, each) for rule in rules.values() for each in rule.examples])


def _of_rule(rules: Mapping[str, Rule], name: str, market: Market) -> Iterable[Signal]:
    rule = rules.get(name)
    return Silent("it is not on", waits=True) if rule is None else rule(market)


def _in_circles(rules: Mapping[str, Rule]) -> list[str]:
    """Rules that ask, by way of others, whether they are on themselves."""
    asked = {
        name: {each.indicator for each, _ in rule.fields().values() if each.where == "state"} & rules.keys()
        for name, rule in rules.items()
    }
    found = []
    for name in rules:
        reached, waiting = set[str](), list(asked[name])
        while waiting:
            each = waiting.pop()
            if each not in reached:
                reached.add(each)
                waiting += asked[each]
        if name in reached:
            found.append(name)
    return found


class _RuleReader:
    """Reads one rule; `faults` says what is wrong with it."""

    def __init__(
        self, name: str, entry: Entry, indicators: Indicators, venues: Collection[str], signals: Mapping[str, SignalsOf]
    ) -> None:
        self.name, self.entry = name, entry
        self.faults: list[str] = []
        self._indicators, self._venues, self._signals = indicators, venues, signals

    def rule(self) -> Rule | None:
        """None where it is switched off, or `faults` says why there is none."""
        if not self.entry.is_mapping:
            self._fault(self.entry, "expected keys such as `when: net_flow(spot).zscore > 2`")
            return None
        given: dict[str, Entry] = {}
        for key, value in self.entry.entries():
            word = str(key.value)
            if word not in _KEYS:
                meant = f" (did you mean {_MEANT[word]}?)" if word in _MEANT else near(word, _KEYS)
                if any(each in word for each in "()<>,"):
                    meant = "; inside { } a condition stands in quotes"
                self._fault(key, f"{word} is not a key of a rule{meant}; there are {', '.join(_KEYS)}")
            elif word in given:
                self._fault(key, f"{word} is there twice")
            else:
                given[word] = value
        if self._one_of(given, "enabled", {"true": True, "false": False}, True) is False:
            return None
        if "when" not in given:
            self._fault(self.entry, "it has no `when:`, the condition that has to hold")
            return None
        least = self._share(given)
        known = Known(self._indicators, self._venues, self._signals, least)
        when = self._expression(given["when"], partial(condition, known=known))
        until = self._expression(given["until"], partial(condition, known=known)) if "until" in given else None
        hold = self._span(given, "for", 0, LONGEST_HOLD)
        grades = {each: each for each in get_args(Grade)}
        grade = self._one_of(given, "grade", grades, "C")
        direction = self._one_of(given, "direction", {each: each for each in get_args(Direction)}, "neutral")
        horizon = self._span(given, "horizon", 60, 10_080, least=1)
        cooldown = self._span(given, "cooldown", _DEFAULT_COOLDOWN, 10_080)
        texts = {key: self._texts(given.get(key), known) for key in ("title", "say", "advice")}
        pairs, examples = self._pairs(given.get("pairs")), list(self._examples(given.get("tests")))
        if when is None or self.faults:
            return None
        title = texts["title"] or _same(self.name.replace("_", " "))
        text = str(given["when"].value)
        reading = texts["say"] or _same(f"{self.name.replace('_', ' ')}: {' '.join(text.split())}")
        return Rule(
            self.name, text, when, _held(when, hold), until, grade, direction, horizon, cooldown, title, reading,
            texts["advice"], pairs, self._indicators.chosen, examples, self.entry.place(),
        )  # fmt: skip

    def _fault(self, entry: Entry, text: str, at: int = 0) -> None:
        self.faults.append(f"{entry.place(at)}: rule {self.name}: {text}")

    def _expression(self, entry: Entry, read: Callable[[str], Node]) -> Node | None:
        if entry.value is None or entry.is_mapping:
            self._fault(entry, "expected a condition such as net_flow(spot).zscore > 2")
            return None
        text = str(entry.value)
        try:
            return read(text)
        except RuleFault as error:
            self._fault(entry, str(error), error.at)
            return None

    def _one_of(self, given: Mapping[str, Entry], key: str, known: Mapping[str, Any], usual: Any) -> Any:
        if key not in given:
            return usual
        word = str(given[key].value)
        folded = {each.lower(): each for each in known}
        if word.lower() in folded:
            return known[folded[word.lower()]]
        self._fault(given[key], f"{key}: {word[:30]} is not one of {', '.join(known)}{near(word, known)}")
        return usual

    def _span(self, given: Mapping[str, Entry], key: str, usual: int, most: int, least: int = 0) -> int:
        if key not in given:
            return usual
        text = str(given[key].value).strip()
        match = _SPAN.fullmatch(text)
        minutes = int(match[1]) * _MINUTES[match[2]] if match else -1
        if least <= minutes <= most:
            return minutes
        hint = f" (did you mean {text}m?)" if text.isdigit() else ""
        self._fault(given[key], f"{key}: {text[:30]!r} is no span of time: 3m, 1h or 1d, at most {most} minutes{hint}")
        return usual

    def _share(self, given: Mapping[str, Entry]) -> float:
        if "coverage" not in given:
            return _DEFAULT_COVERAGE
        value = given["coverage"].value
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self._fault(given["coverage"], f"coverage: {str(value)[:30]!r} is not a share from 0 to 1, such as 0.95")
        return _DEFAULT_COVERAGE

    def _texts(self, entry: Entry | None, known: Known) -> Mapping[str, TextPieces]:
        """By language; what is written in one only is said in both."""
        if entry is None:
            return {}
        if not entry.is_mapping:
            whole = self._said(entry, known)
            return {"zh": whole, "en": whole} if whole else {}
        found: dict[str, TextPieces] = {}
        for key, value in entry.entries():
            if key.value not in ("zh", "en"):
                self._fault(key, f"{key.value} is not a language: zh or en")
            elif (text := self._said(value, known)) is not None:
                found[str(key.value)] = text
        return {each: found.get(each) or next(iter(found.values())) for each in ("zh", "en")} if found else {}

    def _said(self, entry: Entry, known: Known) -> TextPieces | None:
        if entry.value is None or entry.is_mapping:
            self._fault(entry, "expected a text")
            return None
        try:
            return said(str(entry.value), partial(compiled, known=known))
        except RuleFault as error:
            self._fault(entry, str(error), error.at)
            return None

    def _pairs(self, entry: Entry | None) -> frozenset[str]:
        if entry is None:
            return frozenset()
        names = [each.value for each in entry.elements()] or [entry.value]
        if not all(isinstance(each, str) and re.fullmatch(r"\S{2,40}", each) for each in names):
            self._fault(entry, "pairs: expected a list such as [BTCUSDT, ETHUSDT]")
            return frozenset()
        return frozenset(str(each).upper() for each in names)

    def _examples(self, entry: Entry | None) -> Iterator[Example]:
        if entry is None:
            return
        elements = list(entry.elements())
        if not elements:
            self._fault(entry, "tests: expected a list of examples, each with pair, at and expect")
        for each in elements:
            if not each.is_mapping:
                self._fault(
                    each, "a test is pair, at and expect, as in {pair: BTCUSDT, at: 2026-01-15T12:00Z, expect: on}"
                )
                continue
            found = {str(key.value): value for key, value in each.entries()}
            for key in found.keys() - set(_EXAMPLE_KEYS):
                self._fault(found[key], f"a test has no {key}{near(key, _EXAMPLE_KEYS)}: pair, at, bars and expect")
            expect = self._one_of(found, "expect", {"on": True, "off": False, "true": True, "false": False}, True)
            if "pair" not in found or not found.keys() & {"at", "bars"}:
                self._fault(each, "a test needs pair and at, or pair and bars")
                continue
            if "bars" in found and not is_pair(str(found["pair"].value)):
                self._fault(found["pair"], f"a test with bars is of a pair such as BTCUSDT, not {found['pair'].value}")
                continue
            bars = inline_markets(found["bars"], self._venues, self._fault) if "bars" in found else ()
            at = str(found["at"].value) if "at" in found else BARS_END
            yield Example(str(found["pair"].value), at, bool(expect), each.place(), bars)


def _held(when: Node, minutes: int) -> Node:
    """The condition held for so many minutes on end."""
    if minutes <= 1:
        return when
    return OverTime(
        FLAG, when.start, when.end, False, when.halo + minutes, [when], function="all", minutes=minutes, every=1
    )


def _same(text: str) -> Mapping[str, TextPieces]:
    words = TextPieces([text], [])
    return {"zh": words, "en": words}
