"""The emulator: one loopback port, a prefix for each venue, and a control path."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from aiohttp import web

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.market.market import World
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server import archives
from coinmon_emulator.server.config import Pointing
from coinmon_emulator.server.control import Control
from coinmon_emulator.server.faults import ON_PAGES, Fault, FaultSchedule, refusal, spoil_of
from coinmon_emulator.server.lateness import Lateness
from coinmon_emulator.server.limits import Limits, of_all_venues
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.robots import Robots
from coinmon_emulator.server.streams import Streams
from coinmon_emulator.venues.binance import rest as binance_rest
from coinmon_emulator.venues.bybit import rest as bybit_rest
from coinmon_emulator.venues.coinbase import rest as coinbase_rest
from coinmon_emulator.venues.okx import rest as okx_rest

HOST = "127.0.0.1"
WHOLE_MARKET = {"/api/v3/ticker/24hr", "/fapi/v1/ticker/24hr", "/api/v5/market/tickers", "/v5/market/tickers"}


class VenueApi(Protocol):
    NAME: str

    def endpoint(self, path: str) -> str | None: ...
    def answer(self, view: WorldNow, path: str, query: Query) -> Reply: ...


@dataclass(slots=True)
class Emulator:
    """A running emulator, as a test or a command sees it."""

    market: World
    clock: EmulatedClock
    wall_started_ms: int
    url: str = ""
    robots: Robots | None = None

    def config(self, db: str = "sqlite:///coinmon-emulated.db") -> dict[str, Any]:
        """The settings that point any coinmon command here."""
        return self._pointing(db).settings()

    def config_yaml(self, db: str = "sqlite:///coinmon-emulated.db") -> str:
        return self._pointing(db).yaml()

    def _pointing(self, db: str) -> Pointing:
        outputs = self.robots.settings(self.url) if self.robots else {}
        return Pointing(self.url, self.market.instruments, self.clock, self.wall_started_ms, db, outputs)


class Server:
    """Requests in, replies out; faults and limits in between."""

    def __init__(self, market: World, clock: EmulatedClock, faults: FaultSchedule, *, enforce: bool) -> None:
        self.market = market
        self.clock = clock
        self.faults = faults
        self.lateness = Lateness()
        self.limits: dict[str, Limits] = of_all_venues(self.lateness)
        self.enforce = enforce
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self.venues: dict[str, VenueApi] = {
            venue.NAME: venue for venue in (binance_rest, okx_rest, bybit_rest, coinbase_rest)
        }
        self.streams = Streams(market, self.now, lambda: self.faults, self.lateness, enforce=enforce)

    def application(self) -> web.Application:
        application = web.Application()
        control = Control(self)
        application.router.add_get("/emulator/{what}", control.tell)
        application.router.add_post("/emulator/faults", control.set_faults)
        application.router.add_get("/{venue}", self.serve)
        application.router.add_get("/{venue}/{path:.*}", self.serve)
        return application

    def now(self, venue: str) -> int:
        """The venue's time: the clock's, unless a fault has it jump."""
        return self.clock.now() + self.faults.jump_ms(venue)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        venue = self.venues.get(request.match_info["venue"])
        if venue is None:
            return web.Response(status=404, text="no such venue")
        path = "/" + request.match_info.get("path", "")
        asks_for_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        endpoint = venue.endpoint(path)
        faults = self.faults.on(venue.NAME, f"/stream{path}" if asks_for_socket else path)
        kinds = {fault.kind: fault for fault in faults}
        if "slow" in kinds:
            self.faults.strike(kinds["slow"])
            await asyncio.sleep(kinds["slow"].argument or 0)
        if "silence" in kinds:
            self.faults.strike(kinds["silence"])
            self.counts[venue.NAME, endpoint or path, 0] += 1
            await asyncio.Event().wait()
        if "refuse" in kinds and request.transport is not None:
            self.faults.strike(kinds["refuse"])
            self.counts[venue.NAME, endpoint or path, 0] += 1
            request.transport.abort()
            return web.Response()
        if asks_for_socket:
            return await self._socket(venue, path, request, faults)
        reply = await self._reply(venue, path, endpoint, request.query, faults)
        self.counts[venue.NAME, endpoint or path, reply.status] += 1
        body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
        if reply.status == 200 and "garbage" in kinds:
            self.faults.strike(kinds["garbage"])
            body = body[: len(body) // 2] + b'{"\x00]'
        if endpoint is not None:
            reply.headers |= self.limits[venue.NAME].headers(endpoint)
        if "cut" in kinds:
            self.faults.strike(kinds["cut"])
            return await _cut(request, reply, body)
        return web.Response(body=body, status=reply.status, headers=reply.headers, content_type=reply.content_type)

    async def _socket(
        self, venue: VenueApi, path: str, request: web.Request, faults: list[Fault]
    ) -> web.StreamResponse:
        refused = self._refusal(venue, faults)
        if refused is None:
            found = await self.streams.serve(venue.NAME, path, request, self.counts)
            if isinstance(found, web.StreamResponse):
                return found
            refused = found
        self.counts[venue.NAME, f"/stream{path}", refused.status] += 1
        body = refused.body if isinstance(refused.body, bytes) else orjson.dumps(refused.body)
        return web.Response(
            body=body, status=refused.status, headers=refused.headers, content_type=refused.content_type
        )

    def _refusal(self, venue: VenueApi, faults: list[Fault]) -> Reply | None:
        """Of several answers in place of the venue's the first."""
        for fault in faults:
            refused = refusal(venue.NAME, fault)
            if refused is not None:
                self.faults.strike(fault)
                return refused
        return None

    async def _reply(
        self, venue: VenueApi, path: str, endpoint: str | None, query: Query, faults: list[Fault]
    ) -> Reply:
        refused = self._refusal(venue, faults)
        if refused is not None:
            return refused
        if endpoint is not None:
            limited = self.limits[venue.NAME].admit(endpoint, query)
            if limited is not None and self.enforce:
                return limited
        for fault in faults:
            if fault.kind in ON_PAGES:
                self.faults.strike(fault)
        view = WorldNow(self.market, self.now(venue.NAME), spoil_of(faults))
        if path.startswith(archives.PREFIX):
            return archives.answer(venue.NAME, view, path)
        if endpoint in WHOLE_MARKET and not {"symbol", "symbols", "instId"} & query.keys():
            # A day of hundreds of instruments takes a second: others must not wait, their limits count arrivals.
            for one in view.listed(venue.NAME, _kind(query, path)):
                view.day(one)
                view.book(one, 1)
                await asyncio.sleep(0)
        return venue.answer(view, path, query)


def _kind(query: Query, path: str) -> str:
    """Which kind of instruments a whole-market call is about."""
    futures = path.startswith("/fapi") or query.get("instType") == "SWAP" or query.get("category") == "linear"
    return "perp" if futures else "spot"


async def _cut(request: web.Request, reply: Reply, body: bytes) -> web.StreamResponse:
    """Promise a body, send half of it, hang up."""
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_type = reply.content_type
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


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
) -> AsyncIterator[Emulator]:
    """Serve `market` on loopback until the block is left, and group robots beside it."""
    clock = clock or EmulatedClock(market.opens_at)
    schedule = FaultSchedule(faults, seed)
    server = Server(market, clock, schedule, enforce=limits)
    # A silent request would otherwise hold the exit for a minute.
    application = server.application()
    if robots is not None:
        robots.attach(application)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    tasks = [asyncio.create_task(server.lateness.watch()), asyncio.create_task(server.streams.run())]
    try:
        site = web.TCPSite(runner, HOST, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0][1]
        yield Emulator(market, clock, round(clock.wall_started * 1000), f"http://{HOST}:{bound}", robots)
    finally:
        for task in tasks:
            task.cancel()
        server.streams.hang_up()
        await runner.cleanup()
