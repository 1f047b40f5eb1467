"""Connections that clients leave idle or half open: bounded in number, in age, and in what the log says of them."""

import asyncio
import resource
import socket
import time
from typing import Any, Protocol

from loguru import logger
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 1024
MIN_CONNECTIONS = 16
RESERVED_FILES = 256
"""File descriptors left for venues, the database and the log."""
SPARE_FILES = 128
"""As many are never used up: where none is left, asyncio accepts nobody for a second."""
LISTEN_QUEUE = 4096
"""Connections that the kernel holds until we take them: one that it drops comes again after a second."""
REQUEST_TIMEOUT_S = 20.0
"""From a connection's first byte, or the end of the answer before, to the end of a request; idle ones have longer."""
SWEEP_INTERVAL_S = 5.0
COMPLAINT_INTERVAL_S = 60.0


class HeldConnection(Protocol):
    """One that is open. waits: it is the client's turn. half_open: it waits for the rest of a request, or the first."""

    @property
    def waits(self) -> bool: ...
    @property
    def half_open(self) -> bool: ...
    @property
    def descriptor(self) -> int: ...
    def end(self) -> None: ...


class Connections:
    """Those that are open, the one that came or was answered longest ago first.

    A new connection beyond the limit ends the one that has waited longest for a request to be complete; where all are
    being answered, the answer that has taken longest. A client that holds many open harms nobody but itself.
    The same where file descriptors run short, whoever uses them: `files` is how many the process may have, None for any
    number.
    """

    def __init__(self, limit: int = MAX_CONNECTIONS, files: int | None = None) -> None:
        self._limit, self._files = limit, files
        self._open: dict[HeldConnection, float] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._complained_at = -COMPLAINT_INTERVAL_S

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: HeldConnection) -> None:
        if len(self._open) >= self._limit or self._is_short_of_files(connection):
            self.make_room()
            self.complain(f"{len(self._open) + 1} connections are open: idle ones are ended for new ones")
        self._open[connection] = time.monotonic()
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_INTERVAL_S, self._sweep)

    def answered(self, connection: HeldConnection) -> None:
        if self._open.pop(connection, None) is not None:
            self._open[connection] = time.monotonic()

    def closed(self, connection: HeldConnection) -> None:
        self._open.pop(connection, None)

    def make_room(self) -> None:
        """End the one that has waited longest for a request, or the longest answer."""
        if self._open:
            self._end(next((each for each in self._open if each.waits), None) or next(iter(self._open)))

    def end_waiting(self) -> None:
        """End those that have asked nothing."""
        for connection in [each for each in self._open if each.half_open]:
            self._end(connection)

    def complain(self, text: str) -> None:
        """A line in the log, once a minute at most."""
        now = time.monotonic()
        if now - self._complained_at >= COMPLAINT_INTERVAL_S:
            self._complained_at = now
            logger.warning(text)

    def failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The event loop's own complaints, of which one client could cause thousands a second."""
        error = context.get("exception")
        self.complain(
            f"{context.get('message', 'an error in the event loop')}: {type(error).__name__ if error else ''}"
        )

    def _is_short_of_files(self, newest: HeldConnection) -> bool:
        """The kernel gives the lowest free number: a high one says that all below it are in use."""
        if self._files is None or len(self._open) < MIN_CONNECTIONS:
            return False
        return newest.descriptor >= self._files - SPARE_FILES

    def _sweep(self) -> None:
        self._sweeping = None
        before = time.monotonic() - REQUEST_TIMEOUT_S
        for connection, since in list(self._open.items()):
            if since < before and connection.half_open:
                self._end(connection)
        if self._open:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_INTERVAL_S, self._sweep)

    def _end(self, connection: HeldConnection) -> None:
        self._open.pop(connection, None)
        connection.end()


class GuardedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with its connection counted by `guard`."""

    guard: Connections
    begun = b""
    """What had come before there was a protocol."""
    _answered_once = False
    _received = False

    @property
    def waits(self) -> bool:
        """Whether it is the client's turn: no request is complete."""
        return self.cycle is None or bool(self.cycle.response_complete) or bool(self.cycle.more_body)

    @property
    def half_open(self) -> bool:
        """Whether it waits for the rest of a request, or for the first one."""
        return self.waits and (not self._answered_once or self._received)

    @property
    def descriptor(self) -> int:
        number: int = self.transport.get_extra_info("socket").fileno()
        return number

    def end(self) -> None:
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.guard.opened(self)
        if self.begun:
            self.data_received(self.begun)

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received = True
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._answered_once, self._received = True, False
        self.guard.answered(self)
        super().on_response_complete()


def guarded(connections: Connections) -> type[GuardedProtocol]:
    """The protocol class for uvicorn."""
    return type("GuardedConnection", (GuardedProtocol,), {"guard": connections})


def file_limit() -> int | None:
    """File descriptors that this process may have, after its limit was raised as far as we need and may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return None if soft == resource.RLIM_INFINITY else soft


def connection_limit(files: int | None) -> int:
    """As many as file descriptors allow."""
    return MAX_CONNECTIONS if files is None else max(MIN_CONNECTIONS, min(MAX_CONNECTIONS, files - RESERVED_FILES))


class ListeningSocket(socket.socket):
    """One whose queue in the kernel stays long: asyncio would cut it down to the burst in which it accepts."""

    def listen(self, backlog: int = LISTEN_QUEUE, /) -> None:
        super().listen(max(backlog, LISTEN_QUEUE))
