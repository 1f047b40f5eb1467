"""Local books replayed from recorded streams: MANIFEST.md section 4 has what each must end on."""

import asyncio
import csv
import gzip
import json
from itertools import groupby
from pathlib import Path
from time import monotonic

import orjson
import pytest
from loguru import logger

from coinmon import Depth, StreamState
from coinmon_exchanges.binance.books import BinanceBooks, links, read

REAL = Path(__file__).parents[4] / "shared" / "real"


def folder(name):
    if not REAL.is_dir():
        pytest.skip(f"no recorded market data at {REAL}")
    return REAL / name


def messages(*names):
    for name in names:
        with gzip.open(folder("binance") / name, "rb") as file:
            for line in file:
                if b'"e":"trade"' in line or b'"e":"aggTrade"' in line:
                    continue
                message = orjson.loads(line.split(b" ", 1)[1])
                yield message.get("data", message)


def books_of(instrument, name, kind, fetch=None):
    made = instrument("binance", "BTC/USDT" + (":USDT" if kind == "perp" else ""), name, "0.00001", "0.00001")
    (link,) = links("ws://nowhere", [made], kind, fetch, {})
    return BinanceBooks(link, kind, fetch)


TAPES = {
    "spot 20240808+09": (
        ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"), "spot", 50093696318,
        ("61602.01", "1.67177", "61602.02", "2.66795"), ("42.8585", "60.68748"), 1072,
    ),
    "usdm 20240808": (
        ("usdm_btcusdt_20240808.gz",), "perp", 5123135475514,
        ("61659.7", "1.486", "61659.8", "0.981"), ("105.232", "117.093"), 629,
    ),
    "usdm 20230404+05": (
        ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"), "perp", 2710266851462,
        ("28140.1", "8.251", "28140.2", "7.212"), ("431.658", "323.686"), 1565,
    ),
}  # fmt: skip


@pytest.mark.parametrize("tape", TAPES)
def test_a_recorded_book_ends_on_what_the_venue_showed(instrument, tape):
    names, kind, last, best, near, comparable = TAPES[tape]
    books = books_of(instrument, "BTCUSDT", kind)
    kept, waiting, book, compared = books.local_books["BTCUSDT"], [], None, 0
    played = list(messages(*names))
    tickers = {each["u"]: tuple(float(each[name]) for name in "bBaA") for each in played if "B" in each}
    for message in played:
        if "lastUpdateId" in message:
            read(waiting, books)
            waiting = []
            books.started("BTCUSDT", message, 1000)
        elif message.get("e") == "depthUpdate":
            waiting.append(orjson.dumps(message).decode())
            if message["u"] in tickers or message["u"] == last:
                news = read(waiting, books)
                waiting = []
                assert not any(isinstance(each, StreamState) for each in news)
                if kept.sound:
                    book = news[0].book
                    assert book.bids[0, 0] < book.asks[0, 0]
                    assert tickers.get(kept.last, (*book.bids[0], *book.asks[0])) == (*book.bids[0], *book.asks[0])
                    compared += kept.last in tickers
    assert (kept.last, kept.breaks, compared) == (last, 0, comparable)
    assert [*book.bids[0], *book.asks[0]] == [float(each) for each in best]
    within = Depth.of(book, book.time, [0.1]).near[0]
    assert (within.bid_base, within.ask_base) == pytest.approx([float(each) for each in near], rel=1e-12)


def events(market, part):
    """Recorded rows as the messages that they were."""
    with gzip.open(
        folder("lasota") / f"test_{part}_binance_difference_depth_stream_{market}_04-03-2025.csv.gz"
    ) as file:
        rows = csv.DictReader(line.decode() for line in file)
        for key, group in groupby(rows, lambda row: (int(row["FirstUpdateId"]), int(row["FinalUpdateId"]))):
            several = list(group)
            sides = {name: [(row["Price"], row["Quantity"]) for row in several if row["IsAsk"] == side]
                     for name, side in (("b", "0"), ("a", "1"))}  # fmt: skip
            before = int(several[0].get("FinalUpdateIdInLastStream") or 0)
            yield {"e": "depthUpdate", "s": "X", "E": 0, "U": key[0], "u": key[1], "pu": before, **sides}


DAMAGED = {
    # a price below zero in the first event, later one id too many
    "spot_trxusdt": ("spot", ["an update is not in the venue's format", (5434434569, 5434434571, 5434434571)]),
    # an event that stands after the one that follows it
    "coin_m_futures_trxusd_perp": ("perp", [(1239008908283, 1239008907753, 1239008906139)]),
}


@pytest.mark.parametrize("market", DAMAGED)
def test_a_damaged_tape_is_found_where_it_is_damaged(instrument, market):
    kind, damage = DAMAGED[market]
    found = {"positive": [], "negative": []}
    for part, faults in found.items():
        books, before = None, 0
        for event in events(market, part):
            if books is None or not books.local_books["X"].sound:
                # as after a snapshot that is as old as the event before
                books = books_of(instrument, "X", kind)
                started = {"bids": [], "asks": [], "lastUpdateId": event["U"] - 1 if kind == "spot" else event["pu"]}
                books.started("X", started, 1000)
            for each in read([json.dumps(event)], books):
                if isinstance(each, StreamState):
                    faults.append(each.why if "format" in each.why else (before, event["U"], event["u"]))
            before = event["u"]
    assert found == {"positive": [], "negative": damage}


def test_a_snapshot_without_a_time_is_told_with_the_first_update_after_it(instrument):
    books = books_of(instrument, "X", "spot")
    books.started("X", {"bids": [["1", "2"]], "asks": [["3", "4"]], "lastUpdateId": 9}, 1000)

    def told(first, last):
        event = {"e": "depthUpdate", "s": "X", "E": 1000 * last, "U": first, "u": last, "b": [], "a": []}
        return [each.book.time for each in read([json.dumps(event)], books)]

    # a stream that is behind its snapshot
    assert told(7, 8) == []
    assert told(9, 10) == [10_000]


def test_a_snapshot_that_makes_our_code_fail_is_said_and_asked_for_later(instrument):
    asked, said = [], []

    async def fetch(traded, limit):
        asked.append(limit)
        raise KeyError("bids")

    async def run():
        books = books_of(instrument, "BTCUSDT", "spot", fetch)
        local = books.local_books["BTCUSDT"]
        books.without_snapshot(local, object())
        for _ in range(3):
            books.requests_due()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return local.resubscribe_at

    handler = logger.add(said.append, level="ERROR")
    try:
        assert asyncio.run(run()) > monotonic() + 5
    finally:
        logger.remove(handler)
    assert len(asked) == len(said) == 1
    assert "binance:BTC/USDT could not be begun" in said[0]
