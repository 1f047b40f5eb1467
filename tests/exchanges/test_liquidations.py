"""Liquidations: three venues, three meanings of `side`, one answer (EXCHANGES 1.6 and 9)."""

import json

import pytest

from coinmon import DecodeError, StreamState
from coinmon_exchanges.binance import liquidations as binance_liquidations
from coinmon_exchanges.bybit import liquidations as bybit_liquidations
from coinmon_exchanges.okx import liquidations as okx_liquidations

ORDER = {
    "s": "BTCUSDT",
    "S": "SELL",
    "q": "0.014",
    "p": "9910",
    "ap": "9905",
    "X": "FILLED",
    "l": "0.014",
    "z": "0.014",
}
BINANCE = {"e": "forceOrder", "E": 1568014460893, "o": ORDER | {"T": 1568014460893}}
DETAIL = {"bkLoss": "0", "bkPx": "0.007831", "ccy": "", "posSide": "short", "side": "buy", "sz": "13"}
OKX = {
    "arg": {"channel": "liquidation-orders", "instType": "SWAP"},
    "data": [{"details": [DETAIL | {"ts": "1692266434010"}], "instId": "IOST-USDT-SWAP", "instType": "SWAP"}],
}
BYBIT = {
    "topic": "allLiquidation.ROSEUSDT", "type": "snapshot", "ts": 1739502303204,
    "data": [{"T": 1739502302929, "s": "ROSEUSDT", "S": "Sell", "v": "20000", "p": "0.04499"}],
}  # fmt: skip


@pytest.fixture
def heard(instrument):
    """What a message says of an instrument with that native id."""

    def listen(links, name, *messages, contract_size="1"):
        made = instrument("venue", "BTC/USDT:USDT", name, "0.000001", "0.001", contract_size)
        (link,) = links("ws://nowhere", [made])
        news = link.read([json.dumps(each) for each in messages], link.begin(link))
        return [one for each in news if not isinstance(each, StreamState) for one in each.liquidations]

    return listen


def figures(found):
    return [(each.time, each.side, each.price, each.base) for each in found]


def test_the_side_is_that_of_the_position(heard):
    found = heard(binance_liquidations.links, "BTCUSDT", BINANCE)
    assert figures(found) == [(1568014460893, 1, 9905.0, 0.014)]
    found = heard(okx_liquidations.links, "IOST-USDT-SWAP", OKX, contract_size="1000")
    assert figures(found) == [(1692266434010, -1, 0.007831, 13000.0)]
    found = heard(bybit_liquidations.links, "ROSEUSDT", BYBIT)
    assert figures(found) == [(1739502302929, -1, 0.04499, 20000.0)]


def test_net_positions_are_told_by_the_order(heard):
    entry = OKX["data"][0] | {"details": [DETAIL | {"posSide": "net", "side": "sell", "ts": "1692266434010"}]}
    assert [each.side for each in heard(okx_liquidations.links, "IOST-USDT-SWAP", OKX | {"data": [entry]})] == [1]


def test_the_same_one_again_is_the_same_and_two_alike_are_two(heard):
    twice = BYBIT | {"data": BYBIT["data"] * 2}
    keys = [each.key for each in heard(bybit_liquidations.links, "ROSEUSDT", twice, BYBIT)]
    assert len(keys) == 3
    assert len(set(keys)) == 2


def test_others_and_coin_margined_ones_are_left_out(heard):
    assert heard(binance_liquidations.links, "ETHUSDT", BINANCE) == []
    assert heard(binance_liquidations.links, "BTCUSDT", BINANCE | {"st": 2}) == []


@pytest.mark.parametrize("size", ["0", "0.000", 0, "x", None, "-1"])
def test_one_that_has_closed_nothing_or_cannot_be_read_costs_itself(heard, size):
    odd = BYBIT | {"data": [BYBIT["data"][0] | {"v": size}]}
    both = BYBIT | {"data": [*odd["data"], *BYBIT["data"]]}
    assert len(heard(bybit_liquidations.links, "ROSEUSDT", both)) == 1
    assert len(heard(bybit_liquidations.links, "ROSEUSDT", odd, BYBIT)) == 1


@pytest.mark.parametrize("broken", [{"S": "HOLD"}, {"z": "x"}, {"ap": "-1"}, {"T": None}])
def test_what_is_not_in_the_format_is_refused(heard, broken):
    with pytest.raises(DecodeError, match="Binance forceOrder stream"):
        heard(binance_liquidations.links, "BTCUSDT", BINANCE | {"o": BINANCE["o"] | broken})
