"""What a stream brings is read together for a scan, and as it comes while somebody watches."""

import asyncio

import pytest
from aiohttp import web

from coinmon.exchange import StreamPace
from coinmon_exchanges._stream import socket as sockets
from coinmon_exchanges._stream.socket import ConnectionRules, Link, streamed

LONG_S = 300.0


@pytest.fixture
def said(monkeypatch):
    """What a stream gives of three messages that are said one after another, each when the one before it was read."""
    monkeypatch.setattr(sockets, "BATCH_INTERVAL_S", LONG_S)

    def run(pace):
        next_ = asyncio.Event()

        async def answer(request):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            for number in range(3):
                await socket.send_str(str(number))
                await next_.wait()
                next_.clear()
            return socket

        async def script():
            pace.set()
            app = web.Application()
            app.router.add_get("/", answer)
            runner = web.AppRunner(app, shutdown_timeout=0)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            link = Link(f"ws://127.0.0.1:{runner.addresses[0][1]}/", [], {})
            stream = streamed([link], ConnectionRules(0, 0), lambda texts, _: list(texts), None, "venue")
            found = []
            try:
                async with asyncio.timeout(0.2 if pace.rest is None else 20):
                    while len(found) < 3:
                        found.append(await anext(stream))
                        next_.set()
            except TimeoutError:
                return found
            finally:
                next_.set()
                await stream.aclose()
                await runner.cleanup()
            return found

        return asyncio.run(script())

    return run


def test_each_message_comes_at_once_while_somebody_watches(said):
    pace = StreamPace()
    pace.rest = 0.0
    assert said(pace) == [["0"], ["1"], ["2"]]


def test_without_haste_messages_wait_for_one_another(said):
    assert said(StreamPace()) == []


def test_a_connection_to_which_nothing_more_is_said_is_begun_anew(monkeypatch):
    """A ping, or a later request, that failed by a bug left it open and silent; one whose task died was not seen."""
    opened, failing = [], [RuntimeError("a bug")]

    async def answer(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        opened.append(socket)
        if len(opened) > 1:
            await socket.send_str("0")
        async for _ in socket:
            pass
        return socket

    async def send(connection, socket, text):
        if failing:
            raise failing.pop()

    async def script():
        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        link = Link(f"ws://127.0.0.1:{runner.addresses[0][1]}/", [("subscribe", [])], {})
        stream = streamed([link], ConnectionRules(0, 0), lambda texts, _: list(texts), None, "venue")
        try:
            async with asyncio.timeout(5):
                while len(opened) < 2:
                    await anext(stream)
                monkeypatch.setattr(sockets._VenueConnection, "_end", lambda self, why: 1 / 0)
                await opened[-1].close()
                with pytest.raises(ZeroDivisionError):
                    await anext(stream)
        finally:
            await stream.aclose()
            await runner.cleanup()

    monkeypatch.setattr(sockets, "BATCH_INTERVAL_S", 0.01)
    monkeypatch.setattr(sockets._VenueConnection, "_send", send)
    asyncio.run(script())
