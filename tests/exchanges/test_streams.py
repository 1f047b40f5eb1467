"""Streamed messages to pages: sides, units, ticks and ids, and what is proven by them."""

import copy
import json
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import DecodeError, Streamed, StreamedMany, StreamState
from coinmon.collect.live.page_buffer import PageBuffer
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges._stream.socket import Dropped
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.okx import trades as okx_trades

FINEST = "0.00000001"


def as_agg_trade(message):
    """The recorded @trade message in the shape of @aggTrade, whose fields have the same names and meanings."""
    data = message["data"]
    return {"e": "aggTrade", "a": data["t"], "f": data["t"], "l": data["t"]} | {k: data[k] for k in "EspqTm"}


VENUES = {
    "binance_spot": (binance_trades.read, as_agg_trade, lambda m: m["s"]),
    "binance_usdm": (binance_trades.read, as_agg_trade, lambda m: m["s"]),
    "okx_spot": (okx_trades.read, copy.deepcopy, lambda m: m["arg"]["instId"]),
    "okx_swap": (okx_trades.read, copy.deepcopy, lambda m: m["arg"]["instId"]),
    "bybit_linear_inverse": (bybit_trades.read, copy.deepcopy, lambda m: m["data"][0]["s"]),
    "bybit_spot": (bybit_trades.read, copy.deepcopy, lambda m: m["data"][0]["s"]),
    "coinbase_exchange": (coinbase_trades.read, copy.deepcopy, lambda m: m["product_id"]),
}


@pytest.mark.parametrize("venue", VENUES)
def test_recorded_messages_say_what_tardis_says(recorded, instrument, venue):
    read, reshape, name_of = VENUES[venue]
    size = "0.01" if venue == "okx_swap" else "1"
    seen = 0
    for row in recorded(f"messages/tardis_{venue}.json")["rows"]:
        expected = [each for each in row["tardisNormalized"] or [] if each["type"] == "trade"]
        if not expected:
            continue
        message = reshape(row["message"])
        if message.get("arg", {}).get("channel") == "trades-all":
            continue  # not subscribed
        name = name_of(message)
        made = instrument("venue", "BTC/USDT:USDT", name, FINEST, FINEST, size)
        (page,) = [each.data for each in read([json.dumps(message)], Subscribed({name: made}, ()))]
        assert len(page.trades) == len(expected)
        for at, each in enumerate(expected):
            assert page.trades.time[at] == round(datetime.fromisoformat(each["timestamp"]).timestamp() * 1000)
            assert page.trades.side[at] == {"buy": 1, "sell": -1}[each["side"]]
            assert page.trades.ticks[at] == Decimal(str(each["price"])) / Decimal(FINEST)
            assert page.trades.qty[at] == float(Decimal(str(each["amount"])) * Decimal(size))
            if each["id"].isdigit():
                assert page.trades.id[at] == int(each["id"])
        seen += len(expected)
    assert seen


@pytest.fixture
def two(instrument):
    return Subscribed(
        {
            "BTCUSDT": instrument("v", "BTC/USDT", "BTCUSDT", "0.01", "0.001"),
            "ETHUSDT": instrument("v", "ETH/USDT", "ETHUSDT", "0.01", "0.001"),
        },
        [["BTCUSDT", "ETHUSDT"], ["BTCUSDT"]],
    )


def agg(name, id, price="100.5", qty="0.002", sold=False):
    row = {"e": "aggTrade", "s": name, "a": id, "p": price, "q": qty, "f": id, "l": id, "T": 1_700_000_000_000 + id}
    return json.dumps(row | {"m": sold})


def handed_over(news):
    held = PageBuffer()
    return held.drain() if isinstance(news, StreamedMany) and held.add(news) else [news]


def pages(read, texts, subscribed):
    return [
        (each.instrument.base, each.data.trades.id.tolist(), each.data.joined, each.data.first_id)
        for news in read(texts, subscribed)
        for each in handed_over(news)
        if isinstance(each, Streamed)
    ]


