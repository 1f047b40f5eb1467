"""CPU from received websocket messages to one-minute bars: ccxt.pro's own handling of them against coinmon.

Both sides get the same texts of the same venue, one at a time in the order received. ccxt.pro handles each as its
client does after the socket (decode, parse, cache), and makes no bars of them. coinmon collects the texts that come in
half a second, decodes them together into columns, and once a minute hands them to tracks and settles those into bars
with price levels, running delta and whale trades.

    python benchmarks/speed/stream_to_bars.py [TRADES A SECOND] [INSTRUMENTS]
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ccxt.pro
import numpy as np
import orjson

from coinmon import Cursor, Instrument, Streamed, StreamState, TradePage, Trades
from coinmon.collect.live.page_buffer import PageBuffer
from coinmon.collect.track.settle_together import settle_many
from coinmon.collect.track.track import Track
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.okx import trades as okx_trades

START = 1_770_000_000_000 // 60_000 * 60_000
MINUTES = 2
ROUNDS = 5
BATCH = 500
REQUIRED = 10.0

Row = tuple[int, int, float, float, bool, int]
"""Time, instrument, price, size, whether the taker bought, and the instrument's own trade number."""


def rows(rate: int, instruments: int) -> list[Row]:
    rng = np.random.default_rng(7)
    count = rate * 60 * MINUTES
    times = np.sort(rng.integers(0, 60_000 * MINUTES, count)) + START
    # few instruments trade much and many little, as everywhere
    weight = 1 / np.arange(1, instruments + 1)
    which = rng.choice(instruments, count, p=weight / weight.sum())
    prices = np.round(96_400 + np.cumsum(rng.normal(0, 0.6, count)), 1)
    sizes = np.maximum(np.round(rng.exponential(0.05, count), 3), 0.001)
    bought = rng.random(count) < 0.5
    numbers = [0] * instruments
    found = []
    for at, each, price, size, buy in zip(
        times.tolist(), which.tolist(), prices.tolist(), sizes.tolist(), bought.tolist(), strict=True
    ):
        numbers[each] += 1
        found.append((at, each, price, size, buy, 1_000_000 + numbers[each]))
    return found


def binance(name: str, at: int, price: float, size: float, buy: bool, id: int) -> Any:
    return {
        "e": "aggTrade", "E": at, "s": name, "a": id, "p": f"{price:.2f}", "q": f"{size:.3f}", "f": id, "l": id,
        "T": at, "m": not buy, "M": True,
    }  # fmt: skip


def okx(name: str, at: int, price: float, size: float, buy: bool, id: int) -> Any:
    row = {
        "instId": name, "tradeId": str(id), "px": f"{price:.1f}", "sz": f"{size:.3f}", "side": "buy" if buy else "sell",
        "ts": str(at), "count": "1", "source": "0", "seqId": id,
    }  # fmt: skip
    return {"arg": {"channel": "trades", "instId": name}, "data": [row]}


def bybit(name: str, at: int, price: float, size: float, buy: bool, id: int) -> Any:
    row = {
        "T": at, "s": name, "S": "Buy" if buy else "Sell", "v": f"{size:.3f}", "p": f"{price:.1f}", "L": "PlusTick",
        "i": f"{id:08x}-{at % 65536:04x}-5b31-9112-a178eb6023af", "BT": False, "RPI": False, "seq": id,
    }  # fmt: skip
    return {"topic": f"publicTrade.{name}", "type": "snapshot", "ts": at, "data": [row]}


def coinbase(name: str, at: int, price: float, size: float, buy: bool, id: int) -> Any:
    return {
        "type": "match", "trade_id": id, "maker_order_id": "ac928c66-ca53-498f-9c13-a110027a60e8",
        "taker_order_id": "132fb6ae-456b-4654-b4e0-d681ac05cea1", "side": "sell" if buy else "buy",
        "size": f"{size:.8f}", "price": f"{price:.2f}", "product_id": name, "sequence": id,
        "time": str(np.datetime64(at, "ms")) + "000Z",
    }  # fmt: skip


VENUES: list[tuple[str, Callable[..., Any], Any, str]] = [
    ("binance", binance, binance_trades.read, "{}USDT"),
    ("okx", okx, okx_trades.read, "{}-USDT"),
    ("bybit", bybit, bybit_trades.read, "{}USDT"),
    ("coinbaseexchange", coinbase, coinbase_trades.read, "{}-USD"),
]
URLS = {
    "binance": "wss://stream.binance.com:9443/ws",
    "okx": "wss://ws.okx.com:8443/ws/v5/public",
    "bybit": "wss://stream.bybit.com/v5/public/spot",
    "coinbaseexchange": "wss://ws-feed.exchange.coinbase.com",
}


