"""Pairs replayed in processes of their own come out as one after the other, in the same order."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from loguru import logger

from coinmon.cli import run
from coinmon.config.load import load_config
from coinmon.errors import CoinmonError, ConfigError, NoDataError
from coinmon.model.fold import fold
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE, iso, parse_time
from coinmon.model.trades import Trades
from coinmon.run.backtest import _prices_and_coverage, backtest, folded
from coinmon.run.parts import cluster as cluster_module
from coinmon.run.parts.cluster import replayed_on_cluster
from coinmon.run.parts.pair_jobs import FoldTask, PackedPart, PartTask, ReplayTask, replayed_side_by_side, working_on
from coinmon.run.parts.replay_parts import PairPlayer, PlayedPart, parts_of
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments

from .test_columns import EASY, FIRST, START, scenario

ROOT = Path(__file__).parents[2]
BASES = {"BTC": 1, "ETH": 3}


def killed_once(mark, overrides):
    """The configuration; the first process that asks for it dies as the out-of-memory killer ends it."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return load_config(None, overrides=overrides, environ={})
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.fixture
def overrides(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'coinmon.db'}"
    database = open_database(url)
    with database.write() as connection:
        for base, seed in BASES.items():
            instruments, rows = scenario(seed)
            for each in instruments:
                own = replace(each, base=base, native_id=base, symbol=each.symbol.replace("BTC", base))
                ((number, stored),) = sync_instruments(connection, [own], START).values()
                write_bars(connection, number, stored, rows[each.id])
    database.close()
    return {"db": url} | {f"signals.{name}": each for name, each in EASY.items()}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers in processes of their own, for all tests; its address."""
    pytest.importorskip("distributed", reason="the dask extra is not installed")
    folder = tmp_path_factory.mktemp("cluster")
    about = folder / "scheduler.json"
    plain = ["--scheduler-file", str(about), "--no-dashboard"]
    commands = [["scheduler", "--host", "127.0.0.1", "--port", "0"], *[["worker", "--nthreads", "1", "--no-nanny"]] * 2]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *each, *plain], cwd=folder, env=environ,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for each in commands
    ]  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not about.exists() or not about.read_text("utf-8").endswith("}"):
            assert time.monotonic() < until
            assert running[0].poll() is None
            time.sleep(0.02)
        yield json.loads(about.read_text("utf-8"))["address"]
    finally:
        for each in running:
            each.kill()
            each.wait()


@pytest.fixture
def asked(overrides, tmp_path, capsysbinary):
    """`coinmon backtest` of half an hour of both pairs, as JSON."""
    easy = "\n".join(f"  {name}: {json.dumps(each)}" for name, each in EASY.items())
    (tmp_path / "config.yaml").write_text(f"db: {overrides['db']}\nsignals:\n{easy}\n", "utf-8")
    start, end = (iso(START + (FIRST + each) * MINUTE) for each in (60, 90))

    def ask(*options):
        capsysbinary.readouterr()
        assert run(["backtest", "--from", start, "--to", end, "--json", *options]) == 0
        return capsysbinary.readouterr().out

    return ask


def test_by_command_on_a_cluster(asked, cluster):
    one_by_one = asked("--no-cache")
    assert len(json.loads(one_by_one)["signals"]) == 2
    assert not Path("replays").exists()
    # nothing is kept, then computed by workers and kept, then taken by them and by us
    for where in (["--no-cache", "--dask", cluster], ["--dask", cluster], ["--dask", cluster], []):
        assert asked(*where) == one_by_one
    assert len(list(Path("replays").glob("*/*.part"))) == 2
    pytest.importorskip("pyarrow", reason="the lake extra is not installed")
    assert run(["export", "--lake", "lake"]) == 0
    # workers share the files of a lake, whose database may be gone
    Path("coinmon.db").unlink()
    assert json.loads(asked("--dask", cluster, "--lake", "lake")) == json.loads(one_by_one)


def test_a_cluster_of_which_a_worker_is_killed(overrides, cluster, tmp_path):
    pairs = [Pair(base, "USDT") for base in (*BASES, "NONE")]
    # the last test with the cluster, which has one worker from here on
    start, end = START + (FIRST + 60) * MINUTE, START + (FIRST + 90) * MINUTE
    load = partial(killed_once, str(tmp_path / "killed"), overrides)
    seen = []
    whole = ReplayTask(load, start, end, "complete")
    found = replayed_on_cluster(cluster, whole, pairs, lambda *done: seen.append(done))
    assert (tmp_path / "killed").exists()
    config = load_config(None, overrides=overrides, environ={})
    database = open_database(config.db, create=False)
    history = History(database)
    universe = history.universe(config.exchanges, config.quotes)
    assert found == backtest(config, history, universe, pairs[:2], start, end)
    database.close()
    assert {each.event["pair"] for each in found.told} == {"BTC/USDT", "ETH/USDT"}
    assert seen[-1] == (3, 3)


def test_a_lake_is_replayed_as_its_database(asked, forked_workers):
    pytest.importorskip("pyarrow", reason="the lake extra is not installed")
    stored = json.loads(asked("--no-cache"))
    assert run(["export", "--lake", "lake"]) == 0
    Path("coinmon.db").unlink()
    found = [json.loads(asked("--lake", "lake", "--no-cache", *options)) for options in ([], ["--jobs", "2"])]
    # what is told, and how much of it could be judged; a lake has no books and no liquidations, like this database
    assert found == [stored, stored]
    assert len(stored["signals"]) == 2


def test_a_lake_does_not_say_what_was_known(overrides, capsys):
    assert run(["--lang", "en", "backtest", "--lake", "lake", "--as", "known"]) == 2
    assert "a lake does not say when its rows could be known" in capsys.readouterr().err
    assert run(["--lang", "en", "backtest", "--lake", "lake"]) == 3
    assert capsys.readouterr().err.endswith("no lake is there; write one with coinmon export --lake lake\n")


def test_no_cluster_there_is_said(overrides, monkeypatch):
    pytest.importorskip("distributed", reason="the dask extra is not installed")
    monkeypatch.setattr(cluster_module, "CONNECT_TIMEOUT_S", 0.2)
    with pytest.raises(ConfigError, match="no Dask scheduler answers there"):
        replayed_on_cluster("tcp://127.0.0.1:9", ReplayTask(load_config, None, None, "complete"), [Pair("BTC", "USDT")])


@pytest.mark.parametrize("workers", [{}, {"tcp://127.0.0.1:1": {}}])
def test_a_cluster_without_a_worker_is_waited_for_in_words(monkeypatch, workers):
    class Client(AbstractContextManager):
        def __init__(self, address, timeout):
            pass

        def scheduler_info(self):
            return {"workers": workers}

        def map(self, *_, **__):
            raise NotImplementedError

        def __exit__(self, *_):
            pass

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client, KilledWorker=RuntimeError))
    said = []
    sink = logger.add(lambda message: said.append(message.record["message"]), level="WARNING")
    try:
        with pytest.raises(NotImplementedError):
            replayed_on_cluster("a:1", ReplayTask(load_config, None, None, "complete"), [Pair("BTC", "USDT")])
    finally:
        logger.remove(sink)
    assert said == (
        [] if workers else ["--dask a:1: no worker has come to that scheduler yet: the replay waits for one"]
    )


@pytest.mark.parametrize("known", ["complete", "known"])
def test_where_a_replay_is_cut_changes_nothing(overrides, known):
    config = load_config(None, overrides=overrides, environ={})
    database = open_database(config.db, create=False)
    history = History(database)
    universe = history.universe(config.exchanges, config.quotes)
    first = START + (FIRST + 60) * MINUTE
    moments = [first + each * MINUTE for each in (0, 17, 70, 71, 140)]

    def player():
        return PairPlayer(config, history, universe, Pair("BTC", "USDT"), known)

    def told(parts):
        found, pair = folded(player(), moments[0], moments[-1], parts)
        return found, {name: (each.minutes, each.judged, each.waited) for name, each in pair.judgements.items()}

    whole = told([player().alone(moments[0], moments[-1], True)])
    cut = told([player().alone(*each, number == 0) for number, each in enumerate(pairwise(moments))])
    database.close()
    assert whole == cut
    assert len(whole[0]) > 1


def test_parts_are_calendar_months():
    first, last = parse_time("2025-11-30T23:58"), parse_time("2026-02-01")
    edges = [parse_time(each) for each in ("2025-12-01", "2026-01-01")]
    assert parts_of(first, last) == [(first, edges[0], True), (edges[0], edges[1], False), (edges[1], last, False)]


def test_a_pairs_prices_and_coverage_go_on_over_the_end_of_a_month(tmp_path):
    """Spot, weighted by volume; where no spot market knew the minute, the perpetual. Plain loops say the same."""
    start = parse_time("2026-01-31T23:56")
    first, last = start + MINUTE, start + 9 * MINUTE

    def coin(venue, kind="spot"):
        return Instrument(venue, kind, "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal(1), Decimal(1))

    made = {
        coin("acme"): {0: (100, 3), 1: (101, 1), 5: (104, 2)},
        coin("other"): {1: (105, 3), 4: (103, 1), 5: (101, 2), 8: (90, 1)},
        coin("perp", "perp"): {at: (200 + at, 1) for at in (2, 4, 6, 7, 8)},
    }
    database = open_database(f"sqlite:///{tmp_path / 'coinmon.db'}")
    for each, minutes in made.items():
        price, lots = np.array(list(minutes.values())).T
        time = start + np.array(list(minutes)) * MINUTE
        trades = Trades(np.arange(len(time)), time, price, lots.astype(float), np.ones(len(time), np.int8))
        bars = fold(trades, each)
        bars = bars[np.isin(bars.time, time)]
        with database.write() as connection:
            ((number, stored),) = sync_instruments(connection, [each], start).values()
            write_bars(connection, number, stored, bars)
    prices, coverage, seen = _prices_and_coverage(History(database), list(made), first, last)
    database.close()
    for at in range(9):
        known = [(made[each][at], each) for each in made if at in made[each]]
        spot = [row for row, each in known if each.kind == "spot"]
        among = spot or [row for row, _ in known]
        expected = sum(price * lots for price, lots in among) / sum(lots for _, lots in among) if among else None
        assert prices.at(first + at * MINUTE) == (None if expected is None else pytest.approx(expected))
    # of the eight minutes that are judged, the ninth is not one
    assert list(coverage.values()) == [3 / 8, 3 / 8, 4 / 8]
    assert seen == {"acme", "other", "perp"}


def test_who_asks_what_was_told_is_replayed_as_a_whole(overrides):
    """A signal that looks at the pair's earlier signals cannot be played in parts."""
    config = load_config(None, overrides=overrides, environ={})
    start, end = START + (FIRST + 60) * MINUTE, START + (FIRST + 80) * MINUTE
    with working_on(ReplayTask(lambda: config, start, end, "complete"), config) as work:
        pair, lost = Pair("BTC", "USDT"), PackedPart.of(PlayedPart([], {}, asked_back=True))
        told, (one,) = work(FoldTask(pair, (start, end), [lost]))
        again, (same,) = work(FoldTask(pair, (start, end), [work(PartTask(pair, (start, end, True)))]))
    assert told
    assert (told, one) == (again, same)
    with pytest.raises(CoinmonError, match="runs other source of coinmon or of a plugin than this; start it anew"):
        cluster_module._worked_there(ReplayTask(lambda: config, start, end, "complete", source="x"), FoldTask)


def test_two_processes_and_one_that_is_killed(overrides, tmp_path, forked_workers):
    config = load_config(None, overrides=overrides, environ={})
    database = open_database(config.db, create=False)
    history = History(database)
    universe = history.universe(config.exchanges, config.quotes)
    pairs = [Pair(base, "USDT") for base in (*BASES, "NONE")]
    start, end = START + (FIRST + 60) * MINUTE, START + (FIRST + 120) * MINUTE
    alone = backtest(config, history, universe, pairs[:2], start, end)
    database.close()
    assert {each.event["pair"] for each in alone.told} == {"BTC/USDT", "ETH/USDT"}
    seen = []
    load = partial(killed_once, str(tmp_path / "killed"), overrides)
    whole = ReplayTask(load, start, end, "complete")
    found = replayed_side_by_side(whole, pairs, 2, lambda *done: seen.append(done))
    assert (tmp_path / "killed").exists()
    assert found == alone
    assert seen[-1] == (3, 3)
    plain = partial(load_config, None, overrides=overrides, environ={})
    with pytest.raises(NoDataError, match="NONE/USDT"):
        replayed_side_by_side(ReplayTask(plain, start, end, "complete"), pairs[2:], 2)