def test_a_batch_of_two_instruments_is_a_page_for_each(two):
    texts = [agg("BTCUSDT", 7), agg("ETHUSDT", 40, sold=True), agg("BTCUSDT", 8)]
    assert pages(binance_trades.read, texts, two) == [("BTC", [7, 8], False, 7), ("ETH", [40], False, 40)]
    assert pages(binance_trades.read, [agg("ETHUSDT", 41)], two) == [("ETH", [41], True, 41)]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([8, 9, 12, 13], [([8, 9], True, 8), ([12, 13], False, 12)]),  # two are missing
        ([6, 7, 8], [([8], True, 8)]),  # two came before
        ([9, 8, 10, 9], [([8, 9, 10], True, 8)]),  # out of order, and one twice
        ([5, 7], []),
    ],
)
def test_gaps_split_pages_and_repeats_are_dropped(two, ids, expected):
    binance_trades.read([agg("BTCUSDT", 7)], two)
    found = pages(binance_trades.read, [agg("BTCUSDT", id) for id in ids], two)
    assert found == [("BTC", *each) for each in expected]


@pytest.mark.parametrize("split", [1, 2, 3])
def test_ids_that_are_no_trades_are_no_gaps(two, split):
    """Wherever the batch ends: a zero row is covered by the page after it."""
    texts = [agg("BTCUSDT", 7), agg("BTCUSDT", 8, "0.0", "0.0"), agg("BTCUSDT", 9, "0.0", "0.0"), agg("BTCUSDT", 10)]
    found = pages(binance_trades.read, texts[:split], two) + pages(binance_trades.read, texts[split:], two)
    assert [id for _, ids, _, _ in found for id in ids] == [7, 10]
    for (_, before, _, _), (_, _, joined, first) in pairwise(found):
        assert joined
        assert first == before[-1] + 1


