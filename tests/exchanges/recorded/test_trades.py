"""Recorded streams of trades that their author damaged on purpose (MANIFEST.md 5): found there, and nowhere else."""

import csv
import gzip
import json
from copy import deepcopy
from itertools import islice
from pathlib import Path

import pytest

from coinmon import DecodeError, Streamed, StreamedMany
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance.trades import read

LASOTA = Path(__file__).parents[4] / "shared" / "real" / "lasota"


def messages(market, part):
    """Rows as messages: ids of trades run +1 as those of aggregates do."""
    if not LASOTA.is_dir():
        pytest.skip(f"no recorded market data at {LASOTA.parent}")
    with gzip.open(LASOTA / f"test_{part}_binance_trade_stream_{market}_04-03-2025.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            number, at = int(row["TradeId"]), int(row["TransactionTime"])
            # spot was recorded in microseconds
            at = at // 1000 if at > 10**14 else at
            yield {"e": "aggTrade", "s": "X", "a": number, "f": number, "l": number, "T": at, "p": row["Price"],
                   "q": row["Quantity"], "m": row["IsBuyerMarketMaker"] == "1"}  # fmt: skip


DAMAGED = {
    # an id twice, and then the one that it replaced is missing
    "spot_trxusdt": [("hole before", 348656873)],
    "coin_m_futures_trxusd_perp": [("hole before", 39605685)],
    # a price of -1
    "usd_m_futures_trxusdt": [("not in the format", 548321769)],
}


BATCH = 100
"""Messages that are read together, as those of a busy moment are."""


def batches(rows):
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch


def news_of(batch, subscribed):
    """What messages say, and the trades in it; None where one of them is not in the format or does not join."""
    try:
        news = read([json.dumps(each) for each in batch], subscribed)
    except DecodeError:
        return None
    if any(isinstance(each, Streamed) and not each.data.joined for each in news):
        return None
    return sum(len(each.trades if isinstance(each, StreamedMany) else each.data.trades) for each in news)


@pytest.mark.parametrize("market", DAMAGED)
def test_a_damaged_tape_is_found_where_it_is_damaged(instrument, market):
    traded = {"X": instrument("binance", "TRX/USDT:USDT", "X", "0.00001", "0.1")}
    found = {"positive": [], "negative": []}
    for part, damage in found.items():
        subscribed, count = None, 0
        for batch in batches(messages(market, part)):
            if subscribed is not None:
                before = deepcopy(subscribed)
                if (some := news_of(batch, subscribed)) is not None:
                    count += some
                    continue
                subscribed = before
            # one by one: which of them was it
            for message in batch:
                fresh = subscribed is None
                subscribed = subscribed or Subscribed(traded, [])
                try:
                    news = read([json.dumps(message)], subscribed)
                except DecodeError:
                    damage.append(("not in the format", message["a"]))
                    subscribed = None
                    continue
                for each in news:
                    if isinstance(each, Streamed) and not each.data.joined and not fresh:
                        damage.append(("hole before", message["a"]))
                    count += len(each.trades if isinstance(each, StreamedMany) else each.data.trades)
        # a repeated id is no second trade, a row of zeros is none
        assert count == (10_000 if part == "positive" else 9_999) - (market == "usd_m_futures_trxusdt")
    assert found == {"positive": [], "negative": DAMAGED[market]}
