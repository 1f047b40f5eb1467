"""Streams of events: open for ever, so that nobody waits for their end when the server stops."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EVENTS = b"text/event-stream"


class EventStreams:
    """An ASGI app whose streams of events can be ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = asyncio.current_task()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and answering is not None:
                kinds = (value for name, value in message.get("headers", ()) if name.lower() == b"content-type")
                if any(kind.startswith(_EVENTS) for kind in kinds):
                    self._open.add(answering)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if answering is not None:
                self._open.discard(answering)

    def end(self) -> None:
        for answering in self._open:
            answering.cancel()