def test_okx_aggregates_cover_the_ids_before_theirs(instrument):
    made = Subscribed({"BTC-USDT": instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001")}, ())

    def message(id, count):
        row = {"instId": "BTC-USDT", "tradeId": str(id), "px": "42219.9", "sz": "0.12", "side": "sell", "count": count}
        return json.dumps({"arg": {"channel": "trades", "instId": "BTC-USDT"}, "data": [row | {"ts": "1630048897897"}]})

    assert pages(okx_trades.read, [message(103, "3")], made) == [("BTC", [103], False, 101)]
    assert pages(okx_trades.read, [message(105, "2"), message(106, "1")], made) == [("BTC", [105, 106], True, 104)]
    assert pages(okx_trades.read, [message(109, "2")], made) == [("BTC", [109], False, 108)]


def test_swap_sizes_become_base_units_without_float_noise(instrument):
    made = Subscribed({"X-SWAP": instrument("okx", "X/USDT:USDT", "X-SWAP", "0.1", "0.1", "0.1")}, ())
    row = {"instId": "X-SWAP", "tradeId": "1", "px": "1.1", "sz": "3", "side": "buy", "count": "1", "ts": "1"}
    (each,) = okx_trades.read([json.dumps({"arg": {"channel": "trades"}, "data": [row]})], made)
    assert each.data.trades.qty.tolist() == [0.3]


def test_coinbase_heartbeats_tell_of_quiet_and_of_loss(instrument):
    made = Subscribed({"BTC-USD": instrument("coinbase", "BTC/USD", "BTC-USD", "0.01", "0.00000001")}, ())
    match = {"type": "last_match", "trade_id": 10, "side": "sell", "size": "5.2", "price": "400.23"}
    match |= {"product_id": "BTC-USD", "time": "2014-11-07T08:19:27.028459Z"}
    beat = {"type": "heartbeat", "sequence": 90, "last_trade_id": 10, "product_id": "BTC-USD"}
    beat |= {"time": "2014-11-07T08:19:28.464459Z"}
    trade, quiet = coinbase_trades.read([json.dumps(match), json.dumps(beat)], made)
    assert (trade.data.trades.side.tolist(), trade.data.first_id) == ([1], 10)  # the maker sold
    assert (len(quiet.data.trades), quiet.data.joined, quiet.data.first_id) == (0, True, 11)
    assert quiet.data.until == 1_415_348_368_464
    (lost,) = coinbase_trades.read([json.dumps(beat | {"last_trade_id": 12})], made)
    assert (lost.data.joined, lost.data.first_id) == (False, 13)


def test_a_product_that_is_numbered_anew_is_not_called_quiet(instrument):
    made = Subscribed({"BTC-USD": instrument("coinbase", "BTC/USD", "BTC-USD", "0.01", "0.00000001")}, ())
    match = {"type": "match", "trade_id": 5000, "side": "sell", "size": "5.2", "price": "400.23"}
    match |= {"product_id": "BTC-USD", "time": "2014-11-07T08:19:27.028459Z"}
    beat = {"type": "heartbeat", "product_id": "BTC-USD", "time": "2014-11-07T08:19:28.464459Z"}
    coinbase_trades.read([json.dumps(match)], made)
    (state,) = coinbase_trades.read([json.dumps(beat | {"last_trade_id": 7})], made)
    assert (state.live, state.why) == (False, "coinbase:BTC/USD: after trade 5000 comes 7: numbered anew")
    assert (
        coinbase_trades.read([json.dumps(match | {"trade_id": 8}), json.dumps(beat | {"last_trade_id": 8})], made) == []
    )


def test_bybit_proves_nothing_by_ids_and_leaves_out_block_trades(instrument):
    made = Subscribed({"BTCUSDT": instrument("bybit", "BTC/USDT:USDT", "BTCUSDT", "0.1", "0.001")}, [["BTCUSDT"]])

    def message(*rows):
        base = {"T": 1672304486865, "s": "BTCUSDT", "S": "Buy", "v": "0.001", "p": "16578.50", "BT": False}
        return json.dumps({"topic": "publicTrade.BTCUSDT", "type": "snapshot", "data": [base | row for row in rows]})

    ids = [f"{number:08x}-d8dd-5b31-9112-a178eb6023af" for number in range(3)]
    found = pages(bybit_trades.read, [message({"i": ids[0]}, {"i": ids[1], "BT": True})], made)
    assert [(len(each), joined, first) for _, each, joined, first in found] == [(1, False, None)]
    ((_, _, joined, first),) = pages(bybit_trades.read, [message({"i": ids[2]})], made)
    assert (joined, first) == (True, None)


ACKNOWLEDGED = [
    (binance_trades, {"result": None, "id": 1}, True),
    (binance_trades, {"error": {"code": 2, "msg": "Invalid request"}, "id": 2}, False),
    (okx_trades, {"event": "subscribe", "arg": {"channel": "trades", "instId": "BTCUSDT"}}, True),
    (bybit_trades, {"success": True, "ret_msg": "", "op": "subscribe", "req_id": "0"}, True),
    (coinbase_trades, {"type": "subscriptions", "channels": [{"name": "matches", "product_ids": ["BTCUSDT"]}]}, True),
    (coinbase_trades, {"type": "error", "message": "Failed to subscribe", "reason": "no such product"}, False),
]


@pytest.mark.parametrize(("venue", "message", "live"), ACKNOWLEDGED)
def test_acknowledgements_and_refusals_are_told(two, venue, message, live):
    (state,) = venue.read([json.dumps(message)], two)
    assert isinstance(state, StreamState)
    assert state.live is live
    assert "BTCUSDT" in [each.native_id for each in state.instruments]
    assert bool(state.why) is not live


@pytest.mark.parametrize("price", ["100.505", "1e30"])
def test_a_price_off_the_grid_ends_the_stream_of_that_instrument_only(two, price):
    news = binance_trades.read([agg("BTCUSDT", 1, price), agg("ETHUSDT", 1)], two)
    assert [type(each) for each in news] == [StreamState, Streamed]
    assert not news[0].live
    assert "0.01" in news[0].why
    assert pages(binance_trades.read, [agg("BTCUSDT", 2)], two) == []


def test_a_stream_that_is_numbered_anew_says_so_and_not_that_nothing_trades(two):
    binance_trades.read([agg("BTCUSDT", 5000), agg("ETHUSDT", 1)], two)
    news = binance_trades.read([agg("BTCUSDT", 7), agg("BTCUSDT", 8), agg("ETHUSDT", 2)], two)
    (state,) = [each for each in news if isinstance(each, StreamState)]
    assert (state.live, state.why) == (False, "v:BTC/USDT: after trade 5000 comes 8: numbered anew")
    assert pages(binance_trades.read, [agg("BTCUSDT", 9), agg("ETHUSDT", 3)], two) == [("ETH", [3], True, 3)]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"e":1}, {"e":2}', '"pong"', '{"e":"aggTrade"}', "\x00"])
@pytest.mark.parametrize("venue", [binance_trades, okx_trades, bybit_trades, coinbase_trades])
def test_any_text_gives_rows_or_a_clear_error(two, venue, text):
    with suppress(DecodeError):
        assert venue.read([text], two) == []


def one_trade(price, size):
    """A message of each venue with one trade, and where it goes."""
    okx = {"instId": "BTCUSDT", "tradeId": "7", "px": price, "sz": size, "side": "buy", "ts": "5", "count": "1"}
    bybit = {"T": 5, "s": "BTCUSDT", "S": "Buy", "v": size, "p": price, "i": "2290000000061666327", "BT": False}
    coinbase = {"type": "match", "trade_id": 7, "side": "sell", "size": size, "price": price, "product_id": "BTCUSDT"}
    return [
        (binance_trades.read, json.loads(agg("BTCUSDT", 7, price, size))),
        (okx_trades.read, {"arg": {"channel": "trades", "instId": "BTCUSDT"}, "data": [okx]}),
        (bybit_trades.read, {"topic": "publicTrade.BTCUSDT", "data": [bybit]}),
        (coinbase_trades.read, coinbase | {"time": "2014-11-07T08:19:27.028459Z"}),
    ]


def subscribed_at(tick, instrument):
    return Subscribed({"BTCUSDT": instrument("v", "BTC/USDT", "BTCUSDT", tick, "0.00000001")}, [["BTCUSDT"]])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**12), st.integers(0, 8), st.integers(1, 10**15))
