"""OKX's public day files of trades (EXCHANGES 6.3): their day begins at 16:00 UTC of the day before."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from coinmon.exchange import DAY
from coinmon_exchanges._files.download import Downloads

if TYPE_CHECKING:
    from coinmon.exchange import Archive, ArchivePart, Instrument, Kind

_NAME = re.compile(r"(?P<symbol>[^\s/\\]+)-trades-(?P<date>\d{4}-\d{2}-\d{2})\.(zip|csv|csv\.gz)")
_OLD_COLUMNS = 5
_EIGHT_HOURS_MS = 8 * 3_600_000


class OkxFiles:
    """A file a day of UTC+8; trade ids run on by one. Sizes of swaps are contracts."""

    def __init__(self, venue: str, url: str, proxy: str | None, timeout: float) -> None:
        self._files = Downloads(venue, url, proxy, timeout)

    def covering(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Archive]":
        first = start + _EIGHT_HOURS_MS - (start + _EIGHT_HOURS_MS) % DAY
        found = []
        for day in range(first, end + _EIGHT_HOURS_MS, DAY):
            date = datetime.fromtimestamp(day / 1000, UTC)
            name = f"{instrument.native_id}-trades-{date:%Y-%m-%d}.zip"
            url = f"{self._files.url}/cdn/okex/traderecords/trades/daily/{date:%Y%m%d}/{name}"
            found.append(_archive(name, instrument.native_id, day, url))
        return found

    def recognise(self, path: Path) -> "Archive | None":
        matched = _NAME.fullmatch(path.name)
        # Binance's files are called alike, with an id without a dash
        if matched is None or "-" not in matched["symbol"]:
            return None
        try:
            day = datetime.strptime(matched["date"], "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return None
        return _archive(path.name, matched["symbol"], round(day.timestamp() * 1000))

    def instrument(self, archive: "Archive", path: Path) -> "Instrument | None":
        return None

    async def fetch(self, archive: "Archive", to: Path, progress: Callable[[int], None]) -> None:
        await self._files.fetch(archive.url, to, progress, checksum=False)

    def read(self, archive: "Archive", path: Path, instrument: "Instrument") -> "Iterator[ArchivePart]":
        from coinmon_exchanges._files.trade_columns import Layout
        from coinmon_exchanges._files.trades import pages, width

        layout = Layout((6, 7), 1, 5, 3, 4, 2, sold="s", bought="b", symbol=0, ordered=False)
        if width(path) == _OLD_COLUMNS:
            # trade_id, side, size, price, created_time below a header in GBK, before 2025 (EXCHANGES C16)
            layout = Layout((_OLD_COLUMNS,), 0, 4, 3, 2, 1, sold="s", bought="b", ordered=False)
        return pages(path, archive, instrument, layout)

    async def close(self) -> None:
        await self._files.close()


def _archive(name: str, symbol: str, day: int, url: str = "") -> "Archive":
    from coinmon.exchange import Archive

    start = day - _EIGHT_HOURS_MS
    kind: Kind = "perp" if symbol.endswith("-SWAP") else "spot"
    return Archive(name, "trades", symbol, kind, start, start + DAY, url)
