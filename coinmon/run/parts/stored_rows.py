"""Where a replay reads: a database, or a lake of its files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from coinmon.config.load import Config
from coinmon.evaluate.known import KnownRows
from coinmon.lake.lake import Lake
from coinmon.market.source import Source
from coinmon.model.instrument import Instrument
from coinmon.model.symbols import Universe
from coinmon.store.database import open_database
from coinmon.store.history import History


class StoredRows(Source, Protocol):
    """A `Source` that knows what it holds."""

    def universe(self, venues: Collection[str], quotes: Mapping[str, str]) -> Universe: ...

    def with_bars(self) -> Sequence[Instrument]: ...

    def span(self, instrument: Instrument) -> tuple[int, int] | None: ...

    def listed(self, instrument: Instrument) -> tuple[int | None, int | None]: ...

    @property
    def when_known(self) -> KnownRows | None:
        """What says when its rows could be known; None: nothing does."""
        ...


@contextmanager
def stored_rows(config: Config, lake: Path | None) -> Iterator[StoredRows]:
    """Of the lake where one is named, else of the configured database. Raises CoinmonError where there is none."""
    if lake is not None:
        yield Lake(lake)
        return
    database = open_database(config.db, create=False)
    try:
        yield History(database)
    finally:
        database.close()
