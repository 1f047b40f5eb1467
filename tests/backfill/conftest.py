"""An emulator that serves files of history, `coinmon backfill` pointed at it, and bars by a loop over Decimals."""

import asyncio
import threading
import zipfile
from contextlib import contextmanager
from decimal import Decimal
from types import SimpleNamespace

import pytest

from coinmon.cli import run
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon_emulator.market.clock import EmulatedClock, parse_time
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running

MINUTE = 60_000
DAY = 86_400_000


@contextmanager
def served(market, at, faults=""):
    """The emulator with a standing clock, in a thread: the command runs an event loop of its own."""
    ready, ended = threading.Event(), asyncio.Event()
    shared = {}

    async def serve():
        async with running(market, clock=EmulatedClock(parse_time(at), 0), faults=faults, limits=False) as emulator:
            shared.update(emulator=emulator, loop=asyncio.get_running_loop())
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield shared["emulator"]
    finally:
        shared["loop"].call_soon_threadsafe(ended.set)
        thread.join(10)


class Bench:
    """One database, one emulator, and the command line."""

    def __init__(self, emulator, folder, capsys, db=None, more=""):
        self.emulator, self.folder, self._capsys = emulator, folder, capsys
        self.db = db or f"sqlite:///{folder / 'coinmon.db'}"
        self.config = folder / "emulated.yaml"
        self.config.write_text(emulator.config_yaml(self.db) + more)

    def backfill(self, *words):
        """The exit code, and what was printed on both streams."""
        self._capsys.readouterr()
        code = run(["--config", str(self.config), "backfill", *map(str, words)])
        told = self._capsys.readouterr()
        return SimpleNamespace(code=code, out=told.out, err=told.err)

    def bars(self, name, *, levels=True):
        database = open_database(self.db)
        try:
            history = History(database)
            found = next((each for each in history.instruments if each.id == name), None)
            return None if found is None else history.bars(found, 0, 2**53, levels=levels)
        finally:
            database.close()

    def history(self):
        return History(open_database(self.db))


@pytest.fixture(scope="session")
def emulator():
    """One for all tests that do not break it."""
    with served(Scenario("quiet", 1), "2026-01-17T00:10:00Z") as emulator:
        yield emulator


@pytest.fixture
def bench(emulator, tmp_path, capsys):
    return Bench(emulator, tmp_path, capsys)


@pytest.fixture
def other_bench(tmp_path, capsys):
    """Another market, another time, or faults."""

    @contextmanager
    def make(at="2026-01-17T00:10:00Z", *, faults="", market=None, db=None, more=""):
        with served(market or Scenario("quiet", 1), at, faults) as emulator:
            yield Bench(emulator, tmp_path, capsys, db, more)

    return make


def plain_bars(rows):
    """By minute, from (time, price, quantity, taker side): every figure an exact Decimal."""
    bars = {}
    for time, price, quantity, side in rows:
        bar = bars.setdefault(
            time - time % MINUTE,
            {"open": price, "high": price, "low": price, "n": 0, "volume": 0, "quote": 0, "buy": 0, "levels": {}},
        )
        bar["high"], bar["low"], bar["close"] = max(bar["high"], price), min(bar["low"], price), price
        bar["n"] += 1
        bar["volume"] += quantity
        bar["quote"] += quantity * price
        bar["buy"] += quantity if side > 0 else Decimal(0)
        level = bar["levels"].setdefault(price, [Decimal(0), Decimal(0)])
        level[side < 0] += quantity
    return bars


def agree(bars, expected):
    """Stored bars that something traded in against the plain ones, to the last bit."""
    traded = bars[bars.volume > 0]
    assert traded.time.tolist() == sorted(expected)
    for row, minute in enumerate(traded.time.tolist()):
        want = expected[minute]
        for name in ("open", "high", "low", "close"):
            assert int(getattr(traded, name)[row]) * bars.tick_size == want[name], (minute, name)
        assert float(traded.volume[row]) == float(want["volume"]), minute
        assert float(traded.quote_volume[row]) == float(want["quote"]), minute
        assert float(traded.buy[row]) == float(want["buy"]), minute
        part = slice(traded.levels.start[row], traded.levels.start[row + 1])
        ticks, buys, sells = (getattr(traded.levels, name)[part].tolist() for name in ("ticks", "buy", "sell"))
        found = {at * bars.tick_size: [buy, sell] for at, buy, sell in zip(ticks, buys, sells, strict=True)}
        assert found == {price: [float(each) for each in both] for price, both in want["levels"].items()}, minute


def zipped(folder, name, lines, member=None):
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member or f"{name}.csv", "".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture(scope="session")
def plain():
    return SimpleNamespace(bars=plain_bars, agree=agree, zipped=zipped, served=served)
