"""`--file`: the venues' own files in every form they had, their numbers, and what is wrong with bad ones."""

import gzip
from decimal import Decimal

import numpy as np
import pytest

from coinmon import Coverage

from .aggregates import DATE, DAY, UM_HEADER, spot_lines, trades, um_lines

SPOT, PERP = "binance:BTC/USDT", "binance:BTC/USDT:USDT"


@pytest.mark.parametrize(("header", "form"), [(True, "zip"), (False, "csv"), (False, "csv.gz")])
def test_a_day_of_usdm_aggregates(bench, plain, tmp_path, header, form):
    rows, name = trades(), f"BTCUSDT-aggTrades-{DATE}"
    lines = [UM_HEADER] * header + um_lines(rows)
    path = tmp_path / f"{name}.{form}"
    text = "".join(f"{line}\n" for line in lines).encode()
    if form == "zip":
        plain.zipped(tmp_path, name, lines)
    else:
        path.write_bytes(gzip.compress(text) if form == "csv.gz" else text)
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path)
    assert (done.code, done.err) == (0, "")
    bars = bench.bars(PERP)
    plain.agree(bars, plain.bars(rows))
    assert bars.trades.sum() == len(rows)
    first, last = rows[0][0] // 60_000 * 60_000, rows[-1][0] // 60_000 * 60_000
    # its first row is in the day's first minute
    known = (last - first) // 60_000
    assert f"minutes: {known} trades, 0 klines, {1440 - known} partial" in done.out
    assert f"; {known * 100 // 1440}% can be judged by money flow" in done.out
    inside = bars.time < last
    assert set(bars.coverage[inside].tolist()) == {Coverage.TRADES}
    assert set(bars.coverage[~inside].tolist()) == {Coverage.PARTIAL}, "the file may have been cut there"


@pytest.mark.parametrize("scale", [1000, 1], ids=["microseconds", "milliseconds"])
def test_a_day_of_spot_aggregates(bench, plain, tmp_path, scale):
    rows = trades(tick="0.01", lot="0.00001")
    path = plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", spot_lines(rows, scale))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    plain.agree(bench.bars(SPOT), plain.bars(rows))


@pytest.mark.parametrize("together", [97, 450, 150_000])
def test_a_month_is_stored_by_the_day(bench, plain, tmp_path, monkeypatch, together):
    """In batches of less than a day's trades, of several days', and of all: of a quiet market one batch holds weeks."""
    monkeypatch.setattr("coinmon.collect.history.archive._FOLD_TRADES", together)
    monkeypatch.setattr("coinmon_exchanges._files.inflate._READ_BYTES", 1024)
    days = (0, 1, 2, 3, 4, 9, 10)
    rows = [(at + day * 86_400_000, *rest) for day in days for at, *rest in trades(200, seed=day)]
    path = plain.zipped(tmp_path, "BTCUSDT-aggTrades-2026-01", um_lines(rows))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    plain.agree(bench.bars(PERP), plain.bars(rows))


def test_blocks_and_batches_leave_no_seam(bench, plain, tmp_path, monkeypatch):
    monkeypatch.setattr("coinmon.collect.history.archive._FOLD_TRADES", 97)
    monkeypatch.setattr("coinmon_exchanges._files.inflate._READ_BYTES", 1024)
    rows = trades()
    assert (
        bench.backfill(
            "BTCUSDT",
            "--exchange",
            "binance",
            "--file",
            plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows)),
        ).code
        == 0
    )
    plain.agree(bench.bars(PERP), plain.bars(rows))


def test_rows_that_are_no_trades_and_a_hole(bench, plain, tmp_path):
    rows = trades(400)
    lines = um_lines(rows)
    at = rows[100][0]
    lines[100] = f"1000,0.0,0.0,1,1,{at},true"
    del lines[200]
    assert (
        bench.backfill(
            "BTCUSDT", "--exchange", "binance", "--file", plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", lines)
        ).code
        == 0
    )
    bars = bench.bars(PERP)
    kept = [row for number, row in enumerate(rows) if number not in (100, 200)]
    plain.agree(bars, plain.bars(kept))
    partial = bars.time[bars.coverage == Coverage.PARTIAL].tolist()
    low, high = rows[199][0] // 60_000 * 60_000, rows[201][0] // 60_000 * 60_000
    first, last = rows[0][0] // 60_000 * 60_000, rows[-1][0] // 60_000 * 60_000
    partial = [each for each in partial if first < each < last]
    assert partial == list(range(low, high + 1, 60_000)), "the minutes around the missing id, and the zero row is none"


