"""Sending what waits: rows written with their signal, retried until sent or refused, over restarts too."""

import asyncio
import time
from collections.abc import Callable, Mapping

from coinmon.clock import Clock
from coinmon.market.market import Market
from coinmon.notify.events import Event
from coinmon.notify.routing import Route
from coinmon.notify.sender import Sender
from coinmon.notify.sharing import channels_of
from coinmon.plugin.contracts import Output
from coinmon.store.database import Database


def wall_ms() -> int:
    """The time in the robots' world, whatever it is in the market's."""
    return round(time.time() * 1000)


class Outbox:
    """Sends waiting deliveries, each output on its own: one that is slow or down holds up no other."""

    def __init__(
        self,
        database: Database,
        outputs: Mapping[str, Output],
        routes: Mapping[str, Route],
        clock: Clock,
        tell: Callable[[Event], None],
        wall: Callable[[], int] = wall_ms,
        market: Callable[[Event], Market] | None = None,
    ) -> None:
        channels = channels_of(outputs)
        self.lines = {
            name: Sender(
                channels[name],
                output,
                None if routes[name].record else routes[name].policy.per_minute,
                routes[name].policy.expire,
                database,
                clock,
                wall,
                tell,
                market,
            )
            for name, output in outputs.items()
        }

    def wake(self) -> None:
        """There may be something new to send."""
        for line in self.lines.values():
            line.wake()

    async def run(self) -> None:
        """Send for ever."""
        await asyncio.gather(*(line.run() for line in self.lines.values()))

    async def flush(self) -> None:
        """Send everything that is due, as far as pace and robots allow."""
        await asyncio.gather(*(line.flush() for line in self.lines.values()))
