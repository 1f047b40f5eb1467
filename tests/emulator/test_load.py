"""The market for measuring: each trade depends on its number alone, and the rate is what was asked for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from coinmon_emulator.market.market import HOUR, MINUTE
from coinmon_emulator.scenario.load import Load
from coinmon_emulator.scenario.made import STARTS_AT


@pytest.fixture(scope="module")
def load() -> Load:
    return Load("load:rate=300,okx=20,binance=12,bybit=10,coinbase=6")


def test_it_has_what_was_asked_for(load: Load) -> None:
    counts = {venue: sum(one.venue == venue for one in load.instruments) for venue in ("okx", "binance", "bybit")}
    assert counts == {"okx": 20, "binance": 12, "bybit": 10}
    assert len({one.key for one in load.instruments}) == len(load.instruments) == 48
    assert len(Load().instruments) == 559 + 400 + 400 + 200
    happened = sum(load.before(one, STARTS_AT + MINUTE) - load.before(one, STARTS_AT) for one in load.instruments)
    assert happened == pytest.approx(300 * 60, rel=0.02)
    assert load.title == "48 instruments at 300 trades a second, seed 1"


def test_any_page_is_the_same_page(load: Load) -> None:
    for one in load.instruments[::7]:
        total = load.before(one, STARTS_AT)
        whole = load.rows(one, 0, total)
        assert (np.diff(whole.id) == 1).all()
        assert (np.diff(whole.time) >= 0).all()
        assert whole.time[0] >= load.begins(one) == STARTS_AT - HOUR
        assert whole.size.min() > 0
        assert whole.price.min() > 0
        part = load.rows(one, total // 2, total // 2 + 50)
        for column in ("id", "time", "price", "size", "side"):
            assert (getattr(part, column) == getattr(whole, column)[total // 2 : total // 2 + 50]).all()
        for place in (0, 1, 2, total // 3, total - 1):
            time = int(whole.time[place])
            assert load.before(one, time) == np.searchsorted(whole.time, time, side="left")
            assert load.before(one, time + 1) == np.searchsorted(whole.time, time, side="right")
            assert load.at_id(one, int(whole.id[place])) == place


@pytest.mark.parametrize("spec", ["load:", "load:rate=0", "load:kraken=5", "load:rate=x", "load:okx=-1", "loads"])
def test_a_bad_specification_says_what_is_expected(spec: str) -> None:
    with pytest.raises(ValueError, match=re.escape("load:rate=5000,okx=559")):
        Load(spec)


def test_every_trade_of_many_instruments_is_sent_once(stage: Any, load: Load) -> None:
    async def script(stage: Any) -> None:
        okx = [one for one in load.instruments if one.venue == "okx"]
        args = [{"channel": "trades", "instId": one.native} for one in okx]
        socket = await stage.open("/okx/ws/v5/public", {"op": "subscribe", "args": args})
        assert len(await stage.read(socket)) == len(okx)
        await stage.advance(30)
        seen: dict[str, list[int]] = {}
        counts = set()
        for message in await stage.read(socket):
            (row,) = message["data"]
            last, count = int(row["tradeId"]), int(row["count"])
            counts.add(count)
            seen.setdefault(row["instId"], []).extend(range(last - count + 1, last + 1))
        for one in okx:
            low, high = (load.before(one, at) for at in (STARTS_AT + 1, stage.emulator.clock.now() + 1))
            assert seen.get(one.native, []) == load.rows(one, low, high).id.tolist()
        # Some orders took two fills at one price, and the venue tells them in one message.
        assert counts == {1, 2}

    stage(load, script)
