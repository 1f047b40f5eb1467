"""Stream messages have the keys of recorded ones, and tell the very trades that REST tells."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario

# Half a minute into a cascade of ADA.
CASCADE_AT = STARTS_AT + 370_000
# Keys that the venues added after the recordings were made, or dropped since (EXCHANGES 3).
SINCE = {
    "aggTrade": {"a", "nq", "st", "M"},
    "trade": {"X"},
    "forceOrder": {"ps", "st"},
    "markPriceUpdate": {"ap", "st", "P", "i"},
    "trades": {"count", "source", "seqId"},
    "trades-all": {"source"},
    "publicTrade": {"RPI", "seq", "L"},
    "bbo-tbt": {"seqId", "instId"},
    "funding-rate": {
        "formulaType", "interestRate", "maxFundingRate", "method", "minFundingRate", "nextFundingTime", "premium",
        "settFundingRate", "settState", "ts",
    },
    "open-interest": {"oiUsd"},
    "orderbook": {"cts"},
    "tickers": {
        "singleOpenInterest", "singleOpenInterestValue", "fundingIntervalHour", "fundingCap", "curPreListingPhase",
        "preOpenPrice", "preQty", "basis", "basisRate", "deliveryFeeRate", "deliveryTime", "predictedDeliveryPrice",
        "symbol",
    },
    "snapshot": {"time"},
}  # fmt: skip
BEFORE = {"trade": {"a", "b"}}


def keys(value: Any) -> Any:
    """A value's shape: keys at every level, and what lists hold."""
    if isinstance(value, dict):
        return {key: keys(each) for key, each in value.items()}
    if isinstance(value, list):
        return [keys(value[0])] if value else []
    return type(value).__name__


def same(recorded: Any, emitted: Any, name: str, place: str = "") -> None:
    if isinstance(recorded, dict) and isinstance(emitted, dict):
        missing = recorded.keys() - emitted.keys() - BEFORE.get(name, set())
        new = emitted.keys() - recorded.keys() - SINCE.get(name, set())
        assert (missing, new) == (set(), set()), (name, place)
        for key in recorded.keys() & emitted.keys():
            same(recorded[key], emitted[key], name, f"{place}.{key}")
    elif isinstance(recorded, list) and isinstance(emitted, list):
        if recorded and emitted:
            same(recorded[0], emitted[0], name, f"{place}[0]")
    else:
        assert recorded == emitted, (name, place)


def recordings(real: Path, name: str) -> list[Any]:
    rows = orjson.loads((real / "messages" / f"tardis_{name}.json").read_bytes())["rows"]
    return [row["message"] for row in rows]


def one(messages: list[Any], **wanted: Any) -> Any:
    """The first message that has these values, looked for at the top and in data and arg."""
    for message in messages:
        if not isinstance(message, dict):
            continue
        levels = [message, *(message[key] for key in ("data", "arg") if isinstance(message.get(key), dict))]
        if all(any(level.get(key) == value for level in levels) for key, value in wanted.items()):
            return message
    raise AssertionError(wanted)


async def collect(stage: Any, path: str, *messages: Any, seconds: float = 90) -> list[Any]:
    socket = await stage.open(path, *messages)
    await stage.read(socket) if not messages else None
    first = await stage.read(socket)
    await stage.advance(seconds)
    rest = await stage.read(socket)
    await socket.close()
    return first + rest


def test_binance_spot(stage: Any, scenario: Scenario, real: Path) -> None:
    async def script(stage: Any) -> None:
        names = "/".join(f"btcusdt@{event}" for event in ("aggTrade", "trade", "depth@100ms", "bookTicker"))
        found = await collect(stage, f"/binance/stream?streams={names}")
        recorded = recordings(real, "binance_spot")
        for event in ("trade", "depthUpdate"):
            same(keys(one(recorded, e=event)), keys(one(found, e=event)), event)
        bare = [message for message in found if "@bookTicker" in message["stream"]]
        same(keys(one(recorded, stream="btcusdt@bookTicker")), keys(bare[0]), "bookTicker")
        documented = {"e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M"}
        assert one(found, e="aggTrade")["data"].keys() == documented
        rest = await stage.get("/binance/api/v3/aggTrades", symbol="BTCUSDT", limit=1000)
        ids = {row["a"]: row for row in rest}
        streamed = [message["data"] for message in found if message["data"].get("e") == "aggTrade"]
        assert [row["a"] for row in streamed] == sorted(ids)[-len(streamed) :]
        for row in streamed:
            assert {key: row[key] for key in ids[row["a"]]} == ids[row["a"]]

    stage(scenario, script)


