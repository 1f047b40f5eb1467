"""The trade decoders against recorded websocket messages, which carry the REST rows under other names.

Expected values are tardis' normalised results: an independent reading of the same messages, side the taker's.
"""

from datetime import datetime
from decimal import Decimal

import pytest

from coinmon_exchanges.binance import decode as binance_decode
from coinmon_exchanges.bybit import decode as bybit_decode
from coinmon_exchanges.coinbase import decode as coinbase_decode
from coinmon_exchanges.okx import decode as okx_decode

FINEST = "0.00000001"


def as_binance(message):
    data = message["data"]
    return [{"a": data["t"], "p": data["p"], "q": data["q"], "T": data["T"], "m": data["m"]}]


def as_bybit(message):
    rows = [
        {"execId": row["i"], "price": row["p"], "size": row["v"], "side": row["S"], "time": str(row["T"])}
        | {"isBlockTrade": row["BT"], "seq": str(place)}
        for place, row in enumerate(message["data"])
    ]
    return {"result": {"list": rows[::-1]}}


VENUES = {
    "binance_spot": (as_binance, binance_decode.agg_trades),
    "binance_usdm": (as_binance, binance_decode.agg_trades),
    "okx_spot": (lambda message: message, okx_decode.trades),
    "okx_swap": (lambda message: message, okx_decode.trades),
    "bybit_linear_inverse": (as_bybit, bybit_decode.trades),
    "bybit_spot": (as_bybit, bybit_decode.trades),
    "coinbase_exchange": (lambda message: [message], coinbase_decode.trades),
}


@pytest.mark.parametrize("venue", VENUES)
def test_recorded_trades_say_what_tardis_says(recorded, instrument, venue):
    reshape, decode = VENUES[venue]
    size = "0.01" if venue == "okx_swap" else "1"
    made = instrument("venue", "BTC/USDT:USDT", "BTCUSDT", FINEST, FINEST, size)
    seen = 0
    for row in recorded(f"messages/tardis_{venue}.json")["rows"]:
        expected = [each for each in row["tardisNormalized"] or [] if each["type"] == "trade"]
        if not expected:
            continue
        trades = decode(reshape(row["message"]), made).trades
        assert len(trades) == len(expected)
        for at, each in enumerate(expected):
            when = round(datetime.fromisoformat(each["timestamp"]).timestamp() * 1000)
            assert trades.time[at] == when
            assert trades.side[at] == {"buy": 1, "sell": -1}[each["side"]]
            assert trades.ticks[at] == Decimal(str(each["price"])) / Decimal(FINEST)
            assert trades.qty[at] == float(Decimal(str(each["amount"])) * Decimal(size))
            if each["id"].isdigit():
                assert trades.id[at] == int(each["id"])
            else:
                assert trades.id[at] == int(each["id"].replace("-", "")[:16], 16) >> 1
        seen += len(expected)
    assert seen


def test_the_2023_tape_leaves_out_what_is_no_trade_but_counts_its_id(instrument):
    """A zero row uses up an id (MANIFEST 2.5): no hole in the ids, no volume, no price."""
    made = instrument("binance", "TRX/USDT:USDT", "TRXUSDT", "0.00001", "1")
    row = {"a": 548331094, "p": "0.23103", "q": "50", "T": 1741089600000, "m": False}
    nothing = {"a": 548331095, "p": "0.0", "q": "0.0", "T": 1741089600001, "m": False}
    page = binance_decode.agg_trades([row, nothing, row | {"a": 548331096}], made)
    assert page.ids.tolist() == [548331094, 548331095, 548331096]
    assert page.trades.id.tolist() == [548331094, 548331096]
