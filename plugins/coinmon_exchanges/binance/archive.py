"""Binance Vision: Binance's daily and monthly files (EXCHANGES 6.1)."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coinmon.exchange import DAY
from coinmon_exchanges._files.download import Downloads

if TYPE_CHECKING:
    from coinmon.exchange import Archive, ArchivePart, Instrument, Kind

_NAME = re.compile(
    r"(?P<symbol>[^\s/\\-]+)-(?P<set>aggTrades|trades|1m|metrics|fundingRate)-(?P<date>\d{4}-\d{2}(-\d{2})?)"
    r"\.(zip|csv|csv\.gz)"
)
_DATA: dict[str, Any] = {
    "aggTrades": "trades",
    "trades": "trades",
    "1m": "bars",
    "metrics": "open_interest",
    "fundingRate": "funding",
}
_FOLDER = {"spot": "spot", "perp": "futures/um"}
METRICS_PERIOD_MS = 300_000
"""A day of metrics has the moments 00:05 to 24:00 (EXCHANGES C1)."""
_WIDTHS = {"aggTrades": (7, 8), "trades": (6, 7)}
"""Columns on USD-M and on spot, which has is_best_match at the end; neither always has a header."""


class Vision:
    """Trades and klines by the day and by the month; for perps also open interest (metrics) and, by month, funding."""

    def __init__(self, venue: str, url: str, proxy: str | None, timeout: float) -> None:
        self._venue = venue
        self._files = Downloads(venue, url, proxy, timeout)

    def covering(self, instrument: "Instrument", start: int, end: int) -> "Sequence[Archive]":
        """Months that the range holds whole, and every day of it; the newest month may not be published yet.

        aggTrades before trades, which are half as large again for the same bars but for a few straddling fills.
        """
        sets = ("aggTrades", "trades", "1m")
        found = [
            self._archive(instrument, each, month, "monthly") for month in _whole_months(start, end) for each in sets
        ]
        for day in range(start - start % DAY, end, DAY):
            date = _date(day).strftime("%Y-%m-%d")
            found += [self._archive(instrument, each, date, "daily") for each in sets]
        perp = instrument.kind == "perp"
        # what was at midnight is in the file of the day before
        first = start - METRICS_PERIOD_MS
        for day in range(first - first % DAY, end - METRICS_PERIOD_MS, DAY) if perp else ():
            found.append(self._archive(instrument, "metrics", f"{_date(day):%Y-%m-%d}", "daily"))
        if perp:
            months = dict.fromkeys(_date(day).strftime("%Y-%m") for day in range(start - start % DAY, end, DAY))
            found += [self._archive(instrument, "fundingRate", month, "monthly") for month in months]
        return found

    def _archive(self, instrument: "Instrument", set_: str, date: str, period: str) -> "Archive":
        symbol = instrument.native_id
        name = f"{symbol}-{set_}-{date}.zip"
        path = f"{symbol}/1m" if set_ == "1m" else symbol
        folder = {"1m": "klines"}.get(set_, set_)
        url = f"{self._files.url}/data/{_FOLDER[instrument.kind]}/{period}/{folder}/{path}/{name}"
        return _archive(name, symbol, set_, date, instrument.kind, url)

    def recognise(self, path: Path) -> "Archive | None":
        matched = _NAME.fullmatch(path.name)
        if matched is None:
            return None
        kind = _kind(path, matched["set"])
        try:
            return _archive(path.name, matched["symbol"], matched["set"], matched["date"], kind)
        except ValueError:
            return None  # there is no such date

    def instrument(self, archive: "Archive", path: Path) -> "Instrument | None":
        from coinmon_exchanges._files.trades import grids
        from coinmon_exchanges._listing import QUOTES

        quote = next((each for each in QUOTES if archive.native_id.endswith(each)), None)
        if quote is None or archive.kind is None or archive.data != "trades":
            return None
        from coinmon.exchange import Instrument

        tick, lot = grids(path, price=1, size=2)
        base = archive.native_id.removesuffix(quote)
        symbol = f"{base}/{quote}" + (f":{quote}" if archive.kind == "perp" else "")
        return Instrument(self._venue, archive.kind, base, quote, archive.native_id, symbol, tick, lot)

    async def fetch(self, archive: "Archive", to: Path, progress: Callable[[int], None]) -> None:
        await self._files.fetch(archive.url, to, progress, checksum=True)

    def read(self, archive: "Archive", path: Path, instrument: "Instrument") -> "Iterator[ArchivePart]":
        from coinmon_exchanges._files.trade_columns import Layout
        from coinmon_exchanges._files.trades import pages
        from coinmon_exchanges.binance import archive_tables as tables

        matched = _NAME.fullmatch(path.name)
        set_ = matched["set"] if matched else ""
        if set_ in _WIDTHS:
            aggregated = set_ == "aggTrades"
            width = _WIDTHS[set_][instrument.kind == "spot"]
            if aggregated:
                layout = Layout((width,), 0, 5, 1, 2, 6, sold="t", bought="f", first=3, last=4)
            else:
                layout = Layout((width,), 0, 4, 1, 2, 5, sold="t", bought="f")
            return pages(path, archive, instrument, layout)
        readers: dict[str, Any] = {"1m": tables.klines, "metrics": tables.metrics, "fundingRate": tables.funding}
        return iter([readers[set_](path, archive, instrument)])

    async def close(self) -> None:
        await self._files.close()


def _archive(name: str, symbol: str, set_: str, date: str, kind: "Kind | None", url: str = "") -> "Archive":
    from coinmon.exchange import Archive

    daily = len(date) == len("2026-11-19")
    begin = datetime.strptime(date, "%Y-%m-%d" if daily else "%Y-%m").replace(tzinfo=UTC)
    start = round(begin.timestamp() * 1000)
    if set_ == "metrics":
        start += METRICS_PERIOD_MS
    if daily:
        return Archive(name, _DATA[set_], symbol, kind, start, start + DAY, url)
    # of a month, whose first day every month has
    after = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    return Archive(name, _DATA[set_], symbol, kind, start, round(after.timestamp() * 1000), url)


def _kind(path: Path, set_: str) -> "Kind | None":
    """Spot and USD-M files are called alike; trades have one more column on spot."""
    if set_ in ("metrics", "fundingRate"):
        return "perp"
    if set_ not in _WIDTHS:
        return None
    from coinmon_exchanges._files.inflate import lines

    first = next(lines(path), b"")
    return "spot" if first.split(b"\n", 1)[0].count(b",") + 1 == _WIDTHS[set_][1] else "perp"


def _whole_months(start: int, end: int) -> list[str]:
    """As 2026-01, those that begin and end within [start, end)."""
    days = [_date(day) for day in range(-(-start // DAY) * DAY, end - DAY + 1, DAY)]
    lasting = Counter(f"{day:%Y-%m}" for day in days)
    return [month for month, count in lasting.items() if count == monthrange(int(month[:4]), int(month[5:]))[1]]


def _date(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
