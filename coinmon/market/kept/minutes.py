"""The last minutes of every market that a scan follows, side by side: a cycle reads only what is new, once for all."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from coinmon.errors import our_stop
from coinmon.market.kept.samples import RecentSamples, StoredSamples
from coinmon.market.read_only import read_only
from coinmon.market.source import Made, Sampled, SideBySide
from coinmon.model.bars import COLUMNS, Bars
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, floor

_Numbers = npt.NDArray[Any]
LONG, SHORT, _LONGEST = 1620, 360, 11_520
"""Minutes that are held: of `_LONG` a day and three hours, of the rest six hours: 115 kilobytes a market. Of `_LONG` as
many as were asked for where that is more, eight days at most."""
_LONG = "high", "low", "close", "volume", "quote_volume", "buy", "buy_quote", "coverage"
_SLACK, _UNSETTLED = 60, 20
"""Columns that are filled before all are moved; and minutes that may be written again without their market counting as
rewritten, twice as many as that takes: clocks differ."""
_FEW = 0.05
"""Share of the markets."""
_COLUMNS = tuple(name for name in (*COLUMNS, "known_at") if name != "time")
_WHOLE = "open", "high", "low", "close", "trades", "known_at"
_ABSENT = {"coverage": 0, "known_at": -1, "trades": -1} | dict.fromkeys(("open", "high", "low", "close"), 0)
_COUNTED = "known_at", "coverage", "trades", "close"
"""Of minutes whose sums of these stay what they were none was written since."""


class StoredMinutes(StoredSamples, Protocol):
    """Where they are read. Ranges are [start, end), ms UTC; instruments are told apart by their id."""

    def bars(self, instrument: Instrument, start: int, end: int) -> Bars:
        """One market's rows."""
        ...

    def lately(
        self, wanted: Sequence[Instrument], start: int, end: int
    ) -> tuple[Sequence[str], Mapping[str, _Numbers]]:
        """The rows of these markets: the id of whose each is, and by name `COLUMNS` and
        `known_at`, 0 for what was known at once.
        """
        ...

    def sums(self, start: int, end: int) -> Mapping[str, tuple[int, ...]]:
        """By market the number of its rows, and the sums of `_COUNTED`."""
        ...


