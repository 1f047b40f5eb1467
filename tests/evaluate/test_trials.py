"""Settings that are tried: judged as one family, and walked forward by what was known at the time."""

from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.config.schema import CostsConfig
from coinmon.errors import ConfigError
from coinmon.model.moment import DAY, MINUTE, iso
from coinmon.run.trials import setting_of, tried

from .test_scorecard import BASE, DAYS, NOW, Settings, Stored, made


def events(at, start):
    return [
        {"event": "signal", "signal": "edge", "direction": "bullish", "pair": "BTC/USDT", "time": iso(each)}
        for each in (start + (at + 1) * MINUTE).tolist()
    ]


@pytest.fixture(scope="module")
def walked():
    """`a` picks what is followed by a rise; eleven other values are noise."""
    random = np.random.default_rng(5)
    moves, signals = made(random)
    store = Stored(moves, {})
    told = {"a": events(signals["edge"], store.start)}
    for value in "bcdefghijkl":
        at = np.sort(random.choice(np.arange(BASE * 1440, len(moves) - 200), 120, replace=False))
        told[value] = events(at, store.start)
    return tried(dict.fromkeys(told, Settings), told, store, NOW - DAYS * DAY, NOW)


def test_what_is_there_is_found_among_all_that_were_tried(walked):
    trials, (edge,) = walked
    verdicts = {each.value: str(each.rows[0].record.verdict) for each in trials}
    assert verdicts.pop("a") == "proven"
    assert set(verdicts.values()) == {"not proven"}
    assert edge.best == "a"
    assert edge.forward == pytest.approx(edge.hindsight, abs=0.15)
    assert set(edge.chosen.values()) == {"a"}


def test_the_first_month_chooses_nothing(walked):
    _, (edge,) = walked
    assert len(edge.chosen) == 2, "of three calendar months"
    assert edge.n < 120


def test_on_noise_the_best_in_hindsight_is_not_what_choosing_by_the_past_brings():
    random = np.random.default_rng(6)
    gaps = []
    for _ in range(3):
        moves, _ = made(random)
        store = Stored(random.permutation(moves), {})
        told = {
            value: events(
                np.sort(random.choice(np.arange(BASE * 1440, len(moves) - 200), 60, replace=False)), store.start
            )
            for value in "abcdefgh"
        }
        trials, (one,) = tried(dict.fromkeys(told, Settings), told, store, NOW - DAYS * DAY, NOW)
        gaps.append(one.hindsight - one.forward)
        assert "proven" not in {str(row.record.verdict) for each in trials for row in each.rows}
    assert np.mean(gaps) > 0.02


def test_a_setting_is_found_by_its_plugin_and_name():
    settings = SimpleNamespace(settings={"min_net_flow": 1e6})
    config = SimpleNamespace(signals={"us": settings}, indicators={"c": SimpleNamespace(settings={"t": 1})})
    assert setting_of(config, "us.min_net_flow=1, 2,2") == ("signals.us.min_net_flow", "us", ["1", "2"])
    assert setting_of(config, "signals.us.min_net_flow=1,2")[0] == "signals.us.min_net_flow"
    assert setting_of(config, "c.t=1,2")[0] == "indicators.c.t"
    assert setting_of(config, "us.flow=1,2")[0] == "signals.us.min_net_flow", "by the end of its name"
    for wrong in ("us.min_net_flow", "us.min_net_flow=1", "us=1,2", "us.other=1,2", "signals.c.t=1,2"):
        with pytest.raises(ConfigError, match="--try"):
            setting_of(config, wrong)
    with pytest.raises(ConfigError, match="us has no setting other; it has min_net_flow"):
        setting_of(config, "us.other=1,2")
    assert CostsConfig().round_trip([]) == pytest.approx(0.13)
