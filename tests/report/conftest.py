"""A headless Chromium spoken to in its own protocol, and a stored market to report on."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from coinmon import MINUTE, Book, Depth, Liquidation, Picture
from coinmon.clock import Clock as CoinmonClock
from coinmon.collect.once import collect_once
from coinmon.config.load import Config, load_config
from coinmon.report.document import Report
from coinmon.run.reader import MarketReader
from coinmon.store import books
from coinmon.store.database import Database, open_database
from coinmon.store.instruments import read_instruments
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page of a headless Chromium. `heard` are its protocol's events.

    worked: seconds of processor time that the page took, whatever else the machine did meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.heard: list[dict[str, Any]] = []
        self.worked = 0.0

    def open(self, page: Path, *scripts: str, width: int = 1280, dark: bool = False) -> Any:
        """What each script gives, asked again until it gives something (or ten seconds have passed)."""
        return asyncio.run(self._open(page.as_uri(), scripts, width, dark))

    async def _open(self, url: str, scripts: Sequence[str], width: int, dark: bool) -> list[Any]:
        port = (self._folder / "DevToolsActivePort").read_text().split()[0]
        async with aiohttp.ClientSession(trust_env=False) as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as reply:
                pages = [each for each in await reply.json() if each["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                for domain in ("Page", "Runtime", "Network", "Log"):
                    await self._ask(socket, f"{domain}.enable")
                scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
                await self._ask(socket, "Emulation.setEmulatedMedia", features=[scheme])
                size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
                await self._ask(socket, "Emulation.setDeviceMetricsOverride", **size)
                await self._ask(socket, "Performance.enable", timeDomain="threadTicks")
                before = await self._busy(socket)
                await self._ask(socket, "Page.navigate", url=url)
                values = [await self._value(socket, script) for script in scripts]
                after = await self._busy(socket)
                # a new page may have got a new process, which counts from nothing
                self.worked = after - before if after > before else after
                return values

    async def _busy(self, socket: aiohttp.ClientWebSocketResponse) -> float:
        found = await self._ask(socket, "Performance.getMetrics")
        return next(each["value"] for each in found["metrics"] if each["name"] == "TaskDuration")

    async def _value(self, socket: aiohttp.ClientWebSocketResponse, script: str) -> Any:
        for _ in range(200):
            shown = await self._ask(socket, "Runtime.evaluate", expression=script, returnByValue=True)
            value = shown["result"].get("value")
            if value:
                return value
            await asyncio.sleep(0.05)
        return None

    async def _ask(self, socket: aiohttp.ClientWebSocketResponse, method: str, **parameters: Any) -> Any:
        number = len(self.heard) + 1
        await socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await socket.receive_json()
            self.heard.append(said)
            if said.get("id") == number:
                return said.get("result")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Browser]]:
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    folder = tmp_path_factory.mktemp("chromium")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run"]
    options += ["--disable-dev-shm-usage", f"--user-data-dir={folder}", "about:blank"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen([CHROMIUM, *options], env={**os.environ, "HOME": str(folder)}, **quiet)
    try:
        for _ in range(200):
            if (folder / "DevToolsActivePort").exists():
                break
            if running.poll() is not None:
                pytest.skip(f"chromium does not start here (exit {running.returncode})")
            time.sleep(0.05)
        else:
            pytest.skip("chromium does not start here")
        yield lambda: Browser(folder)
    finally:
        running.terminate()
        running.wait(10)


NOW = STARTS_AT + 20_000


def streamed(database: Database) -> None:
    """What a scan would have heard in the last ten minutes: order books, and each perp's liquidations."""
    with database.write() as connection:
        for number, one in read_instruments(connection).items():
            for time in range(NOW - NOW % MINUTE - 9 * MINUTE, NOW, MINUTE):
                steps = np.arange(1, 200) * 10.0
                sizes = 1 + np.sin(steps / 70 + time / MINUTE)
                book = Book(time, *(np.stack((96_500 + side * steps, sizes), axis=1) for side in (-1, 1)))
                books.write_depth(connection, {number: Depth.of(book, time, (1.0,))})
                books.write_heatmap(connection, {number: Picture.of(book, time, one.tick_size)})
            if one.kind == "perp":
                forced = [Liquidation(NOW - k * MINUTE, (-1) ** k, 96_500.0, 0.1 * k, str(k)) for k in range(1, 9)]
                books.write_liquidations(connection, {number: forced})
                books.write_heard(connection, {number: range(NOW - NOW % MINUTE - 9 * MINUTE, NOW, MINUTE)})


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Config, Database]]:
    """The demo's market, collected once from the emulator."""

    async def collected(folder: Path) -> Config:
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = folder / "config.yaml"
            path.write_text(emulator.config_yaml(db=f"sqlite:///{folder}/stored.db"), "utf-8")
            config = load_config(path, environ={}, cwd=folder)
            database = open_database(config.db)
            await collect_once(config, Fixed(), database, "BTCUSDT")
            streamed(database)
            database.close()
            return config

    config = asyncio.run(collected(tmp_path_factory.mktemp("stored")))
    database = open_database(config.db)
    yield config, database
    database.close()


class Fixed(CoinmonClock):
    """Market time that stands still."""

    def now(self) -> int:
        return NOW


@pytest.fixture(scope="session")
def report_on() -> Callable[[Config, Database], Report]:
    return lambda config, database: MarketReader(config, Fixed(), database).report("BTCUSDT", NOW)


@pytest.fixture(scope="session")
def demo_report(stored: tuple[Config, Database], report_on: Callable[[Config, Database], Report]) -> Report:
    return report_on(*stored)
