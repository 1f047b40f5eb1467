"""Every form of a wrong signal beside a sound one, in both databases: the sound one is told, the wrong one named."""

from types import SimpleNamespace

import pytest

from coinmon import MINUTE
from coinmon.evaluate.evaluator import Evaluator
from coinmon.model.shard import WHOLE
from coinmon.run import signal_writer
from coinmon.run.judge import Judged
from coinmon.run.signal_writer import SignalWriter
from coinmon.store.database import open_database

NOW = 28_000_000 * MINUTE
WATCH = SimpleNamespace(failed={})
MARKET = SimpleNamespace(pair="BTC/USDT", now=NOW, spot={})


@pytest.fixture
def forms(benchmark):
    return benchmark("faults/chaos_plugins")


@pytest.fixture
def written(url):
    """Names of what is stored after a cycle that says this; and what could not be stored."""
    database = open_database(url)

    def run(said):
        writer = SignalWriter(database, {}, WHOLE)
        writer.write(WATCH, Judged({"BTC/USDT": said}, [], {}), NOW, NOW)
        with database.read() as connection:
            names = {row[0] for row in connection.exec_driver_sql("SELECT name FROM signals")}
        return names, writer.failures

    yield run
    database.close()


def test_a_wrong_signal_costs_itself_whatever_it_gives(forms, written):
    def chosen(name, target):
        offer = SimpleNamespace(plugin=f"dir.{name}", target=target, distribution="plugin_dir", columns=None)
        return SimpleNamespace(offer=offer, settings={})

    signals = {
        f"form_{number}": chosen(f"form_{number}", forms.misshapen(number)) for number in range(len(forms.FORMS))
    }
    signals["sound"] = chosen("sound", forms.sound)
    rules = SimpleNamespace(stamp=lambda: 0)
    evaluator = Evaluator(SimpleNamespace(signals=signals, rules=rules, indicators={}, screen=None), [])
    names, failures = written(told(evaluator))
    assert len(forms.FORMS) >= 60
    assert "sound" in names
    assert not failures
    assert max(map(len, evaluator.failures.values())) < 1_200
    assert not names & {"scan_finished", ""}
    # each that gives nothing sound is named
    assert {f"signal {name}" for name in signals.keys() - names} <= evaluator.failures.keys()


def told(evaluator):
    """As a thread that computes asks it: there what a plugin raises is never our own stop."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(evaluator.signals, MARKET).result()


def test_what_cannot_be_stored_is_one_plugins_loss(forms, written, monkeypatch):
    """Its rows are half written when it fails: the savepoint takes them back, and the others' stay."""
    whole = signal_writer.write_signals

    def failing(connection, rows, wanted):
        whole(connection, rows, wanted)
        if any(row["name"] == "odd" for row in rows):
            raise ValueError("half written")

    monkeypatch.setattr(signal_writer, "write_signals", failing)
    (sound,) = forms.sound(MARKET)
    said = [forms.replace(sound, name=name, key=name) for name in ("before", "odd", "after")]
    names, failures = written(said)
    assert names == {"before", "after"}
    assert list(failures) == ["signal odd"]
