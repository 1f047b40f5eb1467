"""A server with a token, scanning the emulator, with somebody's indicator whose words try to be markup."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.report.document import Report
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from tests.desk.page import LOGIN, ROWS, TOKEN
from tests.forked import Forked
from tests.report.conftest import NOW, collect

pytest.importorskip("mcp", reason="the serve extra is not installed")

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from coinmon_desk._pages import DeskPages

COINMON = [sys.executable, "-m", "coinmon", "--lang", "en"]

MINE = '''"""A third party's words."""
from coinmon import Line, Panel, Result, SeenReport, Table, Text, hookimpl, moment

EVIL = "<img src=x onerror=window.injected=1></script><script>window.injected=1</script>"

class Mine(Result):
    def line(self, lang):
        return EVIL

    def panel(self, subject):
        at = [moment(subject.end - 600_000), moment(subject.end)]
        return Panel(Text(EVIL, EVIL), [Line(EVIL, at, [1.0, 2.0]), Table((EVIL,), [[EVIL]])], "time", EVIL)

def mine(view):
    """Mine."""
    return Mine(as_of=moment(view.now), coverage=SeenReport.of(view.seen(view.bars(5))), convention="x", reason=EVIL)

@hookimpl
def register_indicators(register):
    register("mine", mine, merges=True)
'''


class Server:
    """`coinmon serve`, which can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "coinmon.yaml"
        self._port = "0"
        self.address = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, scanned: bool = True) -> None:
        """scanned: return when the first scan is over; else as soon as it answers."""
        ends = ("scan finished", "no venue could be asked") if scanned else ("serving http",)
        log = self.folder / "serve.log"
        for _ in range(5):
            command = [*COINMON, "--config", str(self.config), "serve", "--port", self._port]
            with log.open("w") as stderr:
                self._process = Forked(command, cwd=self.folder, stderr=stderr)
            while not any(end in (told := log.read_text()) for end in ends):
                assert self._process.poll() is None, told
                time.sleep(0.05)
            found = re.search(r"http://[\d.]+:(\d+)", told)
            assert found
            self.address, self._port = found[0], found[1]
            if not scanned or "scan finished" in told:
                return
            # a busy machine was too slow for the emulator, whose clock stands still: no other scan would follow
            self.stop()
        pytest.skip("this machine is too busy: the emulator did not answer a first scan within 12 s, five times")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("desk"))
    command = [*COINMON, "emulate", "--port", "0", "--speed", "0", "--write-config", str(found.config)]
    with Forked(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as emulator:
        while not found.config.exists():
            assert emulator.poll() is None
            time.sleep(0.02)
        (found.folder / "plugins").mkdir()
        (found.folder / "plugins" / "mine.py").write_text(MINE, "utf-8")
        more = f"\nplugins: {{dir: plugins}}\nserve: {{token: {TOKEN}}}\n"
        found.config.write_text(found.config.read_text("utf-8") + more, "utf-8")
        try:
            found.start()
            yield found
        finally:
            found.stop()
            emulator.terminate()


class Remembering(MarketReader):
    """Each report is made once: what a page shows of a moment is compared with the report that it was to show."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._reports: dict[tuple[str, int | None], Report] = {}

    def report(self, symbol: str, at: int | None = None, only: Collection[str] | None = None) -> Report:
        if only is not None:
            return super().report(symbol, at, only)
        if (symbol, at) not in self._reports:
            self._reports[symbol, at] = super().report(symbol, at)
        return self._reports[symbol, at]


@pytest.fixture(scope="module")
def remembering(built_once, tmp_path_factory) -> Iterator[Remembering]:
    """A reader of the demo's market, collected once for all workers."""
    collected, folder = built_once("reported", collect), tmp_path_factory.mktemp("remembering")
    db = shutil.copy(collected / "stored.db", folder)
    config = load_config(collected / "config.yaml", overrides={"db": f"sqlite:///{db}"}, environ={}, cwd=folder)
    database = open_database(config.db)
    yield Remembering(config, Clock(NOW, 0, 0), database)
    database.close()


@pytest.fixture(scope="session")
def opened(browser):
    """The desk's pages on a reader, served by a thread of this process."""

    @contextmanager
    def serve(reader):
        pages = DeskPages(reader)
        app = Starlette(routes=[Route("/", pages.home), *pages.routes], lifespan=lambda _: pages.running())
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
        thread = Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        page = browser()

        def look(path, *scripts, **size):
            page.heard.clear()
            return page, page.open(f"http://127.0.0.1:{port}{path}", *scripts, **size)

        try:
            yield look
        finally:
            server.should_exit = True
            thread.join(20)

    return serve


@pytest.fixture(scope="session")
def desk(server, browser):
    page = browser()
    # the cookie stays in the browser
    page.open(f"{server.address}/", LOGIN, ROWS)

    def opened(path, *scripts, **size):
        page.heard.clear()
        return page, page.open(f"{server.address}{path}", *scripts, **size)

    return opened
