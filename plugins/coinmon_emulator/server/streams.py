"""The venues' sockets: who may connect, one hub a venue, and the pass that lets the clock send what is due."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from aiohttp import web

from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.market.world import World
from coinmon_emulator.server.faults import ON_STREAMS, Fault, FaultSchedule
from coinmon_emulator.server.hub import Hub
from coinmon_emulator.server.limits import Seconds, Sliding
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.server.socket import Connection, SocketPlace, SocketRules
from coinmon_emulator.venues.folders import VENUES, module_of

TICK_S = 0.02
LOOK_INTERVAL_S = 1.0
DRAWN_FOR_S = 1.0


@dataclass(slots=True, eq=False)
class Open:
    """An open socket, and what the die said about it."""

    session: Connection
    path: str
    drawn: dict[Fault, tuple[float, bool]] = field(default_factory=dict)

    def faults(self, found: list[Fault], happens: Callable[[Fault], bool]) -> dict[str, Fault]:
        now = time.monotonic()
        told = {}
        for fault in found:
            until, happening = self.drawn.get(fault, (0.0, False))
            if until <= now:
                happening = happens(fault)
                self.drawn[fault] = now + DRAWN_FOR_S, happening
            if happening:
                told[fault.kind] = fault
        return told


class Stage(Protocol):
    """What is played in place of the venues' feeds and answers."""

    def time_offset(self, venue: str, path: str) -> int | None:
        """How far ahead of the clock the venue's is, ms; None: the path does not tell its time."""
        ...

    async def answer(self, venue: str, method: str, path: str, query: Query, clock: EmulatedClock) -> Reply | None:
        """None: nothing is known of it; status 0: no answer came."""
        ...

    def rules(self, venue: str, session: Connection, path: str, query: Query) -> SocketRules | None: ...
    def tick(self, venue: str, now: int) -> None: ...
    def left(self, venue: str, session: Connection) -> None: ...


class Streams:
    def __init__(
        self,
        market: World,
        now: Callable[[str], int],
        faults: Callable[[], FaultSchedule],
        late: Seconds,
        *,
        enforce: bool,
        stage: Stage | None = None,
    ) -> None:
        self._faults = faults
        self._stage = stage
        self._enforce = enforce
        self._now = now
        self._hubs = {venue: Hub() for venue in VENUES}
        self._open: dict[str, dict[Open, None]] = {venue: {} for venue in VENUES}
        self._any_open = asyncio.Event()
        self._passes: Counter[str] = Counter()
        self._attempts = {}
        for venue in VENUES:
            most, seconds = module_of(venue, "socket").CONNECTIONS
            self._attempts[venue] = Sliding(most, seconds, time.monotonic, late)
        self._places = {
            venue: SocketPlace(
                market=market,
                ever_listed={(one.kind, one.native): one for one in market.instruments if one.venue == venue},
                hub=self._hubs[venue],
                now=partial(now, venue),
                enforce=enforce,
                late=late,
            )
            for venue in VENUES
        }

    async def serve(
        self, venue: str, path: str, request: web.Request, counts: Counter[tuple[str, str, int]]
    ) -> web.StreamResponse | Reply:
        """Serve a socket to its end; a reply where there will be none."""
        if not self._attempts[venue].spend() and self._enforce:
            refused: Reply = module_of(venue, "socket").too_many_connections()
            return refused
        if request.transport is None:
            return web.Response()  # the client has left: there is nobody to answer
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=1.0)
        shapes = module_of(venue, "shapes")
        session = Connection(
            self._hubs[venue], socket, request, lambda fault: self._faults().strike(fault), shapes.reframe
        )
        rules = self._rules(venue, session, path, request.query)
        if rules is None or not socket.can_prepare(request):
            return Reply(b"Not Found", 404, content_type="text/plain")
        session.rules = rules
        try:
            await socket.prepare(request)
        except ConnectionError:
            return web.Response()
        counts[venue, f"/stream{path}", 101] += 1
        one = Open(session, f"/stream{path}")
        self._open[venue][one] = None
        self._any_open.set()
        self._afflict(venue, one)
        looking = asyncio.create_task(self._look_after(session))
        try:
            # A client that is gone, or was dropped, is no error of ours.
            with contextlib.suppress(ConnectionError):
                await session.run()
        finally:
            looking.cancel()
            del self._open[venue][one]
            if not any(self._open.values()):
                self._any_open.clear()
            session.leave()
            if self._stage is not None:
                self._stage.left(venue, session)
        return socket

    def _rules(self, venue: str, session: Connection, path: str, query: Query) -> SocketRules | None:
        if self._stage is not None:
            return self._stage.rules(venue, session, path, query)
        rules: SocketRules | None = module_of(venue, "socket").rules(self._places[venue], session, path, query)
        return rules

    async def _look_after(self, session: Connection) -> None:
        with contextlib.suppress(ConnectionError):
            while not session.closing:
                await asyncio.sleep(LOOK_INTERVAL_S)
                await session.look()

    async def run(self) -> None:
        while await self._any_open.wait():
            await asyncio.sleep(TICK_S)
            for venue in VENUES:
                if self._open[venue]:
                    self._pass(venue)

    def _pass(self, venue: str) -> None:
        self._passes[venue] += 1
        for one in self._open[venue]:
            self._afflict(venue, one)
        if self._stage is not None:
            self._stage.tick(venue, self._now(venue))
        else:
            self._hubs[venue].tick(self._now(venue))

    def _afflict(self, venue: str, one: Open) -> None:
        schedule = self._faults()
        found = [fault for fault in schedule.in_force(venue, one.path) if fault.kind in ON_STREAMS]
        if found or one.drawn:
            one.session.suffer(one.faults(found, schedule.happens))
        if not found:
            one.drawn.clear()

    def told(self) -> dict[str, dict[str, int]]:
        """How busy each venue's sockets are."""
        return {
            venue: {
                "connections": len(self._open[venue]),
                "subscriptions": hub.subscriptions,
                "messages": hub.sent,
                "sent_until_ms": hub.passed,
                "passes": self._passes[venue],
            }
            for venue, hub in self._hubs.items()
        }

    def hang_up(self) -> None:
        """The end of the emulator: open sockets must not hold it up."""
        for sockets in self._open.values():
            for one in sockets:
                one.session.abort()
