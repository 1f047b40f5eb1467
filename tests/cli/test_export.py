"""`coinmon export`: the bars that a scan stored, in every format, of any range and timeframe."""

import csv
import io
import json

import pytest

from coinmon.report.export import COLUMNS


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def minutes(stored):
    done = stored("export", "BTCUSDT", "--exchange", "binance")
    assert (done.code, done.err) == (0, [])
    return rows(done.out)


def test_csv_has_a_row_a_minute_with_the_documented_columns(minutes):
    assert len(minutes) == 50
    assert tuple(minutes[0]) == COLUMNS
    assert {row["coverage"] for row in minutes} <= {"trades", "klines"}
    assert minutes[0]["time"] < minutes[1]["time"]
    assert all(float(row["taker_buy_volume"]) <= float(row["volume"]) for row in minutes)


def test_json_is_the_same_with_levels_that_add_up(stored, minutes):
    done = stored("export", "btc/usdt", "--exchange", "binance", "--format", "json", "--levels")
    for row, plain in zip(json.loads(done.out), minutes, strict=True):
        assert (row["time"], row["coverage"], row["close"]) == (plain["time"], plain["coverage"], float(plain["close"]))
        if row["coverage"] == "trades":
            assert sum(buy for _, buy, _ in row["levels"]) == pytest.approx(row["taker_buy_volume"])
            assert sum(buy + sell for _, buy, sell in row["levels"]) == pytest.approx(row["volume"])
        else:
            assert row["levels"] is None


def test_parquet_is_the_same(stored, minutes, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    done = stored("export", "BTC", "--exchange", "binance", "--format", "parquet", "-o", "bars.parquet")
    assert (done.code, done.out, done.err) == (0, "", [])
    table = parquet.read_table(tmp_path / "bars.parquet").to_pylist()
    assert [row["volume"] for row in table] == [float(row["volume"]) for row in minutes]
    assert not list(tmp_path.glob("*.partial"))


def test_a_range_is_half_open(stored, minutes):
    times = [row["time"] for row in minutes]
    done = stored("export", "BTC", "--exchange", "binance", "--from", times[10], "--to", times[13])
    assert rows(done.out) == minutes[10:13]


def test_candles_are_sums_of_their_minutes(stored, minutes):
    candles = rows(stored("export", "BTC", "--exchange", "binance", "--timeframe", "5m").out)
    for candle in candles:
        opens = int(candle["time"][14:16])
        inside = [row for row in minutes if row["time"][:13] == candle["time"][:13]]
        inside = [row for row in inside if opens <= int(row["time"][14:16]) < opens + 5]
        assert float(candle["volume"]) == pytest.approx(sum(float(row["volume"]) for row in inside))
        assert candle["close"] == inside[-1]["close"]
        assert (candle["coverage"] == "partial") == (len(inside) < 5)
    assert len(candles) in (10, 11)


def test_perp_is_asked_for_by_kind_or_by_its_spelling(stored):
    by_kind = stored("export", "BTC", "--exchange", "okx", "--kind", "perp").out
    assert by_kind == stored("export", "okx:BTCUSDT.P").out
    assert by_kind != stored("export", "okx:BTCUSDT").out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["BTC"], 2, "BTC: stored for binance:BTC/USDT, okx:BTC/USDT; choose with --exchange and --kind"),
        (["BTC", "--exchange", "bybit"], 2, "not stored for that exchange and kind; stored are binance:BTC/USDT"),
        (["XYZ"], 2, "XYZ: no such pair on binance, okx"),
        (["okx:BTC", "--timeframe", "7m"], 2, "--timeframe: 7m does not divide a day into whole minutes"),
        (["okx:BTC", "--timeframe", "x"], 2, "--timeframe: 'x' is not a duration"),
        (["okx:BTC", "--levels"], 2, "--levels: csv has no place for lists; write --format json or parquet"),
        (["okx:BTC", "--to", "2020-01-01"], 3, "okx:BTC/USDT: no bars in that range; stored are 2026-01-15T"),
        (["okx:BTC", "-o", "no/such/folder.csv"], 2, "-o no/such/folder.csv: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_exported(stored, arguments, code, told):
    done = stored("export", *arguments)
    assert (done.code, done.out, len(done.err)) == (code, "", 1)
    assert told in done.err[0]


def test_an_empty_database_has_nothing(refused, tmp_path):
    (tmp_path / "empty.db").touch()
    told = refused("--db", "empty.db", "export", "BTC", code=3)
    assert told == "coinmon: no bars are stored; run coinmon scan, or name another --db"
