"""Any JSON at all gives rows or a DecodeError, never another exception; and numbers survive exactly."""

import copy
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import CoinmonError, DecodeError, Instrument
from coinmon_exchanges._listing import instruments
from coinmon_exchanges.binance import decode as binance_decode
from coinmon_exchanges.bybit import decode as bybit_decode
from coinmon_exchanges.ccxt_generic import decode as ccxt_generic_decode
from coinmon_exchanges.coinbase import decode as coinbase_decode
from coinmon_exchanges.okx import decode as okx_decode

SWAP = Instrument(
    "v", "perp", "BTC", "USDT", "BTC-USDT-SWAP", "BTC/USDT:USDT", Decimal("0.1"), Decimal("0.001"), Decimal("0.01")
)
SPOT = Instrument("v", "spot", "BTC", "USDT", "BTC-USDT", "BTC/USDT", Decimal("0.1"), Decimal("0.001"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
GOOD = {
    "binance": ([{"a": 7, "p": "96400.1", "q": "0.5", "T": 5, "m": True}], binance_decode.agg_trades),
    "binance klines": ([[60000, *"1111", "2", 119999, "2", 3, "1", "1", "0"]], binance_decode.bars),
    "okx": (
        {"code": "0", "data": [{"tradeId": "7", "px": "96400.1", "sz": "3", "side": "buy", "ts": "5"}]},
        okx_decode.trades,
    ),
    "okx candles": ({"code": "0", "data": [["60000", *"1111", "300", "3", "3", "1"]]}, okx_decode.bars),
    "bybit": (
        {
            "result": {
                "list": [
                    {"execId": "9afd1288-b444-53f8-8e40-c2f99368ad22", "price": "96400.1", "size": "1", "side": "Buy"}
                    | {"time": "5", "isBlockTrade": False, "seq": "1"}
                ]
            }
        },
        bybit_decode.trades,
    ),
    "bybit kline": ({"result": {"list": [["60000", *"1111", "2", "2"]]}, "time": 999999}, bybit_decode.bars),
    "coinbase": (
        [{"trade_id": 7, "price": "96400.1", "size": "1", "side": "buy", "time": "2026-01-15T12:00:20.004Z"}],
        coinbase_decode.trades,
    ),
    "coinbase candles": ([[60, 1, 1.5, 1, 1.2, 3]], coinbase_decode.bars),
    "ccxt": (
        [{"id": "x", "timestamp": 5, "side": "buy", "price": 96400.1, "amount": 1.0}],
        lambda payload, made: ccxt_generic_decode.trades(payload, made, False),
    ),
}


def places(data, path=()):
    """Every path into a JSON value."""
    yield path
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, each in pairs:
        yield from places(each, (*path, key))


def changed(data, path, value):
    if not path:
        return value
    data = copy.deepcopy(data)
    at = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return data


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("made", [SPOT, SWAP])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_payload_with_anything_anywhere_decodes_or_is_a_decode_error(name, made, data):
    payload, decode = GOOD[name]
    decode(payload, made)
    odd = changed(payload, data.draw(st.sampled_from(list(places(payload)))), data.draw(JSON))
    with suppress(DecodeError):
        decode(odd, made)


@pytest.mark.parametrize("decode", [binance_decode, okx_decode, bybit_decode, coinbase_decode])
@settings(max_examples=60, deadline=None)
@given(entry=st.dictionaries(st.sampled_from(["symbol", "instId", "id", "filters", "ctVal", "status"]), JSON))
def test_an_instrument_entry_of_any_shape_harms_nothing(decode, entry):
    live = {"state": "live", "instType": "SPOT", "ctType": "linear"}
    assert instruments("v", [live | entry], decode.draft, str) in (
        [],
        instruments("v", [live | entry], decode.draft, str),
    )


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2**63 - 1), st.integers(1, 10**9), st.integers(1, 10**6), st.booleans()),
        min_size=1,
        max_size=30,
        unique_by=lambda row: row[0],
    )
)
def test_ids_prices_and_contracts_survive_exactly(rows):
    data = [
        {
            "tradeId": str(id), "px": str(SWAP.tick_size * ticks), "sz": str(Decimal(lots) / 10), "ts": "5",
            "side": "buy" if buy else "sell",
        }
        for id, ticks, lots, buy in rows
    ]  # fmt: skip
    trades = okx_decode.trades({"code": "0", "data": data}, SWAP).trades
    rows = sorted(rows)
    assert trades.id.tolist() == [row[0] for row in rows]
    assert trades.ticks.tolist() == [row[1] for row in rows]
    exact = [float(Decimal(row[2]) / 10 * SWAP.contract_size) for row in rows]
    assert trades.qty.tolist() == pytest.approx(exact, rel=3e-16, abs=0)
    assert trades.side.tolist() == [1 if row[3] else -1 for row in rows]


@pytest.mark.parametrize("price", ["0.05", "-1", "nan", "inf", "", "1,2", "96400.13"])
def test_a_price_off_the_grid_is_refused_not_rounded(price):
    row = {"a": 7, "p": price, "q": "0.5", "T": 5, "m": True}
    with pytest.raises(CoinmonError):
        binance_decode.agg_trades([row], SPOT)
