"""Sessions that clients never end: bounded, so that whoever opens many shuts out nobody but itself."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_SESSIONS = 500
MAX_SSE_STREAMS = 200
SESSION_HEADER = "mcp-session-id"


@dataclass
class _Opened:
    """A session: whose it is, and the requests that are being answered in it."""

    scope: Scope
    address: str
    in_flight: int = 0


class BoundedSessions:
    """ASGI: the Streamable HTTP application, of whose sessions the longest unused is ended when there are too many.

    It is one of the address that has the most of them. A session is ended as its client would, by DELETE.
    """

    def __init__(self, app: ASGIApp, most: int = MAX_SESSIONS) -> None:
        self._app = app
        self._most = most
        # the one used longest ago first
        self._open: dict[str, _Opened] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        id = Headers(scope=scope).get(SESSION_HEADER)
        session = self._open.pop(id, None) if id else None
        if id and session:
            self._open[id] = session
            session.in_flight += 1
        elif id is None and len(self._open) >= self._most:
            await self._end(longest_unused(self._open))

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 404 and id:
                    self._open.pop(id, None)
                given = dict(message.get("headers", ())).get(SESSION_HEADER.encode())
                if id is None and given and message["status"] < 400:
                    self._open[given.decode()] = _Opened(scope, _address(scope))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if session:
                session.in_flight -= 1
            if id and scope["method"] == "DELETE":
                self._open.pop(id, None)

    async def _end(self, id: str) -> None:
        opened = self._open.pop(id)
        headers = [
            *(each for each in opened.scope["headers"] if each[0] in (b"host", b"accept", b"mcp-protocol-version")),
            (SESSION_HEADER.encode(), id.encode()),
        ]
        ending = {**opened.scope, "method": "DELETE", "headers": headers}

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def unheard(message: Message) -> None:
            pass

        await self._app(ending, nothing, unheard)


def longest_unused(opened: dict[str, _Opened]) -> str:
    """Of the address with the most sessions; one that is not being answered where there is one."""
    most = Counter(each.address for each in opened.values()).most_common(1)[0][0]
    theirs = [id for id, each in opened.items() if each.address == most]
    return next((id for id in theirs if not opened[id].in_flight), theirs[0])


class BoundedStreams:
    """Runs streams that last as long as their client; the oldest of the greediest address ends for a new one."""

    def __init__(self, most: int = MAX_SSE_STREAMS) -> None:
        self._most = most
        self._open: dict[asyncio.Task[None], str] = {}

    async def run(self, scope: Scope, serve: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if len(self._open) >= self._most:
            most = Counter(self._open.values()).most_common(1)[0][0]
            oldest = next(task for task, address in self._open.items() if address == most)
            oldest.cancel()
            await asyncio.wait({oldest}, timeout=1)
        task = asyncio.create_task(serve())
        self._open[task] = _address(scope)
        try:
            # ended for another: the client's connection is closed, and that is all
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
        finally:
            self._open.pop(task, None)
            if not task.done():
                task.cancel()


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("?",))[0])
