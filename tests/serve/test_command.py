"""`coinmon serve` as it is started: stdio, and what it refuses to do."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from coinmon.cli import run
from tests.forked import forked_command

COINMON = [sys.executable, "-m", "coinmon"]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The one line that `coinmon serve` says before it ends."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("MCP_", "COINMON_"))]:
        monkeypatch.delenv(name)

    def line(*arguments: str) -> str:
        assert run(["--lang", "en", "serve", "--no-scan", *arguments]) == 2
        (told,) = capsys.readouterr().err.strip().splitlines()
        return str(told)

    return line


def test_other_machines_need_a_token(refused: Any) -> None:
    line = refused("--host", "0.0.0.0", "--port", "0")
    assert "set MCP_TOKEN" in line
    assert "--insecure" in line


def test_a_port_in_use_is_named(refused: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused("--port", str(port))
    assert f"port {port} of 127.0.0.1 is in use; choose another with --port" in line


def test_an_address_that_is_not_ours(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_TOKEN", "long enough")
    assert "cannot listen on 192.0.2.1:0" in refused("--host", "192.0.2.1", "--port", "0")


@pytest.mark.parametrize("demo", [False, True])
def test_stdio_speaks_nothing_but_mcp(tmp_path: Any, demo: bool) -> None:
    # once as it is started by others, once without the time that it takes to import it
    python, *rest = [*forked_command(), "serve", "--demo"] if demo else [*COINMON, "serve", "--no-scan"]
    server = StdioServerParameters(command=python, args=[*rest, "--stdio"], cwd=tmp_path)

    async def talk() -> Any:
        with (tmp_path / "log").open("w") as log:
            async with stdio_client(server, errlog=log) as streams, ClientSession(*streams) as session:
                await session.initialize()
                assert len((await session.list_tools()).tools) > 5
                # of an empty store: the answer waits for the first scan
                return await session.call_tool("get_report", {"symbol": "BTCUSDT"})

    answer = asyncio.run(talk())
    if demo:
        assert answer.structured_content["pair"] == "BTC/USDT"
    else:
        assert answer.is_error
        assert "run `coinmon scan`" in answer.content[0].text
