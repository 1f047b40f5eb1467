"""What all transports serve, and what goes on behind it: the scan, and a new edition when it has brought something."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from coinmon.command import CoinmonError, MarketReader, NoDataError, our_stop, pages_of
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.health import Health
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._protocol import Protocol
from coinmon_mcp._resources import Resources
from coinmon_mcp._tools.toolbox import Toolbox

_POLL_INTERVAL_S = 0.5
"""Between two looks at what another process may have stored."""
_EDITIONS = "new editions"
"""The background task that looks for them."""
_FIRST_SCAN_TIMEOUT_S = 55.0
"""From the start: who asks of an empty store meanwhile waits for its first scan. Clients wait for 60 s."""

_Stored = tuple[Mapping[str, int], int | None]


class Service:
    """A desk behind the MCP protocol. scan: the market is scanned meanwhile, else another process fills the store."""

    def __init__(self, desk: MarketReader, *, scan: bool) -> None:
        self.desk = desk
        self.metrics = Metrics()
        self.health = Health(desk, scans=scan)
        self.pages = pages_of(desk)
        self._scan = scan
        self._collected = asyncio.Event()
        self._told: _Stored | None = None
        # set once there is something to answer from, or no scan of ours that would bring it
        self._begun = asyncio.Event()
        if not scan:
            self._begun.set()
        self._edition = Edition(desk)
        self._toolbox = Toolbox(desk, self._edition, self.metrics, self._begun)
        self.protocol = Protocol(self._toolbox, Resources(desk, self._toolbox))

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """New editions as the store is filled."""
        # what is imported by now stays, and need not be searched for garbage while clients wait
        gc.freeze()
        if await self._is_filled():
            self._begun.set()
        self.desk.supervisor.start(_EDITIONS, self._watch)
        asyncio.get_running_loop().call_later(_FIRST_SCAN_TIMEOUT_S, self._begun.set)
        try:
            if self._scan:
                async with self.desk.scanning(self._take_event):
                    yield
            else:
                yield
        finally:
            await self.desk.supervisor.stop(_EDITIONS)

    async def _is_filled(self) -> bool:
        """Whether something was stored before; what else is wrong says so to whoever asks."""
        try:
            await asyncio.to_thread(self.desk.stored)
        except NoDataError:
            return False
        except BaseException as error:
            if our_stop(error):
                raise
        return True

    def _take_event(self, event: Mapping[str, Any]) -> None:
        """An event of the scan of this process."""
        self.health.take(event)
        for pages in self.pages:
            pages.hear(event)
        if event["event"] == "scan_finished":
            self._collected.set()

    async def _news(self) -> bool:
        """Wait until there may be something new; whether it is known to be all of it."""
        if not self._scan:
            await asyncio.sleep(_POLL_INTERVAL_S)
            return False
        await self._collected.wait()
        self._collected.clear()
        return True

    async def _watch(self) -> None:
        seen = None
        while True:
            whole = await self._news()
            try:
                found = await asyncio.to_thread(self.desk.stored)
                # another process writes venue by venue, then its signals: an edition begins when it seems to be done
                if (whole or found == seen) and found != self._told:
                    await self._publish(found, self._told)
                    self._told = found
                seen = found
            except CoinmonError:
                # nothing is stored yet, or the database does not answer; whoever asks is told
                continue

    async def _publish(self, found: _Stored, before: _Stored | None) -> None:
        (ends, signal), (_, last) = found, before or found
        moment = self._edition.after(max(ends.values(), default=0))
        await self._toolbox.prepare(moment)
        self._edition.begin(moment)
        self._begun.set()
        for pages in self.pages:
            pages.changed(moment)
        await self.protocol.changed(signals=signal != last)
        if before is None:
            # hundreds of thousands of objects that stay: searched for garbage every few seconds, nobody was answered
            # for 80 ms each time, and for seconds on a busy machine. They are not searched before either: that is the
            # same wait, for a few objects that are garbage by now and stay
            gc.freeze()
