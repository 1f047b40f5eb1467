"""Clients that hold connections and sessions open, and ask nothing."""

import asyncio
import re
import socket
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from coinmon_mcp._http.sessions import BoundedSessions
from tests.serve.conftest import COINMON

IDLE = 1500


@pytest.fixture
def server(collected: Path) -> Any:
    log = collected / "idle.log"
    command = [*COINMON, "--config", str(collected / "config.yaml"), "serve", "--no-scan", "--port", "0"]
    limited = ["bash", "-c", 'ulimit -n 1200; exec "$@"', "serve", *command]
    with log.open("w") as stderr, subprocess.Popen(limited, cwd=collected, stderr=stderr) as process:
        while (found := re.search(r"http://([\d.]+):(\d+)", log.read_text())) is None:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield (found[1], int(found[2])), log
        assert process.poll() is None, "it goes on"
        process.terminate()


def test_idle_and_half_open_connections_harm_nobody(server: Any) -> None:
    address, log = server
    begun = [b"", b"GET /mcp HT", b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]
    held = []
    try:
        for number in range(IDLE):
            client = socket.create_connection(address, timeout=5)
            client.send(begun[number % 3])
            held.append(client)
            if number % 300 == 299:
                asked_at = time.monotonic()
                # not by httpx, whose making takes longer than the answer
                asking = HTTPConnection(*address, timeout=5)
                asking.request("GET", "/healthz")
                assert asking.getresponse().status in (200, 503)
                asking.close()
                assert time.monotonic() - asked_at < 1
        assert len(log.read_text().splitlines()) < 10
    finally:
        for client in held:
            client.close()


def test_sessions_that_never_end_shut_nobody_out() -> None:
    """Whoever opens many loses its own; another's, which is used less, stays."""
    opened: list[str] = []
    ended: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"]).get(b"mcp-session-id", b"").decode()
        if scope["method"] == "DELETE":
            ended.append(given)
        elif not given:
            given = f"session {len(opened)}"
            opened.append(given)
        status = 404 if given in ended and scope["method"] == "POST" else 200
        headers = [(b"mcp-session-id", given.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})

    async def ask(bounded: BoundedSessions, client: str, session: str = "") -> int:
        found: list[int] = []

        async def send(message: Any) -> None:
            found.append(message["status"])

        headers = [(b"mcp-session-id", session.encode())] if session else []
        await bounded({"type": "http", "method": "POST", "headers": headers, "client": (client, 1)}, None, send)  # type: ignore[arg-type]
        return found[0]

    async def run() -> None:
        bounded = BoundedSessions(app, 50)
        assert await ask(bounded, "192.0.2.1") == 200
        for _ in range(500):
            assert await ask(bounded, "192.0.2.66") == 200
        assert await ask(bounded, "192.0.2.1", "session 0") == 200
        assert await ask(bounded, "192.0.2.66", "session 1") == 404
        assert len(opened) - len(ended) == 50

    asyncio.run(run())
