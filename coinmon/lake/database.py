"""A database as notebooks read it: the same tables as of a lake."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from coinmon.lake.tables import SAMPLES, bars_table, samples_table
from coinmon.market.source import Source
from coinmon.model.instrument import Instrument
from coinmon.model.multiples import in_coins
from coinmon.store.history import History


class Tables(Protocol):
    """What is stored, as Arrow tables. Ranges are [start, end), ms UTC."""

    @property
    def instruments(self) -> Sequence[Instrument]: ...

    @property
    def source(self) -> Source: ...

    def span(self, instrument: Instrument) -> tuple[int, int] | None: ...

    def bars_table(self, instrument: Instrument, start: int, end: int, *, levels: bool) -> Any: ...

    def samples_table(self, table: str, instrument: Instrument, start: int, end: int) -> Any: ...

    def signals(self, pair: str | None, start: int, end: int) -> Sequence[Mapping[str, Any]]: ...


class DatabaseTables:
    """The tables of a coinmon database. Coins are counted one by one, as everywhere."""

    def __init__(self, history: History) -> None:
        self.source = history
        self.instruments: Sequence[Instrument] = [in_coins(each) for each in history.with_bars()]
        self.span = history.span
        self.signals = history.signals

    def bars_table(self, instrument: Instrument, start: int, end: int, *, levels: bool) -> Any:
        return bars_table(self.source.bars(instrument, start, end, levels=levels), levels=levels)

    def samples_table(self, table: str, instrument: Instrument, start: int, end: int) -> Any:
        return samples_table(SAMPLES[table], getattr(self.source, table)(instrument, start, end))
