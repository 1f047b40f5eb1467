"""The emulator: one loopback port, a prefix for each venue, and a control path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.market.world import World
from coinmon_emulator.server.answering import Server
from coinmon_emulator.server.config import Pointing
from coinmon_emulator.server.control import Control
from coinmon_emulator.server.faults import FaultSchedule
from coinmon_emulator.server.robots import Robots
from coinmon_emulator.server.streams import Stage

HOST = "127.0.0.1"


@dataclass(slots=True)
class Emulator:
    """A running emulator, as a test or a command sees it."""

    market: World
    clock: EmulatedClock
    wall_started_ms: int
    url: str = ""
    robots: Robots | None = None
    books: bool | None = None
    also: Collection[str] = ()

    def config(self, db: str = "sqlite:///coinmon-emulated.db") -> dict[str, Any]:
        """The settings that point any coinmon command here."""
        return self._pointing(db).settings()

    def config_yaml(self, db: str = "sqlite:///coinmon-emulated.db") -> str:
        return self._pointing(db).yaml()

    def _pointing(self, db: str) -> Pointing:
        outputs = self.robots.settings(self.url) if self.robots else {}
        return Pointing(
            self.url, self.market.instruments, self.clock, self.wall_started_ms, db, outputs, self.books, self.also
        )


def _application(server: Server) -> web.Application:
    application = web.Application()
    control = Control(server)
    application.router.add_get("/emulator/past", control.past)
    application.router.add_get("/emulator/{what}", control.tell)
    application.router.add_post("/emulator/faults", control.set_faults)
    application.router.add_get("/{venue}", server.serve)
    application.router.add_get("/{venue}/{path:.*}", server.serve)
    application.router.add_post("/{venue}/{path:.*}", server.serve)
    return application


@asynccontextmanager
async def running(
    market: World,
    *,
    clock: EmulatedClock | None = None,
    faults: str = "",
    limits: bool = True,
    port: int = 0,
    seed: int = 1,
    robots: Robots | None = None,
    stage: Stage | None = None,
    books: bool | None = None,
    also: Collection[str] = (),
) -> AsyncIterator[Emulator]:
    """Serve `market` on loopback until the block is left, and group robots beside it.

    stage: what is played in place of it. books: whether the configuration follows order books; None: at a low speed.
    also: venues that the configuration switches on beside those that always are.
    """
    clock = clock or EmulatedClock(market.opens_at)
    schedule = FaultSchedule(faults, seed)
    server = Server(market, clock, schedule, enforce=limits, stage=stage)
    # A silent request would otherwise hold the exit for a minute.
    application = _application(server)
    if robots is not None:
        robots.attach(application)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    tasks = [asyncio.create_task(server.lateness.watch()), asyncio.create_task(server.streams.run())]
    for task in tasks:
        task.add_done_callback(_say_why)
    try:
        site = web.TCPSite(runner, HOST, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        url = f"http://{HOST}:{bound}"
        yield Emulator(market, clock, round(clock.wall_started * 1000), url, robots, books, also)
    finally:
        for task in tasks:
            task.cancel()
        server.streams.hang_up()
        await runner.cleanup()


def _say_why(ended: asyncio.Task[None]) -> None:
    """What goes on for ever and died of a bug is said at once, and not when it is forgotten."""
    if not ended.cancelled() and (error := ended.exception()) is not None:
        ended.get_loop().call_exception_handler({"message": f"{ended.get_coro()} died", "exception": error})
