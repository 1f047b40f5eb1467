"""The nginx configuration of docs/mcp.md, in a real nginx in front of a real server."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.forked import Forked

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text("utf-8")
TOKEN = "a-long-secret"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The public address of a server that needs a token, behind nginx; nothing is stored yet."""
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    public = f"http://localhost:{port}/coinmon"
    log = folder / "serve.log"
    serve = [sys.executable, "-m", "coinmon", "--lang", "en", "serve", "--no-scan"]
    with (
        log.open("w") as stderr,
        Forked(
            [*serve, "--port", "0"],
            cwd=folder,
            stderr=stderr,
            env={**os.environ, "MCP_PUBLIC_URL": public, "MCP_TOKEN": TOKEN},
        ) as server,
    ):
        while not (found := re.search(r"serving (http://[\d.]+:\d+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        (location,) = re.findall(r"```nginx\n(.+?)```", DOCUMENTED, re.S)
        assert "http://127.0.0.1:8022/" in location
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
            f"http {{ access_log off; {temporary}\nserver {{ listen 127.0.0.1:{port};\n"
            f"{location.replace('http://127.0.0.1:8022', found[1])}}}}}\n"
        )
        with subprocess.Popen([nginx, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]) as proxy:
            while True:
                assert proxy.poll() is None, (folder / "error.log").read_text()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            yield public
            proxy.terminate()
        server.terminate()


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_a_client_is_served_through_nginx(proxied: str, transport: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def names() -> set[str]:
        async with httpx2.AsyncClient(headers=headers) as http:
            way = (
                streamable_http_client(f"{proxied}/mcp", http_client=http)
                if transport == "http"
                else sse_client(f"{proxied}/sse", headers=headers)
            )
            async with way as (reading, writing), ClientSession(reading, writing) as session:
                await session.initialize()
                return {tool.name for tool in (await session.list_tools()).tools}

    assert "get_report" in asyncio.run(names())


def test_nobody_is_served_without_the_token(proxied: str) -> None:
    assert httpx2.post(f"{proxied}/mcp").status_code == 401
    assert httpx2.get(f"{proxied}/healthz").status_code == 200
