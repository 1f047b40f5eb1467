"""Names of the venues' files: every calendar day, any symbol, and back from a name to what it holds."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from coinmon import DAY, Instrument
from coinmon.collect.history.plan import spans_of, wanted
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
    months = {(ms(day), ms((day + timedelta(days=31)).replace(day=1))) for day in DAYS if day.day == 1}
    for each in daily:
        monthly = venue == "binance" and each.data != "open_interest" and (each.start, each.end) in months
        assert each.end - each.start == DAY or monthly
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


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-01", "2026-02-01", ["2026-01"]),
        ("2026-01-01", "2026-01-31", []),
        ("2026-01-02", "2026-02-01", []),
        ("2026-01-31", "2026-05-02", ["2026-02", "2026-03", "2026-04"]),
        ("2024-02-01", "2024-03-01", ["2024-02"]),
        ("2023-12-01T00:00:01", "2024-03-01T12:00", ["2024-01", "2024-02"]),
    ],
)
def test_months_that_the_range_holds_whole_have_their_own_files(start, end, months):
    """And every day has its file as well: the newest month is published some days after it."""
    low, high = (ms(datetime.fromisoformat(each).replace(tzinfo=UTC)) for each in (start, end))
    found = Vision("binance", URL, None, 5.0).covering(perp("binance", "BTC"), low, high)
    klines = [each for each in found if each.data == "bars"]
    monthly = [each for each in klines if each.end - each.start > DAY]
    assert [each.name for each in monthly] == [f"BTCUSDT-1m-{month}.zip" for month in months]
    assert all("/monthly/klines/BTCUSDT/1m/" in each.url for each in monthly)
    days = [each.start for each in klines if each.end - each.start == DAY]
    assert days == list(range(low - low % DAY, high, DAY))
    spans = spans_of(found)
    for each in (part for span in spans for part in (span, *span.parts)):
        assert [{file.data for file in files} for files in (each.trades, each.bars)] == [{"trades"}, {"bars"}]
    assert [span.start for span in spans if span.parts] == [each.start for each in monthly]
    assert sorted(part.start for span in spans for part in (span.parts or [span])) == days
    # a month of which a day is known is read by its days
    first = monthly[0].start if monthly else low - low % DAY
    again = wanted(spans, high, lambda span: span.start == first and span.end - span.start == DAY)
    assert first not in {span.start for span in again}
    assert sum(len(span.parts) or 1 for span in again) == len(days) - 1 - (high % DAY > 0)


@pytest.mark.parametrize("name", ["BTCUSDT-1m-2026-02-30.zip", "BTCUSDT-1m-2026-13.zip", "a/b-1m-2026-01-01.zip"])
def test_what_is_no_date_or_no_symbol_is_nobodys_file(name):
    assert Vision("binance", URL, None, 5.0).recognise(Path(name).with_name(name.replace("/", " "))) is None
