"""Sending what waits: rows written with their signal, retried until sent or refused, over restarts too."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from coinmon.clock import Clock
from coinmon.market.market import Market
from coinmon.model.events import DeliveryEvent
from coinmon.notify.routing import Route
from coinmon.notify.sender import Sender
from coinmon.notify.sharing import channels_of
from coinmon.plugin.contracts import Output
from coinmon.store.database import Database
from coinmon.supervise import Supervisor


def wall_ms() -> int:
    """The machine's time, ms UTC, by which robots are paced; the market's clock may be an emulator's."""
    return round(time.time() * 1000)


def steady_wall() -> Callable[[], int]:
    """A `wall_ms` that nobody can set: how long a robot rests does not change when the machine's clock is set."""
    began, at = time.monotonic(), wall_ms()
    return lambda: at + round((time.monotonic() - began) * 1000)


class Outbox:
    """Sends waiting deliveries, each output on its own: one that is slow or down holds up no other."""

    def __init__(
        self,
        database: Database,
        outputs: Mapping[str, Output],
        routes: Mapping[str, Route],
        clock: Clock,
        tell: Callable[[DeliveryEvent], None],
        wall: Callable[[], int] | None = None,
        market: Callable[[Mapping[str, Any]], Market] | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        wall = wall or steady_wall()
        self._supervisor = supervisor or Supervisor()
        channels = channels_of(outputs)
        self.senders = {
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
                routes[name].addressed,
                self._supervisor.repeats,
            )
            for name, output in outputs.items()
        }

    def wake(self) -> None:
        """There may be something new to send."""
        for sender in self.senders.values():
            sender.wake()

    def start(self) -> None:
        """Send from now on, in the background: a sender that dies is started again."""
        for name, sender in self.senders.items():
            self._supervisor.start(f"sender of {name}", sender.run)

    async def run(self) -> None:
        """Send for ever."""
        self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self._supervisor.close()

    async def flush(self) -> None:
        """Send everything that is due, as far as pace and robots allow."""
        await asyncio.gather(*(sender.flush() for sender in self.senders.values()))

    def close(self) -> None:
        for sender in self.senders.values():
            sender.thread.close()
