"""What a signal plugin says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from coinmon.model.moment import MINUTE

Grade = Literal["A+", "A", "B+", "B", "C"]
GRADES: tuple[Grade, ...] = ("C", "B", "B+", "A", "A+")
"""From the least to the gravest."""
Direction = Literal["bullish", "bearish", "neutral"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same thing said in both languages."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class Bilingual(str):
    """English that knows itself in Chinese: `zh`. To whoever takes it for a `str`, and in JSON, it is the English."""

    zh: str

    def __new__(cls, zh: str, en: str) -> Self:
        made = super().__new__(cls, en)
        made.zh = zh
        return made

    @classmethod
    def listed(cls, texts: Iterable[str], between: str = ", ", between_zh: str = "、") -> Self:
        """Several as one."""
        several = list(texts)
        return cls(between_zh.join(say(each, "zh") for each in several), between.join(several))

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return self.zh, str(self)


def say(text: str, lang: str) -> str:
    """A text in a language; what is known in English only stays as it is."""
    return text.zh if lang == "zh" and isinstance(text, Bilingual) else str(text)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something worth telling.

    name: the signal's (`global_sync_bullish`). grade: None for a plain event such as a whale trade.
    evidence: the numbers used with their coverage, JSON-ready.
    key: one event, one key; it is not repeated while it lasts.
    once: a one-time event (a whale trade) rather than a state that begins and ends.
    begins: False: enough for a state that is on to go on, not enough to begin (hysteresis against flapping).
    cooldown: ms of market time after its end in which a state that is there again went on, and is not told.
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
    begins: bool = True
    cooldown: int = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class Silent:
    """What a signal plugin returns in place of signals: why there is none. As a sequence it is empty.

    reason: in words, with the numbers; `Bilingual`: in Chinese too. waits: it could not judge, for what it needs is
    short or missing; False: it looked, and it is not so.
    """

    reason: str
    waits: bool = False

    def __iter__(self) -> Iterator[Signal]:
        return iter(())

    def __len__(self) -> int:
        return 0
