"""Names of the venues' files: every calendar day, any symbol, and back from a name to what it holds."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from coinmon import DAY, Instrument
from coinmon_exchanges.binance.archive import Vision
from coinmon_exchanges.bybit.archive import BybitFiles
from coinmon_exchanges.okx.archive import OkxFiles

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days)]
URL = "http://127.0.0.1:9"
VENUES = {"binance": (Vision, "{}USDT"), "bybit": (BybitFiles, "{}USDT"), "okx": (OkxFiles, "{}-USDT-SWAP")}


def ms(date):
    return round(date.timestamp() * 1000)


def perp(venue, base):
    native = VENUES[venue][1].format(base)
    return Instrument(
        venue, "perp", base, "USDT", native, f"{base}/USDT:USDT", Decimal("0.1"), Decimal("0.001"), Decimal(1)
    )


@pytest.mark.parametrize("base", ["BTC", "1000PEPE", "币安人生"])
@pytest.mark.parametrize("venue", VENUES)
def test_a_range_over_any_days_is_covered_and_each_name_is_known_again(venue, base):
    files = VENUES[venue][0](venue, URL, None, 5.0)
    found = files.covering(perp(venue, base), ms(FIRST), ms(LAST))
    daily = [each for each in found if each.data != "funding"]
    for data in {each.data for each in daily}:
        starts = {each.start for each in daily if each.data == data}
        # OKX's day begins at 16:00
        reached = {start // DAY for start in starts} | {(start + DAY - 1) // DAY for start in starts}
        assert reached >= {ms(day) // DAY for day in DAYS}
    for each in daily:
        assert each.end - each.start == DAY
    # trades, klines, metrics: a name alone says the same
    for each in found[:: 7 if venue == "binance" else 1]:
        if venue == "binance" and each.data == "trades":
            continue  # its kind is in the file
        again = files.recognise(Path("somewhere", each.name))
        assert again is not None, each.name
        assert (again.data, again.native_id, again.start, again.end) == (
            each.data,
            each.native_id,
            each.start,
            each.end,
        )


def test_months_are_whole():
    files = Vision("binance", URL, None, 5.0)
    months = [each for each in files.covering(perp("binance", "BTC"), ms(FIRST), ms(LAST)) if each.data == "funding"]
    assert len(months) == 9 * 12
    assert all(before.end == after.start for before, after in itertools.pairwise(months))


@pytest.mark.parametrize("name", ["BTCUSDT-1m-2026-02-30.zip", "BTCUSDT-1m-2026-13.zip", "a/b-1m-2026-01-01.zip"])
def test_what_is_no_date_or_no_symbol_is_nobodys_file(name):
    assert Vision("binance", URL, None, 5.0).recognise(Path(name).with_name(name.replace("/", " "))) is None
