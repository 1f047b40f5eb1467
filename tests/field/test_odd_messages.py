"""One odd row of a stream costs that row, and neither the connection nor anything else that it carries."""

import json
from typing import Any

import pytest

from coinmon import StreamedBook, StreamState
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance import books as binance_books
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import books as bybit_books
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import books as coinbase_books
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.hyperliquid import books as hyperliquid_books
from coinmon_exchanges.hyperliquid import trades as hyperliquid_trades
from coinmon_exchanges.okx import books as okx_books
from coinmon_exchanges.okx import trades as okx_trades
from tests.collect.conftest import instrument as made

AT = 1_768_478_400_000


def binance(**odd: Any) -> dict[str, Any]:
    row = {"e": "aggTrade", "s": "BTCUSDT", "p": "100.5", "q": "2", "f": 1, "l": 1, "T": AT, "m": True, "a": 1}
    return row | {"f": odd.get("a", 1), "l": odd.get("a", 1)} | odd


def okx(**odd: Any) -> dict[str, Any]:
    row = {"instId": "BTCUSDT", "tradeId": "1", "px": "100.5", "sz": "2", "side": "buy", "ts": str(AT), "count": "1"}
    return {"arg": {"channel": "trades"}, "data": [row | odd]}


def bybit(**odd: Any) -> dict[str, Any]:
    row = {"i": "1", "s": "BTCUSDT", "T": AT, "p": "100.5", "v": "2", "S": "Buy"}
    return {"topic": "publicTrade.BTCUSDT", "data": [row | odd | {"i": str(odd.get("i", 1))}]}


def coinbase(**odd: Any) -> dict[str, Any]:
    row = {"type": "match", "product_id": "BTCUSDT", "price": "100.5", "size": "2", "side": "sell", "trade_id": 1}
    return row | {"time": "2026-01-15T12:00:00.000000Z"} | odd


def hyperliquid(**odd: Any) -> dict[str, Any]:
    row = {"coin": "BTCUSDT", "tid": 1, "time": AT, "px": "100.5", "sz": "2", "side": "B"}
    return {"channel": "trades", "data": [row | odd]}


