"""Requests in, replies out, with faults and limits in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Protocol, cast
from urllib.parse import urlencode

import orjson
from aiohttp import web

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.market.world import World
from coinmon_emulator.server import archives
from coinmon_emulator.server.faults import (
    IN_FILES,
    ON_PAGES,
    WITH_NAME,
    Fault,
    FaultSchedule,
    behind_ms,
    refusal,
    spoil_of,
)
from coinmon_emulator.server.lateness import Lateness
from coinmon_emulator.server.limits import Limits, of_all_venues
from coinmon_emulator.server.reply import Query, Reply, asked
from coinmon_emulator.server.streams import Stage, Streams
from coinmon_emulator.venues.folders import VENUES, module_of


class VenueApi(Protocol):
    """What the module `rest` of a venue's folder has."""

    NAME: str

    def endpoint(self, path: str) -> str | None: ...
    def answer(self, view: WorldNow, path: str, query: Query) -> Reply: ...
    def whole_market(self, path: str, query: Query) -> MarketKind | None:
        """The kind of instruments whose day a request asks for all together; None for any other request."""
        ...


class Server:
    """Requests in, replies out; faults and limits in between."""

    def __init__(
        self,
        market: World,
        clock: EmulatedClock,
        faults: FaultSchedule,
        *,
        enforce: bool,
        stage: Stage | None = None,
    ) -> None:
        self.market = market
        self._stage = stage
        self.clock = clock
        self.faults = faults
        self.lateness = Lateness()
        self.limits: dict[str, Limits] = of_all_venues(self.lateness)
        self.enforce = enforce
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self.unanswered: Counter[str] = Counter()
        """Requests that a recording holds no answer to."""
        self.venues: dict[str, VenueApi] = {venue: cast(VenueApi, module_of(venue, "rest")) for venue in VENUES}
        self._unsettled = {
            venue: [one.base for one in market.instruments if one.venue == venue and one.unsettled] for venue in VENUES
        }
        self.streams = Streams(market, self.now, lambda: self.faults, self.lateness, enforce=enforce, stage=stage)

    def now(self, venue: str) -> int:
        """The venue's time: the clock's, unless a fault has it jump."""
        return self.clock.now() + self.faults.jump_ms(venue)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        venue = self.venues.get(request.match_info["venue"])
        if venue is None:
            return web.Response(status=404, text="no such venue")
        path, query = "/" + request.match_info.get("path", ""), dict(request.query)
        if request.method == "POST":
            path, query = asked(path, query.items(), await request.read())
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
        if self._stage is not None:
            reply = await self._played(self._stage, venue, path, query, request, faults)
        else:
            reply = await self._reply(venue, path, endpoint, query, faults)
        self.counts[venue.NAME, endpoint or path, reply.status] += 1
        if not reply.status and request.transport is not None:
            request.transport.abort()
            return web.Response()
        body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
        if reply.status == 200 and "garbage" in kinds:
            self.faults.strike(kinds["garbage"])
            body = body[: len(body) // 2] + b'{"\x00]'
        if endpoint is not None and self._stage is None:
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
            refused = refusal(venue.NAME, fault, self.faults.banned_until_ms(fault))
            if refused is not None:
                self.faults.strike(fault)
                return refused
        return None

    async def _played(
        self, stage: Stage, venue: VenueApi, path: str, query: Query, request: web.Request, faults: list[Fault]
    ) -> Reply:
        """What a recording holds; the time is known without it, anything else is not to be had."""
        refused = self._refusal(venue, faults)
        if refused is not None:
            return refused
        found = await stage.answer(venue.NAME, request.method, path, query, self.clock)
        offset = stage.time_offset(venue.NAME, path)
        if found is None and offset is not None:
            found = venue.answer(WorldNow(self.market, self.now(venue.NAME) + offset), path, query)
        if found is None:
            self.unanswered[f"{venue.NAME}{path}?{urlencode(query)}"] += 1
        return found or Reply(b"the recording holds no answer to this", 503, content_type="text/plain")

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
            if fault.kind in ON_PAGES or (fault.kind in IN_FILES and path.startswith(archives.PREFIX)):
                self.faults.strike(fault)
        view = WorldNow(self.market, self.now(venue.NAME) - behind_ms(faults), spoil_of(faults))
        if path.startswith(archives.PREFIX):
            return archives.answer(venue.NAME, view, path)
        await _prepare(venue, view, path, query)
        reply = venue.answer(view, path, query)
        if reply.status == 200:
            for base in self._unsettled[venue.NAME]:
                module_of(venue.NAME, "shapes").reshape(path, reply.body, "odd", base)
        for fault in faults:
            if reply.status == 200 and _reshape(venue.NAME, path, reply, fault):
                self.faults.strike(fault)
        return reply


async def _prepare(venue: VenueApi, view: WorldNow, path: str, query: Query) -> None:
    """A day of hundreds of instruments takes a second: others must not wait, their limits count arrivals."""
    kind = venue.whole_market(path, query)
    if kind is not None:
        for one in view.listed(venue.NAME, kind):
            view.day(one)
            view.book(one, 1)
            await asyncio.sleep(0)


def _reshape(venue: str, path: str, reply: Reply, fault: Fault) -> bool:
    """Give the answer an odd shape of the field; whether there was anything to change."""
    shapes, changed = module_of(venue, "shapes"), False
    if fault.kind in WITH_NAME:
        changed = shapes.reshape(path, reply.body, fault.kind, fault.name)
    elif fault.kind == "strange":
        changed = shapes.strange(path, reply.body)
    return changed


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
