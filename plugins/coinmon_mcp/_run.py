"""The server as a running program."""

import asyncio
import errno
import logging
import socket
import sys
from contextlib import redirect_stdout

import uvicorn
from loguru import logger
from mcp.server.stdio import stdio_server

from coinmon.command import ConfigError, MarketReader
from coinmon_mcp._http.access import Rules, is_loopback
from coinmon_mcp._http.connections import (
    Connections,
    ListeningSocket,
    connection_limit,
    file_limit,
    guarded,
)
from coinmon_mcp._http.door_server import DoorServer
from coinmon_mcp._http.oauth import OAuth
from coinmon_mcp._http.streams import EventStreams
from coinmon_mcp._http.web import web_app
from coinmon_mcp._service import Service

_STOP_TIMEOUT_S = 3
"""Answers under way get this long at the end; streams of events are ended at once."""
_KEEP_ALIVE_S = 75
"""An idle connection is kept longer than clients and proxies do, who else meet it closed when they ask again."""
_THREAD_SWITCH_S = 0.001
"""A thread that computes hands over this often, a fifth of what is usual: connections are served between two turns."""


def serve_http(desk: MarketReader, *, scan: bool, insecure: bool) -> None:
    """Until Ctrl-C or SIGTERM. Raises ConfigError for an address that cannot be had or must not be."""
    serve = desk.config.serve
    if not (is_loopback(serve.host) or serve.token or serve.authorization_server or insecure):
        raise ConfigError(
            f"serve.host {serve.host} is reachable from other machines: set MCP_TOKEN (serve.token) to a secret that "
            "clients send as a bearer token, or say --insecure"
        )
    taken = _listening(serve.host, serve.port)
    service = Service(desk, scan=scan)
    shown = f"[{serve.host}]" if ":" in serve.host else serve.host
    address = f"{shown}:{taken.getsockname()[1]}"
    issuer = serve.authorization_server
    oauth = OAuth(issuer, f"{(serve.public_url or f'http://{address}').rstrip('/')}/mcp") if issuer else None
    rules = Rules.of(serve.host, serve.public_url, serve.token, serve.requests_per_second, oauth)
    app = EventStreams(web_app(service, rules))
    files = file_limit()
    connections = Connections(connection_limit(files), files)
    config = uvicorn.Config(
        app, http=guarded(connections), ws="none", log_config=None, access_log=False,
        server_header=False, timeout_graceful_shutdown=_STOP_TIMEOUT_S, timeout_keep_alive=_KEEP_ALIVE_S,
    )  # fmt: skip
    _quiet_libraries()
    sys.setswitchinterval(_THREAD_SWITCH_S)
    logger.info("serving http://{}/mcp and /sse", address)

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(connections.failed)
        await DoorServer(config, connections, app).serve(sockets=[taken])

    asyncio.run(run())


def serve_stdio(desk: MarketReader, *, scan: bool) -> None:
    """Until the client closes our input."""
    service = Service(desk, scan=scan)
    server = service.protocol.server
    _quiet_libraries()

    async def run() -> None:
        async with stdio_server() as (read, write):
            # what a plugin prints is no message of the protocol
            with redirect_stdout(sys.stderr):
                async with service.kept_fresh():
                    await server.run(read, write, service.protocol.options())

    asyncio.run(run())


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = ListeningSocket(family, kind, proto)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} of {host} is in use; choose another with --port") from None
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return made


def _quiet_libraries() -> None:
    """Their complaints reach our log's stream; their chatter, and anything with a client's words in it, does not."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(name)s: %(message)s", force=True)
    for name in ("mcp", "uvicorn", "sse_starlette"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
