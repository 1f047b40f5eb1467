"""Parts of a replay are taken from an earlier one where nothing that they depend on has changed, and only there."""

import os
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.replay import Judgement
from coinmon.model.instrument import Pair
from coinmon.model.moment import HOUR, MINUTE
from coinmon.model.signal import Bilingual, Signal, Text
from coinmon.run.parts import loaded_source, pair_jobs
from coinmon.run.parts.kept_parts import KeptParts
from coinmon.run.parts.pair_jobs import ReplayTask, replayed_here
from coinmon.run.parts.part_record import packed, unpacked
from coinmon.run.parts.replay_parts import PlayedPart
from coinmon.run.parts.traced_rows import Trace
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History

from .test_columns import FIRST, START
from .test_pair_jobs import overrides  # noqa: F401

BTC, ETH = PAIRS = [Pair("BTC", "USDT"), Pair("ETH", "USDT")]
BEGIN, END = START + (FIRST + 60) * MINUTE, START + (FIRST + 150) * MINUTE
CUTS = [BEGIN, BEGIN + 30 * MINUTE, BEGIN + 60 * MINUTE, END]

LOOKS_ACROSS = '''
from coinmon import Signal, Text, hookimpl

def across(market) -> list[Signal]:
    """Says what all pairs' last closes are, every ten minutes."""
    if market.now // 60_000 % 10:
        return []
    closes = [int(view.bars(1).close[-1]) for each in market.all_pairs() for view in each.views]
    text = Text("x", "x")
    return [Signal("across", str(market.pair), "B", "neutral", text, text, {"of": closes}, f"{market.now}", once=True)]

@hookimpl
def register_signals(register):
    register("across", across)
'''
RAISES = '''
from coinmon import Signal, hookimpl

def raises(market) -> list[Signal]:
    """Cannot do it."""
    raise RuntimeError("not now")

@hookimpl
def register_signals(register):
    register("raises", raises)
'''


@pytest.fixture
def replayed(overrides, tmp_path, monkeypatch):  # noqa: F811
    """Replays both pairs in three parts each with what is kept; how many were taken and computed, and all that is told.

    changes: settings besides those of the scenario. only: the signal that is on.
    """
    monkeypatch.setattr(pair_jobs, "parts_of", lambda *_: [(a, b, a == BEGIN) for a, b in pairwise(CUTS)])
    kept = KeptParts(tmp_path / "kept", 10**8)

    def replay(changes=(), known="complete", keeps=kept, only=None, pairs=PAIRS):
        config = load_config(None, overrides={**overrides, **dict(changes)}, environ={}, cwd=tmp_path)
        if only is not None:
            config = replace(config, signals={only: config.signals[only]})
        whole = ReplayTask(lambda: config, BEGIN, END, known, None, keeps)
        found = replayed_here(whole, config, pairs)
        return (found.taken, found.parts - found.taken), _bytes(found)

    return replay


def _bytes(found):
    judged = [
        (pair.pair, name, each.minutes, each.judged, each.waited, each.why_waited, getattr(each.why_waited, "zh", None))
        for pair in found.pairs
        for name, each in pair.judgements.items()
    ]
    told = [(each.event, each.price, each.outcome.after) for each in found.told]
    return orjson.dumps([told, judged, [pair.coverage for pair in found.pairs]])


@pytest.fixture
def rewrite(overrides):  # noqa: F811
    """Makes a stored minute of a pair another; minutes are counted from the first moment on."""

    def write(pair, minute):
        database, at = open_database(overrides["db"]), BEGIN + minute * MINUTE
        history = History(database)
        found = ((each, history.bars(each, at, at + MINUTE)) for each in history.instruments if each.base == pair.base)
        one, rows = next((each, rows) for each, rows in found if len(rows))
        changed = replace(rows, close=rows.close + 1, high=rows.high + 1)
        with database.write() as connection:
            write_bars(connection, history._numbers[one.id], one, changed, corrects=True)
        database.close()

    return write


@pytest.mark.parametrize("known", ["complete", "known"])
def test_only_what_changed_is_computed_again(replayed, rewrite, known):
    # breadth looks at all pairs
    alone = partial(replayed, {"signals.breadth.enabled": False}, known)
    none = alone(keeps=None)
    assert none[0] == (0, 6)
    assert len(none[1]) > 2_000
    assert alone() == ((0, 6), none[1])
    assert alone() == ((6, 0), none[1])
    # nothing before its part can depend on it
    rewrite(ETH, 75)
    changed = alone(keeps=None)[1]
    assert alone() == ((5, 1), changed)
    # its part, and the one for which it is what was before
    rewrite(BTC, 45)
    changed = alone(keeps=None)[1]
    assert alone() == ((4, 2), changed)
    assert alone() == ((6, 0), changed)


def test_only_settings_that_judge_count(replayed):
    cold = replayed()[1]
    assert replayed({"notify.digest_minutes": 7, "retention_days": 3, "lang": "en"}) == ((6, 0), cold)
    for matters in ({"signals.us_accumulation.min_net_flow": 7e4}, {"sessions": "A=00:00-05:00"}):
        assert replayed(matters)[0] == (0, 6)
    assert replayed() == ((6, 0), cold)
    assert replayed(known="known")[0] == (0, 6)
    # one that is alone in it has another answer, whatever the others say
    assert replayed(only="consensus")[0] == (0, 6)


