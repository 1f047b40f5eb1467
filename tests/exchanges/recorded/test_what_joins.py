"""Sequence numbers: which update follows a book, and which ids prove that no trade is missing, from the definitions."""

import json
from itertools import product

import numpy as np
import pytest

from coinmon import Cursor, StreamedBook, Trades
from coinmon_exchanges._columns import JsonRows
from coinmon_exchanges._continuity import after, before, behind, overlapping, since
from coinmon_exchanges._stream import local_book
from coinmon_exchanges._stream.local_book import Update
from coinmon_exchanges.binance import books as binance
from coinmon_exchanges.bybit import books as bybit
from coinmon_exchanges.coinbase import books as coinbase
from coinmon_exchanges.okx import books as okx

NEAR = range(1008, 1013)


def update(first=0, last=0, before=0):
    return Update("BTC", 0, (), (), first=first, last=last, before=before)


def test_an_update_of_bybit_or_okx_follows_the_one_before_it_and_no_other():
    for last, number, before_it in product(NEAR, NEAR, NEAR):
        repeat = number == last
        told = bybit.follows(last, False, update(last=number))
        assert told is (True if number == last + 1 else None if repeat else False)
        told = okx.follows(last, False, update(last=number, before=before_it))
        assert told is (True if before_it == last else None if repeat else False)


def test_an_update_of_okx_that_names_no_predecessor_breaks_the_book_even_at_the_first_numbers(instrument):
    one = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001")
    (link,) = okx.links("ws://x", [one])
    for last, before_it in product((0, 1, 7), ({}, {"prevSeqId": None}, {"prevSeqId": ""})):
        books = link.begin(link)
        snapshot = {"ts": "5", "bids": [["99", "1"]], "asks": [["101", "1"]], "seqId": last, "prevSeqId": -1}
        later = {"ts": "6", "bids": [["98", "1"]], "asks": [], "seqId": 9} | before_it
        texts = [
            json.dumps({"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": action, "data": [row]})
            for action, row in (("snapshot", snapshot), ("update", later))
        ]
        assert [type(each) for each in okx.read(texts[:1], books)] == [StreamedBook]
        (state,) = okx.read(texts[1:], books)
        assert (state.live, state.why) == (False, "sequence broken at 9")


def test_of_what_okx_acknowledges_only_the_end_of_a_subscription_is_no_state(instrument):
    one = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.001")
    (link,) = okx.links("ws://x", [one])
    arg = {"channel": "books", "instId": "BTC-USDT"}
    texts = [json.dumps({"event": event, "arg": arg}) for event in ("unsubscribe", "subscribe", "unsubscribe")]
    (state,) = okx.read(texts, link.begin(link))
    assert state.live
    (state,) = okx.read([json.dumps({"event": "error", "code": "60012", "msg": "bad request"})], link.begin(link))
    assert (state.live, state.why) == (False, "error 60012: bad request")


def test_an_update_of_binance_follows_by_u_and_pu_and_begins_where_the_snapshot_stands():
    for last, first, to, before_it in product(NEAR, NEAR, NEAR, NEAR):
        if first > to:
            continue
        one = update(first, to, before_it)
        # spot: U <= lastUpdateId + 1 <= u begins and goes on; what ends before it is dropped
        assert binance.follows_spot(last, True, one) is (None if to <= last else first <= last + 1)
        assert binance.follows_spot(last, False, one) is (
            first <= last + 1 if to > last else None if to == last else False
        )
        # USD-M: U <= lastUpdateId <= u begins, or the next by pu; pu = u of the one before goes on
        assert binance.follows_usdm(last, True, one) is (None if to < last else first <= last or before_it == last)
        assert binance.follows_usdm(last, False, one) is (True if before_it == last else None if to == last else False)


@pytest.mark.parametrize(("bids", "asks"), [(5, 5), (5, 3), (3, 5), (3, 3)])
def test_a_snapshot_of_binance_is_known_as_far_as_it_was_not_cut(bids, asks):
    payload = {
        "lastUpdateId": 9, "T": 7,
        "bids": [[str(99 - at), "1"] for at in range(bids)], "asks": [[str(101 + at), "1"] for at in range(asks)],
    }  # fmt: skip
    one, known = binance.read_snapshot("BTC", payload, 5)
    assert (one.time, one.last, one.whole) == (7, 9, True)
    whole = bids < 5 and asks < 5
    assert known == (None if whole else (95.0 if bids == 5 else 0.0, 105.0 if asks == 5 else float("inf")))


def page(ids, times=None):
    ids = np.array(ids, np.int64)
    times = 10 * ids if times is None else np.array(times, np.int64)
    count = len(ids)
    return JsonRows(
        ids, times, Trades(ids, times, np.ones(count, np.int64), np.ones(count), np.ones(count, np.int8)),
        np.arange(count),
    )  # fmt: skip


UNPROVEN = {"a hole": [5, 6, 8], "an id twice": [5, 6, 6], "ids that fall": [5, 7, 6], "a step back": [5, 6, 5]}


@pytest.mark.parametrize("ids", UNPROVEN.values(), ids=UNPROVEN)
def test_only_ids_that_count_on_by_one_prove_anything(ids):
    assert since(page([5, 6, 7]), 51, False)
    assert not since(page(ids), 51, False)
    assert before(page([5, 6, 7]), 8, 50)[1]
    assert not before(page(ids), max(ids) + 1, 50)[1]


def test_a_page_from_a_moment_begins_strictly_before_it_or_at_the_first_trade_of_all():
    assert [since(page([5, 6]), moment, False) for moment in (50, 51)] == [False, True]
    assert since(page([5, 6]), 50, True)
    assert since(page([]), 50, False)