def test_finer_prices_of_the_past_refine_the_grid(bench, plain, tmp_path):
    rows = trades(200, tick="0.01")
    assert (
        bench.backfill(
            "BTCUSDT",
            "--exchange",
            "binance",
            "--file",
            plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows)),
        ).code
        == 0
    )
    bars = bench.bars(PERP)
    assert bars.tick_size == Decimal("0.01")
    plain.agree(bars, plain.bars(rows))


def _metrics(plain, folder):
    head = "create_time,symbol,sum_open_interest,sum_open_interest_value,a,b,c,d"
    rows = [f"2026-01-15 {m // 60:02d}:{m % 60:02d}:00,BTCUSDT,{1000 + m}.5,9.5,1,1,1,1" for m in range(1435, -1, -5)]
    return plain.zipped(folder, f"BTCUSDT-metrics-{DATE}", [head, *rows])


def test_metrics_become_open_interest_and_funding_rates_funding(bench, plain, tmp_path):
    funding = [
        "calc_time,funding_interval_hours,last_funding_rate",
        f"{DAY + 3},8,-0.00012",
        f"{DAY + 28_800_000},8,0.0001",
    ]
    files = [_metrics(plain, tmp_path), plain.zipped(tmp_path, "BTCUSDT-fundingRate-2026-01", funding)]
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", files[0], "--file", files[1])
    history = bench.history()
    instrument = next(each for each in history.instruments if each.id == PERP)
    interest = history.open_interest(instrument, 0, 2**53)
    rates = history.funding(instrument, 0, 2**53)
    assert done.code == 0
    assert [each.base for each in interest] == [1000.5 + m for m in range(0, 1440, 5)]
    assert [(each.time, each.rate, each.interval_ms) for each in rates] == [
        (DAY + 3, -0.00012, 28_800_000),
        (DAY + 28_800_000, 0.0001, 28_800_000),
    ]


def test_klines_say_which_market_with_kind(bench, plain, tmp_path):
    rest = "95000.1,95001.0,94999.9,95000.5,10.000,0,950005.0,7,6.5,617500.0,0"
    lines = [f"{DAY + n * 60_000},{rest}" for n in range(1440)]
    path = plain.zipped(tmp_path, f"BTCUSDT-1m-{DATE}", lines)
    assert "--kind" in bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).err
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--kind", "perp", "--file", path).code == 0
    bars = bench.bars(PERP)
    assert set(bars.coverage.tolist()) == {Coverage.KLINES}
    assert np.all(bars.buy == 6.5)


@pytest.mark.parametrize(("kind", "name"), [("spot", SPOT), ("perp", PERP)])
def test_a_file_needs_no_venue(bench, plain, tmp_path, kind, name):
    bench.config.write_text(
        f"db: sqlite:///{tmp_path / 'coinmon.db'}\nexchanges:\n"
        "  binance: {spot_url: http://127.0.0.1:9, futures_url: http://127.0.0.1:9, timeout: 1}\n"
    )
    rows = trades(300)
    path = plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", (spot_lines if kind == "spot" else um_lines)(rows))
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path)
    assert (done.code, done.err) == (0, "")
    plain.agree(bench.bars(name), plain.bars(rows))
    assert bench.backfill("ETHUSDT", "--exchange", "binance", "--file", path).code == 2


def test_a_file_that_reaches_both_ends_of_its_day_is_the_whole_day(bench, plain, tmp_path):
    rows = trades(300)
    rows = [(DAY + 5, *rows[0][1:]), *rows[1:], (DAY + 86_399_000, *rows[-1][1:])]
    path = plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    assert set(bench.bars(PERP).coverage.tolist()) == {Coverage.TRADES}
