"""CPU from a venue's JSON page of trades to one-minute bars with taker split: ccxt + pandas against coinmon.

Both sides get the same bytes. ccxt's `fetch_trades` runs whole, with only its wire replaced, so that it parses the body
as it always does; its list of dicts is then grouped by minute with pandas. coinmon decodes the bytes into columns and
folds them, price levels and running delta included, which the other side does not even compute.

    python benchmarks/speed/trades_to_bars.py [ROWS]
"""

import asyncio
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ccxt.async_support
import numpy as np
import orjson
import pandas as pd

from coinmon import Instrument, Trades
from coinmon.model.fold import fold
from coinmon_exchanges.binance import decode as binance_decode
from coinmon_exchanges.bybit import decode as bybit_decode
from coinmon_exchanges.coinbase import decode as coinbase_decode
from coinmon_exchanges.okx import decode as okx_decode

START = 1_770_000_000_000
ROUNDS = 40
REQUIRED = 15.0


def rows(count: int) -> list[tuple[int, float, float, bool]]:
    """Three minutes of a busy market: time, price, size, did the taker buy."""
    rng = np.random.default_rng(7)
    times = START + np.sort(rng.integers(0, 180_000, count))
    prices = np.round(96_400 + np.cumsum(rng.normal(0, 0.6, count)), 1)
    sizes = np.maximum(np.round(rng.exponential(0.05, count), 3), 0.001)
    return list(zip(times.tolist(), prices.tolist(), sizes.tolist(), (rng.random(count) < 0.5).tolist(), strict=True))


def binance(page: list[tuple[int, float, float, bool]]) -> Any:
    return [
        {"a": 26_129_000 + i, "p": f"{p:.2f}", "q": f"{q:.3f}", "f": 2 * i, "l": 2 * i + 1, "T": t, "m": not buy}
        for i, (t, p, q, buy) in enumerate(page)
    ]


def okx(page: list[tuple[int, float, float, bool]]) -> Any:
    data = [
        {
            "instId": "BTC-USDT-SWAP", "side": "buy" if buy else "sell", "sz": f"{q * 100:.1f}", "source": "0",
            "px": f"{p:.1f}", "tradeId": str(242_720_720 + i), "ts": str(t),
        }
        for i, (t, p, q, buy) in enumerate(page)
    ]  # fmt: skip
    return {"code": "0", "msg": "", "data": data[::-1]}


def bybit(page: list[tuple[int, float, float, bool]]) -> Any:
    data = [
        {
            "execId": f"{i:08x}-d8dd-5b31-9112-a178eb6023af", "symbol": "BTCUSDT", "price": f"{p:.1f}",
            "size": f"{q:.3f}", "side": "Buy" if buy else "Sell", "time": str(t), "isBlockTrade": False,
            "isRPITrade": False, "seq": str(1_783_284_617 + i),
        }
        for i, (t, p, q, buy) in enumerate(page)
    ]  # fmt: skip
    result = {"category": "linear", "list": data[::-1]}
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": START + 180_000}


def coinbase(page: list[tuple[int, float, float, bool]]) -> Any:
    data = [
        {
            "trade_id": 74_000_000 + i, "side": "sell" if buy else "buy", "size": f"{q:.8f}", "price": f"{p:.8f}",
            "time": pd.Timestamp(t, unit="ms").isoformat(timespec="microseconds") + "Z",
        }
        for i, (t, p, q, buy) in enumerate(page)
    ]  # fmt: skip
    return data[::-1]


def instrument(kind: Any, native_id: str, symbol: str, tick: str, lot: str, contract_size: str = "1") -> Instrument:
    base, quote = symbol.split(":")[0].split("/")
    return Instrument(
        "v", kind, base, quote, native_id, symbol, Decimal(tick), Decimal(lot), contract_size=Decimal(contract_size)
    )


PERP = "BTC/USDT:USDT"
LINEAR = instrument("perp", "BTCUSDT", PERP, "0.1", "0.001")
SWAP = instrument("perp", "BTC-USDT-SWAP", PERP, "0.1", "0.001", "0.01")
SPOT = instrument("spot", "BTC-USD", "BTC/USD", "0.01", "0.00000001")
VENUES: list[tuple[str, Instrument, Callable[..., Any], Callable[..., Any]]] = [
    ("binance", LINEAR, binance, binance_decode.agg_trades),
    ("okx", SWAP, okx, okx_decode.trades),
    ("bybit", LINEAR, bybit, bybit_decode.trades),
    ("coinbaseexchange", SPOT, coinbase, coinbase_decode.trades),
]


