"""Hyperliquid as its documentation has it: requests in bodies, limits by weight, ids that are no sequence."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.venues.hyperliquid.limits import HyperliquidLimits, weight

INFO = "/hyperliquid/info"
MINUTE, HOUR = 60_000, 3_600_000


def subscribe(kind: str, coin: str, method: str = "subscribe", **more: str) -> dict[str, Any]:
    return {"method": method, "subscription": {"type": kind, "coin": coin, **more}}


def perp(scenario: Scenario, native: str) -> Any:
    return next(one for one in scenario.instruments if (one.venue, one.native) == ("hyperliquid", native))


@pytest.mark.parametrize(
    ("body", "status", "raw"),
    [
        ({"type": "nothing"}, 422, b"Failed to deserialize the JSON body into the target type"),
        ({"type": "l2Book"}, 422, b"Failed to deserialize the JSON body into the target type"),
        ({"type": "candleSnapshot", "coin": "BTC", "interval": "1m"}, 422, b"Failed to"),
        ({"type": "candleSnapshot", "req": {"coin": "BTC", "interval": "7m", "startTime": 1}}, 422, b"Failed to"),
        ({"type": "candleSnapshot", "req": {"coin": "NO", "interval": "1m", "startTime": 1}}, 500, b"null"),
        ({"type": "fundingHistory", "coin": "BTC", "startTime": "1h"}, 422, b"Failed to"),
        ({"type": "recentTrades", "coin": "PEPE"}, 500, b"null"),
        ({"type": "l2Book", "coin": "PEPE"}, 200, b"null"),
        ([], 422, b"Failed to"),
    ],
)
def test_what_it_refuses(visit: Any, scenario: Scenario, body: Any, status: int, raw: bytes) -> None:
    answer = visit(scenario, lambda visitor: visitor.post(INFO, body))
    assert (answer.status, answer.raw[: len(raw)]) == (status, raw)


def test_pages_end_where_the_venues_do(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        async def asked(kind: str, **more: Any) -> Any:
            return (await visitor.post(INFO, {"type": kind, **more})).json

        since = {"coin": "kPEPE", "interval": "1m", "startTime": 0, "endTime": STARTS_AT - 3 * MINUTE}
        candles = await asked("candleSnapshot", req=since)
        begun = max(scenario.begins(perp(scenario, "kPEPE")), (STARTS_AT // MINUTE - 4999) * MINUTE)
        assert [each["t"] for each in candles] == list(range(begun, STARTS_AT - 3 * MINUTE + 1, MINUTE))
        assert candles[-1]["T"] == candles[-1]["t"] + MINUTE - 1
        middle = {"coin": "BTC", "interval": "1m", "startTime": STARTS_AT - 90_000}
        assert len(await asked("candleSnapshot", req=middle)) == 3, "from the one it is in to the open one"
        trades = await asked("recentTrades", coin="kPEPE")
        assert len(trades) == 10
        assert [each["time"] for each in trades] == sorted((each["time"] for each in trades), reverse=True)
        assert max(abs(one["tid"] - other["tid"]) for one, other in pairwise(trades)) > 10**6
        rates = await asked("fundingHistory", coin="BTC", startTime=STARTS_AT - 900 * HOUR)
        assert len(rates) == 500
        following = [each["time"] // HOUR for each in rates]
        assert following == list(range(following[0], following[0] + 500))
        book = await asked("l2Book", coin="BTC")
        assert [len(side) for side in book["levels"]] == [20, 20]

    visit(scenario, script)


def test_coins_and_their_figures_stand_in_one_order(visit: Any, scenario: Scenario) -> None:
    """A coin that has ended keeps its place, with figures that are empty; the open interest is in coins."""
    listed, figures = visit(scenario, lambda visitor: visitor.post(INFO, {"type": "metaAndAssetCtxs"})).json
    by_name = dict(zip((each["name"] for each in listed["universe"]), figures, strict=True))
    ended = {each["name"] for each in listed["universe"] if each.get("isDelisted")}
    assert ended == {"MATIC"}
    assert by_name["MATIC"]["midPx"] is None
    assert by_name["MATIC"]["openInterest"] == "0.0"
    assert by_name["MEGA"]["funding"] == "", "not settled yet"
    for name in ("BTC", "kPEPE"):
        one = perp(scenario, name)
        mark, held = scenario.mark(one, STARTS_AT), scenario.open_interest(one, STARTS_AT)
        assert mark is not None
        assert mark.hours == 1
        assert float(by_name[name]["funding"]) == pytest.approx(mark.rate)
        assert float(by_name[name]["openInterest"]) == pytest.approx(held, rel=1e-3)
        assert float(by_name[name]["markPx"]) == pytest.approx(mark.mark, rel=1e-3)


def test_the_weight_of_what_is_asked(visit: Any, scenario: Scenario) -> None:
    candles = {"type": "candleSnapshot", "req.interval": "1m", "req.startTime": "0", "req.endTime": str(999 * MINUTE)}
    assert weight({"type": "l2Book"}) == 2
    assert weight({"type": "metaAndAssetCtxs"}) == 20
    assert weight(candles) == 20 + 1000 // 60
    assert weight({"type": "fundingHistory", "startTime": "0"}) == 20 + 500 // 20
    now = [0.0]
    limits = HyperliquidLimits(lambda: now[0])
    admitted = [limits.admit("", {"type": "meta"}) is None for _ in range(70)]
    assert admitted == [True] * 60 + [False] * 10
    now[0] = 61.0
    assert limits.admit("", {"type": "meta"}) is None

    async def script(visitor: Any) -> Any:
        return [await visitor.post(INFO, {"type": "meta"}) for _ in range(61)][-1]

    refused = visit(scenario, script)
    assert (refused.status, refused.raw) == (429, b"null")


def test_streams_of_a_coin(stage: Any, scenario: Scenario) -> None:
    """A new subscriber gets the last ten trades, newest first, and then each once; books and candles are as REST."""
    kinds = [subscribe("trades", "BTC"), subscribe("l2Book", "BTC"), subscribe("candle", "BTC", interval="1m")]

    async def script(stage: Any) -> None:
        socket = await stage.open("/hyperliquid/ws", *kinds)
        begun = await stage.read(socket)
        answers = [each for each in begun if each["channel"] == "subscriptionResponse"]
        assert [each["data"]["subscription"]["type"] for each in answers] == ["trades", "l2Book", "candle"]
        assert answers[1]["data"]["subscription"] == {
            "nSigFigs": None,
            "mantissa": None,
            "type": "l2Book",
            "coin": "BTC",
        }
        (first,) = (each["data"] for each in begun if each["channel"] == "trades")
        recent = (await stage.post(INFO, {"type": "recentTrades", "coin": "BTC"})).json
        assert first == recent
        await stage.advance(20)
        heard = await stage.read(socket)
        one = perp(scenario, "BTC")
        truth = WorldNow(scenario, STARTS_AT + 20_000).between(one, STARTS_AT + 1, STARTS_AT + 20_001)
        told = [row for each in heard if each["channel"] == "trades" for row in each["data"]]
        assert [row["time"] for row in told] == truth.time.tolist()
        assert [float(row["px"]) for row in told] == [price / 10**one.price_digits for price in truth.price.tolist()]
        assert [row["side"] for row in told] == ["B" if side > 0 else "A" for side in truth.side.tolist()]
        books = [each["data"] for each in heard if each["channel"] == "l2Book"]
        assert len(books) == 40
        assert books[-1] == (await stage.post(INFO, {"type": "l2Book", "coin": "BTC"})).json
        span = {"coin": "BTC", "interval": "1m", "startTime": STARTS_AT + 20_000}
        candle = (await stage.post(INFO, {"type": "candleSnapshot", "req": span})).json[-1]
        assert [each["data"] for each in heard if each["channel"] == "candle"][-1]["t"] == candle["t"]

    stage(scenario, script)


def test_what_its_socket_refuses(stage: Any, scenario: Scenario) -> None:
    asked = [
        subscribe("trades", "PEPE"), subscribe("orders", "BTC"), subscribe("candle", "BTC", interval="7m"),
        subscribe("trades", "BTC"), subscribe("trades", "BTC"), subscribe("l2Book", "BTC", "unsubscribe"),
        subscribe("trades", "BTC", "unsubscribe"), {"method": "ping"}, "what",
    ]  # fmt: skip

    async def script(stage: Any) -> list[str]:
        socket = await stage.open("/hyperliquid/ws", *asked)
        found = [each for each in await stage.read(socket) if each["channel"] != "trades"]
        return [each["data"].split("{")[0].strip() if each["channel"] == "error" else each["channel"] for each in found]

    assert stage(scenario, script) == [
        "Invalid subscription", "Invalid subscription", "Invalid subscription", "subscriptionResponse",
        "Already subscribed:", "Already unsubscribed:", "subscriptionResponse", "pong",
        "Error parsing JSON into valid websocket request: what",
    ]  # fmt: skip


def test_ccxt_reads_what_the_market_holds(visit: Any, scenario: Scenario) -> None:
    """ccxt has no public trades of Hyperliquid: all else."""
    # imported here: every worker reads this file, one of them runs it
    from ccxt.async_support.hyperliquid import hyperliquid

    async def script(visitor: Any) -> None:
        urls = {"api": {"public": f"{visitor.emulator.url}/hyperliquid"}}
        options = {"fetchMarkets": {"types": ["swap"]}}
        without = {"fetchCurrencies": False}  # these need the list of spot markets
        client = hyperliquid({"urls": urls, "enableRateLimit": False, "options": options, "has": without})
        try:
            await client.load_markets()
            one, symbol = perp(scenario, "BTC"), "BTC/USDC:USDC"
            assert client.market(symbol)["active"]
            assert not client.market("MATIC/USDC:USDC")["active"]
            assert client.market(symbol)["precision"]["amount"] == pytest.approx(1e-5)
            view, closed = WorldNow(scenario, STARTS_AT), STARTS_AT // MINUTE * MINUTE - MINUTE
            minute = view.between(one, closed, closed + MINUTE)
            candles = await client.fetch_ohlcv(symbol, "1m", closed, 3)
            (told,) = (each for each in candles if each[0] == closed)
            assert told[1:5] == [
                float(each) for each in (minute.price[0], minute.price.max(), minute.price.min(), minute.price[-1])
            ]
            assert told[5] == pytest.approx(minute.size.sum() / 10**one.size_digits)
            book = await client.fetch_order_book(symbol)
            assert book["bids"][0][0] < book["asks"][0][0]
            rates = await client.fetch_funding_rate_history(symbol, STARTS_AT - 5 * HOUR)
            mark = view.mark(one)
            assert mark is not None
            assert rates[-1]["fundingRate"] == pytest.approx(mark.settled)
            held = (await client.fetch_open_interests([symbol]))[symbol]["openInterestAmount"]
            assert held == pytest.approx(scenario.open_interest(one, STARTS_AT), rel=1e-3)
        finally:
            await client.close()

    visit(scenario, script, limits=False)
