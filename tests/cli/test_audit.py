"""`coinmon audit`: plugins that look ahead, remember, roll dice or say something else by columns are named."""

import importlib.util
import json
import shutil

import pytest

from . import cheats

CHEATS = '''
import random

import numpy as np

from coinmon.signal import MINUTE, SILENT, Signal, Silent, Text, hookimpl

ASKED = []

def said(market, name, holds):
    if not holds:
        return Silent("no")
    return [Signal(name, str(market.pair), "B", "neutral", Text("x", "x"), Text("x", "x"), key=name)]

def looks_ahead(market):
    view = market.views[0]
    rows = view.source.bars(view.instrument, view.end, view.end + MINUTE)
    return said(market, "looks_ahead", len(rows) and rows.close[0] >= view.bars(1).close[0])

def remembers(market):
    ASKED.append(market.now)
    return said(market, "remembers", len(ASKED) % 2)

def rolls_dice(market):
    return said(market, "rolls_dice", random.random() < 0.5)

def honest(market):
    rows = market.views[0].bars(30)
    return said(market, "honest", rows.close[-1] > rows.close[rows.close > 0].mean())

def centred(frame):
    """A window centred on each minute: half of it is the future."""
    rows = frame.bars(frame.listed[0], 30)
    mean = np.convolve(rows.close, np.ones(30) / 30, "same")[29:]
    return (rows.close[29:] > mean).astype(np.int8)

def other_columns(market):
    return honest(market)

def quiet_too_often(market):
    return honest(market)

def is_quiet(market):
    """It forgets the minutes before the last ten."""
    rows = market.views[0].bars(30)
    return bool(rows.close[-1] < rows.close[-10:].max())

def raises(market):
    return 1 / 0

def writes(market):
    market.views[0].bars(5).close[:] = 0
    return said(market, "writes", True)

@hookimpl
def register_signals(register):
    for each in (looks_ahead, remembers, rolls_dice, honest, raises, writes):
        register(each.__name__, each)
    register("other_columns", other_columns, columns=centred)
    register("quiet_too_often", quiet_too_often, quiet=is_quiet)
'''


@pytest.fixture
def audited(stored, changed, coinmon, tmp_path):
    """Audits signals of our own on a copy of the scanned database."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "cheats.py").write_text(CHEATS, "utf-8")
    config = changed(plugins={"dir": "mine"})
    return lambda *arguments: coinmon("--config", config, "--db", "coinmon.db", "--lang", "en", "audit", *arguments)


def test_each_cheat_is_named(audited):
    names = ["looks_ahead", "remembers", "rolls_dice", "honest", "raises", "writes", "other_columns",
             "quiet_too_often"]  # fmt: skip
    done = audited(*names, "--pair", "BTCUSDT", "--moments", "12", "--json")
    assert done.code == 1, done.err
    found = {each["name"]: each for each in json.loads(done.out)["plugins"]}
    checks = {name: {fault["check"] for fault in each["faults"]} for name, each in found.items()}
    assert "the future cut off" in checks["looks_ahead"]
    assert "another order" in checks["remembers"]
    assert checks["rolls_dice"]
    assert "columns" in checks["other_columns"]
    assert "quiet" in checks["quiet_too_often"]
    assert "ZeroDivisionError" in found["raises"]["raised"]
    assert "read-only" in found["writes"]["raised"]
    assert not checks["honest"]
    assert not found["honest"]["raised"]
    assert found["honest"]["reach_minutes"] == 30
    fault = found["looks_ahead"]["faults"][0]
    assert fault["pair"] == "BTC/USDT"
    assert fault["expected"] != fault["got"]


def test_every_cheat_in_the_book_is_named(audited, tmp_path):
    shutil.copy(cheats.__file__, tmp_path / "mine" / "book.py")
    by_answers = [*cheats.LOOK_AHEAD, *cheats.STATE, *cheats.CHANCE]
    honest = ["honest", "honest_columns"]
    names = [*by_answers, *cheats.COLUMNS, *honest]
    done = audited(*names, "--pair", "BTCUSDT", "--moments", "6", "--json")
    found = {each["name"]: each for each in json.loads(done.out)["plugins"]}
    missed = [name for name in names if not found[name]["different"] and not found[name]["raised"]]
    assert missed == honest
    assert all(found[name]["comparisons"] > 10 for name in honest)
    checks = {name: {fault["check"] for fault in found[name]["faults"]} for name in names}
    assert [name for name in cheats.LOOK_AHEAD if "the future cut off" not in checks[name]] == []
    assert "in another process" in checks["order_of_a_set"]
    assert all("columns" in checks[name] or "columns of" in found[name]["raised"] for name in cheats.COLUMNS)
    assert done.code == 1
    assert len(names) - len(honest) >= 50


SMART_MONEY = '''
import numpy as np
import pandas as pd
from smartmoneyconcepts.smc import smc

from coinmon.signal import SILENT, WAITS, Signal, Silent, Text, hookimpl

LENGTH, BACK = 5, 120

def swings(rows):
    candles = pd.DataFrame({name: getattr(rows, name) for name in ("open", "high", "low", "close", "volume")})
    return smc.swing_highs_lows(candles, LENGTH)["HighLow"].to_numpy()

def swing(market):
    if not swings(market.views[0].bars(BACK))[-1] == 1:
        return Silent("no swing high")
    return [Signal("swing", str(market.pair), "B", "bearish", Text("x", "x"), Text("x", "x"), key="swing")]

def at_once(frame):
    """As everybody calls it: once over all candles."""
    return (swings(frame.bars(frame.listed[0], BACK))[BACK - 1 :] == 1).astype(np.int8)

@hookimpl
def register_signals(register):
    register("swing", swing, columns=at_once)
'''


def test_a_library_that_rewrites_its_past_readings_is_named(audited, tmp_path):
    # not imported here: it prints
    if importlib.util.find_spec("smartmoneyconcepts") is None:
        pytest.skip("not installed: pip install smartmoneyconcepts")
    (tmp_path / "mine" / "smart_money.py").write_text(SMART_MONEY, "utf-8")
    done = audited("swing", "--pair", "BTCUSDT", "--moments", "12", "--json")
    (found,) = json.loads(done.out)["plugins"]
    assert done.code == 1
    assert {each["check"] for each in found["faults"]} == {"columns"}


def test_bundled_plugins_are_clean(stored, changed, coinmon):
    """All of them, at some moments of one pair."""
    asked = "--pair", "BTCUSDT", "--moments", "4", "--json"
    done = coinmon("--config", changed(), "--db", "coinmon.db", "--lang", "en", "audit", *asked)
    assert done.code == 0, done.err
    found = json.loads(done.out)["plugins"]
    assert len(found) >= 52
    assert not [each["name"] for each in found if each["different"] or each["raised"]]
    assert min(each["comparisons"] for each in found) >= 4 * 3
    assert sum(each["comparisons"] for each in found) > 800


def test_a_name_that_is_not_there_is_refused(audited):
    done = audited("nonsense")
    assert done.code == 2
    assert "nonsense: no such signal or indicator is on" in done.err[0]
