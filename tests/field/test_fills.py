"""A whale's `fills` are trades and not rows: Binance and OKX tell several of a taker's at one price as one row."""

import json
import zipfile
from decimal import Decimal

from coinmon import Instrument
from coinmon.collect.track.whales import find_whales
from coinmon.model.trades import Trades
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance import decode
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.binance.archive import Vision
from coinmon_exchanges.okx import trades as okx_trades

TIME = 1_767_225_600_123
AGGREGATES = [  # id, price, quantity, first id, last id
    (7, "50000.00", "4.000", 100, 104), (8, "50000.10", "2.000", 105, 105), (9, "50000.20", "1.000", 106, 112),
]  # fmt: skip
FILLS = 13


def instrument(venue, symbol, native_id, tick, lot):
    base, quote = symbol.partition(":")[0].split("/")
    kind = "perp" if ":" in symbol else "spot"
    return Instrument(venue, kind, base, quote, native_id, symbol, Decimal(tick), Decimal(lot))


def told(trades, made):
    assert len(trades) == len(AGGREGATES)
    return [(each.fills, each.trade_id) for each in find_whales(trades, made, 100_000.0)]


def streamed(items):
    return Trades.concat([each.data.trades if hasattr(each, "data") else each.trades for each in items])


def aggregate(name, id, price, quantity, first, last):
    return {
        "e": "aggTrade",
        "s": name,
        "a": id,
        "p": price,
        "q": quantity,
        "f": first,
        "l": last,
        "T": TIME,
        "m": False,
    }


def test_of_binance_by_rest_by_stream_and_by_file(tmp_path):
    made = instrument("binance", "BTC/USDT:USDT", "BTCUSDT", "0.10", "0.001")
    rows = [aggregate("BTCUSDT", *each) for each in AGGREGATES]
    assert told(decode.agg_trades(rows, made).trades, made) == [(FILLS, 7)]
    assert told(decode.agg_trades([*rows[::-1], rows[0]], made).trades, made) == [(FILLS, 7)], "in any order, and twice"
    subscribed = Subscribed({"BTCUSDT": made}, ())
    heard = [each for row in rows for each in binance_trades.read([json.dumps(row)], subscribed)]
    assert told(streamed(heard), made) == [(FILLS, 7)]
    name = "BTCUSDT-aggTrades-2026-01-01"
    lines = "".join(f"{id},{price},{qty},{first},{last},{TIME},false\n" for id, price, qty, first, last in AGGREGATES)
    with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
        archive.writestr(f"{name}.csv", lines)
    vision, path = Vision("binance", "http://127.0.0.1:9", None, 1.0), tmp_path / f"{name}.zip"
    (page,) = vision.read(vision.recognise(path), path, made)
    assert told(page.trades, made) == [(FILLS, 7)]


def test_of_okx_by_stream():
    made = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001")

    def row(id, price, quantity, first, last):
        about = {"instId": "BTC-USDT", "tradeId": str(last), "px": price, "sz": quantity, "side": "buy"}
        data = [about | {"ts": str(TIME), "count": str(last - first + 1)}]
        return json.dumps({"arg": {"channel": "trades", "instId": "BTC-USDT"}, "data": data})

    items = okx_trades.read([row(*each) for each in AGGREGATES], Subscribed({"BTC-USDT": made}, ()))
    trades = streamed(items)
    assert told(trades, made) == [(FILLS, 104)]
    assert [find_whales(trades[rows], made, 100_000.0)[0].fills for rows in (slice(0, 1), slice(0, 2))] == [5, 6]
