"""A venue that asks a backfill to wait is waited for, and the backfill goes on: nothing is given up."""

import time

import pytest

from coinmon.collect.history import patience
from coinmon_emulator.scenario.scenario import Scenario

from .conftest import Bench, served

FILES = {"binance": "data", "okx": "cdn", "bybit": "spot/"}
FROM, TO = "2026-01-16T00:00", "2026-01-16T03:00"


@pytest.fixture
def waits(monkeypatch):
    """What was waited; the clock of budgets and refusals goes on by that, and nobody waits."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    def now():
        return time.monotonic() + sum(waited)

    monkeypatch.setattr(patience, "sleep", sleep)
    monkeypatch.setattr(patience, "monotonic", now)
    for module in ("budget", "refusal"):
        monkeypatch.setattr(f"coinmon_exchanges._http.{module}.monotonic", now)
    return waited


@pytest.mark.parametrize(
    ("symbol", "fault"),
    [
        ("hyperliquid:BTC/USDC:USDC", "hyperliquid:429?n=3"),
        ("hyperliquid:BTC/USDC:USDC", "hyperliquid:firewall?n=3"),
        ("okx:BTC/USDT", "okx:429=7?n=3"),
        ("bybit:BTC/USDT", "bybit:429=7?n=3"),
        ("bybit:BTC/USDT", "bybit:firewall/kline?n=2"),
        ("coinbase:BTC/USD", "coinbase:429=7?n=3"),
        ("binance:BTC/USDT", "binance:418=120?n=2"),
    ],
)
def test_what_a_venue_refuses_for_a_while_comes_all_the_same(tmp_path, capsys, waits, symbol, fault):
    with served(Scenario("quiet", 1), "2026-01-16T03:00:10Z", faults=fault) as emulator:
        bench = Bench(emulator, tmp_path, capsys)
        # Hyperliquid is off unless it is asked for
        bench.config.write_text(bench.config.read_text().replace("enabled: false", "enabled: true"))
        got = bench.backfill(symbol, "--from", FROM, "--to", TO, "--source", "rest")
    assert got.code == 0, got.err
    assert "not had" not in got.out
    assert "; then this goes on" in got.out
    assert len(bench.bars(symbol)) == 180
    assert max(waits) >= 7


@pytest.mark.parametrize("fault", ["binance:429=7/data?n=2", "binance:firewall/data?n=2"])
def test_files_are_waited_for_too(tmp_path, capsys, waits, fault):
    with served(Scenario("quiet", 1), "2026-01-17T00:10:00Z", faults=fault) as emulator:
        bench = Bench(emulator, tmp_path, capsys)
        got = bench.backfill("binance:BTC/USDT", "--from", "2026-01-15", "--to", "2026-01-16", "--source", "vision")
    assert got.code == 0, got.err
    assert "; then this goes on" in got.out
    assert len(bench.bars("binance:BTC/USDT")) == 1440


@pytest.mark.parametrize("venue", ["binance", "okx", "bybit"])
def test_a_host_of_files_that_refuses_this_place_leaves_the_venues_own_interface(tmp_path, capsys, venue):
    with served(Scenario("quiet", 1), "2026-01-17T00:10:00Z", faults=f"{venue}:451/{FILES[venue]}") as emulator:
        bench = Bench(emulator, tmp_path, capsys)
        got = bench.backfill(f"{venue}:BTC/USDT", "--from", "2026-01-15T12:00", "--to", "2026-01-15T13:00")
    assert got.code == 0, got.err
    assert ": not there" not in got.out  # nobody knows: it was refused
    assert got.out.count("HTTP 451: not served to this network") == 1
    assert len(bench.bars(f"{venue}:BTC/USDT")) == 60


def test_a_venue_that_does_nothing_but_refuse_is_given_up_in_the_end(tmp_path, capsys, waits):
    with served(
        Scenario("quiet", 1), "2026-01-16T03:00:10Z", faults="okx:429=600/trades,okx:429=600/candles"
    ) as emulator:
        bench = Bench(emulator, tmp_path, capsys)
        got = bench.backfill("okx:BTC/USDT", "--from", FROM, "--to", TO, "--source", "rest")
    assert 3000 <= sum(waits) < 2 * 3600
    assert "asked us to wait" in got.out + got.err


def test_what_was_stored_before_is_no_answer_of_a_venue_that_refuses_every_connection(tmp_path, capsys):
    def backfill(since):
        return bench.backfill("okx:BTC/USDT", "--from", since, "--to", "2026-01-16T03:00", "--source", "rest")

    with served(Scenario("quiet", 1), "2026-01-16T03:00:10Z") as emulator:
        bench = Bench(emulator, tmp_path, capsys)
        assert backfill("2026-01-16T02:00").code == 0
    wider = backfill("2026-01-16T01:00")
    assert wider.code == 3
    assert "okx" in wider.err
    assert "minutes:" not in wider.out
    # nothing is missing of that hour, so nobody has to be asked
    assert backfill("2026-01-16T02:00").code == 0
    assert len(bench.bars("okx:BTC/USDT")) == 60
