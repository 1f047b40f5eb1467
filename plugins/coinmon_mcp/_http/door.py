"""The listening socket: a connection costs little until its request has come, and health is answered before others."""

import asyncio
import re
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from coinmon_mcp._http.connections import Connections, GuardedProtocol

ACCEPT_BURST = 64
"""Connections taken in one turn of the event loop."""
_ANSWER_BURST = 16
"""Requests that begin to be answered in one turn of the event loop."""
_MAX_HEAD_BYTES = 16 * 1024
"""What comes without an end of its head is handed over all the same: the protocol knows how to refuse it."""
MAX_BODY_BYTES = 256 * 1024
"""A call's arguments are small; what is larger is a mistake or worse, and is refused without being waited for."""
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r?\n", re.IGNORECASE)
_EXPECTS = re.compile(rb"\nexpect:", re.IGNORECASE)
_URGENT = (b"GET /healthz", b"HEAD /healthz")
"""Asked by who restarts what is slow: answered before all that came earlier."""


class Caller:
    """A connection of which no whole request has come: no protocol and no transport is made for it."""

    waits = half_open = True

    def __init__(self, door: "Door", taken: socket.socket) -> None:
        self._door, self._socket = door, taken
        self._reads = False
        self._size: int | None = None
        """Bytes of the request, where its head has come."""
        self.begun = b""

    @property
    def descriptor(self) -> int:
        return self._socket.fileno()

    @property
    def ended(self) -> bool:
        return self._socket.fileno() < 0

    @property
    def urgent(self) -> bool:
        return self.begun.startswith(_URGENT)

    def hear(self) -> None:
        """Take what has come, and wait for more where it is no whole head."""
        try:
            came = self._socket.recv(_MAX_HEAD_BYTES)
        except (BlockingIOError, InterruptedError):
            self._listen(True)
            return
        except OSError:
            came = b""
        self.begun += came
        if not came:
            self._door.left(self)
        elif self._is_whole():
            self._listen(False)
            self._door.asked(self)
        else:
            self._listen(True)

    def end(self) -> None:
        self._listen(False)
        self._socket.close()

    async def hand_over(self, protocol: GuardedProtocol) -> None:
        protocol.begun = self.begun
        with suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, self._socket)
            return
        self._socket.close()

    def _is_whole(self) -> bool:
        if self._size is None:
            head = _END_OF_HEAD.search(self.begun)
            if head is None:
                # what does not begin like a method is no HTTP, and is refused at once
                return not self.begun[:1].isalpha() or len(self.begun) >= _MAX_HEAD_BYTES
            self._size = head.end() + _body_bytes(self.begun[: head.end()])
        return len(self.begun) >= self._size

    def _listen(self, wanted: bool) -> None:
        if wanted != self._reads:
            self._reads = wanted
            loop = asyncio.get_running_loop()
            # by number: asyncio makes a text of what it does not know yet, which takes long of a socket
            if wanted:
                loop.add_reader(self._socket.fileno(), self.hear)
            else:
                loop.remove_reader(self._socket.fileno())


def _body_bytes(head: bytes) -> int:
    """How many bytes of a body to wait for: none where it does not say, is refused, or has to be asked for."""
    length = _LENGTH.search(head)
    size = int(length[1]) if length and not _EXPECTS.search(head) else 0
    return size if size <= MAX_BODY_BYTES else 0


class Door:
    """Takes connections, and hands those over whose request has come, health checks first.

    make: the protocol of a connection. Has the methods of an asyncio server that uvicorn calls at the end.
    """

    def __init__(self, listening: socket.socket, guard: Connections, make: Callable[[], GuardedProtocol]) -> None:
        self._listening, self._guard, self._make = listening, guard, make
        self._asked: deque[Caller] = deque()
        self._answering = False
        self._tasks: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        asyncio.get_running_loop().add_reader(listening, self._accept)

    def asked(self, caller: Caller) -> None:
        """A whole request has come."""
        if caller.urgent:
            self._hand_over(caller)
            return
        self._asked.append(caller)
        self._answer_soon()

    def left(self, caller: Caller) -> None:
        self._guard.closed(caller)
        caller.end()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        self._guard.end_waiting()

    async def wait_closed(self) -> None: ...

    def _accept(self) -> None:
        for _ in range(ACCEPT_BURST):
            try:
                taken, _address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # no descriptor is left, whoever used them
                self._guard.complain(f"a connection could not be taken: {error.strerror}")
                self._guard.make_room()
                return
            taken.setblocking(False)
            caller = Caller(self, taken)
            self._guard.opened(caller)
            caller.hear()

    def _answer_soon(self) -> None:
        if not self._answering and self._asked:
            self._answering = True
            asyncio.get_running_loop().call_soon(self._answer)

    def _answer(self) -> None:
        self._answering = False
        for _ in range(min(_ANSWER_BURST, len(self._asked))):
            caller = self._asked.popleft()
            if not caller.ended:
                self._hand_over(caller)
        self._answer_soon()

    def _hand_over(self, caller: Caller) -> None:
        # the protocol is counted in its place
        self._guard.closed(caller)
        task = asyncio.get_running_loop().create_task(caller.hand_over(self._make()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
