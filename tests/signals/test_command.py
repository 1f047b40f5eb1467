"""`coinmon signals` as people run it."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest
from loguru import logger

from coinmon import Bilingual, say
from coinmon.cli import run
from coinmon.commands.signals import _lines


@pytest.fixture
def coinmon(tmp_path, monkeypatch):
    """What it says on both streams, in this process; the emulator of a demo is one of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, code=0):
        said, complaints = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(complaints):
            ended = run(list(arguments))
            logger.remove()
        assert ended == code, complaints.getvalue()
        return said.getvalue(), complaints.getvalue()

    return call


def test_every_signal_says_why_it_is_on_or_silent(coinmon):
    told = json.loads(coinmon("signals", "--demo", "--explain", "BTCUSDT", "--json")[0])
    assert told["pair"] == "BTC/USDT"
    found = told["explained"]
    assert found["global_sync"]["state"] == "on"
    assert found["global_sync"]["events"][0]["evidence"]["venues"]["coinbase"]["net_flow"] > 0
    assert found["us_accumulation"]["state"] == "silent"
    assert "has to exceed 1,000,000" in found["us_accumulation"]["reason"]
    # fifty minutes are stored: enough windows of five minutes to compare with, and none of fifteen
    assert found["early_pump"]["state"] == "silent"
    assert found["steady_growth"]["state"] == "waits"
    assert "binance:BTC/USDT 50/70" in found["steady_growth"]["reason"]
    assert all(each["reason"] or each["events"] for each in found.values())


def test_a_reason_is_in_the_readers_language(coinmon):
    why = Bilingual("等待价格", "waits for prices")
    document = {
        "pair": "BTC/USDT", "as_of": "2026-01-15T12:00:00Z",
        "explained": {"whale": {"state": "waits", "reason": why, "events": []}},
    }  # fmt: skip
    assert _lines(document, "zh")[1] == "whale  等待数据  等待价格"
    assert _lines(document, "en")[1] == "whale  waits  waits for prices"
    assert json.dumps(document["explained"]["whale"]["reason"]) == '"waits for prices"'
    assert say("known in English only", "zh") == "known in English only"


def test_without_a_symbol_or_a_database_one_line_says_what_is_missing(coinmon):
    assert "coinmon signals --explain BTCUSDT" in coinmon("signals", "--explain", code=2)[1]
    assert len(coinmon("signals", code=2)[1].splitlines()) == 1
