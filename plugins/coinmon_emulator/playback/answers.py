"""Recorded answers to requests: found by what is asked, given at their moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from coinmon_emulator.playback.connections import Topics
from coinmon_emulator.playback.lines import TapeLine
from coinmon_emulator.playback.minutes import Minutes, MinuteWords
from coinmon_emulator.playback.places import path_of
from coinmon_emulator.server.reply import asked

KEPT_MS = 2 * 3_600_000
"""Answers about a span of time are asked for once, soon after; others are kept as long as nothing newer came."""
SPANS = frozenset(("startTime", "endTime", "fromId", "start", "end", "begin", "after", "before"))
"""Names of a query that make its answer the same whenever it is asked."""
FRESH_MS = 600_000
"""Market time after which an answer about the present is none any more."""
LISTINGS = ("exchangeInfo", "instruments", "instruments-info", "products", "fundingInfo", "metaAndAssetCtxs")
"""What is asked at every start, whenever that is: old ones serve as well."""
_SERVED_PENALTY_S = 2.0
"""Real seconds that an answer that was given already counts as further away."""
Asked = tuple[str, tuple[tuple[str, str], ...]]
"""Method of a request and what it asks, in an order of its own."""


@dataclass(slots=True)
class RecordedAnswer:
    """raw: the body; None: no answer came. at: when it was there, ms."""

    at: int
    raw: bytes | None
    status: int
    headers: Mapping[str, str]
    served: bool = False


class RecordedAnswers:
    """What one venue answered. lines: of the part `rest`, oldest first; read as time goes by."""

    def __init__(self, venue: str, lines: Iterator[TapeLine], words: MinuteWords, topics: Topics) -> None:
        self._minutes = Minutes(words)
        self._topics = topics
        self.time_offsets: dict[str, int] = {}
        """How far the venue's clock was ahead of the recorder's when it was last told, ms; by path."""
        self._venue = venue
        self._lines = lines
        self._ahead: TapeLine | None = next(lines, None)
        self._sources: dict[int, tuple[str, str]] = {}
        self._places: dict[str, dict[Asked, list[RecordedAnswer]]] = {}
        """By path and by what was asked, oldest first."""
        self._pruned = 0

    def read(self, until: int) -> None:
        """Take in what was answered up to a moment (ms)."""
        while self._ahead is not None and self._ahead.at <= until:
            self._take(self._ahead)
            self._ahead = next(self._lines, None)
        if until - self._pruned > KEPT_MS / 4:
            self._pruned = until
            self._prune(until - KEPT_MS)

    def _take(self, line: TapeLine) -> None:
        if line.what == "source":
            self._sources[line.source] = str(line.value.get("method", "GET")), path_of(line.value["url"], self._venue)
        elif line.what == "answer" and line.source in self._sources:
            method, path = self._sources[line.source]
            about = line.value
            one = RecordedAnswer(line.at, line.raw, int(about.get("status", 0)), about.get("headers", {}))
            pairs = parse_qsl(str(about.get("query", "")), keep_blank_values=True)
            path, query = asked(path, pairs, str(about.get("sent") or "").encode())
            if one.status == 200 and one.raw is not None:
                self._minutes.take(path, query, line.at, one.raw)
                if path in self._topics.SERVER_TIME:
                    self._told_time(path, line.at - int(about.get("took", 0)) // 2, one.raw)
            self._places.setdefault(path, {}).setdefault(_key(method, query), []).append(one)

    def _told_time(self, path: str, at: int, raw: bytes) -> None:
        with suppress(ValueError, KeyError, TypeError, IndexError):
            self.time_offsets[path] = self._topics.server_time(orjson.loads(raw)) - at

    def _prune(self, before: int) -> None:
        for place in self._places.values():
            for key, answers in list(place.items()):
                recent = [each for each in answers if each.at >= before]
                if not recent and not _of_a_span(key):
                    recent = answers[-1:]
                if recent:
                    place[key] = recent
                else:
                    del place[key]

    def find(
        self, method: str, path: str, query: Mapping[str, str], now: int, ahead_ms: float, speed: float
    ) -> RecordedAnswer | None:
        """The answer nearest in time, one that comes within `ahead_ms` included; the caller waits for its moment."""
        key = _key(method, query)
        found = [
            each
            for known, place in self._places.items()
            if known.endswith(path)
            for each in place.get(key, ())
            if each.at <= now + ahead_ms
        ]
        if not found:
            return self._minutes_of(path, query, now)
        # who has heard what was later is not told again what was before it
        newest = max((each.at for each in found if each.served), default=0)
        found = [each for each in found if each.at >= newest]
        penalty = _SERVED_PENALTY_S * 1000 * max(speed, 1.0)
        best = min(found, key=lambda each: abs(each.at - now) + penalty * each.served)
        lasting = path.endswith(LISTINGS) or _of_a_span(key)
        if not lasting and now - best.at > FRESH_MS:
            return None
        best.served = True
        return best

    def _minutes_of(self, path: str, query: Mapping[str, str], now: int) -> RecordedAnswer | None:
        known = next((each for each in self._places if each.endswith(path)), path)
        try:
            raw = self._minutes.find(known, query, now)
        except ValueError:
            return None
        return None if raw is None else RecordedAnswer(now, raw, 200, {})


def _key(method: str, query: Mapping[str, str]) -> Asked:
    return method, tuple(sorted(query.items()))


def _of_a_span(key: Asked) -> bool:
    return any(name.rpartition(".")[2] in SPANS for name, _ in key[1])
