"""A played part and what it read as bytes, and back: MessagePack of named fields, nothing that could be run."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from coinmon.evaluate.held_signal import HeldSignal
from coinmon.evaluate.replay import Judgement
from coinmon.model.signal import Bilingual, Signal
from coinmon.run.parts.replay_parts import PlayedPart
from coinmon.run.parts.traced_rows import Trace

_MAGIC = b"coinmon part 1\n"
_DIGEST_BYTES = 32


class NotWhole(ValueError):
    """The bytes are not those of a part."""


@dataclass(frozen=True, slots=True)
class _Words:
    """zh: None where it is known in English only."""

    en: str
    zh: str | None


@dataclass(frozen=True, slots=True)
class _Judged:
    minutes: int
    judged: int
    waited: int
    failed: int
    why_waited: _Words
    why_failed: _Words


@dataclass(frozen=True, slots=True)
class _Record:
    """holds: each state and event once, as one or the other; changes name them by their place."""

    trace: Trace
    holds: list[tuple[Signal | None, HeldSignal | None]]
    changes: list[tuple[int, list[int]]]
    judgements: dict[str, _Judged]


def packed(part: PlayedPart, trace: Trace) -> bytes:
    """part: all of its changes found."""
    places: dict[int, int] = {}
    holds: list[tuple[Signal | None, HeldSignal | None]] = []
    changes = []
    for at, several in part.changes:
        for each in several:
            if id(each) not in places:
                places[id(each)] = len(holds)
                holds.append((each, None) if isinstance(each, Signal) else (None, each))
        changes.append((at, [places[id(each)] for each in several]))
    record = _Record(trace, holds, changes, {name: _judged(each) for name, each in part.judgements.items()})
    body = zlib.compress(msgspec.msgpack.encode(record), 3)
    return _MAGIC + _digest(body) + body


def unpacked(data: bytes) -> tuple[PlayedPart, Trace]:
    """Raises NotWhole."""
    body = data[len(_MAGIC) + _DIGEST_BYTES :]
    if not data.startswith(_MAGIC) or data[len(_MAGIC) :][:_DIGEST_BYTES] != _digest(body):
        raise NotWhole("its digest is not that of its bytes")
    try:
        record = _DECODER.decode(zlib.decompress(body))
        holds = [each or other for each, other in record.holds]
        changes = [(at, [_there(holds[place]) for place in several]) for at, several in record.changes]
    except (msgspec.DecodeError, zlib.error, IndexError) as error:
        raise NotWhole(str(error)) from None
    return PlayedPart(changes, _judgements(record.judgements), taken=True), record.trace


def _there(holds: Signal | HeldSignal | None) -> Signal | HeldSignal:
    if holds is None:
        raise NotWhole("a change without its signal")
    return holds


def _judgements(found: Mapping[str, _Judged]) -> dict[str, Judgement]:
    return {
        name: Judgement(
            each.minutes, each.judged, each.waited, each.failed, _text(each.why_waited), _text(each.why_failed)
        )
        for name, each in found.items()
    }


def _judged(of: Judgement) -> _Judged:
    return _Judged(of.minutes, of.judged, of.waited, of.failed, _words(of.why_waited), _words(of.why_failed))


def _words(text: str) -> _Words:
    return _Words(str.__str__(text), text.zh if isinstance(text, Bilingual) else None)


def _text(words: _Words) -> str:
    return words.en if words.zh is None else Bilingual(words.zh, words.en)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()


_DECODER = msgspec.msgpack.Decoder(_Record)
