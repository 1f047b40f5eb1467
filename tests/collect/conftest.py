"""Trades written by hand, a venue that is a list of them, and an empty database."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from loguru import logger

from coinmon import Bars, Cursor, Instrument, TradePage, Trades
from coinmon.clock import Clock
from coinmon.collect.venue import Venue
from coinmon.collect.watchlist import begin
from coinmon.config.load import SymbolsConfig
from coinmon.store.database import open_database

MINUTE = 60_000
START = 28_000_000 * MINUTE


def instrument(symbol="BTC/USDT", venue="acme", tick="0.5", lot="0.25", native=None):
    base, quote = symbol.split(":")[0].split("/")
    kind = "perp" if ":" in symbol else "spot"
    return Instrument(venue, kind, base, quote, native or base + quote, symbol, Decimal(tick), Decimal(lot))


def trades(*rows: tuple[int, float, int, float]) -> Trades:
    """Rows of (id, seconds after START, price in ticks, signed quantity)."""
    ids, seconds, ticks, signed = zip(*rows, strict=True) if rows else ((), (), (), ())
    qty = np.array(signed, np.float64)
    return Trades(
        np.array(ids, np.int64),
        np.array([START + round(each * 1000) for each in seconds], np.int64),
        np.array(ticks, np.int64),
        np.abs(qty),
        np.where(qty > 0, 1, -1).astype(np.int8),
    )


def page(*rows: tuple[int, float, int, float], joined=True, more=False, whole=True) -> TradePage:
    return TradePage(trades(*rows), joined, more, whole)


def volumes(rows: Sequence[tuple[int, float, int, float]]) -> dict[int, tuple[float, float, int]]:
    """By minute after START: bought, sold and number of trades, added up one after the other."""
    found: dict[int, tuple[float, float, int]] = {}
    for _, seconds, _, signed in rows:
        buy, sell, count = found.get(int(seconds // 60), (0.0, 0.0, 0))
        found[int(seconds // 60)] = (buy + max(signed, 0), sell + max(-signed, 0), count + 1)
    return found


def seen(bars: Bars) -> dict[int, tuple[float, float, int]]:
    """The same of bars, without minutes in which nothing traded."""
    rows = zip(bars.time.tolist(), bars.buy.tolist(), bars.sell.tolist(), bars.trades.tolist(), strict=True)
    return {(time - START) // MINUTE: (buy, sell, count) for time, buy, sell, count in rows if count}


class Listed:
    """A venue plugin: what it lists, and the trades it has, in the order in which it tells them."""

    def __init__(self, *instruments: Instrument, rows: Sequence[tuple[int, float, int, float]] = (), per_page=10):
        self.requests = 0
        self.listed = list(instruments)
        self.rows = list(rows)
        self._per_page = per_page

    async def instruments(self) -> Sequence[Instrument]:
        self.requests += 1
        return self.listed

    async def trades(self, _: Instrument, cursor: Cursor) -> TradePage:
        self.requests += 1
        if cursor.last_id is None:
            rest = [row for row in self.rows if START + row[1] * 1000 >= cursor.since]
        else:
            place = [row[0] for row in self.rows].index(cursor.last_id)
            rest = self.rows[place + 1 :]
        return page(*rest[: self._per_page], more=len(rest) > self._per_page)


@pytest.fixture(scope="session")
def plain():
    return SimpleNamespace(
        start=START, minute=MINUTE, instrument=instrument, trades=trades, page=page, volumes=volumes, seen=seen,
        listed=Listed, run=asyncio.run,
    )  # fmt: skip


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    yield opened
    opened.close()


@pytest.fixture
def follow(database, plain):
    """Begins a watch of these venues (plugins by name)."""

    def run(before=None, patience=5.0, **wanted):
        venues, now = wanted.pop("venues"), wanted.pop("now", plain.start)
        symbols = SymbolsConfig(**(wanted or {"names": ("BTCUSDT",)}))
        made = [Venue(name, venue, Clock(plain.start, 0, 0)) for name, venue in venues.items()]
        quotes = {"USD": "USDT"}
        start = plain.start - 50 * plain.minute
        return asyncio.run(begin(made, database, symbols, quotes, now, start, before, patience))

    return run


def acme(plain, *symbols, venue="acme"):
    return plain.listed(*(plain.instrument(symbol, venue) for symbol in symbols))


def ids(watch):
    return [each.id for each in watch.instruments]


@pytest.fixture
def logged():
    """What was logged so far, as one text."""
    lines = []
    # a command that ran in this process before may have put lines into its language
    logger.configure(patcher=lambda record: None)
    sink = logger.add(lines.append, format="{message}", level="INFO")
    yield lambda: "".join(lines)
    logger.remove(sink)
