"""What the emulator's tests share: a visit to a running emulator, and where the recorded data lies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.market.world import World
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import Emulator, running

REAL = Path(__file__).parents[3] / "shared" / "real"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)


@dataclass
class Visitor:
    """A client of one emulator."""

    emulator: Emulator
    session: aiohttp.ClientSession

    async def ask(self, path: str, **query: Any) -> Answer:
        async with self.session.get(self.emulator.url + path, params=query) as reply:
            return Answer(reply.status, dict(reply.headers), await reply.read())

    async def post(self, path: str, body: Any) -> Answer:
        async with self.session.post(self.emulator.url + path, json=body) as reply:
            return Answer(reply.status, dict(reply.headers), await reply.read())

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.ask(path, **query)
        assert answer.status == 200, (path, query, answer.raw[:300])
        return answer.json


Visit = Callable[..., Any]


@pytest.fixture
def visit() -> Visit:
    """Run a coroutine function against a market with a frozen clock (unless told otherwise)."""

    def run(
        market: World,
        script: Callable[[Visitor], Awaitable[Any]],
        *,
        at: int | None = None,
        speed: float = 0,
        **rest: Any,
    ) -> Any:
        async def play() -> Any:
            clock = EmulatedClock(market.opens_at if at is None else at, speed)
            async with running(market, clock=clock, **rest) as emulator, aiohttp.ClientSession() as session:
                return await script(Visitor(emulator, session))

        return asyncio.run(play())

    return run


class Stage(Visitor):
    """A visitor who moves the clock by hand, and reads sockets up to where the clock stands."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession, wall: list[float]) -> None:
        super().__init__(emulator, session)
        self.wall = wall

    async def open(self, path: str, *messages: Any) -> aiohttp.ClientWebSocketResponse:
        url = "ws" + self.emulator.url.removeprefix("http") + path
        socket = await self.session.ws_connect(url, autoping=False, max_msg_size=0)
        for message in messages:
            await self.tell(socket, message)
        # Answers come before anything that the clock will send.
        await socket.ping(b"opened")
        return socket

    async def tell(self, socket: aiohttp.ClientWebSocketResponse, message: Any) -> None:
        await socket.send_str(message if isinstance(message, str) else orjson.dumps(message).decode())

    async def advance(self, seconds: float) -> None:
        """Let market time pass, and wait until every venue with sockets has sent what fell due."""
        self.wall[0] += seconds
        now = self.emulator.clock.now()
        async with asyncio.timeout(20):
            while True:
                told = await self.get("/emulator/streams")
                if all(venue["sent_until_ms"] >= now for venue in told.values() if venue["connections"]):
                    return
                await asyncio.sleep(0.01)

    async def passed(self) -> None:
        """Wait until every venue with sockets has looked once more at what is due, and at its faults."""
        before = await self.get("/emulator/streams")
        async with asyncio.timeout(20):
            while True:
                told = await self.get("/emulator/streams")
                open_now = [venue for venue, each in told.items() if each["connections"]]
                if all(told[venue]["passes"] > before[venue]["passes"] for venue in open_now):
                    return
                await asyncio.sleep(0.01)

    async def read(self, socket: aiohttp.ClientWebSocketResponse) -> list[Any]:
        """All messages so far; text that is no JSON as it is."""
        await socket.ping(b"read")
        found = []
        async with asyncio.timeout(20):
            while True:
                message = await socket.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    found.append(_decoded(message.data))
                elif message.type is aiohttp.WSMsgType.PONG:
                    if message.data == b"read":
                        return found
                elif message.type is not aiohttp.WSMsgType.PING:
                    raise ConnectionError(f"the socket ended with {message.type}, {message.data}")


def _decoded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


@pytest.fixture
def stage() -> Visit:
    """Run a coroutine function against a market whose clock is moved by hand.

    Reading pings more often than Binance takes: limits are off unless they are asked for.
    """

    def run(
        market: World,
        script: Callable[[Stage], Awaitable[Any]],
        *,
        at: int | None = None,
        limits: bool = False,
        **rest: Any,
    ) -> Any:
        async def play() -> Any:
            wall = [1000.0]
            clock = EmulatedClock(market.opens_at if at is None else at, 1.0, 1000.0, lambda: wall[0])
            async with (
                running(market, clock=clock, limits=limits, **rest) as emulator,
                aiohttp.ClientSession() as session,
            ):
                return await script(Stage(emulator, session, wall))

        return asyncio.run(play())

    return run


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return Scenario("default", 1)


@pytest.fixture(scope="session")
def real() -> Path:
    if not REAL.is_dir():
        pytest.skip("the recorded market data (../shared/real) is not on this machine")
    return REAL
