"""The border: what a plugin gives is checked and copied before the core, the store or another plugin sees it.

Everything that comes out of here can be written as JSON in both databases: numbers are finite and of 64 bits, texts
are sound Unicode without NUL, times are ISO 8601.
"""

import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, get_args

from coinmon.model.signal import GRADES, Bilingual, Direction, Signal, Silent, Text
from coinmon.printable import printable

CORE_EVENTS = frozenset({"scan_started", "venue", "flow", "signal", "delivery", "scan_finished", "digest"})
"""Kinds of event that are the core's own: an ungraded signal, which is an event of its own name, cannot be one."""
MAX_TEXT, MAX_KEY = 2_000, 300
"""Characters of a title, reading or advice, and of a name, a key or a pair."""
MAX_VALUES, MAX_DEPTH = 10_000, 12
_CHARACTERS = 100
"""Of a text that count as one value more."""
_MAX_INTEGER = 2**63


class NotAsAgreed(TypeError):
    """A plugin gave something that is not what its contract says: what it is, and what was expected."""


def signals_of(said: Any, name: str, pair: str) -> tuple[list[Signal] | Silent, list[str]]:
    """What a signal plugin said of a pair, checked and copied, and what was left out of it and why.

    name: the plugin's own name, the only one that an ungraded signal may have. Raises NotAsAgreed for what is no list.
    """
    if isinstance(said, Silent):
        return replace(said, reason=_reason(said.reason)), []
    if not isinstance(said, Iterable) or isinstance(said, str | bytes | Mapping):
        raise NotAsAgreed(f"it returned {kind_of(said)}; expected a list of Signal, or Silent")
    sound: list[Signal] = []
    left_out: list[str] = []
    for each in said:
        try:
            sound.append(_signal(each, name, pair))
        except NotAsAgreed as error:
            left_out.append(str(error))
    return sound, left_out


def plain(value: Any, where: str = "value") -> Any:
    """A copy as JSON has it: what has no number or text of its own raises NotAsAgreed; NaN and infinity become None."""
    return _Plain().of(value, where, 0)


class _Plain:
    def __init__(self) -> None:
        self._left = MAX_VALUES

    def of(self, value: Any, where: str, depth: int) -> Any:
        self._left -= 1 + (len(value) // _CHARACTERS if isinstance(value, str) else 0)
        if self._left < 0 or depth > MAX_DEPTH:
            raise NotAsAgreed(
                f"{where.partition('[')[0]} is too large: at most {MAX_VALUES:,} values, each {_CHARACTERS} characters "
                f"of a text one of them, {MAX_DEPTH} deep"
            )
        if isinstance(value, Enum):
            return self.of(value.value, where, depth + 1)
        if value is None or isinstance(value, _SCALARS):
            return _scalar(value)
        if isinstance(value, Mapping):
            return {clean(str(key)): self.of(each, f"{where}[{key!r}]"[:120], depth + 1) for key, each in value.items()}
        if isinstance(value, set | frozenset):
            return sorted((self.of(each, where, depth + 1) for each in value), key=str)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            return [self.of(each, where, depth + 1) for each in value]
        if hasattr(value, "tolist") and hasattr(value, "dtype"):
            return self.of(value.tolist(), where, depth + 1)
        if hasattr(value, "model_dump"):
            return self.of(value.model_dump(), where, depth + 1)
        if is_dataclass(value) and not isinstance(value, type):
            return self.of(asdict(value), where, depth + 1)
        raise NotAsAgreed(f"{where} is {kind_of(value)}, which JSON does not have")


_SCALARS = (str, bool, int, float, Decimal, Fraction, date)
"""Values without parts; a datetime is a date."""


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int):
        return int(value) if -_MAX_INTEGER <= value < _MAX_INTEGER else float(value) if abs(value) < 1e300 else None
    if isinstance(value, date):
        return value.isoformat()
    number = float(value)
    return number if math.isfinite(number) else None


def clean(text: str) -> str:
    """Without NUL, which PostgreSQL refuses, halves of characters, which no encoding has, and commands to terminals."""
    own = str.__str__(text)
    if own.isprintable():
        return own
    return printable(own.replace("\x00", "").encode("utf-8", "replace").decode("utf-8"))


def _signal(signal: Any, name: str, pair: str) -> Signal:
    if not isinstance(signal, Signal):
        raise NotAsAgreed(f"it returned {kind_of(signal)} that is not a Signal")
    if signal.grade is not None and signal.grade not in GRADES:
        raise NotAsAgreed(f"grade is {signal.grade!r}; expected one of {', '.join(GRADES)}, or None for a plain event")
    if signal.direction not in get_args(Direction):
        raise NotAsAgreed(f"direction is {signal.direction!r}; expected {', '.join(get_args(Direction))}")
    own = _word(signal.name, "name")
    if signal.grade is None and (own != name or own in CORE_EVENTS):
        raise NotAsAgreed(f"an ungraded signal is an event of its plugin's name: {name!r}, not {own!r}")
    if _word(str(signal.pair), "pair") != pair:
        raise NotAsAgreed(f"pair is {str(signal.pair)!r}; it was asked about {pair}")
    if not isinstance(signal.cooldown, int) or isinstance(signal.cooldown, bool) or not 0 <= signal.cooldown < 2**53:
        raise NotAsAgreed(f"cooldown is {signal.cooldown!r}; expected milliseconds")
    if not isinstance(signal.evidence, Mapping):
        raise NotAsAgreed(f"evidence is {kind_of(signal.evidence)}; expected a mapping")
    return replace(
        signal,
        name=own,
        pair=pair,
        title=_both(signal.title, "title"),
        reading=_both(signal.reading, "reading"),
        advice=None if signal.advice is None else _both(signal.advice, "advice"),
        evidence=plain(signal.evidence, "evidence"),
        key=_word(signal.key, "key"),
        once=bool(signal.once),
        begins=bool(signal.begins),
        cooldown=int(signal.cooldown),
    )


def _both(text: Any, what: str) -> Text:
    """A text in both languages; one that is in one language only is that in both."""
    if isinstance(text, str):
        return Text(_text(getattr(text, "zh", text), what), _text(text, what))
    if not isinstance(text, Text):
        raise NotAsAgreed(f"{what} is {kind_of(text)}; expected Text(zh=..., en=...)")
    return Text(_text(text.zh, what), _text(text.en, what))


def _reason(reason: Any) -> str:
    if isinstance(reason, Bilingual):
        return Bilingual(_text(reason.zh, "reason"), _text(reason, "reason"))
    return _text(reason, "reason")


def _text(text: Any, what: str) -> str:
    if not isinstance(text, str):
        raise NotAsAgreed(f"{what} is {kind_of(text)}; expected text")
    return clean(text)[:MAX_TEXT]


def _word(text: Any, what: str) -> str:
    if not isinstance(text, str) or not clean(text):
        raise NotAsAgreed(f"{what} is {text!r}"[:80] + "; expected a word")
    if len(text) > MAX_KEY:
        raise NotAsAgreed(f"{what} has {len(text)} characters; at most {MAX_KEY}")
    return clean(text)


def kind_of(value: Any) -> str:
    """What it is, in words; a coroutine is ended: Python would complain in lines of its own that nobody awaited it."""
    if inspect.iscoroutine(value):
        value.close()
        return "a coroutine (of an async function; expected a plain one)"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
