"""`coinmon signals` as people run it."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from loguru import logger
from rich.cells import cell_len
from rich.console import Console

from coinmon import Bilingual, say
from coinmon.cli import run
from coinmon.model.moment import parse_time
from coinmon.model.shard import Shard
from coinmon.report.terminal.signals_listed import plain_lines, signals_explained, signals_listed
from coinmon.store.database import open_database
from coinmon.store.judged import write_judged
from coinmon.store.outbox import write_signals


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
    assert plain_lines(document, "zh")[1] == "whale  等待数据  等待价格"
    assert plain_lines(document, "en")[1] == "whale  waits  waits for prices"
    assert json.dumps(document["explained"]["whale"]["reason"]) == '"waits for prices"'
    assert say("known in English only", "zh") == "known in English only"


def test_without_a_symbol_or_a_database_one_line_says_what_is_missing(coinmon):
    assert "coinmon signals --explain BTCUSDT" in coinmon("signals", "--explain", code=2)[1]
    assert len(coinmon("signals", code=2)[1].splitlines()) == 1


def stored(time, ended, grade, **more):
    return {
        "event": "signal", "id": f"id{grade}", "time": f"2026-01-{time}:00Z", "ended": ended and f"2026-01-{ended}:00Z",
        "pair": "BTC/USDT", "signal": "s", "grade": grade, "direction": "bullish",
        "title": {"zh": "全球协同看涨", "en": "Global Sync Bullish"},
        "reading": {"zh": "主力全平台吸筹，市场做多情绪一致。", "en": "Big money is on every exchange."}, **more,
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_each_signal_is_a_line_that_says_when_what_and_its_verdict_and_no_word_is_cut(lang, width):
    rows = [
        stored("16T01:43", None, "A+", record={"verdict": "not proven", "text": {}}),
        stored("16T01:02", "16T01:14", "A"), stored("15T23:50", "16T00:10", "B"), stored("15T20:00", "15T20:00", "C"),
    ]  # fmt: skip
    out = io.StringIO()
    document = {"as_of": "2026-01-16T01:47:33Z", "pair": None, "signals": rows}
    Console(file=out, width=width).print(signals_listed(document, lang))
    head, *lines = (line.rstrip() for line in out.getvalue().splitlines())
    assert head == "2026-01-16T01:47 UTC"
    told, why = lines[::2], lines[1::2]
    on, title = ("持续中", "全球协同看涨") if lang == "zh" else ("on", "Global Sync Bullish")
    verdict = "（战绩：未证实）" if lang == "zh" else " (record: not proven)"
    spans = [f"01-16 01:43 {on}", "01-16 01:02-01:14", "01-15 23:50-01-16 00:10", "01-15 20:00"]
    assert [line.split("  BTC/USDT")[0].strip() for line in told] == spans
    assert [line.partition("BTC/USDT  ")[2] for line in told] == [
        f"[A+] {title}{verdict}", *(f"[{grade}] {title}" for grade in "ABC")
    ]  # fmt: skip
    assert len({cell_len(line.partition("BTC/USDT")[0]) for line in told}) == 1
    assert why == [f"    {row['reading'][lang]}  {row['id']}" for row in rows]
    assert max(map(cell_len, lines)) <= width


def test_on_a_terminal_a_reason_goes_on_below_itself():
    why = "waits for the last 5 minutes: binance:BTC/USDT 0/5, bybit:BTC/USDT 0/5, okx:BTC/USDT 0/5; 5 min more"
    out = io.StringIO()
    silent = {"state": "waits", "reason": why, "events": []}
    explained = {"early_pump": silent, "x": {**silent, "state": "silent", "reason": "[A+]"}}
    document = {"pair": "BTC/USDT", "as_of": "now", "explained": explained}
    Console(file=out, width=60).print(signals_explained(document, "en"))
    head, *lines = out.getvalue().splitlines()
    assert head == "BTC/USDT now"
    assert lines[0].startswith("early_pump  waits   waits for the last")
    assert all(line.startswith(" " * 20) for line in lines[1:-1])
    assert " ".join(line[20:].strip() for line in lines[:-1]) == why
    assert lines[-1].split() == ["x", "silent", "[A+]"]


def test_what_is_on_stands_first_then_the_newest_of_one_moment_the_gravest(coinmon):
    told = [
        stored("16T01:00", None, "B"), stored("16T02:00", None, "A"), stored("16T02:00", None, "A+"),
        stored("16T03:00", None, "C"), stored("16T03:01", "16T03:05", "B+"),
    ]  # fmt: skip
    rows = [
        {"id": each["id"], "key": each["id"], "pair": each["pair"], "name": each["signal"], "grade": each["grade"],
         "time": parse_time(each["time"]), "ended": each["ended"] and parse_time(each["ended"]), "event": each}
        for each in told
    ]  # fmt: skip
    database = open_database("sqlite:///told.db")
    with database.write() as connection:
        write_signals(connection, rows, {})
    database.close()
    config = "clock: {at: '2026-01-16T04:00:00Z', wall: '2026-01-16T04:00:00Z', speed: 0}\n"
    Path("c.yaml").write_text(config)
    asked = ("--config", "c.yaml", "--db", "told.db", "signals")
    listed = json.loads(coinmon(*asked, "--json")[0])
    assert [(each["time"][11:16], each["grade"]) for each in listed["signals"]] == [
        ("03:00", "C"), ("02:00", "A+"), ("02:00", "A"), ("01:00", "B"), ("03:01", "B+"),
    ]  # fmt: skip
    assert listed["judged_until"] is None
    assert coinmon(*asked)[1] == "", "no scan wrote down when it looked"

    def complaint(last, *more):
        database = open_database("sqlite:///told.db")
        with database.write() as connection:
            write_judged(connection, Shard(), parse_time(last), parse_time(last))
        database.close()
        return coinmon("--lang", "en", *asked, *more)[1]

    assert complaint("2026-01-16T03:50:00Z") == (
        "no scan has looked since 2026-01-16T03:50:00Z: what is on was on then\n"
    )
    assert complaint("2026-01-16T03:58:00Z") == ""
    assert "03:50:00Z" in complaint("2026-01-16T03:58:00Z", "--at", "2026-01-16T03:57:00Z")
