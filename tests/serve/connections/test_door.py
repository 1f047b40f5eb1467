"""What a connection costs before it has asked: nothing is made for one whose request has not come."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from coinmon_mcp._http.connections import Connections, guarded
from coinmon_mcp._http.door_server import DoorServer
from coinmon_mcp._http.streams import EventStreams

HALVES = (
    b"",
    b"G",
    b"GET /mcp HTTP/1.1\r\nHost: loc",
    b"POST /mcp HTTP/1.1\r\nHost: localhost\r\ncontent-length: 9\r\n\r\n12345678",
)
ENDS = (
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"ET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"alhost\r\n\r\n",
    b"9",
)


class Served:
    """A server whose app answers its path and the length of the body. seen: paths, as they were begun."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.connections = Connections(50)
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=500)
        streams = EventStreams(self.app)
        config = uvicorn.Config(
            streams,
            http=guarded(self.connections),
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
        )
        self.server = DoorServer(config, self.connections, streams)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope["path"])
        if scope["path"] == "/events":
            kind = [(b"content-type", b"text/event-stream; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": kind})
            await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
            await asyncio.Event().wait()
        refused = (b"content-length", b"99999999") in scope["headers"]
        body = b"" if refused else (await receive())["body"]
        await send({"type": "http.response.start", "status": 413 if refused else 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{scope['path']} {len(body)}".encode()})

    async def open(self, begun: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self.listening.getsockname())
        writer.write(begun)
        await writer.drain()
        return reader, writer


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    served = Served()
    running = asyncio.create_task(served.server.serve(sockets=[served.listening]))
    await until(lambda: served.server.started)
    try:
        yield served
    finally:
        served.server.should_exit = True
        await running


def test_a_half_request_is_only_counted() -> None:
    async def run() -> None:
        async with serving() as served:
            clients = [await served.open(each) for each in HALVES]
            await until(lambda: len(served.connections) == len(HALVES))
            await asyncio.sleep(0.02)
            assert not served.seen
            assert not served.server.server_state.connections, "no protocol is made"
            for (reader, writer), end in zip(clients, ENDS, strict=True):
                writer.write(end)
                assert b"200 OK" in await reader.readline()
            assert sorted(served.seen) == ["/a", "/a", "/mcp", "/mcp"]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
        (b"GET /" + b"a" * 70_000, b"400"),
        (b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"200"),
        (b"POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"100"),
        (b"GET /a HTTP/1.1\nHost: x\n\n", b"200"),
    ],
    ids=["TLS", "endless", "too large", "chunked", "expects", "bare line ends"],
)
def test_what_need_not_be_waited_for_is_handed_over(sent: bytes, status: bytes) -> None:
    async def run() -> None:
        async with serving() as served:
            reader, _writer = await served.open(sent)
            assert status in await asyncio.wait_for(reader.readline(), 5)

    asyncio.run(run())


def test_health_is_answered_before_what_came_earlier() -> None:
    async def run() -> None:
        async with serving() as served:
            addresses = served.listening.getsockname()
            # all have come when the event loop looks again
            clients = [socket.create_connection(addresses) for _ in range(40)]
            for number, client in enumerate(clients):
                path = "/healthz" if number == 39 else "/a"
                client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await until(lambda: len(served.seen) == 40)
            assert "/healthz" in served.seen[:2]
            for client in clients:
                client.close()

    asyncio.run(run())


def test_who_leaves_is_not_counted() -> None:
    async def run() -> None:
        async with serving() as served:
            clients = [await served.open(b"GET") for _ in range(5)]
            await until(lambda: len(served.connections) == 5)
            for _reader, writer in clients:
                writer.close()
            await until(lambda: not len(served.connections))

    asyncio.run(run())


def test_an_open_stream_of_events_holds_up_no_stop() -> None:
    async def run() -> None:
        async with serving() as served:
            reader, _writer = await served.open(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"data: 1")
            began = asyncio.get_running_loop().time()
        # without end: until the timeout for answers under way, which is not set here
        assert asyncio.get_running_loop().time() - began < 2
        assert not served.server.server_state.tasks

    asyncio.run(asyncio.wait_for(run(), 10))
