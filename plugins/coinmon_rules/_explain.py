"""Why a rule is on, silent or waiting: each part of its condition with its value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coinmon.signal import Market, say
from coinmon_rules._moments import OfMarket
from coinmon_rules._nodes import FieldNode, Node, OverTime
from coinmon_rules._reading import why_unknown
from coinmon_rules._rule import Rule
from coinmon_rules._values import Column
from coinmon_rules._words import shown

_TRUTH = {"zh": {1.0: "真", 0.0: "假", None: "未知"}, "en": {1.0: "true", 0.0: "false", None: "unknown"}}


@dataclass(frozen=True, slots=True)
class ConditionPart:
    """depth: of its nesting. value: None unknown; a mapping by venue where it is many. why: it is unknown, in words."""

    depth: int
    text: str
    value: Any
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"depth": self.depth, "part": self.text, "value": self.value, "why_unknown": self.why}

    def line(self, lang: str, flag: bool) -> str:
        truth = _TRUTH[lang]

        def word(value: Any) -> str:
            if value is None or flag:
                return truth[value]
            return shown(value)

        value = self.value
        if isinstance(value, dict):
            value = ", ".join(f"{name} {word(each)}" for name, each in value.items()) or truth[None]
        else:
            value = word(value)
        why = f"  ({say(self.why, lang)})" if self.why else ""
        return f"{'  ' * self.depth}{self.text}: {value}{why}"


def explained(rule: Rule, market: Market) -> Iterator[tuple[ConditionPart, bool]]:
    """Parts of the condition from the whole down to its fields, and whether each is a condition itself."""
    moments = OfMarket(market)
    yield from _parts(rule.begins, rule.text, market, moments, 0)


def _parts(
    node: Node, text: str, market: Market, moments: OfMarket, depth: int
) -> Iterator[tuple[ConditionPart, bool]]:
    if next(node.fields(), None) is None:
        return
    found = node.of(moments, 0)
    value: Any
    if isinstance(found, Column):
        value = _plain(found)
        unknown = value is None
    else:
        value = {name: _plain(each) for name, each in found.items()}
        unknown = not value or None in value.values()
    why = why_unknown(node.asked, market) if unknown and isinstance(node, FieldNode) else None
    written = " ".join(text[node.start : node.end].split())
    if isinstance(node, OverTime) and node.parts[0].start == node.start:
        # `for:` is not in the text
        written = f"{written} [{node.minutes}m]"
    yield ConditionPart(depth, written, value, why), node.measure.kind == "flag"
    for each in node.parts:
        yield from _parts(each, text, market, moments, depth + 1)


def _plain(column: Column) -> Any:
    value = column.figures[-1]
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return None if np.isnan(number) else number
