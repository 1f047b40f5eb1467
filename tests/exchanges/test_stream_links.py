"""The connections that streams come over: what is asked on each, and how they end."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import pairwise
from time import monotonic

import pytest
from aiohttp import web

from coinmon_exchanges._stream.endings import pause_after
from coinmon_exchanges._stream.socket import ConnectionRules, Link, streamed
from coinmon_exchanges.binance import books as binance_books
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import books as bybit_books
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import books as coinbase_books
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.okx import books as okx_books
from coinmon_exchanges.okx import trades as okx_trades
from coinmon_exchanges.okx.venue import Okx


def asks_for_each_once(links, instruments):
    """Over all connections together, and each of them knows the instruments that it asks for."""
    assert [name for link in links for _, names in link.requests for name in names] == [
        each.native_id for each in instruments
    ]
    for link in links:
        assert [name for _, names in link.requests for name in names] == list(link.instruments)
        assert [each.native_id for each in link.instruments.values()] == list(link.instruments)


def test_requests_stay_within_the_venues_limits(instrument):
    many = [instrument("v", f"C{at}/USDT", f"C{at}USDT", "0.1", "0.1") for at in range(900)]
    for links, arguments in (
        (binance_trades.links("ws://x", many, 200), lambda request: request["params"]),
        (okx_trades.links("ws://x", many), lambda request: request["args"]),
        (bybit_trades.links("ws://x", many), lambda request: request["args"]),
        (coinbase_trades.links("ws://x", many), lambda request: request["product_ids"]),
    ):
        asks_for_each_once(links, many)
        for link in links:
            assert len(link.instruments) <= 400
            for text, names in link.requests:
                assert len(arguments(json.loads(text))) == len(names)
                assert len(text) < 64_000
    for links, most in (
        (binance_books.links("ws://x", many, "perp", None, {}), 100),
        (okx_books.links("ws://x", many), 29),
        (bybit_books.links("ws://x", many), 50),
        (coinbase_books.links("ws://x", many), 100),
    ):
        asks_for_each_once(links, many)
        assert max(len(link.instruments) for link in links) <= most
    assert all(len(names) <= 10 for link in bybit_trades.links("ws://x", many) for _, names in link.requests)


def test_a_stream_ends_when_told_even_while_it_connects_again_after_a_fault(instrument):
    met, over = [], asyncio.Event()

    async def answer(request):
        met.append(request)
        if len(met) > 1:
            await over.wait()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("{ no JSON")
        async for _ in socket:
            pass
        return socket

    async def script():
        app = web.Application()
        app.router.add_get("/ws/v5/public", answer)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        venue = Okx("okx", ws_url=f"ws://127.0.0.1:{port}")
        stream = venue.stream([instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001")], ["trades"])
        try:
            (state,) = await anext(stream)
            assert "not JSON" in state.why
            async with asyncio.timeout(5):
                while len(met) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            async with asyncio.timeout(5):
                await stream.aclose()
        finally:
            over.set()
            await venue.close()
            await runner.cleanup()

    asyncio.run(script())


def test_a_snapshot_with_as_many_levels_as_were_asked_for_is_cut_off_there():
    payload = {"bids": [["1", "1"]] * 300, "asks": [["2", "1"]], "lastUpdateId": 1}
    assert binance_books.read_snapshot("X", payload, 300)[1] == (1.0, float("inf"))


@asynccontextmanager
async def streaming(answer, made, read=okx_trades.read, links=1, **rules):
    """What a stream of these instruments, by name, brings from a server that answers so."""
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    link = Link(f"ws://127.0.0.1:{runner.addresses[0][1]}/", [("", list(made))], made)
    quick = {"send_interval": 0.1, "connect_interval": 0.1}
    batches = streamed([link] * links, ConnectionRules(**quick | rules), read, None, "venue")
    try:
        yield batches
    finally:
        await batches.aclose()
        await runner.cleanup()


async def ended(answer, made):
    """Why a connection to such a server ended, first of all, and how often it was opened until 0.9 s after that."""
    met = []

    async def serve(request):
        met.append(request)
        return await answer(request)

    async with streaming(serve, {made.native_id: made}) as batches, asyncio.timeout(5):
        (state, *_) = await anext(batches)
        await asyncio.sleep(0.9)
        return state.why, len(met)


def closing(code, reason):
    async def answer(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close(code=code, message=reason)
        return socket

    return answer


def refusing(status, **headers):
    async def answer(request):
        return web.Response(status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return answer


async def binary(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_bytes(b"\x1f\x8b")
    async for _ in socket:
        pass
    return socket


def test_how_a_connection_ended_is_told_in_the_venues_words_and_its_wait_is_kept(instrument):
    """A host that is asked again at once while it says 418 bans for longer."""
    made = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001")
    closed = "the connection was closed"
    cases = [
        (closing(1008, b"Too many requests"), f"{closed} (1008: Too many requests)", False),
        (closing(4000, "\x1b[31m再见".encode()), f"{closed} (4000: [31m再见)", False),
        (closing(1001, b""), f"{closed} (1001)", False),
        (binary, "a message is binary, where text is agreed", False),
        (refusing(503), "HTTP 503 instead of a websocket", False),
        (refusing(418, Retry_After="600"), "HTTP 418 instead of a websocket; wait 600 s", True),
        (refusing(429, Retry_After="7"), "HTTP 429 instead of a websocket; wait 7 s", True),
    ]

    async def script():
        found = await asyncio.gather(*(ended(answer, made) for answer, *_ in cases))
        assert [why for why, _ in found] == [why for _, why, _ in cases]
        assert [times == 1 for _, times in found] == [waits for *_, waits in cases]

    asyncio.run(script())


def test_connections_are_opened_one_after_another_from_the_first_on(instrument):
    """A venue that counts them refuses those of one moment, and each refusal is a gap."""
    made, met = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001"), []

    async def refuse(request):
        met.append(monotonic())
        return web.Response(status=503)

    async def script():
        async with streaming(refuse, {"BTC-USDT": made}, links=3, connect_interval=0.2) as batches:
            while len(met) < 5:
                await anext(batches)

    asyncio.run(asyncio.wait_for(script(), 10))
    assert min(b - a for a, b in pairwise(met)) > 0.15


def test_a_socket_at_whose_other_end_nobody_is_any_more_is_begun_anew(instrument):
    """No FIN comes from a machine that has lost its power: only its pongs are missing."""
    made, met = instrument("binance", "BTC/USDT", "BTCUSDT", "0.1", "0.001"), []

    async def deaf(request):
        met.append(request)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    async def script():
        async with streaming(deaf, {"BTCUSDT": made}, binance_trades.read, ping_interval=0.2) as batches:
            (state,) = await anext(batches)
            assert (state.live, state.why) == (False, "no answer to a ping")
            while len(met) < 2:
                await anext(batches)

    asyncio.run(asyncio.wait_for(script(), 10))


def test_one_market_of_another_format_costs_no_other_and_all_of_them_the_stream(instrument, monkeypatch):
    monkeypatch.setattr("coinmon_exchanges._stream.socket._UNREADABLE_AFTER_S", 0.4)
    made = {name: instrument("binance", f"{name[:3]}/USDT", name, "0.1", "0.1") for name in ("BTCUSDT", "ETHUSDT")}

    async def speak(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for number in range(1, 9):
            # each in a batch of its own; at last only such as cannot be read
            name = "BTCUSDT" if number % 2 and number < 4 else "ETHUSDT"
            row = {"e": "aggTrade", "s": name, "a": number, "q": "1", "T": 1_700_000_000_000, "m": True}
            await socket.send_str(json.dumps(row | {"p": "1" if name == "BTCUSDT" else None}))
            await asyncio.sleep(0.55)
        return socket

    async def script():
        async with streaming(speak, made, binance_trades.read) as batches:
            return [item for _ in range(3) for item in await anext(batches)]

    first, second, third, *_ = asyncio.run(asyncio.wait_for(script(), 10))
    assert [each.data.trades.id.tolist() for each in (first, second)] == [[1], [3]]
    assert "not in the venue's format" in third.why
    assert [each.base for each in third.instruments] == ["BTC", "ETH"]


@pytest.mark.parametrize(("status", "longest"), [(403, 900), (451, 900), (503, 30)])
def test_a_place_that_is_refused_for_hours_is_asked_every_quarter_of_one(status, longest):
    refusal = type("Refusal", (Exception,), {"status": status, "headers": {}})()
    assert 0.5 * longest <= pause_after(1000, refusal) <= 1.5 * longest
    assert pause_after(1, refusal) < 1
    assert pause_after(1000, None) <= 45
