"""The database as views read it."""

from collections.abc import Sequence

from coinmon.model.bars import Bars
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.store import samples
from coinmon.store.bars import read_bars
from coinmon.store.database import Database
from coinmon.store.instruments import read_instruments


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

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        number = self._numbers.get(instrument.id)
        if number is None:
            return Bars.empty(instrument.tick_size)
        with self._database.read() as connection:
            found = read_bars(connection, {number: instrument}, start, end, levels=levels)
        return found.get(number, Bars.empty(instrument.tick_size))

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
