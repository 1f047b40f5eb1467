"""The database as views read it."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from sqlalchemy import Connection, Float, Table, cast, func, select

from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import SAMPLED, Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, MINUTE
from coinmon.model.multiples import (
    COUNTED_IN_UNITS,
    bars_in_coins,
    coin_of,
    levels_in_coins,
    multiple_of,
    samples_in_coins,
    units_between,
)
from coinmon.model.symbols import Universe
from coinmon.model.trades import Ints
from coinmon.store import books, samples, schema
from coinmon.store.bars import (
    bars_digest,
    read_bars,
    read_lately,
    read_profile,
    read_sums,
    read_superseded_bars,
)
from coinmon.store.database import Database
from coinmon.store.instruments import chosen_instruments, listing_days, read_instruments
from coinmon.store.judged import JudgedMinutes, last_judged, read_judged
from coinmon.store.outbox import read_signals
from coinmon.store.rows import columns_of, read_rewritten
from coinmon.store.samples import newest_times
from coinmon.store.schema import bars, instruments, signals

_TABLES = {"open_interest": schema.open_interest, "funding": schema.funding}
_Sample = TypeVar("_Sample", OpenInterest, Funding, WhaleTrade, Depth, Picture, Liquidation)


Written = tuple[int, int]
"""An instrument's row number, and how often old minutes of it were written."""


class Kept(Protocol):
    """What a scan keeps from one cycle to the next. recent: the last minutes of all that it follows."""

    recent: Any

    def as_of(
        self, now: int, pairs: Sequence[Sequence[Instrument]], rewritten: Mapping[str, Written], stored: "History"
    ) -> Mapping[str, dict[Hashable, Any]]:
        """Brought up to `now`, ms UTC, of what is stored: what was worked out of stretches that are over, by id."""
        ...


