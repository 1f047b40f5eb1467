"""A server as its users start it, on the demo's emulator."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("mcp", reason="the serve extra is not installed")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `coinmon serve --demo`, after its first scan."""
    command = [sys.executable, "-m", "coinmon", "--lang", "en", "serve", "--demo", "--port", "0"]
    folder = tmp_path_factory.mktemp("serve")
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        found = None
        for line in server.stderr:
            found = re.search(r"http://[\d.]+:\d+", line) or found
            if "scan finished" in line:
                break
        assert found, "the server ended before its first scan"
        yield found[0]
        server.terminate()
