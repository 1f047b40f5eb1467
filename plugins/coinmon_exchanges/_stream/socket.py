"""A venue's websockets: connected, subscribed, kept alive, connected again; their messages come in batches."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import uniform
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from coinmon.exchange import DecodeError, Instrument
from coinmon_exchanges._http.proxy import checked, proxy_for

if TYPE_CHECKING:
    from coinmon_exchanges._stream.rows import StreamItem, Subscribed

BATCH_INTERVAL_S = 0.5
"""Seconds that messages are collected before they are decoded together: what each instrument costs is paid so often."""
_MAX_PAUSE_S = 30.0
_HEALTHY_AFTER_S = 60.0
"""Seconds after which a connection counts as having worked, and the pause before the next begins small again."""
_CONNECT_TIMEOUT_S = 10.0
_MAX_MESSAGE_BYTES = 16 * 2**20


class Dropped(Exception):
    """The connection is of no more use; the text says why."""


@dataclass(frozen=True, slots=True)
class Link:
    """One connection to be: where, what is sent there and for which names, and the instruments by name.

    read, begin: reads its messages, and makes what it knows when it is begun, where it brings no trades.
    silence: seconds without data after which it is dead, where something is always said; pings answered are no data.
    """

    url: str
    requests: Sequence[tuple[str, Sequence[str]]]
    instruments: Mapping[str, Instrument]
    read: "Reader | None" = None
    begin: "Callable[[Link], Subscribed] | None" = None
    silence: float | None = None


@dataclass(frozen=True, slots=True)
class SocketRules:
    """How a venue wants to be spoken to.

    pace: seconds between two of our messages. gate: seconds between two connections. ping, pong: texts it uses for
    keepalive (None: the protocol's own). every: seconds between pings. silence: seconds without any message after
    which the connection is dead (None: quiet is normal, pings tell).
    """

    pace: float
    gate: float
    ping: str | None = None
    pong: str | None = None
    every: float = 10.0
    silence: float | None = None


class Reader(Protocol):
    """What a venue's messages say. Raises DecodeError for what is not in its format, Dropped when it says goodbye."""

    def __call__(self, texts: Sequence[str], subscribed: "Subscribed", /) -> "list[StreamItem]": ...


class _Line:
    """One connection for ever, and the messages that it brought and nobody has read yet."""

    def __init__(self, link: Link, manner: SocketRules, read: Reader) -> None:
        self._link = link
        self._manner = manner
        self._read = link.read or read
        self._socket: Any = None
        self._saying: set[asyncio.Task[None]] = set()
        self._texts: list[str] = []
        self._news: list[StreamItem] = []
        self._subscribed: Subscribed | None = None
        self._heard = self._told = 0.0
        self._talking: asyncio.Task[str] | None = None
        self._fault = ""

    async def run(self, connect: Callable[[str], Any], gate: asyncio.Lock) -> None:
        failures = 0
        while True:
            async with gate:
                await asyncio.sleep(self._manner.gate if failures else 0)
            began = monotonic()
            try:
                async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                    socket = await connect(self._link.url)
                async with socket:
                    self._heard = self._told = monotonic()
                    self._fault = ""
                    self._subscribed, self._socket = _begun(self._link), socket
                    self._talking = asyncio.create_task(self._talk(socket))
                    why = await self._talking
            except asyncio.CancelledError:
                # the talk's own end is a connection that was dropped; who stops us means it, whatever was wrong before
                stopped = asyncio.current_task()
                if not self._fault or stopped is None or stopped.cancelling():
                    raise
                why = self._fault
            except Exception as error:
                why = _said(error)
            self._end(why)
            failures = 0 if monotonic() - began > _HEALTHY_AFTER_S else failures + 1
            await asyncio.sleep(min(_MAX_PAUSE_S, 0.25 * 2 ** min(failures, 10)) * uniform(0.5, 1.5))

    async def _talk(self, socket: Any) -> str:
        from aiohttp import WSMsgType

        speaking = asyncio.create_task(self._speak(socket))
        text, pong, texts = WSMsgType.TEXT, self._manner.pong, self._texts
        try:
            while True:
                message = await socket.receive()
                self._heard = monotonic()
                if message.type is text:
                    if message.data != pong:
                        texts.append(message.data)
                elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                    code = f" ({socket.close_code})" if socket.close_code else ""
                    return f"the connection was closed{code}"
        finally:
            speaking.cancel()

    async def _speak(self, socket: Any) -> None:
        for place, (request, _) in enumerate(self._link.requests):
            if place:
                await asyncio.sleep(self._manner.pace)
            await socket.send_str(request)
        while self._manner.ping is not None:
            await asyncio.sleep(self._manner.every)
            await socket.send_str(self._manner.ping)

    def _end(self, why: str) -> None:
        """What was still to be read, and that no more comes."""
        if self._subscribed is not None:
            self._decode()
            self._news.append(self._subscribed.everything(False, self._fault or why))
            self._subscribed = None
        elif not self._news:
            self._news.append(_begun(self._link).everything(False, why))

    def _decode(self) -> None:
        texts, subscribed = self._texts[:], self._subscribed
        self._texts.clear()
        if not texts or subscribed is None:
            return
        if self._link.silence is not None and any('"pong"' not in text for text in texts):
            self._told = monotonic()
        try:
            self._news += self._read(texts, subscribed)
        except (DecodeError, Dropped) as error:
            self._drop(str(error))

    def _drop(self, why: str) -> None:
        if self._talking is not None and not self._talking.done():
            self._fault = why
            self._talking.cancel()

    def collect(self) -> "list[StreamItem]":
        """What came since the last time."""
        self._decode()
        silence = self._manner.silence
        if silence is not None and self._subscribed is not None and monotonic() - self._heard > silence:
            self._drop(f"not a word for {silence:g} s")
        silence = self._link.silence
        if silence is not None and self._subscribed is not None and monotonic() - self._told > silence:
            self._drop(f"no data for {silence:g} s, pings answered")
        texts = self._subscribed.wishes() if self._subscribed is not None else []
        if texts:
            task = asyncio.create_task(self._say(texts))
            self._saying.add(task)
            task.add_done_callback(self._saying.discard)
        news, self._news = self._news, []
        return news

    async def _say(self, texts: Sequence[str]) -> None:
        for text in texts:
            await asyncio.sleep(self._manner.pace)
            # one that breaks meanwhile is begun anew with all its subscriptions
            with suppress(ConnectionError):
                await self._socket.send_str(text)


def _begun(link: Link) -> "Subscribed":
    from coinmon_exchanges._stream.rows import Subscribed

    if link.begin is not None:
        return link.begin(link)
    return Subscribed(dict(link.instruments), [names for _, names in link.requests])


async def streamed(
    links: Sequence[Link], manner: SocketRules, read: Reader, proxy: str | None, venue: str
) -> "AsyncGenerator[list[StreamItem], None]":
    """Batches of all connections, until closed."""
    if not links:
        return
    import aiohttp

    setting = checked(proxy, f"exchanges.{venue}.proxy") if proxy else None
    way = proxy_for(f"http{links[0].url.removeprefix('ws')}", setting)
    connector, through = None, way
    if way and way.lower().startswith("socks"):
        from aiohttp_socks import ProxyConnector

        remote = way.lower().startswith("socks5h")
        connector, through = ProxyConnector.from_url(way.replace("socks5h", "socks5", 1), rdns=remote), None
    async with aiohttp.ClientSession(connector=connector or aiohttp.TCPConnector(limit=0)) as session:

        def connect(url: str) -> Any:
            return session.ws_connect(
                url,
                proxy=through,
                heartbeat=manner.every if manner.ping is None else None,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                max_msg_size=_MAX_MESSAGE_BYTES,
            )

        gate = asyncio.Lock()
        lines = [_Line(link, manner, read) for link in links]
        tasks = [asyncio.create_task(line.run(connect, gate)) for line in lines]
        try:
            while True:
                await asyncio.sleep(BATCH_INTERVAL_S)
                news = [each for line in lines for each in line.collect()]
                if news:
                    yield news
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _said(error: Exception) -> str:
    """No text of a proxy's error is passed on: some carry its URL with its password."""
    import aiohttp

    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status} instead of a websocket"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return f"cannot connect: {error.os_error.strerror}"
    return f"the connection failed ({type(error).__name__})"
