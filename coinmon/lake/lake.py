"""A lake as views and notebooks read it."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from coinmon.lake import folder
from coinmon.lake.tables import SAMPLES, arrow, bars_of, bars_table, samples_of, samples_table
from coinmon.market.no_books import NoBooks
from coinmon.model.bars import Bars
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import MINUTE, parse_time
from coinmon.model.symbols import Universe


class Lake(NoBooks):
    """A `Source` over the files of a folder. It holds no books and no liquidations: they are as if never seen."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.instruments: Sequence[Instrument] = folder.instruments(root)

    def with_bars(self) -> Sequence[Instrument]:
        return self.instruments

    def universe(self, venues: Collection[str], quotes: Mapping[str, str]) -> Universe:
        """What the lake holds of these venues, by pair."""
        return Universe([each for each in self.instruments if each.venue in venues], quotes)

    def listed(self, instrument: Instrument) -> tuple[int | None, int | None]:
        """A lake does not say since when a market is listed: always."""
        return None, None

    when_known = None
    """Nor does it say when a row could be known."""

    @property
    def source(self) -> "Lake":
        """Where views read."""
        return self

    def span(self, instrument: Instrument) -> tuple[int, int] | None:
        """From the first bar to the end of the last, ms UTC."""
        paths = self._paths("bars", instrument, None, None)
        return (folder.ends_of(paths[0])[0], folder.ends_of(paths[-1])[1] + MINUTE) if paths else None

    def bars_table(self, instrument: Instrument, start: int, end: int, *, levels: bool) -> Any:
        """The rows of [start, end), ms UTC, as they are in the files."""
        return self._rows("bars", instrument, start, end, _no_bars(instrument.tick_size, levels))

    def samples_table(self, table: str, instrument: Instrument, start: int, end: int) -> Any:
        """Of a table of `SAMPLES`."""
        return self._rows(table, instrument, start, end, _no_samples(table))

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        found = self.bars_table(instrument, start, end, levels=levels)
        return bars_of(found, instrument.tick_size, levels=levels)

    def profile(self, instrument: Instrument, start: int, end: int) -> Levels:
        return self.bars(instrument, start, end, levels=True).profile()

    def open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        return samples_of(OpenInterest, self.samples_table("open_interest", instrument, start, end))

    def funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        return samples_of(Funding, self.samples_table("funding", instrument, start, end))

    def whale_trades(self, instrument: Instrument, start: int, end: int) -> Sequence[WhaleTrade]:
        return samples_of(WhaleTrade, self.samples_table("whale_trades", instrument, start, end))

    def signals(self, pair: str | None, start: int, end: int) -> list[Mapping[str, Any]]:
        """Events of the signals that were on at some time in [start, end), newest first."""
        found = []
        for path in sorted((self._root / "signals").glob("month=*/signals.parquet"), reverse=True):
            if folder.month_in(path) > folder.month_of(end):
                continue
            for row in folder.parquet().ParquetFile(path).read(["event"])["event"].to_pylist():
                found.append(orjson.loads(row))
        return [each for each in sorted(found, key=_began, reverse=True) if _was_on(each, pair, start, end)]

    def _paths(self, table: str, instrument: Instrument, start: int | None, end: int | None) -> list[Path]:
        first, last = (None if each is None else folder.month_of(each) for each in (start, end))
        found = folder.files_of(self._root, table, instrument)
        return [
            each for each in found
            if (first is None or folder.month_in(each) >= first) and (last is None or folder.month_in(each) <= last)
        ]  # fmt: skip

    def _rows(self, table: str, instrument: Instrument, start: int, end: int, empty: Any) -> Any:
        names, parts = empty.column_names, [empty]
        for path in self._paths(table, instrument, start, end):
            parts.append(folder.read_between(path, names, start, end).cast(empty.schema))
        return arrow().concat_tables(parts).combine_chunks()


@cache
def _no_bars(tick_size: Decimal, levels: bool) -> Any:
    return bars_table(Bars.empty(tick_size), levels=levels)


@cache
def _no_samples(table: str) -> Any:
    return samples_table(SAMPLES[table], [])


def _began(event: Mapping[str, Any]) -> int:
    return parse_time(str(event["time"]))


def _was_on(event: Mapping[str, Any], pair: str | None, start: int, end: int) -> bool:
    began, ended = _began(event), event.get("ended")
    lasted = began >= start or ended is None or ended >= start
    return began < end and lasted and pair in (None, event["pair"])
