"""The HTTP side: `/mcp`, `/sse`, `/healthz`, `/metrics`, `/`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any

from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from coinmon import Desk, NoDataError
from coinmon_mcp._access import Access, Rules
from coinmon_mcp._health import Health
from coinmon_mcp._metrics import Metrics
from coinmon_mcp._protocol import Protocol
from coinmon_mcp._resources import SIGNALS, address_of

_BODY = 256 * 1024
"""A call's arguments are small; what is larger is a mistake or worse."""
_MESSAGES = "/messages/"


class _Sse:
    """The older transport: a stream of events, and posts to the address that its first event names."""

    def __init__(self, protocol: Protocol, public_url: str | None) -> None:
        self._protocol = protocol
        self._public = (public_url or "").rstrip("/")
        self.transport = SseServerTransport(_MESSAGES, max_request_body_size=_BODY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = False

        async def naming(message: Message) -> None:
            nonlocal named
            body = message.get("body", b"")
            if not named and self._public and b"data: " + _MESSAGES.encode() in body:
                # behind a proxy the client has to post to the address that it knows us by
                named = True
                message = {**message, "body": body.replace(b"data: ", b"data: " + self._public.encode(), 1)}
            await send(message)

        async with self.transport.connect_sse(scope, receive, naming) as (read, write):
            await self._protocol.server.run(read, write, self._protocol.options())


def web_app(desk: Desk, protocol: Protocol, metrics: Metrics, rules: Rules, *, scan: bool) -> Starlette:
    """Everything that is served over HTTP; `scan`: the market is scanned meanwhile."""
    health = Health(desk)
    sessions: StreamableHTTPSessionManager = StreamableHTTPSessionManager(
        app=protocol.server, max_request_body_size=_BODY
    )
    EventSourceResponse.DEFAULT_PING_INTERVAL = round(desk.config.serve.ping_interval)
    sse = _Sse(protocol, desk.config.serve.public_url)

    async def healthz(request: Request) -> Response:
        try:
            alive, document = await asyncio.to_thread(health.document)
        except NoDataError as error:
            alive, document = scan, {"status": "starting" if scan else "stale", "venues": {}, "reason": str(error)}
        return JSONResponse(document, 200 if alive else 503)

    async def metrics_page(request: Request) -> Response:
        try:
            ages = await asyncio.to_thread(health.ages)
        except NoDataError:
            ages = {}
        return Response(metrics.page(ages), media_type="text/plain; version=0.0.4")

    async def info(request: Request) -> Response:
        return JSONResponse(
            {
                "name": "coinmon",
                "version": version("coinmon"),
                "mcp": {"streamable_http": "/mcp", "sse": "/sse"},
                "health": "/healthz",
                "metrics": "/metrics",
                "tools": [tool.name for tool in protocol.listed],
            }
        )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(sessions.run())
            if scan:
                await stack.enter_async_context(scanning(desk, protocol, health))
            yield

    return Starlette(
        routes=[
            Route("/", info),
            Route("/healthz", healthz),
            Route("/metrics", metrics_page),
            Route("/mcp", StreamableHTTPASGIApp(sessions)),
            Route("/sse", sse, methods=["GET"]),
            Mount(_MESSAGES, app=sse.transport.handle_post_message),
        ],
        middleware=[Middleware(Access, rules=rules)],
        lifespan=lifespan,
    )


@asynccontextmanager
async def scanning(desk: Desk, protocol: Protocol, health: Health | None = None) -> AsyncIterator[None]:
    """The scan in the background; its events reach those who subscribed."""
    telling: set[asyncio.Task[None]] = set()

    def tell(event: Mapping[str, Any]) -> None:
        if health:
            health.take(event)
        uris = {"flow": [address_of(event.get("pair", ""))], "signal": [SIGNALS], "whale": [SIGNALS]}
        for uri in uris.get(event["event"], ()):
            task = asyncio.get_running_loop().create_task(protocol.changed(uri))
            telling.add(task)
            task.add_done_callback(telling.discard)

    async with desk.scanning(tell):
        yield