def test_binance_usdm_knows_each_stream_on_one_path_alone(stage: Any, scenario: Scenario, real: Path) -> None:
    async def script(stage: Any) -> None:
        names = [f"adausdt@{event}" for event in ("aggTrade", "trade", "depth@100ms", "bookTicker", "markPrice@1s")]
        names += ["adausdt@forceOrder", "!forceOrder@arr", "!markPrice@arr@1s"]
        ask = {"method": "SUBSCRIBE", "params": names, "id": 7}
        public = await collect(stage, "/binance/public/stream", ask)
        market = await collect(stage, "/binance/market/stream", ask, seconds=60)
        # Everything is acknowledged everywhere; what belongs to the other path is never heard of.
        assert public[0] == market[0] == {"result": None, "id": 7}
        assert {message["stream"] for message in public[1:]} == set(names[1:4])
        assert {message["stream"] for message in market[1:]} == {names[0], *names[4:]}
        recorded = recordings(real, "binance_usdm")
        same(keys(one(recorded, e="aggTrade")), keys(one(market, e="aggTrade")), "aggTrade")
        modern = one(recorded, e="trade", X="MARKET")
        same(keys(modern), keys(one(public, e="trade")), "trade")
        for event in ("depthUpdate", "bookTicker"):
            same(keys(one(recorded, e=event)), keys(one(public, e=event)), event)
        for event in ("markPriceUpdate", "forceOrder"):
            same(keys(one(recorded, e=event)), keys(one(market, e=event)), event)
        every = one(market, stream="!markPrice@arr@1s")["data"]
        swaps = [each for each in scenario.instruments if (each.venue, each.kind) == ("binance", "perp")]
        assert len(every) == sum(each.trades_at(scenario.opens_at) for each in swaps)
        # coin-margined contracts are among them, told apart by a code
        assert {row["s"] for row in every if row["st"] == 2} == {"BTCUSD_PERP"}

    stage(scenario, script, at=CASCADE_AT)


def test_okx(stage: Any, scenario: Scenario, real: Path) -> None:
    async def script(stage: Any) -> None:
        swap, futures = recordings(real, "okx_swap"), recordings(real, "okx_futures")
        channels = ("trades", "books", "bbo-tbt", "tickers", "mark-price", "funding-rate", "open-interest")
        args = [{"channel": name, "instId": "ADA-USDT-SWAP"} for name in channels]
        args.append({"channel": "liquidation-orders", "instType": "SWAP"})
        books = args.pop(1)
        found = await collect(stage, "/okx/ws/v5/public", "ping", {"op": "subscribe", "args": args}, seconds=60)
        rest = await stage.get("/okx/api/v5/market/trades", instId="ADA-USDT-SWAP", limit=500)
        book = await collect(stage, "/okx/ws/v5/public", {"op": "subscribe", "args": [books]}, seconds=1)
        assert [m.get("action") for m in book] == [None, "snapshot", *["update"] * 10]
        old = one(swap, channel="books-l2-tbt")["data"][0]
        # prevSeqId and seqId came with the documented rule, the checksum stayed as a constant.
        assert {key for m in book[1:] for key in m["data"][0]} == {*old, "prevSeqId", "seqId"}
        business = {"op": "subscribe", "args": [{"channel": "trades-all", "instId": "BTC-USDT"}]}
        spot = await collect(stage, "/okx/ws/v5/business", business)
        assert found[0] == "pong"
        found = found[1:]
        acknowledged = one(found, event="subscribe", channel="trades")
        assert acknowledged.keys() - {"connId"} == recordings(real, "okx_spot")[0].keys()
        for name in ("trades", "bbo-tbt", "tickers", "mark-price", "funding-rate", "open-interest"):
            told = next(message for message in found if message.get("data") and message["arg"]["channel"] == name)
            same(keys(one(swap, channel=name)), keys(told), name)
        forced = next(message for message in found if message["arg"].get("instType") == "SWAP" and "data" in message)
        same(keys(one(futures, channel="liquidation-orders")), keys(forced), "liquidation-orders")
        alike = next(message for message in spot if "data" in message)
        same(keys(one(recordings(real, "okx_spot"), channel="trades-all")), keys(alike), "trades-all")
        by_id = {row["tradeId"]: row for row in rest["data"]}
        streamed = [row for m in found if m["arg"]["channel"] == "trades" for row in m.get("data", ())]
        last = None
        for row in streamed:
            if row["count"] == "1":
                assert all(row[key] == value for key, value in by_id[row["tradeId"]].items())
            first = int(row["tradeId"]) - int(row["count"]) + 1
            assert last is None or first == last + 1
            last = int(row["tradeId"])
        assert str(last) == rest["data"][0]["tradeId"]

    stage(scenario, script, at=CASCADE_AT)