class History:
    """A `Source` over the database. An instrument that was never stored has no rows."""

    recent: Any = None
    _kept: Mapping[str, dict[Hashable, Any]] | None = None
    _newest: dict[str, dict[int, int]] | None = None

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._stored = read_instruments(connection)
            self._followed = chosen_instruments(connection)
        self._numbers = {instrument.id: number for number, instrument in self._stored.items()}

    def of_all_pairs(self, kept: Kept, now: int, pairs: Sequence[Sequence[Instrument]]) -> None:
        """From here on all pairs are looked at, as of `now`, ms UTC, in one snapshot of the database.

        pairs: the markets of each of which views are made, as these count. kept: of earlier cycles.
        """
        with self._database.read() as connection:
            counted = read_rewritten(connection)
        rewritten = {each.id: (number, counted.get(number, -1)) for number, each in self._stored.items()}
        self._kept, self._newest = kept.as_of(now, pairs, rewritten, self), {}
        self.recent = kept.recent

    def lately(self, wanted: Sequence[Instrument], start: int, end: int) -> tuple[Sequence[str], Any]:
        """The rows of these instruments of [start, end), in coins: the id of whose each is, and columns by name."""
        return self._in_coins(read_lately, wanted, start, end)

    def sampled_lately(self, name: str, wanted: Sequence[Instrument], start: int, end: int) -> tuple[Any, Any]:
        """As `lately`, of the samples what `SAMPLED` names of them."""
        read = partial(columns_of, table=_TABLES[name], names=("time", *SAMPLED[name]))
        return self._in_coins(read, wanted, start, end)

    def _in_coins(self, read: Any, wanted: Sequence[Instrument], start: int, end: int) -> tuple[Any, Any]:
        with self._database.read() as connection:
            numbers = [self._numbers[each.id] for each in wanted]
            whose, columns = read(connection, numbers=numbers, start=start, end=end)
        rows = [self._stored[number] for number in whose.tolist()]
        units = np.array([multiple_of(each.base)[0] for each in rows], np.int64)
        if (units != 1).any():
            columns |= {name: columns[name] * units for name in (*COUNTED_IN_UNITS, "base") if name in columns}
        return [each.id for each in rows], columns

    def sums(self, start: int, end: int) -> Mapping[str, tuple[int, ...]]:
        """By instrument the number of its rows of [start, end), and sums that are others once one was written."""
        with self._database.read() as connection:
            return {self._stored[number].id: sums for number, sums in read_sums(connection, start, end).items()}

    def ended(self, instrument: str) -> dict[Hashable, Any] | None:
        """What views worked out of stretches of time that are over, by the instrument's id; None: nothing is kept."""
        return None if self._kept is None else self._kept.get(instrument)

    @property
    def instruments(self) -> Sequence[Instrument]:
        return list(self._stored.values())

    def universe(self, venues: Collection[str], quotes: Mapping[str, str]) -> Universe:
        """What is stored of these venues, by pair. Where a venue has several markets of a pair, the one that a scan
        follows stands for it, else one of which bars are stored: a market that is listed later changes nothing.
        """
        mine = [each for each in self._stored.values() if each.venue in venues]
        chosen = set(self._followed)
        taken = {(each.venue, each.kind, coin_of(each.base)) for each in mine if each.id in chosen}
        if len({(each.venue, each.kind, coin_of(each.base)) for each in mine}) < len(mine):
            free = [each for each in self.with_bars() if (each.venue, each.kind, coin_of(each.base)) not in taken]
            chosen |= {each.id for each in free}
        return Universe(mine, quotes, chosen=chosen)

    def with_bars(self) -> Sequence[Instrument]:
        """The instruments of which at least one bar is stored."""
        any_bar = select(bars.c.time).where(bars.c.instrument == instruments.c.id).exists()
        with self._database.read() as connection:
            numbers = connection.execute(select(instruments.c.id).where(any_bar)).scalars().all()
        return [self._stored[number] for number in numbers]

    def grids(self) -> tuple[int, float]:
        """Changes when an instrument is listed or followed, or its price grid becomes finer: a new one is needed."""
        both = func.count() + func.count(instruments.c.followed_at)
        query = select(both, func.coalesce(func.sum(cast(instruments.c.tick_size, Float)), 0.0))
        with self._database.read() as connection:
            count, total = connection.execute(query.select_from(instruments)).one()
        return count, total

    def ends(self) -> dict[Instrument, int]:
        """The end of the last stored bar, ms UTC, of each instrument that has one."""
        last = select(func.max(bars.c.time)).where(bars.c.instrument == instruments.c.id).scalar_subquery()
        with self._database.read() as connection:
            rows = connection.execute(select(instruments.c.id, last)).all()
        return {self._stored[number]: time + MINUTE for number, time in rows if time is not None}

    def span(self, instrument: Instrument) -> tuple[int, int] | None:
        """From the first stored bar to the end of the last, ms UTC."""
        number = self._numbers.get(instrument.id)
        query = select(func.min(bars.c.time), func.max(bars.c.time)).where(bars.c.instrument == number)
        with self._database.read() as connection:
            first, last = connection.execute(query).one()
        return None if first is None else (first, last + MINUTE)

    @property
    def when_known(self) -> "History":
        """What says when its rows could be known."""
        return self

    def known(self, instrument: Instrument, start: int, end: int) -> dict[str, tuple[Ints, Ints]]:
        """By table the times of the rows of [start, end), and when they could be known, ms UTC; -1: at once."""
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return {} if number is None else samples.read_known(connection, number, start, end)

    def judged(self, pair: Pair, start: int, end: int) -> JudgedMinutes:
        """The moments of [start, end), ms UTC, at which a scan judged the pair."""
        with self._database.read() as connection:
            return read_judged(connection, pair, start, end)

    def superseded(self, instrument: Instrument, start: int, end: int) -> dict[str, tuple[Ints, Ints, Ints]]:
        """By table, of earlier states of rows of [start, end): times, since when (-1: at once) and until when known."""
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return {} if number is None else samples.read_superseded(connection, number, start, end)

    def superseded_rows(self, table: str, instrument: Instrument, start: int, end: int) -> tuple[Any, Ints, Ints]:
        """Those of one table: bars with levels or samples, and since when and until when each was known."""
        number = self._numbers[instrument.id]
        stored, units = self._as_stored(instrument)
        with self._database.read() as connection:
            if table == "bars":
                bars, spans = read_superseded_bars(connection, number, stored, start, end)
                return bars_in_coins(bars, units), *np.array(spans, np.int64).reshape(-1, 2).T
            found, spans = samples.read_superseded_samples(connection, table, number, instrument.id, start, end)
        return samples_in_coins(found, units), *np.array(spans, np.int64).reshape(-1, 2).T

    def listed(self, instrument: Instrument) -> tuple[int | None, int | None]:
        """When the venue was first seen to list it, and when it did so no more, ms UTC; None: always, and still.

        What was there when its venue was first looked at, or has bars of before, may have been listed long ago.
        """
        span, number = self.span(instrument), self._numbers.get(instrument.id)
        if number is None:
            return None, None
        with self._database.read() as connection:
            found, venue, gone = listing_days(connection, number)
        first = min(found, span[0]) if span else found
        return (first if first >= venue + DAY else None), gone

    def newest_signal(self) -> int | None:
        """When the newest signal began, ms UTC."""
        with self._database.read() as connection:
            newest: int | None = connection.execute(select(func.max(signals.c.time))).scalar()
        return newest

    def signals(self, pair: str | None, start: int, end: int) -> list[dict[str, Any]]:
        """Events of the signals that were on at some time in [start, end), newest first."""
        with self._database.read() as connection:
            return read_signals(connection, pair, start, end)

    def judged_until(self, at: int) -> int | None:
        """The newest moment, not after `at`, as of which a scan has judged; ms UTC. None: none wrote it down."""
        with self._database.read() as connection:
            return last_judged(connection, at)

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        number = self._numbers.get(instrument.id)
        if number is None:
            return Bars.empty(instrument.tick_size)
        stored, units = self._as_stored(instrument)
        with self._database.read() as connection:
            found = read_bars(connection, number, stored, start, end, levels=levels)
        return bars_in_coins(found, units)

    def digest(self, instrument: Instrument, start: int, end: int) -> int:
        """Another number when a bar of [start, end) was written, repaired or deleted; 0 where none is stored."""
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return 0 if number is None else bars_digest(connection, number, start, end)

    def _as_stored(self, instrument: Instrument) -> tuple[Instrument, int]:
        """The instrument as its rows count it, and how many coins are one there."""
        stored = self._stored.get(self._numbers.get(instrument.id, -1), instrument)
        units = units_between(stored, instrument)
        return (stored if units != 1 else instrument), units

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        number = self._numbers.get(instrument.id)
        if number is None:
            return Levels.empty(1)
        stored, units = self._as_stored(instrument)
        with self._database.read() as connection:
            return levels_in_coins(read_profile(connection, number, stored, start, end), units)

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        return self._sampled(schema.open_interest, samples.read_open_interest, instrument, start, end)

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return self._sampled(schema.funding, samples.read_funding, instrument, start, end)

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        def read(connection: Connection, number: int, start: int, end: int) -> list[WhaleTrade]:
            return samples.read_whales(connection, number, instrument.id, start, end)

        return self._sampled(schema.whale_trades, read, instrument, start, end)

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        return self._sampled(schema.depth, books.read_depth, instrument, start, end)

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        return self._sampled(schema.heatmap, books.read_heatmap, instrument, start, end)

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        return self._sampled(schema.liquidations, books.read_liquidations, instrument, start, end)

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        number = self._numbers.get(instrument.id)
        if number is None or self._has_none(schema.liquidations_heard, number, start):
            return []
        with self._database.read() as connection:
            return books.read_observed_minutes(connection, number, start, end)

    def _sampled(
        self, table: Table, read: Callable[..., list[_Sample]], instrument: Instrument, start: int, end: int
    ) -> Sequence[_Sample]:
        number = self._numbers.get(instrument.id)
        if number is None or self._has_none(table, number, start):
            return []
        with self._database.read() as connection:
            found = read(connection, number, start, end)
        return samples_in_coins(found, self._as_stored(instrument)[1])

    def _has_none(self, table: Table, number: int, start: int) -> bool:
        """Whether there surely is no row of `start` or later; known of all instruments at once."""
        if self._newest is None:
            return False
        if table.name not in self._newest:
            with self._database.read() as connection:
                self._newest[table.name] = newest_times(connection, table)
        return self._newest[table.name].get(number, -1) < start
