"""The connections that streams come over: what is asked on each, and how they end."""

import asyncio
import json

from aiohttp import web

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
