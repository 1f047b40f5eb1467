"""A server with a token, scanning the emulator, with somebody's indicator whose words try to be markup."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.page import LOGIN, ROWS, TOKEN

pytest.importorskip("mcp", reason="the serve extra is not installed")

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
                self._process = subprocess.Popen(command, cwd=self.folder, stderr=stderr)
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
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as emulator:
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


@pytest.fixture(scope="session")
def desk(server, browser):
    page = browser()
    # the cookie stays in the browser
    page.open(f"{server.address}/", LOGIN, ROWS)

    def opened(path, *scripts, **size):
        page.heard.clear()
        return page, page.open(f"{server.address}{path}", *scripts, **size)

    return opened