class RecentMinutes:
    """A `SideBySide` of all markets that are followed, kept from one cycle to the next.

    What is given away is a part of its arrays, which nobody can write to; minutes of cycles to come are added behind.
    """

    def __init__(self) -> None:
        self.now = self.end = 0
        self._samples = RecentSamples()
        self._offset, self._long, self._wanted = 0, LONG, LONG
        self._columns: dict[str, _Numbers] = {}
        self._times: _Numbers = np.empty(0, np.int64)
        self._instruments: Sequence[Instrument] = []
        self.pairs: Sequence[int] = []
        self._rewritten: list[Hashable] = []
        self._row_of: dict[str, int] = {}
        self._made: dict[Hashable, Sequence[Any] | None] = {}
        self._shared: dict[Hashable, Any] = {}
        self._odd: Collection[str] = ()

    @property
    def instruments(self) -> Sequence[Instrument]:
        return self._instruments

    @property
    def bytes(self) -> int:
        """Of all columns."""
        return sum(each.nbytes for each in self._columns.values())

    def as_of(
        self, now: int, pairs: Sequence[Sequence[Instrument]], rewritten: Mapping[str, Hashable], stored: StoredMinutes
    ) -> dict[str, int]:
        """Bring it up to `now`, ms UTC; by market from when on minutes are others than were held.

        pairs: the markets that are followed of each. rewritten: by market another value when old minutes were written.
        A market without one has never been stored.
        """
        of_pair = [(pair, each) for pair, several in enumerate(pairs) for each in several if each.id in rewritten]
        followed, lanes = [each for _, each in of_pair], [(pair, each.kind) for pair, each in of_pair]
        before, last, end = dict(self._row_of), self.end, floor(now)
        self.now = now
        stands = last <= end <= last + _SLACK * MINUTE and bool(self._columns) and self._wanted <= self._long
        self._long = max(self._long, self._wanted)
        known = {
            each.id
            for each, value in zip(self._instruments, self._rewritten, strict=True)
            if stands and rewritten.get(each.id) == value
        }
        old = {each.id: each for each in self._instruments}
        fresh = [each for each in followed if each.id not in known or old[each.id] != each]
        self._made, self._shared = {}, {}
        self.pairs = [row for row, each in enumerate(lanes) if not row or each != lanes[row - 1]]
        self._settle(followed, before if stands else {}, end)
        self._rewritten = [rewritten[each.id] for each in followed]
        changed = dict.fromkeys((each.id for each in fresh), 0)
        try:
            if stands:
                changed |= self._follow_up(last, stored, changed.keys())
            for each in fresh:
                self._read_whole(each, stored)
            if fresh:
                self._write(*stored.lately(fresh, end - _UNSETTLED * MINUTE, end))
            self._samples.as_of(now, followed, {each.id for each in fresh}, stored)
        except BaseException:
            # half of it is read: nothing is held
            self._columns = {}
            raise
        self._odd = changed if len(changed) <= _FEW * len(followed) else ()
        return changed

    def bars(self, instrument: Instrument, start: int, end: int) -> Bars | None:
        """One row for each minute of [start, end); None where they are not at hand. Without levels."""
        row = self._row_of.get(instrument.id)
        if row is None or start < self.end - SHORT * MINUTE or end > self.end:
            return None
        stop = SHORT + self._offset - (self.end - end) // MINUTE
        part = slice(stop - (end - start) // MINUTE, stop)
        far = slice(part.start + self._long - SHORT, part.stop + self._long - SHORT)
        columns: dict[str, Any] = {
            name: self._columns[name][row, far if name in _LONG else part] for name in COLUMNS if name != "time"
        }
        return Bars(instrument.tick_size, self._times[part], **columns)

    def last(self, name: str, minutes: int) -> _Numbers:
        column, span = self._columns[name], self._span(name)
        if minutes > span:
            if name in _LONG:
                # from the next cycle on
                self._wanted = max(self._wanted, min(minutes, _LONGEST))
            raise KeyError(name)
        stop = span + self._offset
        part: _Numbers = column[:, stop - minutes : stop]
        return part

    def sampled(self, name: str, minutes: int) -> Sampled:
        return self._samples.last(name, minutes)

    def of(
        self, instrument: Instrument, key: Hashable, make: Callable[[SideBySide], Sequence[Any]], now: int, kept: bool
    ) -> Sequence[Any]:
        """What `make` gives for that market, in a row of one; it is asked once a cycle for all.

        Empty: it has none as of `now`, or raised. kept: for more than a cycle, so that a few markets of which minutes
        are others than they were are no reason to ask of all.
        """
        row = self._row_of.get(instrument.id)
        if row is None or now != self.now or self._instruments[row] != instrument:
            return ()
        if kept and instrument.id in self._odd:
            return ()
        return self._asked(key, make, row)

    def of_pair(
        self, markets: Sequence[Instrument], key: Hashable, make: Callable[[SideBySide], Sequence[Any]], now: int
    ) -> Sequence[Any]:
        """What `make` gives for a pair of which these are all markets of their kind; else as `of`."""
        row = self._row_of.get(markets[0].id, -1)
        at = bisect_left(self.pairs, row)
        first, after = (*self.pairs[at : at + 2], len(self._instruments), len(self._instruments))[:2]
        if now != self.now or self._instruments[first:after] != markets:
            return ()
        return self._asked(("pair", key), make, at)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        made = self._shared
        if key not in made:
            made[key] = read_only(make())
        found: Made = made[key]
        return found

    def _asked(self, key: Hashable, make: Callable[[SideBySide], Sequence[Any]], at: int) -> Sequence[Any]:
        # of this cycle: one that was given up may still be at work when the next begins
        made = self._made
        if key not in made:
            try:
                made[key] = [read_only(each) for each in make(self)]
            except BaseException as error:
                if our_stop(error):
                    raise
                # one by one each fails for itself
                made[key] = None
        found = made[key]
        return () if found is None else found[at : at + 1]

    def _settle(self, followed: Sequence[Instrument], before: Mapping[str, int], end: int) -> None:
        """Rows for these markets and columns up to `end`: what is held goes along, and nothing is known of the rest."""
        more = (end - self.end) // MINUTE if before else 0
        same = [each.id for each in followed] == list(before)
        moves = not before or not same or self._offset + more > _SLACK
        if moves:
            rows = np.array([before.get(each.id, -1) for each in followed], np.int64)
            there = rows >= 0
            for name in _COLUMNS:
                span, dtype = self._span(name), _dtype(name)
                fresh = np.full((len(followed), span + _SLACK), _ABSENT.get(name, np.nan), dtype)
                if there.any():
                    # the columns that are still held once it reaches up to `end`
                    held = self._columns[name][rows[there], more + self._offset : span + self._offset]
                    fresh[there, : span - more] = held
                fresh.setflags(write=False)
                self._columns[name] = fresh
            self._offset = 0
            self._times = end - SHORT * MINUTE + np.arange(SHORT + _SLACK, dtype=np.int64) * MINUTE
            self._times.setflags(write=False)
        else:
            self._offset += more
        self.end, self._instruments = end, followed
        self._row_of = {each.id: row for row, each in enumerate(followed)}

    def _read_whole(self, instrument: Instrument, stored: StoredMinutes) -> None:
        """A market that is new here, or whose old minutes were written."""
        start = self.end - self._long * MINUTE
        rows = stored.bars(instrument, start, self.end).dense(start, self.end)
        row = self._row_of[instrument.id]
        for name in _COLUMNS:
            span, column = self._span(name), self._columns[name]
            column.setflags(write=True)
            column[row, self._offset : self._offset + span] = (
                _ABSENT[name] if name == "known_at" else getattr(rows, name)[-span:]
            )
            column.setflags(write=False)

    def _follow_up(self, last: int, stored: StoredMinutes, fresh: Collection[str]) -> dict[str, int]:
        """Read the minutes since, and those before it that were written since; by market the first of these."""
        if last < self.end:
            self._write(*stored.lately(self._instruments, last, self.end))
        start = last - _UNSETTLED * MINUTE
        known = self._stretch("known_at", start, last)
        held = np.stack([(known >= 0).sum(axis=1), *(self._sum(name, known, start, last) for name in _COUNTED)], axis=1)
        now = stored.sums(start, last)
        none = (0,) * (1 + len(_COUNTED))
        there = np.array([now.get(each.id, none) for each in self._instruments], np.int64).reshape(held.shape)
        unlike = [self._instruments[row] for row in np.flatnonzero((held != there).any(axis=1)).tolist()]
        others = [each for each in unlike if each.id not in fresh]
        if not others:
            return {}
        rows = np.array([self._row_of[each.id] for each in others])
        were = {name: self._stretch(name, start, last)[rows] for name in _COLUMNS}
        self._blank(rows, start, last)
        self._write(*stored.lately(others, start, last))
        differ = np.zeros(were["known_at"].shape, bool)
        for name in COLUMNS[1:]:
            # bit by bit: what is unknown may be as unknown as before
            raw = np.uint8 if name == "coverage" else np.int64
            differ |= were[name].view(raw) != self._stretch(name, start, last)[rows].view(raw)
        first = np.where(differ.any(axis=1), differ.argmax(axis=1), -1)
        return {each.id: start + at * MINUTE for each, at in zip(others, first.tolist(), strict=True) if at >= 0}

    def _span(self, name: str) -> int:
        return self._long if name in _LONG else SHORT

    def _sum(self, name: str, known: _Numbers, start: int, end: int) -> _Numbers:
        return np.asarray(np.where(known >= 0, self._stretch(name, start, end), 0).sum(axis=1, dtype=np.int64))

    def _stretch(self, name: str, start: int, end: int) -> _Numbers:
        at = self._span(name) + self._offset - (self.end - start) // MINUTE
        part: _Numbers = self._columns[name][:, at : at + (end - start) // MINUTE]
        return part

    def _blank(self, rows: _Numbers, start: int, end: int) -> None:
        for name in _COLUMNS:
            self._columns[name].setflags(write=True)
            self._stretch(name, start, end)[rows] = _ABSENT.get(name, np.nan)
            self._columns[name].setflags(write=False)

    def _write(self, ids: Sequence[str], columns: Mapping[str, _Numbers]) -> None:
        """Rows of markets that are held, at their minutes."""
        rows = np.array([self._row_of.get(id, -1) for id in ids], np.int64)
        mine = rows >= 0
        back = (self.end - columns["time"][mine]) // MINUTE
        for name in _COLUMNS:
            column = self._columns[name]
            column.setflags(write=True)
            column[rows[mine], self._span(name) + self._offset - back] = columns[name][mine]
            column.setflags(write=False)


def _dtype(name: str) -> Any:
    return np.uint8 if name == "coverage" else np.int64 if name in _WHOLE else np.float64
