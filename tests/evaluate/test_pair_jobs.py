"""Pairs replayed in processes of their own come out as one after the other, in the same order."""

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from coinmon.config.load import load_config
from coinmon.errors import NoDataError
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE
from coinmon.run.backtest import backtest
from coinmon.run.pair_jobs import replayed_side_by_side
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments

from .test_columns import EASY, FIRST, START, scenario

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


def test_two_processes_and_one_that_is_killed(overrides, tmp_path):
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
    found = replayed_side_by_side(load, pairs, start, end, "complete", 2, lambda *done: seen.append(done))
    assert (tmp_path / "killed").exists()
    assert found == alone
    assert seen[-1] == (3, 3)
    plain = partial(load_config, None, overrides=overrides, environ={})
    with pytest.raises(NoDataError, match="NONE/USDT"):
        replayed_side_by_side(plain, pairs[2:], start, end, "complete", 2)
