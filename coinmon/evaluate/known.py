"""What of a pair's stored rows was known at each moment: a repair of yesterday was not known the day before.

A scan judges a minute with what had been read by then. Rows say when they could be known (`known_at`), so a replay can
see what the scan saw: a row that came later is not there, one that said something else before says that, and minutes
that nobody looked at are not judged.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from coinmon.market.market import Market
from coinmon.market.source import Source
from coinmon.market.view import View
from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.trades import Ints
from coinmon.store.judged import JudgedMinutes

REACH_MS = 35 * DAY
"""How long before a replay rows are looked at that may have been known only in it."""
Mask = npt.NDArray[np.bool_]


class KnownRows(Protocol):
    """The store, asked when rows could be known, and what a scan judged."""

    def known(self, instrument: Instrument, start: int, end: int) -> Mapping[str, tuple[Ints, Ints]]:
        """By table: the rows' times and when they could be known, ms UTC; -1: as soon as they happened."""
        ...

    def judged(self, pair: Pair, start: int, end: int) -> JudgedMinutes:
        """The moments of [start, end) at which a scan judged the pair."""
        ...

    def superseded(self, instrument: Instrument, start: int, end: int) -> Mapping[str, tuple[Ints, Ints, Ints]]:
        """By table, of the earlier states of rows: times, since when (-1: at once) and until when they were known."""
        ...

    def superseded_rows(self, table: str, instrument: Instrument, start: int, end: int) -> tuple[Any, Ints, Ints]:
        """Those of one table: bars with levels or samples, and since when and until when each was known."""
        ...