def forget(name):
    """What a new process would not know."""
    sys.modules.pop(f"coinmon_plugin_dir_{name}", None)
    loaded_source._loaded.cache_clear()


def test_only_plugins_that_take_part_count(replayed, tmp_path, monkeypatch):
    mine, other = tmp_path / "mine" / "across.py", tmp_path / "mine" / "other.py"
    mine.parent.mkdir()
    mine.write_text("import beside_it\n" + LOOKS_ACROSS, "utf-8")
    other.write_text(RAISES, "utf-8")
    (tmp_path / "path").mkdir()
    imported = tmp_path / "path" / "beside_it.py"
    imported.write_text("", "utf-8")
    monkeypatch.syspath_prepend(tmp_path / "path")
    # plugins.dir is relative to the folder that the configuration is in
    settings = {"plugins.dir": "mine"}
    cold = replayed(settings, only="across")
    assert cold[0] == (0, 6)
    assert replayed(settings, only="across") == ((6, 0), cold[1])
    other.write_text(RAISES + "\n", "utf-8")
    forget("other")
    assert replayed(settings, only="across") == ((6, 0), cold[1])
    imported.write_text("SIZE = 1\n", "utf-8")
    forget("across")
    assert replayed(settings, only="across") == ((0, 6), cold[1])
    mine.write_text(mine.read_text("utf-8").replace("% 10", "% 30"), "utf-8")
    # a process that imported the file before says what the old lines said, and keeps nothing more of it
    assert replayed(settings, only="across") == ((6, 0), cold[1])
    assert replayed(settings, only="across", keeps=KeptParts(tmp_path / "new", 10**8)) == cold
    assert not (tmp_path / "new").exists()
    forget("across")
    assert replayed(settings, only="across")[0] == (0, 6)
    loaded_source._loaded.cache_clear()


def test_who_looks_at_all_pairs_depends_on_them(replayed, rewrite, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "across.py").write_text(LOOKS_ACROSS, "utf-8")
    settings = {"plugins.dir": "mine"}
    cold = replayed(settings, only="across", pairs=[BTC])[1]
    assert replayed(settings, only="across", pairs=[BTC]) == ((3, 0), cold)
    at = -(BEGIN // MINUTE) % 10 + 9
    rewrite(ETH, at)
    found = replayed(settings, only="across", pairs=[BTC])
    assert found == ((2, 1), replayed(settings, only="across", pairs=[BTC], keeps=None)[1])
    assert found[1] != cold
    forget("across")


def test_who_raised_is_asked_again(replayed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "raises.py").write_text(RAISES, "utf-8")
    for _ in range(2):
        assert replayed({"plugins.dir": "mine"}, only="raises", pairs=[BTC])[0] == (0, 3)
    assert not (tmp_path / "kept").exists()
    forget("raises")


def test_a_broken_file_costs_itself(replayed, tmp_path):
    cold = replayed()[1]
    whole, cut, empty, *_ = sorted((tmp_path / "kept").glob("*/*.part"))
    data = whole.read_bytes()
    whole.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    cut.write_bytes(cut.read_bytes()[:200])
    empty.write_bytes(b"")
    assert replayed() == ((3, 3), cold)
    assert replayed() == ((6, 0), cold)


def test_a_folder_that_cannot_be_written(replayed, tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    none = replayed(keeps=None)
    assert replayed(keeps=KeptParts(tmp_path / "file" / "kept", 10**8)) == none


def part(size):
    """One whose bytes cannot be made fewer."""
    text = Text("x", "x")
    noise = np.random.default_rng(size).bytes(size).hex()
    said = Signal("x", "BTC/USDT", "A", "bullish", text, text, {"noise": noise, "flow": -0.0, "of": [1, None]}, "x")
    waits = Judgement(3, 1, 2, 0, Bilingual("等", "waits"), "")
    return PlayedPart([(0, [said]), (MINUTE, [said]), (2 * MINUTE, [])], {"x": waits})


def test_a_part_comes_back_as_it_was():
    found, trace = unpacked(packed(part(9), Trace()))
    assert found == part(9)
    assert trace == Trace()
    assert found.judgements["x"].why_waited.zh == "等"
    assert str(found.changes[0][1][0].evidence["flow"]) == "-0.0"
    # what held on is one and the same
    assert found.changes[0][1][0] is found.changes[1][1][0]


def test_the_folder_is_bounded_and_what_was_of_no_use_goes(tmp_path):
    one = part(4_000)
    size = len(packed(one, Trace()))
    kept = KeptParts(tmp_path, 16 * 3 * size)
    keys = [f"a{number:063}" for number in range(8)]
    half = tmp_path / "a" / ".x.part.1.partial"
    for number, key in enumerate(keys):
        kept.keep(key, one, Trace())
        os.utime(kept._path(key), (number, number))
        if number == 3:
            assert kept.take(keys[1], None) == one
            half.write_bytes(b"of one that was killed")
    # the first were of no use since; the second was, a moment ago
    assert [key for key in keys if kept._path(key).exists()] == [keys[1], *keys[6:]]
    assert sum(each.stat().st_size for each in tmp_path.glob("*/*.part")) <= 3 * size
    assert half.exists()
    os.utime(half, (0, time.time() - 2 * HOUR / 1000))
    kept.keep(keys[0], one, Trace())
    assert not half.exists()
    assert not [each for each in Path(tmp_path).rglob("*") if "partial" in each.name]
