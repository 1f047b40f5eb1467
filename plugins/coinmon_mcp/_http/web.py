"""The HTTP side: `/mcp`, `/sse`, `/healthz`, `/metrics`, `/`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coinmon_mcp._http.access import ADMITTED, Access, Rules
from coinmon_mcp._http.door import MAX_BODY_BYTES
from coinmon_mcp._http.sessions import SESSION_HEADER, BoundedSessions, BoundedStreams
from coinmon_mcp._protocol import Protocol
from coinmon_mcp._service import Service

_MESSAGES = "/messages/"


class _Sse:
    """The older transport: a stream of events, and posts to the address that its first event names."""

    def __init__(self, protocol: Protocol, public_url: str | None) -> None:
        self._protocol = protocol
        self._public = (public_url or "").rstrip("/")
        self._streams = BoundedStreams()
        self.transport = SseServerTransport(_MESSAGES, max_request_body_size=MAX_BODY_BYTES)

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

        async def serve() -> None:
            async with self.transport.connect_sse(scope, receive, naming) as (read, write):
                await self._protocol.server.run(read, write, self._protocol.options())

        await self._streams.run(scope, serve)


class _Either:
    """Clients that were given /sse may speak the newer transport there, which begins with a POST."""

    def __init__(self, streamable: ASGIApp, sse: ASGIApp) -> None:
        self._streamable = streamable
        self._sse = sse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        newer = scope["method"] != "GET" or SESSION_HEADER in Headers(scope=scope)
        await (self._streamable if newer else self._sse)(scope, receive, send)


def web_app(service: Service, rules: Rules) -> Starlette:
    """Everything that is served over HTTP."""
    protocol, health, serve = service.protocol, service.health, service.desk.config.serve
    sessions: StreamableHTTPSessionManager = StreamableHTTPSessionManager(
        app=protocol.server, json_response=True, max_request_body_size=MAX_BODY_BYTES
    )
    EventSourceResponse.DEFAULT_PING_INTERVAL = round(serve.ping_interval)
    streamable = BoundedSessions(StreamableHTTPASGIApp(sessions))
    sse = _Sse(protocol, serve.public_url)

    async def healthz(request: Request) -> Response:
        alive, document = health.current()
        if not request.scope.get(ADMITTED):
            document = {"status": "ok" if alive else "unavailable"}
        return JSONResponse(document, 200 if alive else 503)

    async def metrics_page(request: Request) -> Response:
        ages = await asyncio.to_thread(health.ages)
        return Response(service.metrics.page(ages), media_type="text/plain; version=0.0.4")

    async def info(request: Request) -> Response:
        if service.pages and "text/html" in request.headers.get("accept", ""):
            page: Response = await service.pages[0].home(request)
            return page
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
            for pages in service.pages:
                await stack.enter_async_context(pages.running())
            await stack.enter_async_context(service.kept_fresh())
            await stack.enter_async_context(health.renewed())
            yield

    return Starlette(
        routes=[
            Route("/", info),
            Route("/healthz", healthz),
            Route("/metrics", metrics_page),
            Route("/mcp", streamable),
            Route("/sse", _Either(streamable, sse)),
            Mount(_MESSAGES, app=sse.transport.handle_post_message),
            *(rules.oauth.routes if rules.oauth else ()),
            *(route for pages in service.pages for route in pages.routes),
        ],
        middleware=[Middleware(Access, rules=rules, pages=service.pages)],
        lifespan=lifespan,
    )
