"""Bybit's public day files of trades (EXCHANGES 6.2)."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from coinmon.exchange import DAY
from coinmon_exchanges._files.download import Downloads

if TYPE_CHECKING:
    from coinmon.exchange import Archive, ArchivePart, Instrument, Kind

_NAME = re.compile(r"(?P<symbol>[^\s/\\_]+?)(?P<mark>_?)(?P<date>\d{4}-\d{2}-\d{2})\.csv(\.gz)?")


class BybitFiles:
    """A file a UTC day. Nothing in it proves that it is whole; the klines' volumes do."""

    def __init__(self, venue: str, url: str, proxy: str | None, timeout: float) -> None:
        self._files = Downloads(venue, url, proxy, timeout)

    def covering(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Archive]":
        folder, mark = ("spot", "_") if instrument.kind == "spot" else ("trading", "")
        symbol = instrument.native_id
        found = []
        for day in range(start - start % DAY, end, DAY):
            name = f"{symbol}{mark}{datetime.fromtimestamp(day / 1000, UTC):%Y-%m-%d}.csv.gz"
            url = f"{self._files.url}/{folder}/{symbol}/{name}"
            found.append(_archive(name, symbol, instrument.kind, day, url))
        return found

    def recognise(self, path: Path) -> "Archive | None":
        matched = _NAME.fullmatch(path.name)
        try:
            day = datetime.strptime(matched["date"], "%Y-%m-%d").replace(tzinfo=UTC) if matched else None
        except ValueError:
            return None
        if matched is None or day is None:
            return None
        kind: Kind = "spot" if matched["mark"] else "perp"
        return _archive(path.name, matched["symbol"], kind, round(day.timestamp() * 1000))

    def instrument(self, archive: "Archive", path: Path) -> "Instrument | None":
        return None

    async def fetch(self, archive: "Archive", to: Path, progress: Callable[[int], None]) -> None:
        await self._files.fetch(archive.url, to, progress, checksum=False)

    def read(self, archive: "Archive", path: Path, instrument: "Instrument") -> "Iterator[ArchivePart]":
        from coinmon_exchanges._files.trade_columns import Layout
        from coinmon_exchanges._files.trades import pages

        if instrument.kind == "spot":
            layout = Layout((5, 6), 0, 1, 2, 3, 4, sold="s", bought="b", ordered=False)
        else:
            layout = Layout((10, 11), 6, 0, 4, 3, 2, sold="s", bought="b", symbol=1, seconds=True, ordered=False)
        return pages(path, archive, instrument, layout)

    async def close(self) -> None:
        await self._files.close()


def _archive(name: str, symbol: str, kind: "Kind", day: int, url: str = "") -> "Archive":
    from coinmon.exchange import Archive

    return Archive(name, "trades", symbol, kind, day, day + DAY, url, ids_run=False)