def test_bybit(stage: Any, scenario: Scenario, real: Path) -> None:
    async def script(stage: Any) -> None:
        for kind, name in (("linear", "bybit_linear_inverse"), ("spot", "bybit_spot")):
            recorded = recordings(real, name)
            topics = ["publicTrade.ADAUSDT", "tickers.ADAUSDT"]
            topics += ["allLiquidation.ADAUSDT"] if kind == "linear" else []
            ask = {"op": "subscribe", "args": topics, "req_id": "a"}
            found = await collect(stage, f"/bybit/v5/public/{kind}", {"op": "ping"}, ask, seconds=60)
            book = {"op": "subscribe", "args": ["orderbook.50.ADAUSDT"]}
            found += (await collect(stage, f"/bybit/v5/public/{kind}", book, seconds=1))[1:]
            pong, answer, *found = found
            assert pong.keys() == answer.keys() == {"success", "ret_msg", "conn_id", "req_id", "op"}
            assert (pong["ret_msg"], answer["success"], answer["req_id"]) == ("pong", True, "a")
            names = ("publicTrade", "orderbook", *(("tickers", "allLiquidation") if kind == "linear" else ()))
            for each in names:
                for sort in ("snapshot", "delta") if each == "orderbook" else ("snapshot",):
                    ours, theirs = (
                        next(m for m in group if m["topic"].startswith(each + ".") and m["type"] == sort)
                        for group in (found, [m for m in recorded if "USDT" in m["topic"] or "PERP" in m["topic"]])
                    )
                    same(keys(theirs), keys(ours), each)
            page = await stage.get("/bybit/v5/market/recent-trade", category=kind, symbol="ADAUSDT", limit=1000)
            rest = {row["execId"]: row for row in page["result"]["list"]}
            streamed = [row for m in found if m["topic"].startswith("publicTrade") for row in m["data"]]
            assert len(streamed) > 5
            for row in streamed[-50:]:
                twin = rest[row["i"]]
                assert (twin["price"], twin["size"], twin["side"]) == (row["p"], row["v"], row["S"])
                assert (twin["time"], twin["seq"]) == (str(row["T"]), str(row["seq"]))

    stage(scenario, script, at=CASCADE_AT)


def test_coinbase(stage: Any, scenario: Scenario, real: Path) -> None:
    async def script(stage: Any) -> None:
        channels = ["matches", "heartbeat", "level2_batch", "ticker"]
        ask = {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": channels}
        answer, *found = await collect(stage, "/coinbase", ask)
        assert [channel["name"] for channel in answer["channels"]] == channels
        assert {channel["product_ids"][0] for channel in answer["channels"]} == {"BTC-USD"}
        recorded = recordings(real, "coinbase_exchange")
        for name in ("match", "l2update", "snapshot"):
            same(keys(one(recorded, type=name)), keys(one(found, type=name)), name)
        same(keys([m for m in recorded if m["type"] == "ticker"][-1]), keys(one(found, type="ticker")), "ticker")
        rest = await stage.get("/coinbase/products/BTC-USD/trades", limit=1000)
        by_id = {row["trade_id"]: row for row in rest}
        matches = [m for m in found if m["type"] in ("match", "last_match")]
        assert [m["type"] for m in matches[:2]] == ["last_match", "match"]
        for before, after in pairwise(matches):
            assert after["trade_id"] == before["trade_id"] + 1
            assert after["sequence"] > before["sequence"]
        for m in matches:
            twin = by_id[m["trade_id"]]
            assert (m["side"], m["time"]) == (twin["side"], twin["time"])
            assert float(m["price"]) == float(twin["price"])
            assert float(m["size"]) == float(twin["size"])
        beats = [m for m in found if m["type"] == "heartbeat"]
        assert len(beats) == 90
        assert beats[-1]["last_trade_id"] == rest[0]["trade_id"] == matches[-1]["trade_id"]
        for beat in beats:
            until = [m["trade_id"] for m in matches if m["time"] <= beat["time"]]
            assert beat["last_trade_id"] == until[-1], beat
        assert beats[0].keys() == {"type", "sequence", "last_trade_id", "product_id", "time"}

    stage(scenario, script)


def test_a_cascade_is_told_by_every_venue_in_its_own_words(stage: Any, scenario: Scenario) -> None:
    cascade = next(event for event in scenario.planted(STARTS_AT) if event["kind"] == "liquidation_cascade")

    async def script(stage: Any) -> None:
        binance = await stage.open("/binance/market/ws/adausdt@forceOrder")
        args = [{"channel": "liquidation-orders", "instType": "SWAP"}]
        okx = await stage.open("/okx/ws/v5/public", {"op": "subscribe", "args": args})
        bybit = await stage.open("/bybit/v5/public/linear", {"op": "subscribe", "args": ["allLiquidation.ADAUSDT"]})
        for socket in (binance, okx, bybit):
            await stage.read(socket)
        await stage.advance(200)
        sold = sum(float(m["o"]["q"]) * float(m["o"]["p"]) for m in await stage.read(binance) if m["o"]["S"] == "SELL")
        assert sold > 0.5 * abs(cascade["venues"]["binance"])
        parts = [part for m in await stage.read(okx) for part in m["data"] if part["uly"] == "ADA-USDT"]
        details = [row for part in parts for row in part["details"]]
        longs = [row for row in details if row["posSide"] == "long"]
        assert {row["side"] for row in longs} == {"sell"}
        assert sum(float(row["sz"]) * 100 * float(row["bkPx"]) for row in longs) >= 0.99 * abs(cascade["venues"]["okx"])
        rows = [row for m in await stage.read(bybit) for row in m["data"]]
        # Bybit names the position: what was sold out was long.
        value = sum(float(row["v"]) * float(row["p"]) for row in rows if row["S"] == "Buy")
        assert value >= 0.99 * abs(cascade["venues"]["bybit"])

    stage(scenario, script, at=cascade["start_ms"] - 1000)
