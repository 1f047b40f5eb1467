"""`coinmon scan --json`: what other programs rely on."""

import os
import re
import signal
import sqlite3
from datetime import UTC, datetime

import orjson
import pytest

from tests.forked import run_forked

NUMBER = (int, float)
TEXT = {"zh": str, "en": str}
FIELDS = {
    "scan_started": {"time": "time", "cycle": int, "pairs": int, "instruments": int, "venues": [str]},
    "venue": {
        "time": "time", "venue": str, "status": str, "requests": int, "seconds": NUMBER, "instruments": int,
        "error": (str, None), "streamed": (int, None),
    },
    "flow": {
        "time": "time", "pair": str, "price": (*NUMBER, None), "currency": str, "window": (int, None), "venues": dict,
        "total": (*NUMBER, None), "consensus": (str, None), "consensus_reason": (str, None), "coverage": NUMBER,
    },
    "whale": {
        "id": str, "time": "time", "pair": str, "instrument": str, "venue": str, "kind": str, "side": str,
        "price": NUMBER, "base": NUMBER, "quote": NUMBER, "trade_id": int, "fills": int,
    },
    "signal": {
        "id": str, "time": "time", "pair": str, "signal": str, "grade": str, "direction": str, "title": TEXT,
        "reading": TEXT, "advice": (dict, None), "evidence": dict,
        "record": dict, "situation": dict, "cooldown_minutes": float,
    },
    "delivery": {
        "time": "time", "message": str, "signal": str, "output": str, "state": str, "attempts": int,
        "error": (str, None),
    },
    "scan_finished": {
        "time": "time", "cycle": int, "seconds": NUMBER, "pairs": int, "signals": int, "whales": int,
        "coverage": (*NUMBER, None), "failing_plugins": dict, "health": dict,
    },
}  # fmt: skip
VENUE_FLOW = {
    "instrument": (str, None), "listed": (bool, None), "net_flow": (*NUMBER, None), "ratio": (*NUMBER, None),
    "net_flow_pct": (*NUMBER, None), "zscore": (*NUMBER, None), "coverage": (*NUMBER, None), "complete": (int, None),
    "minutes": (int, None), "warming": bool,
}  # fmt: skip


def check(value, expected, where):
    if expected == "time":
        assert value.endswith("Z"), where
        assert datetime.fromisoformat(value).tzinfo == UTC, where
    elif isinstance(expected, dict):
        assert set(value) == set(expected), (where, set(value) ^ set(expected))
        for name, each in expected.items():
            check(value[name], each, f"{where}.{name}")
    elif isinstance(expected, list):
        for each in value:
            check(each, expected[0], where)
    else:
        kinds = expected if isinstance(expected, tuple) else (expected,)
        assert value is None if value is None and None in kinds else type(value) in kinds, (where, value)


def events(text):
    return [orjson.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """A finished `scan --demo --once --json`."""
    from sys import executable

    folder = tmp_path_factory.mktemp("single")
    return run_forked(
        [executable, "-m", "coinmon", "scan", "--demo", "--once", "--json"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_every_event_has_its_fields(single):
    assert single.returncode == 0, single.stderr
    told = events(single.stdout)
    assert {event["event"] for event in told} == set(FIELDS)
    for event in told:
        check({name: value for name, value in event.items() if name != "event"}, FIELDS[event["event"]], event["event"])
        if event["event"] == "flow":
            assert set(event["venues"]) == {"binance", "okx", "bybit", "coinbase"}
            for name, each in event["venues"].items():
                check(each, VENUE_FLOW, f"flow.venues.{name}")
    assert "NaN" not in single.stdout
    # the day before is stored with the demo: what is compared with it is known
    scores = [each["zscore"] for event in told if event["event"] == "flow" for each in event["venues"].values()]
    assert all(isinstance(each, float) for each in scores)


def test_events_come_in_the_order_of_a_cycle(single):
    kinds = [event["event"] for event in events(single.stdout)]
    assert kinds[0] == "scan_started"
    assert kinds[1:5] == ["venue"] * 4
    assert kinds[5:11] == ["flow"] * 6
    told = events(single.stdout)
    finished = next(event for event in told if event["event"] == "scan_finished")
    assert finished["signals"] == kinds.count("signal") >= 5
    planted = {"consensus_change", "global_sync_bullish", "us_accumulation", "long_trap"}
    signals = [event for event in told if event["event"] == "signal"]
    assert planted <= {event["signal"] for event in signals}
    named = [event["situation"]["support"] for event in signals if event["situation"]["support"]]
    assert named
    assert all(re.search("今日|昨日|上周|亚洲|伦敦|纽约|尾盘", each["title"]["zh"]) for each in named), named
    assert finished["whales"] == kinds.count("whale") == 1
    ids = {event["id"] for event in told if event["event"] in ("signal", "whale")}
    assert {event["signal"] for event in told if event["event"] == "delivery"} == ids


def test_the_log_is_on_stderr_alone(single):
    assert "共识" in single.stderr
    assert all(line.startswith("{") for line in single.stdout.splitlines())
    assert not [line for line in single.stderr.splitlines() if line.startswith("{")]


def until(process, kind):
    """The lines read so far, up to the first event of that kind."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if orjson.loads(line)["event"] == kind:
            return lines
    raise AssertionError(f"no {kind} before the end: {process.stderr.read()}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_monitor_cleanly(started, tmp_path, number):
    # soon after that market begins: there is little behind it to store
    at = "2026-01-13T11:00Z"
    scan = started("--db", "stopped.db", "scan", "BTCUSDT", "--demo", "--json", "--at", at)
    lines = until(scan, "scan_started")
    # in the middle of the first cycle, which may end
    scan.send_signal(number)
    rest, complaints = scan.communicate(timeout=30)
    assert scan.returncode == 130, complaints
    assert "Traceback" not in complaints
    told = events("".join(lines) + rest)
    assert told[-1]["event"] in ("scan_finished", "signal", "delivery")
    assert "scan_finished" in {event["event"] for event in told}
    with sqlite3.connect(tmp_path / "stopped.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        cursors, bars = (
            connection.execute(f"SELECT count(DISTINCT instrument) FROM {table}").fetchone()[0]
            for table in ("cursors", "bars")
        )
    # bars and the place where reading goes on are one transaction
    assert cursors == bars == 7


def test_plain_lines_go_to_a_pipe_until_nobody_reads_them(started):
    reading, writing = os.pipe()
    # the next cycle, whose lines nobody takes, comes after two seconds
    scan = started("--lang", "en", "scan", "XRPUSDT", "--demo", "--speed", "30", stdout=writing)
    os.close(writing)
    lines = []
    with os.fdopen(reading, encoding="utf-8") as pipe:
        for line in pipe:
            lines.append(line)
            if "XRP/USDT] whale" in line:
                break
    _, complaints = scan.communicate(timeout=60)
    assert scan.returncode == 0
    assert complaints == ""
    # lines of the log: no table, no colour, no cursor movement
    assert all(datetime.fromisoformat(line[:19]) for line in lines)
    assert "\x1b" not in "".join(lines)
    assert "=== new scan (1 pairs) ===" in "".join(lines)
