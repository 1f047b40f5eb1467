"""What a signal plugin says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Grade = Literal["A+", "A", "B+", "B", "C"]
Direction = Literal["bullish", "bearish", "neutral"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same thing said in both languages."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Signal:
    """Something worth telling.

    name: the signal's (`global_sync_bullish`). grade: None for a plain event such as a whale trade.
    evidence: the numbers used with their coverage, JSON-ready.
    key: one event, one key; it is not repeated while it lasts.
    once: a one-time event (a whale trade) rather than a state that begins and ends.
    """

    name: str
    pair: str
    grade: Grade | None
    direction: Direction
    title: Text
    reading: Text
    evidence: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    once: bool = False
    advice: Text | None = None
