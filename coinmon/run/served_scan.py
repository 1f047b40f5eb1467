"""The scan behind a server: begun again when it dies, and ended with the server."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.live.forming import FormingMinute
from coinmon.config.load import Config
from coinmon.model.events import Event
from coinmon.run.cycle import Scan
from coinmon.run.monitor import keep_scanning, take_scan, unless_stopped
from coinmon.run.parts.made_past import bring_past
from coinmon.run.schedule import STOP_TIMEOUT_S
from coinmon.store.database import Database
from coinmon.store.lease import Lease
from coinmon.supervise import Supervisor

_STOP_TIMEOUT_S, _CLOSE_TIMEOUT_S = 22, 4
"""A running cycle gets twenty to end, then connections are closed: a venue that hangs must not hold up a stop."""
_DEMO_STOP_TIMEOUT_S = 0.5
"""What a cycle gets where the market is the emulator's: nothing of it is kept."""
_SCAN = "scan of this server"


class ServedScan:
    """Scans from now on, in the running event loop. lease: of the scan, which is given back at the end."""

    def __init__(
        self, config: Config, clock: Clock, database: Database, tell: Callable[[Event], None], lease: Lease
    ) -> None:
        self._config, self._clock, self._database, self._tell = config, clock, database, tell
        self._lease: Lease | None = lease
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._scan: Scan | None = None
        self._supervisor = Supervisor()
        self._supervisor.start(_SCAN, self._run)

    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """Its background tasks and itself, by name."""
        inner = self._scan.supervisor.as_json() if self._scan else {}
        return {**self._supervisor.as_json(), **inner}

    def forming(self, tell: Callable[[], None] | None, rest: float) -> list[FormingMinute]:
        """What changed of the minutes that are not over, kept while somebody is to be told of it."""
        return [each for feed in (self._scan.feeds if self._scan else {}).values() for each in feed.forming(tell, rest)]

    def usage(self) -> Mapping[str, Mapping[str, tuple[float, float]]]:
        """By venue: its rate budgets by name, used now and the limit."""
        return self._scan.usage() if self._scan else {}

    async def close(self) -> None:
        """End it: a cycle that runs may end."""
        self._stop.set()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S + _CLOSE_TIMEOUT_S):
                await self._idle.wait()
        except TimeoutError:
            logger.warning("the scan does not end: what is stored is whole, the rest is left")
        await self._supervisor.close()

    async def _run(self) -> None:
        self._idle.clear()
        try:
            await self._scan_until_stopped()
        finally:
            self._idle.set()
        # asked to stop: what ends now is not begun again
        await asyncio.get_running_loop().create_future()

    async def _scan_until_stopped(self) -> None:
        held, self._lease = self._lease, None
        lease = held if held is not None else await asyncio.to_thread(take_scan, self._database, self._config)
        try:
            database = self._database.fenced(lease.fence)
            if self._config.demo_past:
                try:
                    await unless_stopped(bring_past(self._config, self._clock, database), self._stop)
                except KeyboardInterrupt:
                    return
            tasks = Supervisor(self._supervisor.repeats)
            self._scan = scan = Scan(self._config, self._clock, database, self._tell, goes_on=True, supervisor=tasks)
            try:
                patience = _DEMO_STOP_TIMEOUT_S if self._clock.at else STOP_TIMEOUT_S
                await keep_scanning(self._config, self._clock, scan, database, self._stop, lease, patience)
            finally:
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await scan.close()
        finally:
            await asyncio.to_thread(lease.free)
