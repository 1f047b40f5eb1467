"""What a tape's files hold of one instrument, before it is made a market."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from coinmon_emulator.market.market import Column


@dataclass(slots=True)
class TapeTrack:
    """Columns as text, in the order of the files; diffs and snapshots stay raw until a book is asked for."""

    kind: str
    symbol: str
    ids: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    prices: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    diffs: list[tuple[int, bytes]] = field(default_factory=list)
    snapshots: list[tuple[int, bytes]] = field(default_factory=list)
    marks: list[tuple[int, float, float, float, int]] = field(default_factory=list)
    events: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    """Stream messages as they were recorded, by event; diffs are kept apart."""

    def keep(self, event: str, time: int, raw: bytes) -> None:
        kept = self.events.setdefault(event, [])
        # A stamp earlier than the one before was sent when it was seen.
        kept.append((max(time, kept[-1][0]) if kept else time, raw))

    def _levels(self, place: int) -> list[str]:
        texts = []
        for _, raw in self.snapshots[:1]:
            book = orjson.loads(raw)
            texts = [level[place] for side in ("bids", "asks") for level in book[side]]
        return texts

    def level_prices(self) -> list[str]:
        return self._levels(0)

    def level_sizes(self) -> list[str]:
        return self._levels(1)


def track(tracks: dict[tuple[str, str], TapeTrack], kind: str, symbol: str) -> TapeTrack:
    """The track of an instrument, begun if need be."""
    known = tracks.get((kind, symbol))
    if known is None:
        known = tracks[kind, symbol] = TapeTrack(kind, symbol)
    return known


def milliseconds(time: int) -> int:
    """Spot times of 2025 and later may be microseconds."""
    return time // 1000 if time > 10**14 else time


def decimals(texts: Sequence[str], also: Iterable[str]) -> tuple[Column, int, int]:
    """Decimal texts as exact integers, how many decimals those have, and how many the texts were written with."""
    written = max((len(text.partition(".")[2]) for text in texts), default=0)
    needed = max((len(text.partition(".")[2].rstrip("0")) for text in also), default=0)
    values = np.array([_integer(text, written) for text in texts], np.int64)
    digits = written
    while digits > needed and not (values % 10).any():
        values //= 10
        digits -= 1
    return values * 10 ** max(0, needed - digits), max(digits, needed), written


def _integer(text: str, digits: int) -> int:
    head, _, tail = text.partition(".")
    return int(head + tail.ljust(digits, "0"))