class KnownThen:
    """What was known of a pair's instruments at each minute of [start, end), ms UTC.

    Which minutes a scan judged, and up to when what it read counted, is written down (`judged`). Of those before that
    began to be, it is concluded from the rows: a minute was judged if a row of it was known within the minute after.
    """

    def __init__(self, rows: KnownRows, pair: Pair, instruments: Sequence[Instrument], start: int, end: int) -> None:
        self._rows, self.start, self.end = rows, start, end
        self._count = (end - start) // MINUTE
        self._span = start - REACH_MS, end
        known = {each.id: rows.known(each, *self._span) for each in instruments}
        before = {each.id: rows.superseded(each, *self._span) for each in instruments}
        self._has_earlier: set[tuple[str, str]] = set()
        self._earlier: dict[tuple[str, str], _ChangedRows] = {}
        self._included: set[str] = set()
        bars = [tables["bars"] for tables in known.values() if "bars" in tables]
        # a minute that was stored otherwise later had been looked at as it was then
        bars += [tables["bars"][:2] for tables in before.values() if "bars" in tables]
        self.unseen = self._unseen(bars)
        """By moment from `start` on: nobody knew the minute that had just ended, so nobody looked."""
        self._read_until = self._reading_times(bars)
        self._take_judged(rows.judged(pair, start, end))
        looked = np.flatnonzero(~self.unseen)
        self._judged = start + looked * MINUTE, np.maximum.accumulate(self._read_until[looked])
        self.hides = np.zeros(self._count, bool)
        """By moment from `start` on: some row that is stored was not known yet."""
        self._late: dict[tuple[str, str], tuple[Ints, Ints]] = {}
        for id, tables in known.items():
            self._include(id, tables, before[id])

    def include(self, others: Iterable[Instrument]) -> None:
        """Other pairs' instruments, at which something looks besides. When the pair was looked at they do not say."""
        for each in others:
            if each.id not in self._included:
                self._include(each.id, self._rows.known(each, *self._span), self._rows.superseded(each, *self._span))

    def _include(
        self, id: str, known: Mapping[str, tuple[Ints, Ints]], before: Mapping[str, tuple[Ints, Ints, Ints]]
    ) -> None:
        self._included.add(id)
        self._has_earlier |= {(table, id) for table, (times, *_) in before.items() if len(times)}
        for table, (times, known_at) in known.items():
            self._find_late(id, table, times, known_at)

    def _reading_times(self, bars: Sequence[tuple[Ints, Ints]]) -> Ints:
        """By moment: up to when what had been read counted, as rows say it; where none does, the minute's end."""
        every = self.start + np.arange(self._count, dtype=np.int64) * MINUTE
        found = every - 1
        for times, known_at in bars:
            moments = times + MINUTE
            rows = (moments - self.start) // MINUTE
            inside = (rows >= 0) & (rows < self._count)
            read = inside & (known_at >= moments) & (known_at < moments + MINUTE)
            np.maximum.at(found, rows[read], known_at[read])
        return np.where(found < every, every + MINUTE - 1, found)

    def _unseen(self, bars: Sequence[tuple[Ints, Ints]]) -> Mask:
        there, on_time = np.zeros(self._count, bool), np.zeros(self._count, bool)
        for times, known_at in bars:
            moments = times + MINUTE
            rows = (moments - self.start) // MINUTE
            inside, late = (rows >= 0) & (rows < self._count), known_at >= moments + MINUTE
            there[rows[inside]] = True
            on_time[rows[inside & ~late]] = True
        return there & ~on_time

    def _take_judged(self, judged: JudgedMinutes) -> None:
        if judged.since is None:
            return
        written = max(0, (judged.since - self.start) // MINUTE)
        self.unseen[written:] = True
        rows = (judged.moments - self.start) // MINUTE
        self.unseen[rows], self._read_until[rows] = False, judged.read_until

    def _find_late(self, id: str, table: str, times: Ints, known_at: Ints) -> None:
        natural = _natural(table, times)
        seen_from = self._seen_from(table, times, known_at)
        late = (seen_from > natural) & (seen_from > self.start)
        if not late.any():
            return
        self._late[table, id] = times[late], seen_from[late]
        first = np.clip((natural[late] - self.start) // MINUTE, 0, self._count)
        last = np.clip((seen_from[late] - self.start) // MINUTE, 0, self._count)
        steps = np.zeros(self._count + 1, np.int64)
        np.add.at(steps, first, 1)
        np.add.at(steps, last, -1)
        self.hides |= np.cumsum(steps[:-1]) > 0

    def _seen_from(self, table: str, times: Ints, known_at: Ints) -> Ints:
        """The first moment that was judged with what was known of these rows at `known_at`; `end`: none was."""
        moments, read_until = self._judged
        first = np.append(moments, self.end)[np.searchsorted(read_until, known_at)]
        # a moment of before the span says nothing here
        return np.maximum(_natural(table, times), np.where(known_at < self.start, known_at - known_at % MINUTE, first))

    def of(self, mask: Mask, first: int, count: int) -> Mask:
        """The part of `unseen` or `hides` from the moment `first`, ms UTC, on."""
        at = (first - self.start) // MINUTE
        return mask[at : at + count]

    def market(self, market: Market) -> Market:
        """The market with what was known at its moment."""
        at = (market.now - self.start) // MINUTE
        if not 0 <= at < self._count:
            return market
        everyone = market.everyone and (lambda: map(self._other, market.all_pairs()))
        views = self._views(market) if self.hides[at] else market.views
        return replace(market, views=views, everyone=everyone)

    def _other(self, market: Market) -> Market:
        self.include(view.instrument for view in market.views)
        return replace(market, views=self._views(market))

    def _views(self, market: Market) -> list[View]:
        then = self._sources(market.now)
        return [replace(view, source=then(view.source)) for view in market.views]

    def source(self, source: Source, now: int) -> Source:
        """What of the source was known at `now`."""
        return self._sources(now)(source)

    def _sources(self, now: int) -> Callable[[Source], Source]:
        # the same rows are asked for again and again, of a few of all that came late
        hidden, before = cache(partial(self._not_known_yet, now)), partial(self._known_before, now)
        return lambda source: _SourceThen(source, hidden, before)

    def _not_known_yet(self, now: int, table: str, instrument: str) -> frozenset[int]:
        """Times of rows, of a table and an instrument's id, that were not known at `now`."""
        if (table, instrument) not in self._late:
            return frozenset()
        times, seen_from = self._late[table, instrument]
        return frozenset(times[seen_from > now].tolist())

    def _known_before(self, now: int, table: str, instrument: Instrument, start: int, end: int) -> Any:
        """Earlier states of rows of [start, end) that were what was known at `now`; None: there are none."""
        key = table, instrument.id
        if key not in self._has_earlier:
            return None
        if key not in self._earlier:
            rows, known_at, until = self._rows.superseded_rows(table, instrument, *self._span)
            times = rows.time if isinstance(rows, Bars) else np.array([each.time for each in rows], np.int64)
            seen = (self._seen_from(table, times, each) for each in (known_at, until))
            self._earlier[key] = _ChangedRows(rows, times, *seen)
        return self._earlier[key].at(now, start, end)


def _natural(table: str, times: Ints) -> Ints:
    """The first moment at which rows could be known."""
    return times + MINUTE if table == "bars" else -(-times // MINUTE) * MINUTE


@dataclass(frozen=True, slots=True)
class _ChangedRows:
    """States of rows that were stored otherwise later. since, until: the moments that were judged with them."""

    rows: Any
    times: Ints
    since: Ints
    until: Ints

    def at(self, now: int, start: int, end: int) -> Any:
        held = (self.times >= start) & (self.times < end) & (self.since <= now) & (now < self.until)
        if not held.any():
            return None
        return self.rows[held] if isinstance(self.rows, Bars) else [self.rows[i] for i in np.flatnonzero(held).tolist()]


_Sample = TypeVar("_Sample", OpenInterest, Funding, WhaleTrade, Liquidation, Depth, Picture)


class _SourceThen:
    """A source without the rows that were not known, and with what was known in their place.

    hidden: their times, of a table and an instrument's id. before: the earlier states of a table's rows.
    """

    def __init__(
        self,
        source: Source,
        hidden: Callable[[str, str], frozenset[int]],
        before: Callable[[str, Instrument, int, int], Any],
    ) -> None:
        self._source, self._hidden, self._before = source, hidden, before

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        rows = self._source.bars(instrument, start, end, levels=levels)
        hidden = self._hidden("bars", instrument.id)
        if not hidden:
            return rows
        rows = rows[~np.isin(rows.time, np.fromiter(hidden, np.int64, len(hidden)), assume_unique=True)]
        before = self._before("bars", instrument, start, end)
        if before is None:
            return rows
        every = Bars.concat([rows, before if levels else replace(before, levels=None)])
        return every[np.argsort(every.time, kind="stable")]

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        hidden = self._hidden("bars", instrument.id)
        if not any(start <= each < end for each in hidden):
            return self._source.profile(instrument, start, end)
        return self.bars(instrument, start, end, levels=True).profile()

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        return self._known("open_interest", instrument, start, end, self._source.open_interest(instrument, start, end))

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return self._known("funding", instrument, start, end, self._source.funding(instrument, start, end))

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        return self._known("whale_trades", instrument, start, end, self._source.whale_trades(instrument, start, end))

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        return self._known("depth", instrument, start, end, self._source.depth(instrument, start, end))

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        return self._known("heatmap", instrument, start, end, self._source.heatmap(instrument, start, end))

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        return self._known("liquidations", instrument, start, end, self._source.liquidations(instrument, start, end))

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        return self._source.liquidations_heard(instrument, start, end)

    def signals(self, pair: str, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        return self._source.signals(pair, start, end)

    def _known(
        self, table: str, instrument: Instrument, start: int, end: int, found: Sequence[_Sample]
    ) -> Sequence[_Sample]:
        hidden = self._hidden(table, instrument.id)
        if not hidden:
            return found
        before = self._before(table, instrument, start, end)
        every = [each for each in found if each.time not in hidden]
        if before is None:
            return every
        every.extend(before)
        return sorted(every, key=lambda each: each.time)
