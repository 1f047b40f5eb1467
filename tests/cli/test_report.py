"""`coinmon report`: of what is stored, of what is asked now, as of a moment."""

import json
import os
import threading

import pytest

from coinmon.evaluate import computing, evaluator


def test_offline_is_of_what_is_stored_as_of_a_moment(stored):
    done = stored("report", "BTCUSDT", "--offline", "--format", "json")
    assert (done.code, done.err) == (0, [])
    document = json.loads(done.out)
    assert document["pair"] == "BTC/USDT"
    assert {"binance:BTC/USDT", "okx:BTC/USDT"} <= set(document["instruments"])
    assert document["indicators"]["net_flow"]["binance:BTC/USDT"]["coverage"]["share"] == 1.0
    earlier = json.loads(stored("report", "BTC", "--offline", "--format", "json", "--at", "2026-01-15T11:45:00Z").out)
    assert earlier["as_of"].startswith("2026-01-15T11:45:00")
    assert earlier["indicators"]["net_flow"]["binance:BTC/USDT"]["coverage"]["share"] < 1.0


def test_a_past_day_is_shown_whole_and_not_the_first_moment_of_the_next(stored, changed, coinmon):
    """In Fiji the fifteenth ends at 12:00 UTC, with the last minute that is stored."""
    own = {"timezone": "Pacific/Fiji"}
    config = changed(**own, indicators={"key_levels": own, "vwap": own, "tpo": own})
    asked = ("--db", "coinmon.db", "report", "BTC", "--offline", "--date", "2026-01-15", "--format", "json")
    document = json.loads(coinmon("--config", config, *asked).out)
    assert document["as_of"] == "2026-01-15T12:00:00Z"
    levels, tpo, vwap = (document["indicators"][name]["binance:BTC/USDT"] for name in ("key_levels", "tpo", "vwap"))
    assert (levels["date"], tpo["date"]) == ("2026-01-15", "2026-01-15")
    assert (levels["day"]["state"], levels["day"]["profile_minutes"], vwap["minutes"]) == ("done", 50, 50)
    assert levels["day"]["vwap"] == vwap["vwap"]


def test_a_day_on_which_clocks_change_ends_an_hour_later(stored, changed, coinmon):
    config = changed(timezone="America/New_York")
    done = coinmon("--config", config, "--db", "coinmon.db", "report", "BTC", "--offline", "--date", "2025-11-02")
    assert "before 2025-11-03T05:00:00Z" in done.err[0]
    assert "backfill BTCUSDT --from 2025-11-03" in done.err[0]


def test_asked_now_it_collects_first_and_a_file_gets_what_is_printed(coinmon, emulator, tmp_path):
    options = ("--config", emulator, "--db", "new.db", "report", "ETHUSDT", "--exchange", "okx", "--lang", "en")
    done = coinmon(*options)
    assert done.code == 0
    assert "ETH/USDT" in done.out
    assert coinmon(*options, "-o", "report.txt").out == ""
    assert (tmp_path / "report.txt").read_text("utf-8").splitlines()[0] == done.out.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["XYZUSDT"], "XYZUSDT: no such pair on"),
        (["BTC", "-o", "no/such/folder.txt"], "-o no/such/folder.txt: No such file or directory"),
        (["BTC", "--format", "xml"], "'xml' is not one of"),
        (["BTC", "-o", ""], "-o .: Is a directory"),
        (["BTC", "-o", "x" * 300], "File name too long"),
        (["BTC", "--at", ""], "--at: '' is not a time"),
        (["BTC", "--at", "0001-01-01"], "--at: '0001-01-01' is no time of any market"),
        (["BTC", "--date", "9999-12-31"], "--date: '9999-12-31' is no time of any market"),
        (["BTC", "--date", "2026-01-15T11:00:00Z"], "is not a day; write 2024-08-09, or a moment with --at"),
        (["BTC", "--exchange", ""], "there is no exchange"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_reported(stored, arguments, told):
    done = stored("report", "--offline", *arguments)
    assert (done.code, done.out, len(done.err)) == (2, "", 1)
    assert told in done.err[0]


def test_what_is_no_file_is_written_into_and_not_replaced(stored, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    (tmp_path / "real.txt").touch()
    (tmp_path / "link.txt").symlink_to("real.txt")
    for name in ("pipe", "link.txt"):
        assert stored("report", "BTC", "--offline", "-o", name).code == 0
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link.txt").is_symlink()
    assert os.read(reader, 65536) == (tmp_path / "real.txt").read_bytes() != b""
    os.close(reader)


BLOCKING = '''"""Blocks."""
import time
from coinmon.indicator import Result, View, hookimpl
class Slept(Result):
    """Nothing."""
def sleepy(view: View) -> Slept:
    """Never comes to an end."""
    time.sleep(3)
    raise ValueError("slept")
def dozy(market):
    """The same."""
    time.sleep(3)
    return []
def angry(_):
    """Raises, whatever it is asked."""
    raise ValueError("no")
@hookimpl
def register_indicators(register):
    register("angry", angry)
    register("sleepy", sleepy)
@hookimpl
def register_signals(register):
    register("angry", angry)
    register("dozy", dozy)
'''


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (("report", "BTC", "--offline", "--full"), "indicator sleepy"),
        (("signals", "BTC", "--explain"), "signal dozy"),
    ],
)
def test_a_plugin_that_blocks_is_named_and_the_rest_is_shown(
    stored, changed, coinmon, tmp_path, monkeypatch, asked, name
):
    for what, seconds in (("DEADLINE_S", 1.0), ("_LOOK_S", 0.05)):
        monkeypatch.setattr(computing, what, seconds)
    # a busy machine may make others late too: tests after this one ask them again
    fresh = computing.PluginsAtWork()
    for module in (computing, evaluator):
        monkeypatch.setattr(module, "PLUGINS", fresh)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "blocks.py").write_text(BLOCKING)
    config = changed(plugins={"dir": str(tmp_path / "own")}, indicators={"sleepy": True}, signals={"dozy": True})
    done = coinmon("--config", config, "--db", "coinmon.db", *asked)
    assert done.code == 0
    assert f"{name} (plugin dir.blocks) blocks" in done.out + "".join(done.err)
    # what raised before it is not said again where the work is begun anew
    angry = f"{name.split()[0]} angry (plugin dir.blocks) raised ValueError: no"
    assert len([line for line in done.err if angry in line]) == 1, done.err
    assert "global_sync" in done.out or "net_flow" in done.out
    # what it logs when it comes to an end is no other test's
    for each in threading.enumerate():
        if each.name == "computation":
            each.join(20)
