"""What the venues allow on a socket, and how they refuse the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.hub import Hub
from coinmon_emulator.server.socket import SocketPlace
from coinmon_emulator.venues.binance import socket as binance_socket
from coinmon_emulator.venues.coinbase import socket as coinbase_socket
from coinmon_emulator.venues.okx import socket as okx_socket


def test_binance_takes_five_messages_a_second_on_spot_and_ten_on_futures(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        for path, most in (("/binance/ws", 5), ("/binance/market/ws", 10)):
            # The ping that opens counts too.
            socket = await stage.open(path, *[{"method": "LIST_SUBSCRIPTIONS", "id": n} for n in range(most - 1)])
            answers = [await socket.receive_json() for _ in range(most - 1)]
            assert answers == [{"result": [], "id": n} for n in range(most - 1)]
            await stage.tell(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 99})
            with pytest.raises(ConnectionError):
                await stage.read(socket)

    stage(scenario, script, limits=True)


def test_binance_takes_1024_streams_and_says_what_it_cannot_read(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open("/binance/ws")
        names = [f"btcusdt@kline_{n}" for n in range(1024)]
        for message, answer in (
            ({"method": "SUBSCRIBE", "params": names, "id": 1}, {"result": None, "id": 1}),
            ({"method": "SUBSCRIBE", "params": ["a@trade"], "id": 2}, 2),
            ({"method": "UNSUBSCRIBE", "params": names[2:], "id": "x"}, {"result": None, "id": "x"}),
            ({"method": "LIST_SUBSCRIPTIONS", "id": 3}, {"result": names[:2], "id": 3}),
            ({"method": "SET_PROPERTY", "params": ["combined", True], "id": 5}, {"result": None, "id": 5}),
            ({"method": "GET_PROPERTY", "params": ["combined"], "id": 6}, {"result": True, "id": 6}),
            ({"method": "SET_PROPERTY", "params": ["other", True], "id": 7}, 0),
            ({"method": "SET_PROPERTY", "params": ["combined", 1], "id": 7}, 1),
            ({"method": "BUY", "id": 4}, 2),
            ({"method": "SUBSCRIBE", "params": "btcusdt@trade", "id": 4}, 2),
            ([1], 2),
            ("{", 3),
        ):
            await stage.tell(socket, message)
            (told,) = await stage.read(socket)
            assert told == answer if isinstance(answer, dict) else told["code"] == answer, message

    stage(scenario, script)


def test_okx_refuses_in_its_own_words(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        def subscribe(**argument: str) -> dict[str, Any]:
            return {"id": "9", "op": "subscribe", "args": [argument]}

        socket = await stage.open("/okx/ws/v5/public")
        for message, code in (
            (subscribe(channel="trades", instId="NONE-USDT"), "60018"),
            (subscribe(channel="candle1m", instId="BTC-USDT"), "60018"),
            (subscribe(channel="trades-all", instId="BTC-USDT"), "60018"),
            (subscribe(channel="liquidation-orders", instId="BTC-USDT-SWAP"), "60018"),
            (subscribe(channel="mark-price", instId="BTC-USDT"), "60018"),
            (subscribe(channel="books-l2-tbt", instId="BTC-USDT"), "64003"),
            (subscribe(channel="trades", instId="B" * 65_536), "60012"),
            ({"op": "trade", "args": []}, "60012"),
            ("hello", "60012"),
            ([], "60012"),
        ):
            await stage.tell(socket, message)
            (told,) = await stage.read(socket)
            assert (told["event"], told["code"]) == ("error", code), message
        good = subscribe(channel="trades", instId="BTC-USDT")
        await stage.tell(socket, good)
        (told,) = await stage.read(socket)
        assert (told["id"], told["event"], told["arg"]) == ("9", "subscribe", good["args"][0])
        await stage.tell(socket, good | {"op": "unsubscribe"})
        (told,) = await stage.read(socket)
        assert told["event"] == "unsubscribe"
        await stage.advance(60)
        assert await stage.read(socket) == []

    stage(scenario, script)


def test_okx_counts_requests_of_an_hour_and_connections_of_a_second(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open("/okx/ws/v5/public")
        message = {"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]}
        for _ in range(481):
            await stage.tell(socket, message)
        answers = await stage.read(socket)
        assert [answer["event"] for answer in answers] == ["subscribe"] * 480 + ["error"]
        assert answers[-1]["code"] == "60014"
        # Three in any second.
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await asyncio.gather(*(stage.open("/okx/ws/v5/public") for _ in range(4)))

    stage(scenario, script, limits=True)


def test_bybit_takes_ten_topics_a_spot_request_and_all_or_none(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        def subscribe(*topics: Any) -> dict[str, Any]:
            return {"op": "subscribe", "args": list(topics)}

        eleven = [f"publicTrade.{base}USDT" for base in ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA")]
        eleven += [f"tickers.{base}USDT" for base in ("BTC", "ETH", "SOL", "XRP", "DOGE")]
        spot = await stage.open("/bybit/v5/public/spot", subscribe(*eleven))
        linear = await stage.open("/bybit/v5/public/linear", subscribe(*eleven))
        assert (await stage.read(spot))[0]["ret_msg"] == "args size >10"
        assert (await stage.read(linear))[0]["success"] is True
        for message, problem in (
            (subscribe("publicTrade.ETHUSDT", "tickers.NO"), "error:handler not found,topic:tickers.NO"),
            (subscribe("allLiquidation.ETHUSDT"), "error:handler not found,topic:allLiquidation.ETHUSDT"),
            (subscribe("orderbook.7.ETHUSDT"), "error:handler not found,topic:orderbook.7.ETHUSDT"),
            (subscribe("x" * 21_001), "args length >21000"),
            (subscribe(1), "error:args must be a list of topics"),
            ({"op": "buy"}, "error:unknown op buy"),
            ("{", "error:invalid request"),
        ):
            await stage.tell(spot, message)
            (told,) = await stage.read(spot)
            assert (told["success"], told["ret_msg"]) == (False, problem)
        await stage.advance(120)
        assert await stage.read(spot) == []
        await stage.tell(linear, subscribe("tickers.BTCUSDT"))
        assert [m["ret_msg"] for m in await stage.read(linear) if "ret_msg" in m] == [
            "error:already subscribed,topic:tickers.BTCUSDT"
        ]

    stage(scenario, script)


def test_coinbase_keeps_the_full_book_for_those_with_keys(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open("/coinbase")
        ask = {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["matches"]}
        for message, reason in (
            (ask | {"channels": ["level2"]}, "require authentication"),
            (ask | {"channels": ["matches", "full"]}, "require authentication"),
            (ask | {"channels": ["candles"]}, "candles is not a valid channel"),
            (ask | {"product_ids": ["BTC-XYZ"]}, "BTC-XYZ is not a valid product"),
            (ask | {"type": "buy"}, "subscribe or unsubscribe"),
            ("{", "Malformed"),
            ([], "Malformed"),
        ):
            await stage.tell(socket, message)
            (told,) = await stage.read(socket)
            assert told["type"] == "error"
            assert reason in told.get("reason", told["message"])
        both = {"type": "subscribe", "channels": [{"name": "heartbeat", "product_ids": ["BTC-USD", "ETH-USD"]}]}
        await stage.tell(socket, both)
        (told,) = await stage.read(socket)
        assert told["channels"] == [{"name": "heartbeat", "product_ids": ["BTC-USD", "ETH-USD"], "account_ids": None}]
        await stage.tell(socket, {"type": "unsubscribe", "product_ids": ["BTC-USD"], "channels": ["heartbeat"]})
        (told,) = await stage.read(socket)
        assert told["channels"][0]["product_ids"] == ["ETH-USD"]
        await stage.tell(socket, {"type": "unsubscribe", "channels": ["heartbeat"]})
        assert await stage.read(socket) == [{"type": "subscriptions", "channels": []}]

    stage(scenario, script)


class Quiet:
    """A session nobody is connected to."""

    spoke = 0.0
    closing = ""

    def hang_up(self, reason: str) -> None:
        self.closing = reason


def place(scenario: Scenario, seconds: list[float]) -> SocketPlace:
    return SocketPlace(scenario, {}, Hub(), lambda: STARTS_AT, True, lambda: 0.0, lambda: seconds[0])


@pytest.mark.parametrize(("path", "every", "patience"), [("/ws", 20, 60), ("/public/ws", 180, 600)])
def test_binance_pings_and_hangs_up_without_a_pong(scenario: Scenario, path: str, every: int, patience: int) -> None:
    now = [0.0]
    rules = binance_socket.rules(place(scenario, now), Quiet(), path, {})  # type: ignore[arg-type]
    assert rules is not None
    asked = []
    for second in range(1, 24 * 3600):
        now[0] = float(second)
        if rules.check(now[0]) == b"":
            asked.append(second)
            now[0] += 0.5
            rules.pinged(answer=True)
    assert asked[:3] == [every, 2 * every, 3 * every]
    assert rules.check(24 * 3600 + 1.0) == b"24 hours are over"
    silent = binance_socket.rules(place(scenario, [0.0]), Quiet(), path, {})  # type: ignore[arg-type]
    assert silent is not None
    assert silent.check(every) == b""
    assert silent.check(every + patience - 1) is None
    assert silent.check(every + patience + 1) == b"Pong timeout"


def test_okx_cuts_the_quiet_and_coinbase_who_asks_for_nothing(scenario: Scenario) -> None:
    session: Any = Quiet()
    okx = okx_socket.rules(place(scenario, [0.0]), session, "/ws/v5/public", {})
    assert okx is not None
    assert okx.check(29.0) is None
    assert okx.check(31.0) == b"No data received in 30s."
    session.spoke = 20.0
    assert okx.check(31.0) is None
    coinbase = coinbase_socket.rules(place(scenario, [0.0]), session, "/", {})
    assert coinbase is not None
    assert coinbase.check(4.0) is None
    assert coinbase.check(6.0) == b"subscribe timeout"


def test_where_there_is_no_socket_there_is_a_404(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        for path in ("/binance/private/ws", "/okx/ws/v5/private", "/bybit/v5/private", "/coinbase/ws", "/kraken/ws"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await stage.open(path)
            assert refused.value.status == 404, path

    stage(scenario, script)
