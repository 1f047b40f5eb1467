"""Local books kept by each venue's own rule end where REST says the book is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.tape.tape import RecordedMarket

Side = dict[Decimal, Decimal]


def put(side: Side, levels: list[Any]) -> None:
    for price, size, *_ in levels:
        if Decimal(size):
            side[Decimal(price)] = Decimal(size)
        else:
            side.pop(Decimal(price), None)


def best(bids: Side, asks: Side, depth: int) -> tuple[list[Any], list[Any]]:
    return sorted(bids.items(), reverse=True)[:depth], sorted(asks.items())[:depth]


def told(levels: list[Any], depth: int) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(size)) for price, size, *_ in levels[:depth]]


class BinanceBook:
    """The documented way: a snapshot, what is older dropped, and no break after it."""

    def __init__(self, snapshot: Any, *, spot: bool) -> None:
        self.last, self.spot, self.first = snapshot["lastUpdateId"], spot, True
        self.bids: Side = {}
        self.asks: Side = {}
        put(self.bids, snapshot["bids"])
        put(self.asks, snapshot["asks"])

    def take(self, event: Any) -> None:
        if event["u"] <= self.last if self.spot else event["u"] < self.last:
            return
        if self.spot:
            assert event["U"] <= self.last + 1 <= event["u"] if self.first else event["U"] == self.last + 1
        else:
            assert event["U"] <= self.last <= event["u"] if self.first else event["pu"] == self.last
        self.first, self.last = False, event["u"]
        put(self.bids, event["b"])
        put(self.asks, event["a"])


@pytest.mark.parametrize("stream", ["depth", "depth@100ms"])
@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_binance(stage: Any, scenario: Scenario, kind: str, stream: str) -> None:
    async def script(stage: Any) -> None:
        rest, path = ("/api/v3", "/ws") if kind == "spot" else ("/fapi/v1", "/public/ws")
        socket = await stage.open(f"/binance{path}/dogeusdt@{stream}")
        await stage.advance(3.3)
        snapshot = await stage.get(f"/binance{rest}/depth", symbol="DOGEUSDT", limit=1000)
        book = BinanceBook(snapshot, spot=kind == "spot")
        await stage.advance(30)
        await stage.advance(5 - stage.emulator.clock.now() % 5000 / 1000)
        for event in await stage.read(socket):
            book.take(event)
        final = await stage.get(f"/binance{rest}/depth", symbol="DOGEUSDT", limit=1000)
        assert book.last == final["lastUpdateId"] > snapshot["lastUpdateId"]
        assert best(book.bids, book.asks, 500) == (told(final["bids"], 500), told(final["asks"], 500))

    stage(scenario, script)


@pytest.mark.parametrize("venue", ["okx", "bybit", "coinbase"])
def test_a_stream_that_begins_with_a_snapshot(stage: Any, scenario: Scenario, venue: str) -> None:
    async def script(stage: Any) -> None:
        product = ["DOGE-USD"]
        path, ask, rest, query, depth = {
            "okx": (
                "/okx/ws/v5/public",
                {"op": "subscribe", "args": [{"channel": "books", "instId": "DOGE-USDT-SWAP"}]},
                "/okx/api/v5/market/books",
                {"instId": "DOGE-USDT-SWAP", "sz": 400},
                400,
            ),
            "bybit": (
                "/bybit/v5/public/spot",
                {"op": "subscribe", "args": ["orderbook.200.DOGEUSDT"]},
                "/bybit/v5/market/orderbook",
                {"category": "spot", "symbol": "DOGEUSDT", "limit": 200},
                200,
            ),
            "coinbase": (
                "/coinbase",
                {"type": "subscribe", "product_ids": product, "channels": ["level2_batch"]},
                "/coinbase/products/DOGE-USD/book",
                {"level": 2},
                500,
            ),
        }[venue]
        # Whoever comes later gets a snapshot of its own, and the same updates after it.
        first = await stage.open(path, ask)
        await stage.read(first)
        await stage.advance(10)
        socket = await stage.open(path, ask)
        await stage.advance(20)
        await stage.advance(1 - stage.emulator.clock.now() % 1000 / 1000)
        bids: Side = {}
        asks: Side = {}
        last: Any = None
        for message in (await stage.read(socket))[1:]:
            whole, sides, number, before = _read(venue, message)
            if whole:
                assert last is None
            else:
                assert before == last
            last = number
            put(bids, sides[0])
            put(asks, sides[1])
        reply = await stage.get(rest, **query)
        final = {"okx": lambda: reply["data"][0], "bybit": lambda: reply["result"]}.get(venue, lambda: reply)()
        names = ("b", "a") if venue == "bybit" else ("bids", "asks")
        assert best(bids, asks, depth) == tuple(told(final[name], depth) for name in names)

    stage(scenario, script)


def _read(venue: str, message: Any) -> tuple[bool, tuple[Any, Any], Any, Any]:
    """Whether it is a snapshot, its sides, its number, and the number it follows."""
    if venue == "okx":
        (data,) = message["data"]
        assert data["checksum"] == 0
        return message["action"] == "snapshot", (data["bids"], data["asks"]), data["seqId"], data["prevSeqId"]
    if venue == "bybit":
        data = message["data"]
        return message["type"] == "snapshot", (data["b"], data["a"]), data["u"], data["u"] - 1
    if message["type"] == "snapshot":
        return True, (message["bids"], message["asks"]), None, None
    changes = message["changes"]
    sides = tuple([row[1:] for row in changes if row[0] == name] for name in ("buy", "sell"))
    return False, (sides[0], sides[1]), None, None


@pytest.mark.parametrize(
    ("file", "kind", "same_as_best", "trades", "final"),
    [
        ("spot_btcusdt_20240808.gz", "spot", 564, 9757, ("61685.99", "1.0087", "61686", "2.29327")),
        ("usdm_btcusdt_20240808.gz", "perp", 0, 21313, ("61659.7", "1.486", "61659.8", "0.981")),
    ],
    ids=["spot", "usdm"],
)
def test_a_tape_plays_its_books_and_trades_as_recorded(
    stage: Any, real: Path, file: str, kind: str, same_as_best: int, trades: int, final: tuple[str, ...]
) -> None:
    tape = RecordedMarket.read([real / "binance" / file])
    one = tape.instruments[0]
    begins, ends = tape.begins(one) - 3000, tape.opens_at + 3000

    async def script(stage: Any) -> None:
        path = "/binance/stream" if kind == "spot" else "/binance/public/stream"
        speed = "100ms" if kind == "spot" else "0ms"
        # The best prices of futures are 66,000 messages: spot's are proof enough.
        names = [f"depth@{speed}", "trade", *(["bookTicker"] if same_as_best else [])]
        asked = "/".join(f"btcusdt@{name}" for name in names)
        socket = await stage.open(f"{path}?streams={asked}")
        book, tops, ids, compared = None, {}, [], 0
        pending: list[Any] = []
        while stage.emulator.clock.now() < ends:
            await stage.advance(2 if book is None else 60)
            pending += await stage.read(socket)
            if book is None:
                reply = await stage.ask(f"/binance/{'api/v3' if kind == 'spot' else 'fapi/v1'}/depth",
                                        symbol="BTCUSDT", limit=1000)  # fmt: skip
                if reply.status != 200:
                    continue
                book = BinanceBook(reply.json, spot=kind == "spot")
            for data in (message["data"] for message in pending):
                if "B" in data:
                    tops[data["u"]] = data
                elif data["e"] == "trade":
                    ids.append(data["t"])
                else:
                    book.take(data)
                    top = tops.get(data["u"])
                    if top is not None and not book.first:
                        bid, ask = max(book.bids), min(book.asks)
                        assert [bid, book.bids[bid], ask, book.asks[ask]] == [Decimal(top[key]) for key in "bBaA"]
                        compared += 1
            pending = []
        assert ids == list(range(ids[0], ids[0] + trades))
        assert book is not None
        bid, ask = max(book.bids), min(book.asks)
        assert [bid, book.bids[bid], ask, book.asks[ask]] == [Decimal(text) for text in final]
        assert compared >= 0.9 * same_as_best

    stage(tape, script, at=begins)


@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_the_aggregates_of_a_tape_are_those_of_rest(stage: Any, real: Path, kind: str) -> None:
    file, path, rest = {
        "spot": ("spot_btcusdt_20230405.dat.gz", "/binance/ws", "/binance/api/v3/aggTrades"),
        "perp": ("usdm_btcusdt_20230405.dat.gz", "/binance/market/ws", "/binance/fapi/v1/aggTrades"),
    }[kind]
    tape = RecordedMarket.read([real / "binance" / file])

    async def script(stage: Any) -> None:
        socket = await stage.open(f"{path}/btcusdt@aggTrade")
        # Unevenly, so that a pass ends within aggregates.
        for _ in range(40):
            await stage.advance(2.137)
        found = await stage.read(socket)
        rows = await stage.get(rest, symbol="BTCUSDT", fromId=found[0]["a"], limit=1000)
        assert len(found) > 200
        assert len(rows) >= min(1000, len(found))
        for streamed, row in zip(found, rows, strict=False):
            assert {key: streamed[key] for key in row} == row

    stage(tape, script, at=tape.begins(tape.instruments[0]) + 20_000)
