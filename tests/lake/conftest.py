"""Two coins on three venues over a month's end, in a database."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.model.bars import Bars, Coverage
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.instrument import Instrument
from coinmon.model.levels import Levels
from coinmon.model.moment import HOUR, MINUTE, parse_time
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments
from coinmon.store.outbox import write_signals
from coinmon.store.samples import write_series, write_whales

START = parse_time("2026-01-31T22:00")
MINUTES = 300
TOLD = START + 70 * MINUTE


def instrument(venue, kind, base="BTC"):
    quote = "USD" if venue == "coinbase" else "USDT"
    symbol = f"{base}/{quote}" + (f":{quote}" if kind == "perp" else "")
    return Instrument(venue, kind, base, quote, f"{base}-{kind}", symbol, Decimal("0.01"), Decimal("0.001"))


INSTRUMENTS = [
    instrument("binance", "spot"), instrument("okx", "spot"), instrument("coinbase", "spot"),
    instrument("okx", "perp"), instrument("okx", "perp", "1000PEPE"),
]  # fmt: skip


def made(seed, first=START, n=MINUTES):
    """Bars with levels; one minute without trades, one of klines, and a hole of three minutes."""
    random = np.random.default_rng(seed)
    close = 4_000_000 + np.cumsum(random.integers(-30, 31, n))
    coverage = np.full(n, Coverage.TRADES, np.uint8)
    coverage[5] = Coverage.KLINES
    count = np.where(coverage == Coverage.TRADES, 3, 0)
    ticks = (close[coverage == Coverage.TRADES, None] + np.arange(-1, 2)).ravel()
    buy, sell = (random.integers(0, 900, len(ticks)) / 1000 for _ in "ab")
    levels = Levels(np.concatenate(([0], np.cumsum(count))), ticks, buy, sell)
    owner = levels.bar
    bought, sold = (np.bincount(owner, each, n) for each in (buy, sell))
    bought[5], sold[5] = 1.5, 2.25
    rows = Bars(
        Decimal("0.01"), first + np.arange(n) * MINUTE, close, close + 2, close - 2, close, bought + sold,
        (bought + sold) * close / 100, np.full(n, 7, np.int64), bought, bought * close / 100, -sold, bought, coverage,
        levels,
    )  # fmt: skip
    return rows[np.r_[0:100, 103:n]]


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """The file, its URL, and what writes more into it."""
    monkeypatch.chdir(tmp_path)
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    numbers = {}
    with database.write() as connection:
        for seed, each in enumerate(INSTRUMENTS):
            ((number, stored),) = sync_instruments(connection, [each], START).values()
            numbers[each.id] = number
            write_bars(connection, number, stored, made(seed))
        perp = numbers["okx:BTC/USDT:USDT"]
        times = range(START, START + MINUTES * MINUTE, 5 * MINUTE)
        write_series(connection, perp, [OpenInterest(at + 7, 5000.0 + at % 11, None) for at in times], START)
        write_series(connection, perp, [Funding(START + HOUR, 1e-4, START + 2 * HOUR, 8 * HOUR, 400.5, None)], START)
        whale = WhaleTrade("binance:BTC/USDT", 12, START + 5 * HOUR - 1, -1, 400.25, 300.5, 120_275.125, 9)
        write_whales(connection, numbers, [whale])
        event = {"event": "signal", "id": "s1", "time": "2026-01-31T23:10:00Z", "pair": "BTC/USDT", "grade": "A",
                 "signal": "long_trap", "direction": "bearish"}  # fmt: skip
        row = {"id": "s1", "key": "long_trap", "pair": "BTC/USDT", "name": "long_trap", "grade": "A", "time": TOLD,
               "ended": TOLD + 3 * HOUR, "event": event}  # fmt: skip
        write_signals(connection, [row], {})

    def write(id, seed, rows):
        with database.write() as connection:
            write_bars(connection, numbers[id], next(each for each in INSTRUMENTS if each.id == id), rows(made(seed)))

    yield SimpleNamespace(path=tmp_path / "coinmon.db", database=database, numbers=numbers, write=write)
    database.close()
