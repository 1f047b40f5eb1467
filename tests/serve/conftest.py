"""A server as its users start it, scanning the emulator."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the serve extra is not installed")

COINMON = [sys.executable, "-m", "coinmon", "--lang", "en"]


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The configuration that points at a running emulator."""
    path = tmp_path_factory.mktemp("serve") / "coinmon.yaml"
    command = [*COINMON, "emulate", "--port", "0", "--write-config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as emulator:
        while not path.exists():
            assert emulator.poll() is None
            time.sleep(0.02)
        yield path
        emulator.terminate()


@pytest.fixture(scope="session")
def address(config: Path) -> Iterator[str]:
    """The address of a running `coinmon serve`, after its first scan."""
    command = [*COINMON, "--config", str(config), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=config.parent, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        found = None
        for line in server.stderr:
            found = re.search(r"http://[\d.]+:\d+", line) or found
            if "scan finished" in line:
                break
        assert found, "the server ended before its first scan"
        yield found[0]
        server.terminate()
