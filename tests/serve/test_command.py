"""`coinmon serve` as it is started: stdio, and what it refuses to do."""

import asyncio
import socket
import subprocess
import sys
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

COINMON = [sys.executable, "-m", "coinmon"]


def refused(tmp_path: Any, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [*COINMON, "serve", "--no-scan", *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, env={"PATH": "", **environment},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_other_machines_need_a_token(tmp_path: Any) -> None:
    line = refused(tmp_path, "--host", "0.0.0.0", "--port", "0")
    assert "set MCP_TOKEN" in line
    assert "--insecure" in line


def test_a_port_in_use_is_named(tmp_path: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(tmp_path, "--port", str(port))
    assert f"port {port} of 127.0.0.1 is in use; choose another with --port" in line


def test_an_address_that_is_not_ours(tmp_path: Any) -> None:
    assert "cannot listen on 192.0.2.1:0" in refused(
        tmp_path, "--host", "192.0.2.1", "--port", "0", MCP_TOKEN="long enough"
    )


@pytest.mark.parametrize("demo", [False, True])
def test_stdio_speaks_nothing_but_mcp(tmp_path: Any, demo: bool) -> None:
    where = ["--demo"] if demo else ["--no-scan"]
    server = StdioServerParameters(command=COINMON[0], args=[*COINMON[1:], "serve", "--stdio", *where], cwd=tmp_path)

    async def talk() -> Any:
        with (tmp_path / "log").open("w") as log:
            async with stdio_client(server, errlog=log) as streams, ClientSession(*streams) as session:
                await session.initialize()
                assert len((await session.list_tools()).tools) > 5
                for _ in range(60):
                    answer = await session.call_tool("get_report", {"symbol": "BTCUSDT"})
                    if not demo or not answer.is_error:
                        return answer
                    await asyncio.sleep(0.5)
                return answer

    answer = asyncio.run(talk())
    if demo:
        assert answer.structured_content["pair"] == "BTC/USDT"
    else:
        assert answer.is_error
        assert "run `coinmon scan`" in answer.content[0].text
