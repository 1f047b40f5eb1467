"""`coinmon signals` as people run it."""

import os
import subprocess
import sys

import orjson
import pytest

ENVIRONMENT = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "TMPDIR", "LANG")}


@pytest.fixture
def coinmon(tmp_path):
    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "coinmon", *arguments],
            cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def test_every_signal_says_why_it_is_on_or_silent(coinmon):
    told = orjson.loads(coinmon("signals", "--demo", "--explain", "BTCUSDT", "--json").stdout)
    assert told["pair"] == "BTC/USDT"
    found = told["explained"]
    assert found["global_sync"]["state"] == "on"
    assert found["global_sync"]["events"][0]["evidence"]["venues"]["coinbase"]["net_flow"] > 0
    assert found["us_accumulation"]["state"] == "silent"
    assert "has to exceed 1,000,000" in found["us_accumulation"]["reason"]
    # fifty minutes are stored
    assert found["early_pump"]["state"] == "waits"
    assert "binance:BTC/USDT 50/245" in found["early_pump"]["reason"]
    assert all(each["reason"] or each["events"] for each in found.values())


def test_without_a_symbol_or_a_database_one_line_says_what_is_missing(coinmon):
    assert "coinmon signals --explain BTCUSDT" in coinmon("signals", "--explain", code=2).stderr
    assert len(coinmon("signals", code=2).stderr.splitlines()) == 1
