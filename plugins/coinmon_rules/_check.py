"""What an expression means: its names, kinds and units checked, and made into nodes that can be judged."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coinmon.signal import Market, Signal
from coinmon_rules._fields import Indicators, Measure, near
from coinmon_rules._merging import why_never_merged
from coinmon_rules._nodes import (
    FLAG,
    NUMBER,
    SPOT_OR_PERP,
    Apply,
    Constant,
    Field,
    FieldNode,
    Node,
    Now,
    OverNames,
    OverTime,
    comparing,
    conjunction,
    disjunction,
    extreme,
    minus,
    minutes_since,
    negation,
    operating,
    size,
)
from coinmon_rules._settings import settings_of, word_of
from coinmon_rules._values import OVER_NAMES, OVER_TIME
from coinmon_rules._written.functions import FUNCTIONS, OF_FLAGS
from coinmon_rules._written.grammar import Reference, RuleFault, Written, parse

MAX_WINDOW = 1_440
"""Minutes that an expression may look back, all its windows added up."""


@dataclass(frozen=True, slots=True)
class Known:
    """What expressions may name. signals: what asks each of the others, by name: none of itself."""

    indicators: Indicators
    venues: Collection[str]
    signals: Mapping[str, Callable[[Market], Iterable[Signal]]]
    least: float


def compiled(text: str, known: Known) -> Node:
    """The expression ready to be judged. Raises RuleFault."""
    node = _Checker(known).node(parse(text))
    if node.halo > MAX_WINDOW:
        raise RuleFault(f"it looks back {node.halo} minutes; at most {MAX_WINDOW}: use an indicator's own window")
    return node


def condition(text: str, known: Known) -> Node:
    """As `compiled`, of what is true or false. Raises RuleFault."""
    node = compiled(text, known)
    if node.many:
        raise RuleFault("it says something of each venue: all(...), any(...) or count(...) makes one of it", node.start)
    if node.measure.kind != "flag":
        raise RuleFault(f"it is a {node.measure.kind}; a condition compares, as in ... > 2", node.start)
    return node


class _Checker:
    def __init__(self, known: Known) -> None:
        self._known = known

    def node(self, written: Written) -> Node:
        match written.kind:
            case "number":
                return Constant(NUMBER, written.start, written.end, value=written.value)
            case "flag":
                return Constant(FLAG, written.start, written.end, value=float(written.value))
            case "text":
                return Constant(Measure("text"), written.start, written.end, value=written.value)
            case "duration":
                raise RuleFault("a span of time stands in a window, as in change(x, 15m)", written.start)
            case "or" | "and" | "not":
                made = {"or": disjunction, "and": conjunction, "not": negation}[written.kind]
                return self._apply(written, FLAG, [self._flag(each, written.kind) for each in written.parts], made)
            case "minus":
                (of,) = (self._number(each, "-") for each in written.parts)
                return self._apply(written, of.measure, [of], minus)
            case "plus":
                return self._number(written.parts[0], "+")
            case "operate":
                return self._operation(written)
            case "compare":
                return self._comparison(written)
        return self._reference(written, written.value)

    def _apply(self, written: Written, measure: Measure, parts: Sequence[Node], make: Any) -> Node:
        return Apply(
            measure, written.start, written.end, any(each.many for each in parts),
            max(each.halo for each in parts), parts, make=make,
        )  # fmt: skip

    def _flag(self, written: Written, word: str) -> Node:
        found = self.node(written)
        if found.measure.kind != "flag":
            raise RuleFault(
                f"{word} joins conditions, and this is a {found.measure.kind}: compare it, as in ... > 2", written.start
            )
        return found

    def _number(self, written: Written, word: str) -> Node:
        found = self.node(written)
        if found.measure.kind != "number":
            raise RuleFault(f"{word} needs a number, and this is a {found.measure.kind}", written.start)
        return found

    def _operation(self, written: Written) -> Node:
        parts = [self._number(each, written.value[0]) for each in written.parts]
        unit = parts[0].measure.unit
        for operator, each in zip(written.value, parts[1:], strict=True):
            other = each.measure.unit
            plain = isinstance(each, Constant) or isinstance(parts[0], Constant)
            if operator in "+-":
                if unit and other and unit != other and not plain:
                    raise RuleFault(f"{unit} {operator} {other} have different units", each.start)
                unit = unit or other
            else:
                unit = unit if not other and operator in "*/" else other if not unit and operator == "*" else ""
        return self._apply(written, Measure("number", unit), parts, operating(written.value))

    def _comparison(self, written: Written) -> Node:
        parts = [self.node(each) for each in written.parts]
        for operator, left, right in zip(written.value, parts[:-1], parts[1:], strict=True):
            a, b = left.measure, right.measure
            if a.kind != b.kind:
                raise RuleFault(f"a {a.kind} cannot be compared with a {b.kind}", right.start)
            if a.kind in ("flag", "text") and operator not in ("==", "!="):
                raise RuleFault(f"a {a.kind} is compared with == or !=, not with {operator}", left.start)
            if a.unit and b.unit and a.unit != b.unit:
                raise RuleFault(f"{a.unit} and {b.unit} are different units", right.start)
            for words, constant in ((a.words, right), (b.words, left)):
                if words and isinstance(constant, Constant) and constant.value not in words:
                    raise RuleFault(
                        f"it is never {constant.value!r}{near(str(constant.value), words)}; it is one of "
                        f"{', '.join(words)}",
                        constant.start,
                    )
        return self._apply(written, FLAG, parts, comparing(written.value))

    def _reference(self, written: Written, of: Reference) -> Node:
        if of.name == "price":
            return self._price(written, of)
        if of.name == "on":
            return self._state(written, of)
        if of.name in FUNCTIONS:
            if of.steps or of.settings:
                raise RuleFault(f"{of.name} is a function: nothing but (...) follows it", written.start)
            return self._call(written, of.name, list(of.arguments or ()))
        fields = self._known.indicators.of(of.name, written.start, FUNCTIONS)
        measure, many = fields.measure(of.steps, written.start)
        settings = settings_of(fields, of.settings, written.start)
        offer = fields.chosen.offer
        where, kind, venues, several = self._whose(written, of, offer.scope, offer.kinds)
        if where == "merged" and (why := why_never_merged(fields.chosen, kind)):
            one = _first(self._known.venues)
            raise RuleFault(f"{why}: {of.name}({one}), or max({of.name}(each)...) of all of them", written.start)
        asked = Field(of.name, settings, where, kind, venues, of.steps, self._known.least, several or many)
        if many and several:
            raise RuleFault("[each] of each venue is a table; name one venue, or one element", written.start)
        return FieldNode(measure, written.start, written.end, several or many, asked=asked)

    def _whose(
        self, written: Written, of: Reference, scope: str, kinds: Sequence[str]
    ) -> tuple[str, str, tuple[str, ...], bool]:
        """Of which market: where, kind, venues, and whether there are several."""
        words = [word_of(each) for each in of.arguments or ()]
        if scope == "pair":
            if words:
                raise RuleFault(f"{of.name} is of the whole pair: no (...) after it", written.start)
            return "pair", "", (), False
        if not words:
            usual = "spot" if "spot" in kinds else "perp"
            raise RuleFault(
                f"{of.name} of which market? {of.name}({usual}): all venues together; ({_first(self._known.venues)}): "
                "one venue; (each): each venue by itself",
                written.start,
            )
        kind = next((each for each in words if each in SPOT_OR_PERP), None)
        others = [(word, each.start) for word, each in zip(words, of.arguments or (), strict=True) if word != kind]
        if kind is not None and kind not in kinds:
            raise RuleFault(f"{of.name} is there for {' and '.join(kinds)} only", written.start)
        if not others:
            return "merged", str(kind), (), False
        kind = kind or ("spot" if "spot" in kinds else "perp")
        if [word for word, _ in others] == ["each"]:
            return "venues", kind, (), True
        for word, at in others:
            if word not in self._known.venues:
                known = [*self._known.venues, "spot", "perp", "each"]
                raise RuleFault(f"{word} is no exchange that is on{near(word, known)}; {', '.join(known)}", at)
        return "venues", kind, tuple(word for word, _ in others), len(others) > 1

    def _price(self, written: Written, of: Reference) -> Node:
        if of.steps or of.settings:
            raise RuleFault("price is a number: nothing but (...) follows it", written.start)
        if of.arguments is None:
            of = replace(of, arguments=(Written("reference", 0, 0, Reference("spot")),))
        where, kind, venues, several = self._whose(written, of, "instrument", SPOT_OR_PERP)
        asked = Field("price", (("where", where),), "price", kind, venues, (), 0.0, several)
        return FieldNode(Measure("number", "quote"), written.start, written.end, several, asked=asked)

    def _state(self, written: Written, of: Reference) -> Node:
        words = [word_of(each) for each in of.arguments or ()]
        if len(words) != 1 or of.steps or of.settings:
            raise RuleFault("on(...) takes the name of one signal, as in on(consensus)", written.start)
        if words[0] not in self._known.signals:
            raise RuleFault(f"there is no signal {words[0]}{near(words[0], self._known.signals)}", written.start)
        asked = Field(words[0], (), "state", "", (), (), 0.0, False, self._known.signals[words[0]])
        return FieldNode(FLAG, written.start, written.end, asked=asked)

    def _call(self, written: Written, name: str, arguments: list[Written]) -> Node:
        if not arguments:
            raise RuleFault(f"{name}(...) needs something to work on: {FUNCTIONS[name]}", written.start)
        spans = [each for each in arguments if each.kind == "duration"]
        if spans:
            return self._window(written, name, arguments, spans)
        if name in OF_FLAGS:
            parts = [self._flag(each, name) for each in arguments]
        elif name == "minutes_since":
            parts = [self.node(each) for each in arguments]
            if len(parts) != 1 or parts[0].measure.kind != "time":
                raise RuleFault(f"minutes_since needs a time: {FUNCTIONS[name]}", written.start)
            clock = Now(parts[0].measure, written.start, written.end)
            return self._apply(written, Measure("number", "minutes"), [parts[0], clock], minutes_since)
        else:
            parts = [self._number(each, name) for each in arguments]
        if name == "abs" and len(parts) == 1:
            return self._apply(written, parts[0].measure, parts, size)
        if name in {"max", "min"} and len(parts) > 1:
            unit = next((each.measure.unit for each in parts if each.measure.unit), "")
            for each in parts:
                if each.measure.unit not in ("", unit):
                    raise RuleFault(f"{unit} and {each.measure.unit} are different units", each.start)
            return self._apply(written, Measure("number", unit), parts, extreme(name))
        if name in OVER_NAMES and len(parts) == 1 and parts[0].many:
            measure = NUMBER if name == "count" else parts[0].measure
            return OverNames(measure, written.start, written.end, False, parts[0].halo, parts, function=name)
        if name in OVER_TIME:
            raise RuleFault(f"{name} of how long, or of what venues? {FUNCTIONS[name]}", written.start)
        raise RuleFault(f"{name} does not take that: {FUNCTIONS[name]}", written.start)

    def _window(self, written: Written, name: str, arguments: list[Written], spans: list[Written]) -> Node:
        if name not in OVER_TIME or arguments[0] in spans or len(arguments) != 1 + len(spans) or len(spans) > 2:
            raise RuleFault(f"{name} does not take that: {FUNCTIONS[name]}", written.start)
        of = self._flag(arguments[0], name) if name in OF_FLAGS else self._number(arguments[0], name)
        minutes, every = spans[0].value, spans[1].value if len(spans) > 1 else 1
        if not 0 < minutes <= MAX_WINDOW:
            raise RuleFault(f"a window is 1m to {MAX_WINDOW // 60}h", spans[0].start)
        if not 0 < every <= minutes or minutes % every:
            raise RuleFault("the step has to be a part of the window, as in z(x, 4h, 5m)", spans[1].start)
        if name in {"slope", "z", "percentile"} and minutes // every < 3:
            raise RuleFault(f"{name} needs at least three steps in its window", spans[0].start)
        unit = {"z": "deviations", "percentile": "%", "change_pct": "%", "slope": ""}.get(name, of.measure.unit)
        measure = FLAG if name in {"all", "any"} else Measure("number", "" if name == "count" else unit)
        return OverTime(
            measure, written.start, written.end, of.many, of.halo + minutes, [of],
            function=name, minutes=minutes, every=every,
        )  # fmt: skip


def _first(names: Collection[str]) -> str:
    return next(iter(names), "binance")