def test_pages_that_go_on_from_a_trade():
    for last_id, joined, whole in ((4, True, True), (5, True, True), (6, True, True), (3, False, True)):
        found, is_joined, is_whole = after([page([5, 6])], last_id)
        assert found.id.tolist() == [each for each in (5, 6) if each > last_id]
        assert (is_joined, is_whole) == (joined, whole), last_id
    found, joined, whole = after([page([5, 6]), page([6, 7])], 4)
    assert (found.id.tolist(), joined, whole) == ([5, 6, 7], True, True)
    assert after([page([5, 7])], 4)[1:] == (False, False)
    assert after([page([])], 4)[1:] == (False, True)


def test_a_page_far_behind_is_a_market_numbered_anew():
    for last_id, is_behind, nothing_new in (
        (6, False, True),
        (7, True, True),
        (1006, True, True),
        (1007, False, False),
    ):
        assert behind(page([5, 6]), last_id) is is_behind
        assert after([page([5, 6])], last_id)[1] is nothing_new, last_id
    assert not behind(page([]), 7)


def test_a_page_that_ends_before_a_trade():
    found, joined, earlier = before(page([5, 6, 7]), 7, 50)
    assert (found.id.tolist(), joined, earlier) == ([5, 6], True, True)
    assert before(page([5, 6]), 8, 50)[1] is False, "7 is missing"
    assert [before(page([5, 6]), 7, moment)[2] for moment in (50, 51)] == [True, False]
    assert before(page([1, 2]), 3, 0)[2] is False, "nothing comes before trade 1"
    assert [before(page([]), first, 0)[1:] for first in (0, 1, 2)] == [(True, False), (True, False), (False, False)]


def test_pages_that_overlap():
    found = overlapping(page([5, 6, 7]), Cursor(0, last_id=6))
    assert (found.trades.id.tolist(), found.joined) == ([7], True)
    found = overlapping(page([5, 6, 7]), Cursor(0, last_id=4))
    assert (found.trades.id.tolist(), found.joined) == ([5, 6, 7], False)
    assert [overlapping(page([5, 6]), Cursor(moment)).joined for moment in (50, 51)] == [False, True]
    assert [overlapping(page([]), Cursor(0, last_id=last)).joined for last in (None, 4)] == [True, False]


# EXCHANGES 1.1, 1.2: levels up to which a snapshot costs so much
SNAPSHOTS = {
    "spot": [(100, 5), (500, 25), (1000, 50), (5000, 250)], "perp": [(50, 2), (100, 5), (500, 10), (1000, 20)],
}  # fmt: skip


@pytest.mark.parametrize("kind", SNAPSHOTS)
def test_a_snapshot_of_binance_is_the_smallest_that_is_deep_enough(kind):
    shallower = 0
    for levels, weight in SNAPSHOTS[kind]:
        assert [binance.snapshot_size(kind, each) for each in (shallower + 1, levels)] == [(levels, weight)] * 2
        shallower = levels
    assert binance.snapshot_size(kind, 9999) == SNAPSHOTS[kind][-1]


def test_a_snapshot_of_binance_that_is_older_than_the_stream_is_asked_for_again_after_a_moment(instrument, monkeypatch):
    monkeypatch.setattr(local_book, "monotonic", lambda: 1000.0)
    (link,) = binance.links("ws://x", [instrument("binance", "BTC/USDT", "BTC", "0.1", "0.1")], "spot", None, {})
    books = binance.BinanceBooks(link, "spot", None)
    came = [update(first, first + 1) for first in (8, 10)]
    books.take(came)
    local = books.local_books["BTC"]
    books.started("BTC", {"lastUpdateId": 6, "bids": [], "asks": []}, 5)
    # 7 is missing; what came waits for a snapshot that has it
    assert (local.sound, local.waiting, local.resubscribe_at) == (False, came, 1000.25)
    books.started("BTC", {"lastUpdateId": 9, "bids": [], "asks": []}, 5)
    assert (local.sound, local.waiting, local.last) == (True, [], 11)


def test_a_book_of_coinbase_is_asked_for_again_every_five_minutes(instrument, monkeypatch):
    now = [1000.5]
    monkeypatch.setattr(coinbase, "monotonic", lambda: now[0])
    two = [instrument("coinbase", f"{coin}/USD", f"{coin}-USD", "0.01", "0.001") for coin in ("BTC", "ETH")]
    (link,) = coinbase.links("ws://x", two)
    books = coinbase.CoinbaseBooks(link)
    asked = [*books.requests_due()]
    for now[0] in (1300.4, 1300.5, 1600.4, 1600.5):
        asked.append([(said["type"], said["product_ids"]) for said in map(json.loads, books.requests_due())])
    each = [(what, [name]) for name in ("BTC-USD", "ETH-USD") for what in ("unsubscribe", "subscribe")]
    assert asked == [[], each, [], each]


def test_coinbase_says_of_which_products_the_books_come(instrument):
    two = [instrument("coinbase", f"{coin}/USD", f"{coin}-USD", "0.01", "0.001") for coin in ("BTC", "ETH")]
    (link,) = coinbase.links("ws://x", two)
    channels = [("level2_batch", ["BTC-USD"]), ("heartbeat", ["BTC-USD", "ETH-USD"]), ("ticker", ["ETH-USD"])]
    said = {
        "type": "subscriptions", "channels": [{"name": name, "product_ids": ids} for name, ids in channels],
    }  # fmt: skip
    (state,) = coinbase.read([json.dumps(said)], coinbase.CoinbaseBooks(link))
    assert ([each.id for each in state.instruments], state.live) == (["coinbase:BTC/USD"], True)
