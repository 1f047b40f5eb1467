"""An empty database, instruments in it, and bars made of plain numbers."""

import os
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import coinmon
from coinmon import Bars, Coverage, Instrument
from coinmon.model.levels import Levels
from coinmon.store.database import Database, open_database
from coinmon.store.instruments import sync_instruments

MINUTE = 60_000
START = 28_000_000 * MINUTE


def instrument(symbol="BTC/USDT", tick="0.01", lot="0.001") -> Instrument:
    base, quote = symbol.split(":")[0].split("/")
    kind = "perp" if ":" in symbol else "spot"
    return Instrument("acme", kind, base, quote, base + quote, symbol, Decimal(tick), Decimal(lot))


def bars(*minutes: int, volume=2.0, coverage=Coverage.TRADES, price=100, tick="0.01") -> Bars:
    """A bar for each minute after START: three quarters bought, in two levels."""
    n = len(minutes)
    times = START + np.array(minutes, np.int64) * MINUTE
    prices, total = np.full(n, price, np.int64), np.full(n, volume)
    levels = Levels(
        np.arange(0, 2 * n + 1, 2), np.tile([price, price + 3], n).astype(np.int64),
        np.tile([volume / 2, volume / 4], n), np.tile([0.0, volume / 4], n),
    )  # fmt: skip
    return Bars(
        Decimal(tick), times, prices, prices + 3, prices, prices + 3, total, total * price, np.full(n, 4, np.int64),
        0.75 * total, 0.75 * total * price, -0.25 * total, 0.5 * total, np.full(n, coverage, np.uint8), levels,
    )  # fmt: skip


@pytest.fixture(scope="session")
def plain():
    return SimpleNamespace(start=START, minute=MINUTE, instrument=instrument, bars=bars)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def btc(database: Database) -> tuple[int, Instrument]:
    """Its row number, and the instrument as it is stored."""
    with database.write() as connection:
        return sync_instruments(connection, [instrument()], START)["acme:BTC/USDT"]


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder of a user without rights beyond its own, whom we are: root may write anything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid():
            yield folder
            folder.chmod(0o700)
            return
        open_database(f"sqlite:///{folder / 'first.db'}").close()  # what is imported lazily is there now
        for each in (*folder.iterdir(), folder):
            os.chown(each, 65534, 65534)
        os.setresuid(65534, 65534, 0)
        try:
            if not os.access(coinmon.__file__, os.R_OK):
                pytest.skip("another user cannot read where coinmon is installed")
            yield folder
        finally:
            os.setresuid(0, 0, 0)
