"""The database as views read it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Float, cast, func, select

from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import MINUTE
from coinmon.store import books, samples
from coinmon.store.bars import read_bars, read_profile
from coinmon.store.database import Database
from coinmon.store.instruments import read_instruments
from coinmon.store.outbox import read_signals
from coinmon.store.schema import bars, instruments, signals


class History:
    """A `Source` over the database. An instrument that was never stored has no rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._stored = read_instruments(connection)
        self._numbers = {instrument.id: number for number, instrument in self._stored.items()}

    @property
    def instruments(self) -> Sequence[Instrument]:
        return list(self._stored.values())

    def with_bars(self) -> Sequence[Instrument]:
        """The instruments of which at least one bar is stored."""
        any_bar = select(bars.c.time).where(bars.c.instrument == instruments.c.id).exists()
        with self._database.read() as connection:
            numbers = connection.execute(select(instruments.c.id).where(any_bar)).scalars().all()
        return [self._stored[number] for number in numbers]

    def grids(self) -> tuple[int, float]:
        """Changes when an instrument is listed or its price grid becomes finer: then a new History is needed."""
        query = select(func.count(), func.coalesce(func.sum(cast(instruments.c.tick_size, Float)), 0.0))
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

    def newest_signal(self) -> int | None:
        """When the newest signal began, ms UTC."""
        with self._database.read() as connection:
            newest: int | None = connection.execute(select(func.max(signals.c.time))).scalar()
        return newest

    def signals(self, pair: str | None, start: int, end: int) -> list[dict[str, Any]]:
        """Events of the signals that were on at some time in [start, end), newest first."""
        with self._database.read() as connection:
            return read_signals(connection, pair, start, end)

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        number = self._numbers.get(instrument.id)
        if number is None:
            return Bars.empty(instrument.tick_size)
        with self._database.read() as connection:
            return read_bars(connection, number, instrument, start, end, levels=levels)

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        number = self._numbers.get(instrument.id)
        if number is None:
            return Levels.empty(1)
        with self._database.read() as connection:
            return read_profile(connection, number, instrument, start, end)

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else samples.read_open_interest(connection, number, start, end)

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else samples.read_funding(connection, number, start, end)

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else samples.read_whales(connection, number, instrument.id, start, end)

    def depth(self, instrument: Instrument, start: int, end: int) -> Sequence[Depth]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else books.read_depth(connection, number, start, end)

    def heatmap(self, instrument: Instrument, start: int, end: int) -> Sequence[Picture]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else books.read_heatmap(connection, number, start, end)

    def liquidations(self, instrument: Instrument, start: int, end: int) -> Sequence[Liquidation]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else books.read_liquidations(connection, number, start, end)

    def liquidations_heard(self, instrument: Instrument, start: int, end: int) -> Sequence[int]:
        number = self._numbers.get(instrument.id)
        with self._database.read() as connection:
            return [] if number is None else books.read_heard(connection, number, start, end)