def test_prices_and_sizes_survive_exactly(instrument, ticks, digits, lots):
    tick = Decimal(1).scaleb(-digits)
    size = Decimal(lots).scaleb(-8)
    for read, message in one_trade(f"{ticks * tick:f}", f"{size:f}"):
        (news,) = read([json.dumps(message)], subscribed_at(str(tick), instrument))
        assert news.data.trades.ticks.tolist() == [ticks]
        assert news.data.trades.qty.tolist() == [float(size)]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3), st.data())
def test_anything_anywhere_gives_rows_or_a_clear_error(instrument, venue, data):
    read, message = one_trade("42219.9", "0.12")[venue]
    anything = st.sampled_from([None, True, -1, 2**63, 2**64, 1e400, "", "x", "nan", "inf", "1,2", "1e5", [], {}, [{}]])
    row = message.get("data", [message])[0]
    target = data.draw(st.sampled_from([message, row]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(anything)
    with suppress(DecodeError):
        for each in read([json.dumps(message)], subscribed_at("0.1", instrument)):
            if isinstance(each, Streamed):
                assert len(each.data.trades) <= 1


@pytest.mark.parametrize(("venue", "at"), [(0, 0), (1, 2), (2, 3), (3, 5)])
def test_what_is_no_trade_among_trades_is_still_told(instrument, venue, at):
    read, message = one_trade("42219.9", "0.12")[venue]
    texts = [json.dumps(message), json.dumps(ACKNOWLEDGED[at][1])]
    for order in (texts, texts[::-1]):
        news = read(order, subscribed_at("0.1", instrument))
        assert [type(each) for each in news] == [StreamState, Streamed]


@pytest.mark.parametrize(
    ("venue", "message"),
    [(binance_trades, {"e": "serverShutdown", "E": 1}), (okx_trades, {"event": "notice", "code": "64008"})],
)
def test_a_goodbye_ends_the_connection(two, venue, message):
    with pytest.raises(Dropped):
        venue.read([json.dumps(message)], two)
