"""Signals that hold by their columns alone: what they say, in words and figures, is asked when one is told."""

from dataclasses import dataclass
from typing import Protocol

from coinmon.model.signal import Direction, Grade, Signal


class Holding(Protocol):
    """What decides whether a signal is told: of `Signal`, and of `HeldSignal`."""

    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def grade(self) -> Grade | None: ...
    @property
    def direction(self) -> Direction: ...
    @property
    def begins(self) -> bool: ...
    @property
    def once(self) -> bool: ...
    @property
    def cooldown(self) -> int: ...


@dataclass(slots=True)
class HeldSignal:
    """Known by a code that stood for the same signal before. asked: the configured signal; at: since when, ms UTC.

    signal: what it said as of `at`, once it was asked.
    """

    asked: str
    at: int
    name: str
    key: str
    grade: Grade | None
    direction: Direction
    begins: bool
    once: bool
    cooldown: int
    signal: Signal | None = None

    @classmethod
    def like(cls, holds: Holding, asked: str, at: int) -> "HeldSignal":
        decides = holds.name, holds.key, holds.grade, holds.direction, holds.begins, holds.once, holds.cooldown
        return cls(asked, at, *decides)
