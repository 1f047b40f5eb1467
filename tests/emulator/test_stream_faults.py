"""Faults on sockets: what is scheduled happens to what is open, and REST is left alone where the path says so."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from coinmon_emulator.scenario.scenario import Scenario

SPOT = "/binance/ws/btcusdt@trade"
SUBSCRIBE = {
    "/okx/ws/v5/public": {"op": "subscribe", "args": [{"channel": "trades", "instId": "BTC-USDT"}]},
    "/bybit/v5/public/linear": {"op": "subscribe", "args": ["publicTrade.BTCUSDT"]},
    "/coinbase": {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["matches"]},
    "/binance/market/ws": {"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 1},
}


async def set_faults(stage: Any, spec: str) -> None:
    async with stage.session.post(f"{stage.emulator.url}/emulator/faults", json={"spec": spec}) as reply:
        assert reply.status == 200, await reply.text()
    # The next pass gives every open socket its share.
    await stage.passed()


async def ids(stage: Any, socket: Any, seconds: float = 120) -> list[int]:
    await stage.advance(seconds)
    return [message["t"] for message in await stage.read(socket)]


def test_a_drop_closes_what_is_open_and_lets_it_come_back(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open(SPOT)
        assert await ids(stage, socket)
        await set_faults(stage, "binance:drop")
        with pytest.raises(ConnectionError):
            await stage.read(socket)
        await set_faults(stage, "")
        again = await stage.open(SPOT)
        assert await ids(stage, again)

    stage(scenario, script)


def test_a_cut_ends_inside_a_message(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open(SPOT)
        await stage.read(socket)
        await set_faults(stage, "binance:cut/stream")
        assert (await socket.receive()).type is not aiohttp.WSMsgType.TEXT
        assert socket.closed

    stage(scenario, script)


@pytest.mark.parametrize("path", SUBSCRIBE)
def test_a_stall_answers_everything_and_sends_nothing(stage: Any, scenario: Scenario, path: str) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open(path, SUBSCRIBE[path])
        answers = await stage.read(socket)
        assert len(answers) == 1
        await stage.advance(300)
        assert await stage.read(socket) == []
        await stage.tell(socket, "ping" if "okx" in path else {"op": "ping"})
        if "coinbase" not in path:
            assert len(await stage.read(socket)) == 1
        # What the silence swallowed is gone: the next trade is another one.
        await set_faults(stage, "")
        await stage.read(socket)
        await stage.advance(60)
        assert await stage.read(socket)

    stage(scenario, script, faults="*:stall/stream")


def test_a_silence_answers_nothing_and_closes_nothing(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open(SPOT)
        await stage.read(socket)
        await set_faults(stage, "binance:silence")
        await socket.ping(b"there?")
        await stage.tell(socket, {"method": "LIST_SUBSCRIPTIONS", "id": 1})
        stage.wall[0] += 120
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 0.3)
        assert not socket.closed

    stage(scenario, script)


def test_a_gap_misses_messages_while_ids_go_on_and_rest_has_them(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open(SPOT)
        found = await ids(stage, socket, 900)
        rows = await stage.get("/binance/api/v3/historicalTrades", symbol="BTCUSDT", fromId=found[0], limit=1000)
        true = [row["id"] for row in rows if row["id"] <= found[-1]]
        assert found == [each for each in true if each % 100 >= 7]
        assert len(true) > len(found) > 100

    stage(scenario, script, faults="binance:gap=7/stream")


def test_repeated_garbled_and_late_messages(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        socket = await stage.open(SPOT)
        await set_faults(stage, "binance:repeat")
        twice = await ids(stage, socket)
        assert twice[::2] == twice[1::2]
        assert len(set(twice[::2])) == len(twice[::2]) > 5
        await set_faults(stage, "binance:garbage")
        await stage.advance(60)
        broken = await stage.read(socket)
        assert broken
        assert all(isinstance(message, str) and message.startswith('{"e":"trade"') for message in broken)
        await set_faults(stage, "binance:late=0.6")
        assert await ids(stage, socket, 60) == []
        until = time.monotonic() + 10
        while not (late := [message["t"] for message in await stage.read(socket)]):
            assert time.monotonic() < until, "what was held up never came"
        assert late == list(range(late[0], late[0] + len(late)))

    stage(scenario, script)


@pytest.mark.parametrize(
    ("fault", "status", "retry"),
    [("429=7", 429, "7"), ("418", 418, "120"), ("451", 451, None), ("503", 503, None), ("html", 200, None)],
)
def test_a_handshake_can_be_refused(stage: Any, scenario: Scenario, fault: str, status: int, retry: str | None) -> None:
    async def script(stage: Any) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stage.open(SPOT)
        assert refused.value.status == status
        assert refused.value.headers is not None
        assert refused.value.headers.get("Retry-After") == retry
        assert (await stage.ask("/binance/api/v3/time")).status == 200

    stage(scenario, script, faults=f"binance:{fault}/stream")


def test_a_connection_can_be_refused(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        with pytest.raises(aiohttp.ClientConnectionError):
            await stage.open(SPOT)
        with pytest.raises(aiohttp.ClientConnectionError):
            await stage.ask("/okx/api/v5/public/time")

    stage(scenario, script, faults="*:refuse")


def test_a_venues_clock_can_jump(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        now = stage.emulator.clock.now()
        socket = await stage.open(SPOT)
        await stage.read(socket)
        await set_faults(stage, "binance:jump=60000")
        assert (await stage.get("/binance/api/v3/time"))["serverTime"] == now + 60_000
        assert (await stage.get("/okx/api/v5/public/time"))["data"][0]["ts"] == str(now)
        ahead = await stage.read(socket)
        assert ahead
        assert now < ahead[-1]["T"] <= now + 60_000
        await set_faults(stage, "binance:jump=-5000")
        stage.wall[0] += 30
        await stage.passed()
        # Nothing comes twice: what was sent ahead of time is not sent again.
        assert await stage.read(socket) == []

    stage(scenario, script)


def test_a_die_decides_for_each_socket(stage: Any, scenario: Scenario) -> None:
    async def script(stage: Any) -> None:
        sockets = [await stage.open(SPOT) for _ in range(30)]
        await set_faults(stage, "binance:drop@0+0.5?p=0.5")
        dropped = 0
        for socket in sockets:
            try:
                await stage.read(socket)
            except ConnectionError:
                dropped += 1
        assert 5 <= dropped <= 25

    stage(scenario, script)


def test_a_client_that_leaves_before_its_handshake_is_answered_is_no_error(
    stage: Any, scenario: Scenario, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(stage: Any) -> None:
        await set_faults(stage, "binance:slow=0.1/stream")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stage.session.ws_connect(stage.emulator.url + SPOT), 0.05)
        await asyncio.sleep(0.2)

    stage(scenario, script)
    assert not caplog.records
