"""Binance's small files: which moment a row is of, and what an odd row costs (EXCHANGES C1, C2)."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from coinmon import DecodeError, Instrument
from coinmon_exchanges.binance.archive import Vision

PERP = Instrument(
    "binance", "perp", "BTC", "USDT", "BTCUSDT", "BTC/USDT:USDT", Decimal("0.1"), Decimal("0.001"), Decimal(1)
)
FILES = Vision("binance", "http://127.0.0.1:9", None, 5.0)
STEP = timedelta(minutes=5)


def read(tmp_path, name, rows):
    path = tmp_path / f"{name}.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    archive = FILES.recognise(path)
    assert archive is not None
    (part,) = FILES.read(archive, path, PERP)
    return part


def metrics(day, *, starts, base=1000.0):
    """A day's rows; each moment's open interest is `base` and the minutes since midnight."""
    moments = [day + STEP * (number + 1) for number in range(288)]
    labels = [moment - STEP if starts else moment for moment in moments]
    return [
        [f"{label:%Y-%m-%d %H:%M:%S}", "BTCUSDT", f"{base + (moment - day).total_seconds() / 60}", "9", "", "", "", ""]
        for label, moment in zip(labels, moments, strict=True)
    ]


def moments(found, day):
    return [(each.time - round(day.timestamp() * 1000)) / 60_000 for each in found]


@pytest.mark.parametrize(
    ("date", "starts"),
    [("2026-06-24", False), ("2026-06-25", True), ("2026-11-19", True), ("2022-01-31", False), ("2026-07-01", False)],
)
def test_each_figure_is_stored_at_its_own_moment(tmp_path, date, starts):
    day = datetime.fromisoformat(date).replace(tzinfo=UTC)
    found = read(tmp_path, f"BTCUSDT-metrics-{date}", metrics(day, starts=starts))
    assert moments(found, day) == [each.base - 1000 for each in found] == list(range(5, 1445, 5))


@pytest.mark.parametrize(("date", "starts"), [("2026-06-24", False), ("2026-06-25", True)])
def test_where_the_first_and_the_last_row_are_missing_the_date_tells(tmp_path, date, starts):
    day = datetime.fromisoformat(date).replace(tzinfo=UTC)
    rows = metrics(day, starts=starts)
    del rows[0], rows[-1]
    found = read(tmp_path, f"BTCUSDT-metrics-{date}", rows)
    assert moments(found, day) == [each.base - 1000 for each in found]


def test_the_two_eras_join_without_a_gap_or_a_repeat(tmp_path):
    days = [datetime(2026, 6, 24, tzinfo=UTC), datetime(2026, 6, 25, tzinfo=UTC)]
    found = [
        each
        for day, starts in zip(days, (False, True), strict=True)
        for each in read(tmp_path, f"BTCUSDT-metrics-{day:%Y-%m-%d}", metrics(day, starts=starts))
    ]
    first = round(days[0].timestamp() * 1000)
    assert [each.time for each in found] == [first + number * 300_000 for number in range(1, 577)]
    wanted = FILES.covering(PERP, first, first + 2 * 86_400_000)
    spans = [(each.start, each.end) for each in wanted if each.data == "open_interest"]
    # the first midnight is in the file of the day before
    assert spans[0] == (first - 86_100_000, first + 300_000)
    assert spans[-1][1] >= first + 2 * 86_400_000


@pytest.mark.parametrize("odd", [["", ""], ["NaN", "1"], ["x", "1"]])
def test_a_blank_cell_of_metrics_costs_its_row(tmp_path, odd):
    day = datetime(2026, 11, 19, tzinfo=UTC)
    rows = metrics(day, starts=True)
    rows[100][2:4] = odd
    assert len(read(tmp_path, "BTCUSDT-metrics-2026-11-19", rows)) == 287


def kline(minute, start=1_789_776_000_000):
    return [
        start + minute * 60_000,
        "9.9",
        "10",
        "9",
        "9.5",
        "2",
        start + minute * 60_000 + 59_999,
        "19",
        3,
        "1",
        "9",
        0,
    ]


@pytest.mark.parametrize("odd", [{5: ""}, {8: "x"}, {0: ""}, {9: "Infinity"}, {10: "nan"}])
def test_a_blank_cell_of_klines_costs_its_minute(tmp_path, odd):
    rows = [kline(minute) for minute in range(1440)]
    for column, text in odd.items():
        rows[7][column] = text
    found = read(tmp_path, "BTCUSDT-1m-2026-09-19", rows)
    assert len(found) == 1439
    assert rows[7][0] not in found.time.tolist()


def test_a_file_of_something_else_is_refused(tmp_path):
    with pytest.raises(DecodeError, match=r"line 1: .*x"):
        read(tmp_path, "BTCUSDT-fundingRate-2026-09", [["1x", "x", "x"]] * 5)
    with pytest.raises(DecodeError, match="has 4 fields"):
        read(tmp_path, "BTCUSDT-fundingRate-2026-09", [["1", "8", "0.1", "9"]] * 5)


def test_a_funding_row_without_a_rate_costs_itself(tmp_path):
    rows = [[1_788_220_800_000 + hour * 28_800_000, 8, "0.0001"] for hour in range(9)]
    rows[4][2] = ""
    assert len(read(tmp_path, "BTCUSDT-fundingRate-2026-09", rows)) == 8