def with_pandas(trades: list[dict[str, Any]], contract_size: float) -> pd.DataFrame:
    frame = pd.DataFrame(trades, columns=["timestamp", "side", "price", "amount"])
    frame["amount"] *= contract_size
    frame["quote"] = frame["price"] * frame["amount"]
    is_buy = frame["side"] == "buy"
    frame["buy"] = frame["amount"].where(is_buy, 0.0)
    frame["buy_quote"] = frame["quote"].where(is_buy, 0.0)
    return frame.groupby(frame["timestamp"] // 60_000).agg(
        open=("price", "first"), high=("price", "max"), low=("price", "min"), close=("price", "last"),
        volume=("amount", "sum"), quote=("quote", "sum"), trades=("price", "size"),
        buy=("buy", "sum"), buy_quote=("buy_quote", "sum"),
    )  # fmt: skip


def through_ccxt(venue: str, market: Instrument, body: bytes, count: int) -> Callable[[], pd.DataFrame]:
    exchange = getattr(ccxt.async_support, venue)({"enableRateLimit": False})
    perp = market.kind == "perp"
    exchange.set_markets([
        {
            "id": market.native_id, "symbol": market.symbol, "base": market.base, "quote": market.quote,
            "settle": market.quote if perp else None, "baseId": market.base, "quoteId": market.quote,
            "settleId": market.quote if perp else None, "type": "swap" if perp else "spot", "spot": not perp,
            "swap": perp, "future": False, "option": False, "contract": perp, "linear": perp or None,
            "inverse": False if perp else None, "active": True, "contractSize": float(market.contract_size),
            "precision": {"price": float(market.tick_size), "amount": 0.001}, "limits": {}, "info": {},
        }
    ])  # fmt: skip

    async def wire(*args: Any, **kwargs: Any) -> Any:
        return exchange.parse_json(body.decode())  # what its own fetch does with the bytes

    exchange.fetch = wire
    loop = asyncio.new_event_loop()

    def run() -> pd.DataFrame:
        trades = loop.run_until_complete(exchange.fetch_trades(market.symbol, None, count))
        return with_pandas(trades, float(market.contract_size))

    return run


def directly(decode: Callable[..., Any], market: Instrument, body: bytes) -> Callable[[], Any]:
    def run() -> Any:
        trades: Trades = decode(orjson.loads(body), market).trades
        return fold(trades, market)

    return run


def cpu(*runs: Callable[[], Any]) -> list[float]:
    """The least CPU seconds of each in many rounds; taken in turns, so that a noisy machine disturbs all alike."""
    best = [float("inf")] * len(runs)
    for _ in range(ROUNDS):
        for place, run in enumerate(runs):
            for _ in range(3):
                start = time.process_time()
                run()
                best[place] = min(best[place], time.process_time() - start)
    return best


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    page = rows(count)
    print(f"{count} trades a page, CPU microseconds a trade, least of {3 * ROUNDS} runs")
    print(f"{'venue':18}{'ccxt + pandas':>15}{'coinmon':>10}{'of it fold':>12}{'ratio':>9}")
    worst = float("inf")
    for venue, market, write, decode in VENUES:
        body = orjson.dumps(write(page))
        slow, fast = through_ccxt(venue, market, body, count), directly(decode, market, body)
        theirs, ours = slow(), fast()
        if not np.allclose(theirs["volume"], ours.volume) or not np.allclose(theirs["buy_quote"], ours.buy_quote):
            print(f"{venue}: the two sides disagree")
            return 1
        trades = decode(orjson.loads(body), market).trades
        seconds = cpu(slow, fast, lambda t=trades, m=market: fold(t, m))
        slow_us, fast_us, fold_us = (each / count * 1e6 for each in seconds)
        worst = min(worst, slow_us / fast_us)
        print(f"{venue:18}{slow_us:15.2f}{fast_us:10.2f}{fold_us:12.2f}{slow_us / fast_us:8.1f}x")
    print(f"required {REQUIRED:.0f}x, worst {worst:.1f}x")
    return 0 if worst >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
