"""What was traded before a demo began, from the emulator behind it: as though a scan had gone on for days."""

import asyncio
import io
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from urllib.error import HTTPError, URLError

import numpy as np

from coinmon.collect.track.track import Track
from coinmon.collect.track.whales import find_whales
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError
from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import WhaleTrade
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import DAY, ceil
from coinmon.model.trades import Trades
from coinmon.store.bars import write_bars
from coinmon.store.database import Database
from coinmon.store.instruments import read_grids
from coinmon.store.samples import write_series, write_whales

_TIMEOUT_S = 20.0
_SAMPLED = ("open_interest", "funding")
_TOGETHER_MS = 6 * DAY
"""Folded at once: what trades in a month may be too much for sums in 63 bits."""


class MadePast:
    """The past of a made-up market. url: where the emulator tells it. longest: how much of it at most, ms."""

    def __init__(self, url: str, longest: int = 3 * DAY) -> None:
        self._url, self._longest = url, longest

    async def bring(
        self, venue: Venue, tracks: Iterable[Track], database: Database, end: int, whale_threshold: float
    ) -> None:
        """Store the minutes before `end`, ms UTC, open interest and funding; what is stored is kept where it saw more.

        Anybody could have known them when they were over. Raises CoinmonError.
        """
        since = end - self._longest
        for track in tracks:
            trades, begins = await asyncio.to_thread(self._trades, track.instrument, since, end)
            past = await asyncio.to_thread(_folded, track.instrument, trades, max(since, begins), end, whale_threshold)
            await database.in_writer(lambda track=track, past=past: _store(database, track, *past))  # type: ignore[misc]
            for what in _SAMPLED if track.instrument.kind == "perp" else ():
                if venue.has(f"past_{what}"):
                    found = await venue.call(f"past_{what}", track.instrument, since, end, deadline=_TIMEOUT_S)
                    await database.written(
                        lambda connection, track=track, found=found: write_series(connection, track.number, found, end)  # type: ignore[misc]
                    )

    def minutes(self, instrument: Instrument, start: int, end: int) -> Bars:
        """The whole minutes of [start, end), ms UTC, without their levels. Raises CoinmonError."""
        parts = []
        for first in range(start, end, _TOGETHER_MS):
            last = min(first + _TOGETHER_MS, end)
            trades, begins = self._trades(instrument, first, last)
            if begins < last:
                bars = with_quiet_minutes(fold(trades, instrument), max(first, begins), last, Coverage.TRADES)
                # what has no levels is what a kline with the taker split is
                coverage = np.full(len(bars), Coverage.KLINES, np.uint8)
                parts.append(replace(bars, coverage=coverage, levels=Levels.empty(len(bars))))
        return Bars.concat(parts) if parts else Bars.empty(instrument.tick_size)

    def _trades(self, instrument: Instrument, start: int, end: int) -> tuple[Trades, int]:
        """All of [start, end), and the first whole minute that the market has: `end` where nobody made it up."""
        asked = {
            "venue": instrument.venue, "kind": instrument.kind, "symbol": instrument.native_id,
            "start": start, "end": end,
        }  # fmt: skip
        # straight to loopback, whatever proxy the environment names
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"{self._url}?{urllib.parse.urlencode(asked)}", timeout=_TIMEOUT_S) as answer:
                told = np.load(io.BytesIO(answer.read()))
        except HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise CoinmonError(f"the demo's past of {instrument.id}: {error}") from None
            # an exchange that its author tries beside the emulator's has what it gives itself
            return Trades.empty(), end
        except (OSError, URLError, ValueError, zipfile.BadZipFile) as error:
            raise CoinmonError(f"the demo's past of {instrument.id}: {error}") from None
        unit = int(instrument.tick_size * 10 ** int(told["price_digits"]))
        trades = Trades(
            told["id"], told["time"], told["price"] // unit,
            told["size"] / 10.0 ** int(told["size_digits"]), told["side"].astype(np.int8),
        )  # fmt: skip
        return trades, ceil(int(told["begins"]))


def _folded(
    instrument: Instrument, trades: Trades, start: int, end: int, whale_threshold: float
) -> tuple[Bars, list[WhaleTrade]]:
    if start >= end:
        return Bars.empty(instrument.tick_size), []
    bars = with_quiet_minutes(fold(trades, instrument), start, end, Coverage.TRADES)
    return bars, find_whales(trades, instrument, whale_threshold)


def _store(database: Database, track: Track, bars: Bars, whales: Iterable[WhaleTrade]) -> None:
    with database.write() as connection:
        write_whales(connection, {track.instrument.id: track.number}, whales)
        grid = read_grids(connection, [track.number])[track.number]
        write_bars(connection, track.number, replace(track.instrument, tick_size=grid), bars.on_grid(grid))
