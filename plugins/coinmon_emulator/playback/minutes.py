"""Minutes (klines) that a recording holds, put together anew where they are asked for in other spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from coinmon_emulator.market.market import MINUTE

MinuteRow = list[Any]


@dataclass(frozen=True, slots=True)
class MinuteSpan:
    """What a request for minutes asks. begin, end: ms, [begin, end); begin None: the `limit` minutes before the end."""

    begin: int | None
    end: int
    limit: int
    of: tuple[tuple[str, str], ...]
    """The rest of the query: which instrument."""


class MinuteWords(Protocol):
    """What the module `minutes` of a venue's folder has: how it is asked for minutes, and how it answers."""

    def asked(self, path: str, query: Mapping[str, str], now: int) -> MinuteSpan | None:
        """None: the request is for something else."""
        ...

    def rows(self, body: Any) -> list[MinuteRow]: ...
    def begins(self, row: MinuteRow) -> int:
        """The beginning of a row's minute, ms."""
        ...

    def body(self, like: Any, rows: list[MinuteRow]) -> Any:
        """An answer with these rows, oldest first; like: an answer of the venue's."""
        ...

    SILENT_MINUTES: bool
    """Whether the venue leaves minutes out in which nobody traded."""


@dataclass(slots=True)
class _Series:
    """rows: by minute, the one that was told last, with its moment. known: minutes that an answer was about."""

    rows: dict[int, tuple[int, MinuteRow]] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    like: Any = None


class Minutes:
    """One venue's minutes as far as they were read."""

    def __init__(self, words: MinuteWords) -> None:
        self._words = words
        self._series: dict[tuple[str, tuple[tuple[str, str], ...]], _Series] = {}

    def take(self, path: str, query: Mapping[str, str], at: int, raw: bytes) -> None:
        """Take in an answer of a venue, given at a moment (ms)."""
        span = self._words.asked(path, query, at)
        if span is None:
            return
        try:
            body = orjson.loads(raw)
            rows = {self._words.begins(row): row for row in self._words.rows(body)}
        except (ValueError, KeyError, TypeError, IndexError):
            return
        series = self._series.setdefault((path, span.of), _Series())
        series.like = body
        for minute, row in rows.items():
            series.rows[minute] = at, row
        if self._words.SILENT_MINUTES and span.begin is not None:
            end = min(span.end, at)
            series.known.update(range(-(-span.begin // MINUTE) * MINUTE, end - MINUTE + 1, MINUTE))
        series.known.update(rows)

    def find(self, path: str, query: Mapping[str, str], now: int) -> bytes | None:
        """The answer to a request; None where the recording lacks one of its minutes that are over."""
        span = self._words.asked(path, query, now)
        series = None if span is None else self._series.get((path, span.of))
        if span is None or series is None:
            return None
        end = min(span.end, now)
        over = end // MINUTE * MINUTE
        begin = over - span.limit * MINUTE if span.begin is None else -(-span.begin // MINUTE) * MINUTE
        wanted = range(begin, over, MINUTE)
        if len(wanted) > span.limit or not all(minute in series.known for minute in wanted):
            return None
        told = [series.rows[minute][1] for minute in wanted if minute in series.rows]
        forming = series.rows.get(over)
        if forming is not None and over < end and forming[0] <= now:
            told.append(forming[1])
        return orjson.dumps(self._words.body(series.like, told[-span.limit :]))
