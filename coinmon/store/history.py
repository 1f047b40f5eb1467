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
    """A `Source` over the database.

    `preload` reads one window of many instruments in one query; later requests inside it are answered from memory.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._stored = read_instruments(connection)
        self._numbers = {instrument.id: number for number, instrument in self._stored.items()}
        self._window = (0, 0)
        self._loaded: dict[int, Bars] = {}

    @property
    def instruments(self) -> Sequence[Instrument]:
        return list(self._stored.values())

    def preload(self, instruments: Sequence[Instrument], start: int, end: int) -> None:
        wanted = {self._numbers[each.id]: each for each in instruments if each.id in self._numbers}
        with self._database.read() as connection:
            loaded = read_bars(connection, wanted, start, end)
        self._loaded = {number: loaded.get(number, Bars.empty(each.tick_size)) for number, each in wanted.items()}
        self._window = (start, end)

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        number = self._numbers.get(instrument.id)
        if number is None:
            return Bars.empty(instrument.tick_size)
        if not levels and number in self._loaded and self._window[0] <= start and end <= self._window[1]:
            rows = self._loaded[number]
            return rows[(rows.time >= start) & (rows.time < end)]
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
