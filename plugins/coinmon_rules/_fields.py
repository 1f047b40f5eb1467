"""What a rule can ask of: the fields of every indicator's result, with their kinds and units."""

import difflib
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from coinmon.command import PluginConfig, Result, printable_document
from coinmon_rules._merging import why_never_merged
from coinmon_rules._written.grammar import PathStep, RuleFault
from coinmon_rules._written.synonyms import synonym

FieldKind = Literal["number", "flag", "text", "time"]
_OF_EVERY_RESULT = frozenset(Result.model_fields)
_OF_THE_QUESTION = frozenset(
    {
        "window",
        "timeframe",
        "rows",
        "bin_size",
        "ratio",
        "step",
        "percent",
        "value_area_pct",
        "age",
        "last_price",
        "mid",
    }
)
"""Fields that say what was asked, or that other indicators have too: no example of what this one says."""
_KEYS = ("name", "venue", "instrument", "session", "id")
"""The field that an element of a list is known by, the first of these that it has."""
_UNITS = (
    (r"quote currency", "quote"),
    (r"base units", "base"),
    (r"fraction a year", "a year"),
    (r"%", "%"),
    (r"-1 to 1|0 to 1|fraction", "share"),
    (r"deviations", "deviations"),
    (r"seconds", "seconds"),
    (r"hours", "hours"),
    (r"minutes", "minutes"),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a field is: its kind; the unit of a number, "" where it has none; the words that a text can be."""

    kind: FieldKind
    unit: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedField:
    """A field as `rules fields` lists it."""

    path: str
    measure: Measure
    meaning: str


@dataclass(frozen=True, slots=True)
class Indicators:
    """The indicators that are on, by name."""

    chosen: Mapping[str, PluginConfig]

    def of(self, name: str, at: int, functions: Iterable[str]) -> "IndicatorFields":
        if name not in self.chosen:
            known = [*self.chosen, *functions]
            meant = synonym(name) or near(name, known)
            raise RuleFault(f"there is no indicator {name}{meant}; see coinmon rules fields", at)
        return IndicatorFields(self.chosen[name])


@dataclass(frozen=True)
class IndicatorFields:
    """The fields of one indicator's result."""

    chosen: PluginConfig

    @cached_property
    def model(self) -> type[BaseModel] | None:
        """None: its function does not say what it returns."""
        try:
            found = get_type_hints(self.chosen.offer.target).get("return")
        except Exception:
            return None
        return found if isinstance(found, type) and issubclass(found, BaseModel) else None

    def columns(self) -> Iterator[ListedField]:
        if self.model is not None:
            yield from _columns(self.model, "", 0)

    @property
    def example(self) -> str:
        """One of its figures as a rule writes it."""
        listed = list(self.columns())
        figures = [each for each in listed if each.measure.kind == "number" and each.path not in _OF_THE_QUESTION]
        plain = [each for each in figures if each.measure.unit] or figures or listed
        named = [each for each in plain if each.path == self.chosen.name]
        return f"{self.chosen.name}{self.whose}.{[*named, *plain][0].path}" if plain else self.chosen.name

    @property
    def whose(self) -> str:
        """`(spot)`, `(perp)`, or `(each)` where it says nothing of all venues together; nothing of a whole pair."""
        offer = self.chosen.offer
        if offer.scope == "pair":
            return ""
        kind = "spot" if "spot" in offer.kinds else "perp"
        return "(each)" if why_never_merged(self.chosen, kind) else f"({kind})"

    def measure(self, steps: Sequence[PathStep], at: int) -> tuple[Measure, bool]:
        """What the path leads to, and whether it is one for each element of a list. Raises RuleFault."""
        name = self.chosen.name
        if self.model is None:
            raise RuleFault(f"indicator {name} does not say what it returns: its function needs a return type", at)
        if not steps:
            raise RuleFault(f"{name} has several fields; write one of them, such as {self.example}", at)
        node: Any = self.model
        info: FieldInfo | None = None
        where, many = name, False
        for step in steps:
            if not (isinstance(node, type) and issubclass(node, BaseModel)):
                raise RuleFault(f"{where} is {_kind_in_words(node)}: it has no .{step.name}", step.start)
            info = node.model_fields.get(step.name)
            if info is None or (node is self.model and step.name in {"convention", "as_of", "reason"}):
                known = [each for each in node.model_fields if each not in _OF_EVERY_RESULT or each == "coverage"]
                raise RuleFault(
                    f"{where} has no field {step.name}{self._deeper(step.name) or near(step.name, known)}; it has "
                    f"{', '.join(known)}",
                    step.start,
                )
            node, where = _bare(info.annotation), f"{where}.{step.name}"
            held = _element(node)
            if held is None:
                if step.item is not None:
                    raise RuleFault(f"{where} is not a list: [{step.item}] has no meaning", step.start)
                continue
            if step.item is None:
                ways = "[each], [first], [last]" + (" or by its name" if _key(held) else "")
                raise RuleFault(f"{where} is a list: say which of it, {ways}", step.start)
            many |= step.item == "each"
            if step.item not in {"each", "first", "last"} and not (_key(held) or get_origin(node) is dict):
                raise RuleFault(f"{where} is a list without names: [each], [first] or [last]", step.start)
            node = held
        found = _measured(node, (info.description if info else None) or "")
        if found is None:
            inner = ", ".join(each.path for each in list(_columns(node, "", 0))[:8]) if _is_model(node) else ""
            raise RuleFault(f"{where} has several fields; write one of them: {inner or 'there is none'}", at)
        return found, many

    def _deeper(self, name: str) -> str:
        """` (did you mean a.b?)` where a field of that name is further in."""
        found = [each.path for each in self.columns() if each.path.rpartition(".")[2] == name]
        return f" (did you mean {found[0]}?)" if found else ""


def near(name: str, names: Iterable[str]) -> str:
    """` (did you mean x?)` where something is near."""
    found = difflib.get_close_matches(name, list(names), 1)
    return f" (did you mean {found[0]}?)" if found else ""


def reach(result: Any, steps: Sequence[PathStep]) -> Any:
    """What the path leads to in a result: a value, None for unknown, and where a step says [each] a list of pairs."""
    for i, step in enumerate(steps):
        if result is None:
            return None
        result = getattr(result, step.name)
        if step.item is None:
            continue
        if isinstance(result, Mapping):
            pairs = [(str(key), value) for key, value in result.items()]
        else:
            key = _key(type(result[0])) if result else None
            pairs = [(str(getattr(each, key)) if key else str(n), each) for n, each in enumerate(result or ())]
        if step.item == "each":
            return [(name, reach(each, steps[i + 1 :])) for name, each in pairs]
        if step.item in {"first", "last"}:
            result = pairs[0 if step.item == "first" else -1][1] if pairs else None
        else:
            result = next((each for name, each in pairs if name == step.item), None)
    return result


def _columns(model: type[BaseModel], before: str, depth: int) -> Iterator[ListedField]:
    for name, info in model.model_fields.items():
        if depth == 0 and name in _OF_EVERY_RESULT:
            continue
        node, path = _bare(info.annotation), f"{before}{name}"
        held = _element(node)
        if held is not None:
            path, node = f"{path}[{'each' if _key(held) else 'last'}]", held
        measure = _measured(node, info.description or "")
        if measure:
            yield ListedField(path, measure, printable_document(info.description or ""))
        elif _is_model(node) and depth < 3:
            yield from _columns(node, f"{path}.", depth + 1)


def _measured(node: Any, description: str) -> Measure | None:
    if node is bool:
        return Measure("flag")
    if node in (int, float):
        unit = next((unit for pattern, unit in _UNITS if re.search(pattern, description)), "")
        return Measure("number", unit)
    if node is datetime:
        return Measure("time")
    if node is str:
        return Measure("text")
    if get_origin(node) is Literal:
        return Measure("text", "", tuple(printable_document(str(each)) for each in get_args(node)))
    return None


def _bare(annotation: Any) -> Any:
    """Without None and without what pydantic adds."""
    while True:
        origin = get_origin(annotation)
        if origin is typing.Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            some = [each for each in get_args(annotation) if each is not type(None)]
            if len(some) != 1:
                return annotation
            annotation = some[0]
        else:
            return annotation


def _element(node: Any) -> Any:
    """What a list or mapping holds; None for what is neither."""
    origin, inner = get_origin(node), get_args(node)
    if origin in (list, tuple, Sequence, Iterable) and inner:
        return _bare(inner[0])
    if origin in (dict, Mapping) and len(inner) == 2:
        return _bare(inner[1])
    return None


def _key(held: Any) -> str | None:
    if not _is_model(held):
        return None
    return next((name for name in _KEYS if name in held.model_fields), None)


def _is_model(node: Any) -> bool:
    return isinstance(node, type) and issubclass(node, BaseModel)


def _kind_in_words(node: Any) -> str:
    measure = _measured(node, "")
    return f"a {measure.kind}" if measure else "not a group of fields"
