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

from coinmon_emulator._clock import Clock
from coinmon_emulator._market import Market
from coinmon_emulator._scenario import Scenario
from coinmon_emulator._server import Emulator, running

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

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.ask(path, **query)
        assert answer.status == 200, (path, query, answer.raw[:300])
        return answer.json


Visit = Callable[..., Any]


@pytest.fixture
def visit() -> Visit:
    """Run a coroutine function against a market with a frozen clock (unless told otherwise)."""

    def run(
        market: Market,
        script: Callable[[Visitor], Awaitable[Any]],
        *,
        at: int | None = None,
        speed: float = 0,
        **rest: Any,
    ) -> Any:
        async def play() -> Any:
            clock = Clock(market.opens_at if at is None else at, speed)
            async with running(market, clock=clock, **rest) as emulator, aiohttp.ClientSession() as session:
                return await script(Visitor(emulator, session))

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