ODD = {
    "binance": (binance_trades, binance, "a", [{"p": None}, {"q": "-1"}, {"T": AT * 1000}, {"m": None}, {"p": "inf"}]),
    "okx": (
        okx_trades,
        okx,
        "tradeId",
        [{"px": ""}, {"side": "Buy"}, {"ts": "0"}, {"ts": str(AT // 1000)}, {"sz": "nan"}],
    ),
    "bybit": (bybit_trades, bybit, "i", [{"S": "None"}, {"p": None}, {"T": str(AT * 1000)}, {"v": "-2"}]),
    "coinbase": (coinbase_trades, coinbase, "trade_id", [{"side": ""}, {"time": ""}, {"size": None}, {"price": "-1"}]),
    "hyperliquid": (hyperliquid_trades, hyperliquid, "tid", [{"side": "?"}, {"time": AT // 1000}, {"px": "x"}]),
}


@pytest.mark.parametrize("venue", ODD)
def test_an_odd_trade_leaves_a_hole_of_one_trade(venue: str) -> None:
    channel, message, id, odds = ODD[venue]
    for odd in odds:
        subscribed = Subscribed({"BTCUSDT": made(tick="0.1", lot="0.1")}, [["BTCUSDT"]])
        rows: list[dict[str, Any]] = [{id: 1}, {id: 2, **odd}, {id: 3}]
        news = channel.read([json.dumps(message(**row)) for row in rows], subscribed)
        found = [each for each in news if not isinstance(each, StreamState)]
        ids = [number for each in found for number in each.data.trades.id.tolist()]
        assert ids == [1, 3], odd
        if venue not in ("bybit", "hyperliquid"):
            # ids that run on show it
            assert not found[-1].data.joined


@pytest.mark.parametrize("kind", ["snapshot", "delta"])
@pytest.mark.parametrize("price", ["-3", "x", None, "NaN"])
def test_an_odd_level_costs_its_own_book(kind: str, price: Any) -> None:
    pair = [made(symbol, tick="0.1", lot="0.1") for symbol in ("BTC/USDT", "ETH/USDT")]
    (link,) = bybit_books.links("ws://nowhere", pair)
    btc, eth = link.instruments

    def message(name: str, kind: str, price: Any, at: int) -> str:
        data = {"s": name, "b": [[price, "2"]], "a": [["9", "2"]], "u": at}
        return json.dumps({"topic": f"orderbook.1000.{name}", "type": kind, "ts": AT + at, "data": data})

    books = link.begin(link)
    assert len(link.read([message(name, "snapshot", "3", 7) for name in (btc, eth)], books)) == 2
    news = link.read([message(btc, kind, price, 8), message(eth, "delta", "4", 8)], books)
    (state,) = (each for each in news if isinstance(each, StreamState))
    assert [each.base for each in state.instruments] == ["BTC"]
    assert not state.live
    assert [each.instrument.base for each in news if isinstance(each, StreamedBook)] == ["ETH"]


def of_binance(name: str, at: int, whole: bool) -> dict[str, Any]:
    return {"e": "depthUpdate", "E": AT + at, "s": name, "U": at, "u": str(at), "b": [["3", "2"]], "a": []}


def of_okx(name: str, at: int, whole: bool) -> dict[str, Any]:
    row = {"ts": str(AT + at), "bids": [["3", "2"]], "asks": [["9", "2"]], "seqId": str(at), "prevSeqId": at - 1}
    return {"arg": {"channel": "books", "instId": name}, "action": "snapshot" if whole else "update", "data": [row]}


def of_bybit(name: str, at: int, whole: bool) -> dict[str, Any]:
    data = {"s": name, "b": [["3", "2"]], "a": [["9", "2"]], "u": at}
    kind = "snapshot" if whole else "delta"
    return {"topic": f"orderbook.1000.{name}", "type": kind, "ts": str(AT + at), "data": data}


def of_coinbase(name: str, at: int, whole: bool) -> dict[str, Any]:
    time = f"2026-01-15T12:00:00.{at:03d}Z"
    if whole:
        return {"type": "snapshot", "product_id": name, "time": time, "bids": [["3", "2"]], "asks": [["9", "2"]]}
    return {"type": "l2update", "product_id": name, "time": time, "changes": [["buy", "3", "2"]]}


def of_hyperliquid(name: str, at: int, whole: bool) -> dict[str, Any]:
    sides = [[{"px": "3", "sz": "2"}], [{"px": "9", "sz": "2"}]]
    return {"channel": "l2Book", "data": {"coin": name, "time": AT + at, "levels": sides}}


BOOKS = {
    "binance": (binance_books, of_binance, ["E", "U", "u", "b"]),
    "okx": (okx_books, of_okx, ["action", "data.0.ts", "data.0.seqId", "data.0.bids"]),
    "bybit": (bybit_books, of_bybit, ["type", "ts", "data", "data.s", "data.u", "data.a"]),
    "coinbase": (coinbase_books, of_coinbase, ["changes"]),
    "hyperliquid": (hyperliquid_books, of_hyperliquid, ["data.time", "data.levels"]),
}


@pytest.mark.parametrize("venue", BOOKS)
@pytest.mark.parametrize("odd", [None, {}, "gone"])
def test_a_message_of_another_shape_costs_its_own_book(venue: str, odd: Any) -> None:
    """One of a hundred books of a connection: the others are not begun anew for it."""
    channel, message, fields = BOOKS[venue]
    for path in fields:
        pair = [made(symbol, tick="0.1", lot="0.1") for symbol in ("BTC/USDT", "ETH/USDT")]
        (link,) = channel.links("ws://nowhere", pair, *(("spot", None, {}) if venue == "binance" else ()))
        btc, eth = link.instruments
        books = link.begin(link)
        if venue == "binance":
            for name in (btc, eth):
                books.started(name, {"lastUpdateId": 6, "bids": [["3", "2"]], "asks": [["9", "2"]]}, 5000)
        else:
            link.read([json.dumps(message(name, 6, True)) for name in (btc, eth)], books)
        broken = message(btc, 7, False)
        *inner, last = path.split(".")
        holder: Any = broken
        for step in inner:
            holder = holder[int(step) if step.isdigit() else step]
        if odd == "gone":
            del holder[last]
        else:
            holder[last] = odd
        news = link.read([json.dumps(each) for each in (broken, message(eth, 7, False))], books)
        assert [each.instrument.base for each in news if isinstance(each, StreamedBook)] == ["ETH"], path
        states = [each for each in news if isinstance(each, StreamState)]
        assert [[one.base for one in each.instruments] for each in states if not each.live] == (
            [] if venue == "hyperliquid" else [["BTC"]]
        ), path


def test_a_heartbeat_without_its_time_costs_itself() -> None:
    subscribed = Subscribed(
        {name: made(tick="0.1", lot="0.1") for name in ("BTC-USD", "ETH-USD")}, [["BTC-USD", "ETH-USD"]]
    )
    beats = [("BTC-USD", ""), ("ETH-USD", "2026-01-15T12:00:01.000000Z")]
    texts = [
        json.dumps({"type": "heartbeat", "product_id": name, "last_trade_id": 1, "sequence": 1, "time": time})
        for name, time in beats
    ]
    (found,) = coinbase_trades.read(texts, subscribed)
    assert not isinstance(found, StreamState)
    assert found.data.until == AT + 1000
