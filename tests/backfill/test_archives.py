"""The venues' archives over HTTP: every trade in its bar, nothing fetched twice, and told what goes wrong."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from coinmon import Coverage, NotPublished
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_exchanges._files.download import Downloads
from tests.forked import Forked

FROM, TO = "2026-01-15T00:00:00Z", "2026-01-17T00:00:00Z"
START, END = 1_768_435_200_000, 1_768_608_000_000
RANGE = ("--from", FROM, "--to", TO)
OWN = {
    "binance:BTC/USDT": ("binance", "spot", "BTCUSDT"),
    "binance:BTC/USDT:USDT": ("binance", "perp", "BTCUSDT"),
    "okx:BTC/USDT:USDT": ("okx", "perp", "BTC-USDT-SWAP"),
    "bybit:BTC/USDT": ("bybit", "spot", "BTCUSDT"),
    "bybit:BTC/USDT:USDT": ("bybit", "perp", "BTCUSDT"),
}


@pytest.fixture(scope="module")
def market():
    return Scenario("quiet", 1)


def truth(market, venue, kind, native):
    """What really traded in the range."""
    one = next(each for each in market.instruments if (each.venue, each.kind, each.native) == (venue, kind, native))
    rows = market.rows(one, market.before(one, START), market.before(one, END))
    return [
        (time, Decimal(price).scaleb(-one.price_digits), Decimal(size).scaleb(-one.size_digits), side)
        for _, time, price, size, side in rows.rows()
    ]


def archive_requests(emulator):
    log = httpx.get(f"{emulator.url}/emulator/log", trust_env=False).text
    return log.count("/archive/")


@pytest.mark.parametrize("name", OWN)
def test_every_trade_of_two_days_is_in_its_bar(other_bench, plain, market, name):
    venue, kind, native = OWN[name]
    # OKX publishes two days later
    with other_bench("2026-01-18T20:00:00Z", market=market) as bench:
        done = bench.backfill("BTCUSDT", "--exchange", venue, "--kind", kind, *RANGE, "--source", "vision")
        assert (done.code, done.err) == (0, "")
        bars = bench.bars(name)
        bars = bars[(bars.time >= START) & (bars.time < END)]
        plain.agree(bars, plain.bars(truth(market, venue, kind, native)))
        assert len(bars) == 2880
        # Bybit's files do not prove a quiet minute; its klines do, and are there for all but the first
        assert (bars.coverage == Coverage.TRADES).sum() >= 2870
        asked = archive_requests(bench.emulator)
        again = bench.backfill("BTCUSDT", "--exchange", venue, "--kind", kind, *RANGE, "--source", "vision")
        assert again.code == 0
        if venue == "okx":
            assert archive_requests(bench.emulator) == asked


def test_several_symbols_and_venues_in_one_go(bench):
    words = ("BTCUSDT", "ETHUSDT", "--kind", "spot", "--exchange", "binance", "--exchange", "bybit")
    hour = ("--from", "2026-01-16T22:00:00Z", "--to", "2026-01-16T23:00:00Z", "--source", "rest")
    done = bench.backfill(*words, *hour)
    assert (done.code, done.err) == (0, "")
    first = done.out.splitlines()[0]
    assert first.startswith(
        "4 markets of binance, bybit, 0.0417 days each: 1 MB to 1 MB on disk and 1 s to 1 s of work"
    )
    for name in ("binance:BTC/USDT", "bybit:BTC/USDT", "binance:ETH/USDT", "bybit:ETH/USDT"):
        assert len(bench.bars(name)) == 60, name
    assert bench.bars("binance:BTC/USDT:USDT") is None or not len(bench.bars("binance:BTC/USDT:USDT"))


def test_a_symbol_that_nobody_has_is_refused_before_anything_is_fetched(bench):
    before = len(httpx.get(f"{bench.emulator.url}/emulator/log", trust_env=False).text)
    done = bench.backfill("BTCUSDT", "BTCUSDX", "--kind", "spot", *RANGE)
    assert done.code == 2
    assert "did you mean" in done.err
    log = httpx.get(f"{bench.emulator.url}/emulator/log", trust_env=False).text[before:]
    assert "/archive/" not in log
    assert bench.bars("binance:BTC/USDT") is None or not len(bench.bars("binance:BTC/USDT"))


def test_auto_takes_rest_for_what_no_file_has(bench, plain):
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--from", "2026-01-16T20:00:00Z")
    assert done.code == 0
    for name in ("binance:BTC/USDT", "binance:BTC/USDT:USDT"):
        assert f"{name}: 2026-01-16T20:00:00Z to 2026-01-17T00:10:00Z: minutes: 250 trades" in done.out
        assert not plain_holes(bench.bars(name))


@pytest.mark.parametrize("published", [True, False])
def test_a_month_is_read_at_once_or_where_it_is_not_published_by_the_day(other_bench, published, monkeypatch):
    """The emulator's market has traded since the middle of January: that month's file holds all there is."""
    asked = []
    fetch = Downloads.fetch

    async def noted(self, url, to, progress, checksum=False):
        asked.append(to.name)
        if "/monthly/" in url and not published:
            raise NotPublished(f"{to.name}: not published")
        await fetch(self, url, to, progress, checksum=checksum)

    monkeypatch.setattr(Downloads, "fetch", noted)
    market = Scenario("quiet", 1)
    # a trade now and then: fifteen days of it are soon made
    market.paths.coin["BTC"] = replace(market.paths.coin["BTC"], quiet=True)
    with other_bench("2026-02-01T00:10:00Z", market=market) as bench:
        wide = ("--kind", "spot", "--exchange", "binance", "--source", "vision")
        done = bench.backfill("BTCUSDT", *wide, "--from", "2026-01-01", "--to", "2026-02-01")
        assert done.code == 0, done.err
        one = next(each for each in market.instruments if each.key == "binance:spot:BTCUSDT")
        bars = bench.bars("binance:BTC/USDT", levels=False)
        assert int(bars.trades.sum()) == market.before(one, 2**53)
        assert ("BTCUSDT-aggTrades-2026-01-20.zip" in asked) is not published
        assert "BTCUSDT-aggTrades-2026-01.zip" in asked
        assert "2026-01.zip: not published" not in done.out
        asked.clear()
        bench.backfill("BTCUSDT", *wide, "--from", "2026-01-01", "--to", "2026-02-01")
        assert "BTCUSDT-aggTrades-2026-01.zip" not in asked, "half of its days are known"
        assert "BTCUSDT-aggTrades-2026-01-20.zip" not in asked


def test_what_a_killed_process_left_is_cleared_away(bench):
    left, young = bench.folder / ".backfill-old", bench.folder / ".backfill-new"
    for folder in (left, young):
        folder.mkdir()
        (folder / "BTCUSDT-aggTrades-2026-01-15.zip").write_bytes(b"half")
    os.utime(left, (0, 0))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--from", "2026-01-17").code == 0
    assert young.is_dir()
    assert not left.exists()


def plain_holes(bars):
    return [at for at, before in zip(bars.time[1:], bars.time[:-1], strict=True) if at - before != 60_000]


def test_rest_alone_gives_the_same_bars_as_the_files(other_bench, plain, market):
    words = ("BTCUSDT", "--exchange", "binance", "--kind", "spot", "--from", FROM, "--to", "2026-01-15T06:00:00Z")
    with other_bench("2026-01-15T06:10:00Z", market=market) as bench:
        assert bench.backfill(*words, "--source", "rest").code == 0
        bars = bench.bars("binance:BTC/USDT")
    rows = truth(market, "binance", "spot", "BTCUSDT")
    plain.agree(bars, plain.bars([row for row in rows if row[0] < START + 6 * 3_600_000]))


def test_older_than_rest_trades_reach_there_are_klines(other_bench, market):
    with other_bench("2026-01-19T00:00:00Z", market=market) as bench:
        words = ("--kind", "perp", "--from", FROM, "--to", "2026-01-15T02:00:00Z", "--source", "rest")
        assert bench.backfill("BTCUSDT", "--exchange", "binance", *words).code == 0
        bars = bench.bars("binance:BTC/USDT:USDT")
    assert set(bars.coverage.tolist()) == {Coverage.KLINES}
    assert len(bars) == 120


def test_where_trades_page_by_id_to_the_beginning_they_are_had_however_old(other_bench, market):
    """Coinbase has no 48 hours (EXCHANGES C18)."""
    with other_bench("2026-01-17T13:00:00Z", market=market) as bench:
        got = bench.backfill("coinbase:BTC/USD", "--from", "2026-01-14T12:00", "--to", "2026-01-14T12:20")
        assert got.code == 0, got.err
        bars = bench.bars("coinbase:BTC/USD")
    assert bars.coverage.tolist() == [Coverage.TRADES] * 20


def test_a_day_that_is_not_published_yet_is_no_data(other_bench, market):
    with other_bench("2026-01-15T23:00:00Z", market=market) as bench:
        words = ("--kind", "spot", "--from", FROM, "--source", "vision")
        done = bench.backfill("BTCUSDT", "--exchange", "okx", *words)
        assert done.code == 3
        assert "BTC-USDT-trades-2026-01-15.zip is not published (yet)" in done.err


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ("binance:garbage/archive", "published checksum"),
        ("binance:cut/archive", "cut short"),
    ],
)
def test_a_file_that_does_not_come_whole_is_told_and_klines_of_rest_stand_in(other_bench, market, faults, why):
    with other_bench("2026-01-19T00:00:00Z", faults=faults, market=market) as bench:
        words = ("--kind", "spot", "--from", FROM, "--to", "2026-01-16")
        done = bench.backfill("BTCUSDT", "--exchange", "binance", *words)
        bars = bench.bars("binance:BTC/USDT")
        left = [each.name for each in bench.folder.iterdir() if "backfill" in each.name or "zip" in each.name]
    assert done.code == 0
    assert why in done.out
    assert (bars.coverage >= Coverage.KLINES).all()
    assert len(bars) == 1440
    assert not left


def test_a_killed_backfill_goes_on_where_it_was(other_bench, plain, market):
    with other_bench("2026-01-18T20:00:00Z", market=market) as bench:
        words = ["BTCUSDT", "--exchange", "binance", "--kind", "perp", *RANGE, "--source", "vision"]
        command = [sys.executable, "-m", "coinmon", "--config", str(bench.config), "backfill", *words]
        child = Forked(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline().startswith("1 market of binance, 2 days")
        assert "BTCUSDT-aggTrades-2026-01-15.zip" in child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        done = bench.backfill(*words)
        assert done.code == 0
        assert "BTCUSDT-aggTrades-2026-01-15.zip" not in done.out
        bars = bench.bars("binance:BTC/USDT:USDT")
        instrument = next(each for each in bench.history().instruments if each.id == "binance:BTC/USDT:USDT")
        interest = bench.history().open_interest(instrument, START, END)
    plain.agree(bars, plain.bars(truth(market, "binance", "perp", "BTCUSDT")))
    assert len(interest) == 576


def test_a_day_is_the_same_on_postgresql(other_bench, plain, market, postgres):
    with other_bench("2026-01-18T20:00:00Z", market=market, db=postgres) as bench:
        words = ("BTCUSDT", "--exchange", "binance", "--kind", "perp", "--from", FROM, "--to", "2026-01-16")
        for _ in range(2):
            done = bench.backfill(*words)
            assert (done.code, done.err) == (0, "")
        assert "1440 trades" in done.out
        asked = archive_requests(bench.emulator)
        bars = bench.bars("binance:BTC/USDT:USDT")
        instrument = next(each for each in bench.history().instruments if each.id == "binance:BTC/USDT:USDT")
        assert len(bench.history().open_interest(instrument, START + 300_000, START + 86_700_000)) == 288
        assert archive_requests(bench.emulator) == asked
    rows = [row for row in truth(market, "binance", "perp", "BTCUSDT") if row[0] < START + 86_400_000]
    plain.agree(bars, plain.bars(rows))


def test_a_full_disk_is_one_line_and_whole_days(other_bench, plain, market):
    with other_bench("2026-01-18T20:00:00Z", market=market) as bench:
        words = ("BTCUSDT", "--exchange", "binance", "--kind", "perp", *RANGE)

        def small(connection, _record):
            connection.execute("PRAGMA max_page_count=100")

        event.listen(Engine, "connect", small)
        try:
            full = bench.backfill(*words)
        finally:
            event.remove(Engine, "connect", small)
        assert full.code == 2
        (line,) = full.err.splitlines()
        assert line.endswith("the disk is full")
        stored = bench.bars("binance:BTC/USDT:USDT")
        assert len(stored) in (0, 1440)
        left = [each.name for each in bench.folder.iterdir() if "backfill" in each.name]
        assert not left
        assert bench.backfill(*words).code == 0
        bars = bench.bars("binance:BTC/USDT:USDT")
    plain.agree(bars, plain.bars(truth(market, "binance", "perp", "BTCUSDT")))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "tomorrow"), "is not a time"),
        (("--from", "2026-01-16", "--to", "2026-01-15"), "is not before --to"),
        (("--from", "2027-01-01"), "has not come yet"),
        (("--exchange", "kraken"), "not among the exchanges"),
        (("--source", "rest", "--file", "x.zip"), "does not go with --file"),
    ],
)
def test_bad_arguments_are_one_line(bench, words, why):
    done = bench.backfill("BTCUSDT", *words)
    assert done.code == 2
    assert why in done.err
    assert len(done.err.splitlines()) == 1
