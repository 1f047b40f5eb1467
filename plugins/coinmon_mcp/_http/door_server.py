"""uvicorn behind the door."""

import socket
from typing import Any

import uvicorn

from coinmon_mcp._http.connections import Connections, GuardedProtocol
from coinmon_mcp._http.door import Door
from coinmon_mcp._http.streams import EventStreams


class DoorServer(uvicorn.Server):
    """uvicorn, with its connections taken by doors. guard: counts them. streams: end when it is to stop."""

    def __init__(self, config: uvicorn.Config, guard: Connections, streams: EventStreams | None = None) -> None:
        super().__init__(config)
        self._guard, self._streams = guard, streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._streams:
            self._streams.end()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self.servers: list[Any] = [Door(each, self._guard, self._protocol) for each in sockets or []]

    def _protocol(self) -> GuardedProtocol:
        kind: Any = self.config.http_protocol_class
        made: GuardedProtocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )
        return made