def instruments(names: str, count: int) -> list[Instrument]:
    quote = "USD" if names.endswith("-USD") else "USDT"
    return [
        Instrument(
            "v", "spot", f"C{at}", quote, names.format(f"C{at}"), f"C{at}/{quote}", Decimal("0.1"), Decimal("0.001")
        )
        for at in range(count)
    ]


def through_ccxt(venue: str, markets: list[Instrument], texts: list[list[str]]) -> Callable[[], Any]:
    """Its own client's entry for a received text, with the exchange's handlers behind it."""

    async def prepared() -> tuple[Any, Any]:
        exchange = getattr(ccxt.pro, venue)({"enableRateLimit": False, "options": {"tradesLimit": 1000}})
        exchange.set_markets([
            {
                "id": each.native_id, "symbol": each.symbol, "base": each.base, "quote": each.quote,
                "baseId": each.base, "quoteId": each.quote, "type": "spot", "spot": True, "swap": False,
                "future": False, "option": False, "contract": False, "linear": None,
                "inverse": None, "settle": None, "settleId": None, "contractSize": None, "active": True,
                "precision": {"price": 0.1, "amount": 0.001}, "limits": {}, "info": {},
            }
            for each in markets
        ])  # fmt: skip
        return exchange, exchange.client(URLS[venue])

    loop = asyncio.new_event_loop()
    exchange, client = loop.run_until_complete(prepared())

    def run() -> int:
        async def all_of_them() -> None:
            for batch in texts:
                for text in batch:
                    client.handle_text_or_binary_message(text)

        loop.run_until_complete(all_of_them())
        return sum(len(each) for each in exchange.trades.values())

    # it complains otherwise that nobody closed it, and there is nothing to close
    loop.run_until_complete(exchange.close())
    return run


def directly(read: Any, markets: list[Instrument], texts: list[list[str]]) -> Callable[[], float]:
    def run() -> float:
        subscribed = Subscribed({each.native_id: each for each in markets}, ())
        tracks = {each.id: Track(each, at, START) for at, each in enumerate(markets)}
        for track in tracks.values():
            track.take(TradePage(Trades.empty(), joined=True), START)
            track.cursor = Cursor(START, 1_000_000)
        held = PageBuffer()

        def hand_over(*last: Streamed) -> None:
            for each in (*held.drain(), *last):
                track = tracks[each.instrument.id]
                track.joiner.stream(each.data)
                if track.joiner.waits:
                    # Bybit's first page of a connection, before which a feed would ask REST
                    track.joiner.accept_hole()

        volume, closed = 0.0, START + 60_000
        for at, batch in enumerate(texts):
            for each in read(batch, subscribed):
                if not isinstance(each, StreamState) and not held.add(each):
                    hand_over(each)
            if START + (at + 1) * BATCH >= closed:
                hand_over()
                for track in tracks.values():
                    track.caught_up = closed
                for track, settled in zip(tracks.values(), settle_many([*tracks.values()], closed, 1e5), strict=True):
                    track.advance(settled)
                    volume += float(settled.bars.volume.sum())
                closed += 60_000
        return volume

    return run


def cpu(run: Callable[[], Any]) -> float:
    # neither side is made to look through what the other has left
    gc.collect()
    gc.freeze()
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> int:
    rate = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    table = rows(rate, count)
    print(
        f"{rate} trades a second of {count} instruments for {MINUTES} minutes; CPU microseconds a message of one trade"
    )
    print(f"{'venue':18}{'ccxt.pro':>10}{'coinmon':>10}{'ratio':>9}")
    worst = float("inf")
    for venue, write, read, names in VENUES:
        markets = instruments(names, count)
        texts: list[list[str]] = [[] for _ in range(MINUTES * 60_000 // BATCH)]
        for at, which, price, size, buy, id in table:
            message = write(markets[which].native_id, at, price, size, buy, id)
            texts[(at - START) // BATCH].append(orjson.dumps(message).decode())
        texts = [batch for batch in texts if batch]
        slow, fast = through_ccxt(venue, markets, texts), directly(read, markets, texts)
        volume = sum(size for _, _, _, size, _, _ in table)
        if abs(fast() - volume) > 1e-6 * volume or not slow():
            print(f"{venue}: not every trade is in its bar, or ccxt.pro took none")
            return 1
        # in turns, as other programs disturb now the one and now the other
        rounds = [(cpu(slow), cpu(fast)) for _ in range(ROUNDS)]
        theirs, ours = (min(several) / len(table) * 1e6 for several in zip(*rounds, strict=True))
        worst = min(worst, theirs / ours)
        print(f"{venue:18}{theirs:10.2f}{ours:10.2f}{theirs / ours:8.1f}x")
    print(f"required {REQUIRED:.0f}x, worst {worst:.1f}x")
    return 0 if worst >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
