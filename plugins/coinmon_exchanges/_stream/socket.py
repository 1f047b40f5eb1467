"""A venue's websockets: connected, subscribed, kept alive, connected again; their messages come in batches."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from coinmon.exchange import DecodeError, Instrument, StreamPace, WireTap
from coinmon_exchanges._http.proxy import checked, proxy_for
from coinmon_exchanges._stream.endings import NotJson, pause_after, words_of_close, words_of_failure
from coinmon_exchanges._stream.turns import Turns

if TYPE_CHECKING:
    from coinmon_exchanges._stream.rows import StreamItem, Subscribed

BATCH_INTERVAL_S = 0.5
"""Seconds that messages are collected before they are decoded together: what each instrument costs is paid so often."""
_REST_TIMES, _LONGEST_REST_S = 20.0, 0.12
"""While somebody watches, a message is decoded when it comes, and the next ones after a rest: so many times as long as
decoding took, so that haste costs a twentieth of a core, but no longer than a candle may be late."""
_HEALTHY_AFTER_S = 60.0
"""Seconds after which a connection counts as having worked, and the pause before the next begins small again."""
_CONNECT_TIMEOUT_S = 10.0
_UNREADABLE_AFTER_S = 10.0
"""Seconds in which no trade can be read after which the stream is of another format."""
_MAX_MESSAGE_BYTES = 16 * 2**20


class Dropped(Exception):
    """The venue ends this connection; the text says why."""


@dataclass(frozen=True, slots=True)
class Link:
    """A connection to open: its address, the requests to send with the names each is about, the instruments by name.

    read, begin: decodes its messages, and makes the state of a new connection, where it is not about trades.
    data_timeout: seconds without data after which it is dead, where some data always comes; pings answered are no data.
    """

    url: str
    requests: Sequence[tuple[str, Sequence[str]]]
    instruments: Mapping[str, Instrument]
    read: "Reader | None" = None
    begin: "Callable[[Link], Subscribed] | None" = None
    data_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """The limits and the keepalive of a venue's websockets.

    send_interval, connect_interval: seconds between two of our messages, and between two connections. ping, pong: texts
    it uses for keepalive (None: the protocol's own). ping_interval: seconds between pings. receive_timeout: seconds
    without any message after which the connection is dead (None: quiet is normal, pings tell).
    """

    send_interval: float
    connect_interval: float
    ping: str | None = None
    pong: str | None = None
    ping_interval: float = 10.0
    receive_timeout: float | None = None


class Reader(Protocol):
    """What a venue's messages say. Raises DecodeError for what is not in its format, Dropped when it says goodbye."""

    def __call__(self, texts: Sequence[str], subscribed: "Subscribed", /) -> "list[StreamItem]": ...


class _VenueConnection:
    """One connection that is opened again whenever it ends, and its messages that were not decoded yet."""

    def __init__(
        self, link: Link, rules: ConnectionRules, read: Reader, tap: WireTap | None, arrived: asyncio.Event
    ) -> None:
        self._link = link
        self._arrived = arrived
        self._tap = tap
        self._recorded = 0
        self._rules = rules
        self._read = link.read or read
        self._socket: Any = None
        self._sending: set[asyncio.Task[None]] = set()
        self._texts: list[str] = []
        self._items: list[StreamItem] = []
        self._subscribed: Subscribed | None = None
        self._last_message_at = self._last_data_at = 0.0
        self._unreadable_since = float("inf")
        self._receiving: asyncio.Task[str] | None = None
        self._fault = ""

    async def run(self, connect: Callable[[str], Any], turns: Turns) -> None:
        failures = 0
        while True:
            await turns.next()
            began, failure = monotonic(), None
            try:
                async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                    socket = await connect(self._link.url)
                async with socket:
                    self._last_message_at = self._last_data_at = monotonic()
                    self._fault, self._unreadable_since = "", float("inf")
                    self._subscribed, self._socket = _new_subscription(self._link), socket
                    if self._tap:
                        self._recorded = self._tap.opened(self._subscribed.channel, self._link.url)
                    self._receiving = asyncio.create_task(self._receive(socket))
                    why = await self._receiving
            except asyncio.CancelledError:
                # our own cancelling means that the connection was dropped; anybody else's is meant to stop us
                stopped = asyncio.current_task()
                if not self._fault or stopped is None or stopped.cancelling():
                    raise
                why = self._fault
            except Exception as error:
                why, failure = words_of_failure(error), error
            self._end(why)
            failures = 0 if monotonic() - began > _HEALTHY_AFTER_S else failures + 1
            await asyncio.sleep(pause_after(failures, failure))

    async def _receive(self, socket: Any) -> str:
        from aiohttp import WSMsgType

        speaking = asyncio.create_task(self._subscribe_and_ping(socket))
        speaking.add_done_callback(self._spoke)
        text, pong, texts, tap = WSMsgType.TEXT, self._rules.pong, self._texts, self._tap
        arrived = self._arrived
        try:
            while True:
                message = await socket.receive()
                self._last_message_at = monotonic()
                if message.type is text:
                    if tap:
                        tap.frame(self._recorded, message.data)
                    if message.data != pong:
                        texts.append(message.data)
                        arrived.set()
                elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                    return words_of_close(socket.close_code, message.extra or message.data)
                elif message.type is WSMsgType.BINARY:
                    # silence would be all that anybody notices
                    return "a message is binary, where text is agreed"
        finally:
            speaking.cancel()

    async def _subscribe_and_ping(self, socket: Any) -> None:
        for place, (request, _) in enumerate(self._link.requests):
            if place:
                await asyncio.sleep(self._rules.send_interval)
            await self._send(socket, request)
        while self._rules.ping is not None:
            await asyncio.sleep(self._rules.ping_interval)
            await self._send(socket, self._rules.ping)

    def _spoke(self, speaking: "asyncio.Task[None]") -> None:
        """A connection to which nothing more is said brings nothing: it is begun anew."""
        if not speaking.cancelled() and (error := speaking.exception()) is not None:
            self._drop(words_of_failure(error))

    async def _send(self, socket: Any, text: str) -> None:
        if self._tap:
            self._tap.sent(self._recorded, text)
        await socket.send_str(text)

    def _end(self, why: str) -> None:
        """Decode what is left, and report the instruments as not live."""
        if self._subscribed is not None:
            self._decode()
            self._items.append(self._subscribed.everything(False, self._fault or why))
            self._subscribed = None
            if self._tap:
                self._tap.closed(self._recorded, self._fault or why)
        elif not self._items:
            self._items.append(_new_subscription(self._link).everything(False, why))

    def _decode(self) -> None:
        texts, subscribed = self._texts[:], self._subscribed
        self._texts.clear()
        if not texts or subscribed is None:
            return
        if self._link.data_timeout is not None and any('"pong"' not in text for text in texts):
            self._last_data_at = monotonic()
        try:
            self._items += self._read(texts, subscribed)
            self._unreadable_since = float("inf")
        except (NotJson, Dropped) as error:
            self._drop(str(error))
        except DecodeError as error:
            self._unreadable_since = min(self._unreadable_since, monotonic())
            # of trades the venue's ids or totals show what is lost: one odd market is not to cost those beside it
            if subscribed.channel != "trades" or monotonic() - self._unreadable_since > _UNREADABLE_AFTER_S:
                self._drop(str(error))

    def _drop(self, why: str) -> None:
        if self._receiving is not None and not self._receiving.done():
            self._fault = why
            self._receiving.cancel()

    def collect(self) -> "list[StreamItem]":
        """Decoded items since the last call."""
        self._decode()
        timeout_s = self._rules.receive_timeout
        if timeout_s is not None and self._subscribed is not None and monotonic() - self._last_message_at > timeout_s:
            self._drop(f"no message for {timeout_s:g} s")
        timeout_s = self._link.data_timeout
        if timeout_s is not None and self._subscribed is not None and monotonic() - self._last_data_at > timeout_s:
            self._drop(f"no data for {timeout_s:g} s, pings answered")
        texts = self._subscribed.requests_due() if self._subscribed is not None else []
        if texts:
            task = asyncio.create_task(self._send_all(texts))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
            task.add_done_callback(self._spoke)
        items, self._items = self._items, []
        return items

    async def _send_all(self, texts: Sequence[str]) -> None:
        for text in texts:
            await asyncio.sleep(self._rules.send_interval)
            # one that breaks meanwhile is begun anew with all its subscriptions
            with suppress(ConnectionError):
                await self._send(self._socket, text)


def _new_subscription(link: Link) -> "Subscribed":
    from coinmon_exchanges._stream.rows import Subscribed

    if link.begin is not None:
        return link.begin(link)
    return Subscribed(dict(link.instruments), [names for _, names in link.requests])


async def streamed(
    links: Sequence[Link],
    rules: ConnectionRules,
    read: Reader,
    proxy: str | None,
    venue: str,
    tap: WireTap | None = None,
) -> "AsyncGenerator[list[StreamItem], None]":
    """Batches of all connections, until closed. tap: who records them."""
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
                heartbeat=rules.ping_interval if rules.ping is None else None,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                max_msg_size=_MAX_MESSAGE_BYTES,
            )

        turns = Turns(rules.connect_interval)
        arrived, pace = asyncio.Event(), StreamPace.current()
        connections = [_VenueConnection(link, rules, read, tap, arrived) for link in links]
        tasks = [asyncio.create_task(each.run(connect, turns)) for each in connections]
        try:
            while True:
                await _until_due(arrived, pace)
                began = monotonic()
                arrived.clear()
                for ended in filter(asyncio.Task.done, tasks):
                    # none does by itself: who reads the stream says why, and begins it anew
                    ended.result()
                items = [each for connection in connections for each in connection.collect()]
                if items:
                    yield items
                if pace.rest is not None:
                    await asyncio.sleep(max(pace.rest, min(_LONGEST_REST_S, _REST_TIMES * (monotonic() - began))))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _until_due(arrived: asyncio.Event, pace: StreamPace) -> None:
    """Until there is something, at most as long as messages are collected while nobody watches."""
    if pace.rest is None:
        await asyncio.sleep(BATCH_INTERVAL_S)
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(arrived.wait(), BATCH_INTERVAL_S)
