"""A `Source` for views that walk forwards in time: what is stored is read a stretch ahead, not each minute."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol, TypeVar

import numpy as np

from coinmon.market.read_only import read_only
from coinmon.market.source import Source
from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, iso


class _Timed(Protocol):
    @property
    def time(self) -> int: ...


_Row = TypeVar("_Row")
_Rows = TypeVar("_Rows")
_Sample = TypeVar("_Sample", bound=_Timed)
AHEAD_MS, PLAIN_AHEAD_MS = DAY, 7 * DAY
"""How far ahead is read, and bars without levels, of which a lake has a week together: a longer stretch of levels or
books would take much memory."""


class ReadOnce:
    """`signals` are those of the replay itself (`tell`, `end`), never those that the database holds.

    asked_back: whether anybody asked for them. until: nothing from there on is read ahead, ms UTC; None: it may be.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held: dict[Hashable, tuple[int, int, Any, Any]] = {}
        self._reach: dict[Hashable, int] = {}
        self._profiles: dict[Hashable, Levels] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self.asked_back = False
        self.until: int | None = None
        self._ended: dict[str, dict[Hashable, Any]] = {}

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        def read(first: int, last: int) -> Bars:
            return read_only(self._source.bars(instrument, first, last, levels=levels))

        def joined(parts: Sequence[Bars]) -> Bars:
            return read_only(Bars.concat(parts))

        key, ahead = ("bars", instrument.id, levels), AHEAD_MS if levels else PLAIN_AHEAD_MS
        rows, times = self._ahead(key, start, end, read, lambda rows: rows.time, joined, ahead)
        return rows[int(np.searchsorted(times, start)) : int(np.searchsorted(times, end))]

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        key = instrument.id, start, end
        if key not in self._profiles:
            if len(self._profiles) > 256:
                self._profiles.clear()
            self._profiles[key] = self._source.profile(instrument, start, end)
        return self._profiles[key]

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        return self._samples(self._source.open_interest, instrument, start, end)

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return self._samples(self._source.funding, instrument, start, end)

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        return self._samples(self._source.whale_trades, instrument, start, end)

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        return self._samples(self._source.depth, instrument, start, end)

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        return self._source.heatmap(instrument, start, end)

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        return self._samples(self._source.liquidations, instrument, start, end)

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        def read(first: int, last: int) -> Sequence[int]:
            return sorted(self._source.liquidations_heard(instrument, first, last))

        rows: Sequence[int]
        rows, times = self._ahead(("heard", instrument.id), start, end, read, lambda rows: rows, _chained)
        return rows[bisect_left(times, start) : bisect_left(times, end)]

    def ended(self, instrument: str) -> dict[Hashable, Any]:
        """What views worked out of stretches of time that are over, by the instrument's id."""
        return self._ended.setdefault(instrument, {})

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        self.asked_back = True
        until = iso(end)
        found = [
            {**event, "ended": None if ended is None or ended >= end else ended}
            for event, ended in ((each["event"], each["ended"]) for each in self._told.values())
            if event["pair"] == pair and event["time"] < until and (ended is None or ended >= start)
        ]
        return sorted(found, key=lambda each: str(each["time"]), reverse=True)

    def tell(self, event: Mapping[str, Any], ended: int | None) -> None:
        """The replay told this; `ended`: at once for one that does not last."""
        self._told[str(event["id"])] = {"event": event, "ended": ended}

    def end(self, id: str, at: int | None) -> None:
        """What was told ended, or (None) goes on after all."""
        if id in self._told:
            self._told[id]["ended"] = at

    def _samples(
        self, ask: Callable[[Instrument, int, int], Sequence[_Sample]], instrument: Instrument, start: int, end: int
    ) -> Sequence[_Sample]:
        def read(first: int, last: int) -> Sequence[_Sample]:
            return ask(instrument, first, last)

        key = ask.__name__, instrument.id
        rows, times = self._ahead(key, start, end, read, lambda rows: [each.time for each in rows], _chained)
        return rows[bisect_left(times, start) : bisect_left(times, end)]

    def _ahead(
        self,
        key: Hashable,
        start: int,
        end: int,
        read: Callable[[int, int], _Rows],
        times: Callable[[_Rows], Any],
        joined: Callable[[Sequence[_Rows]], _Rows],
        ahead: int = AHEAD_MS,
    ) -> tuple[_Rows, Any]:
        """Rows that hold [start, end), and their times. joined: makes one of rows that follow one another."""
        first, last, rows, moments = self._held.get(key, (0, 0, None, None))
        if rows is None or start < first or end > last:
            self._reach[key] = reach = max(self._reach.get(key, 0), end - start)
            begin, until = end - reach, max(end, min(end + ahead, self.until or end + ahead))
            if rows is None or begin > last or end < first:
                rows = read(begin, until)
            else:
                # what is held stays; only what lies before and after it is read
                until = max(until, last)
                kept: Any = rows
                before = [read(begin, first)] if begin < first else []
                after = [read(last, until)] if last < until else []
                rows = joined([*before, kept[bisect_left(moments, begin) :], *after])
            moments = times(rows)
            self._held[key] = begin, until, rows, moments
        return rows, moments


def _chained(parts: Sequence[Sequence[_Row]]) -> Sequence[_Row]:
    return list(chain.from_iterable(parts))
