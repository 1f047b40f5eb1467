"""The columns of indicators hold what the indicators themselves say of each minute."""

import math

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE

from .test_columns import FIRST, START, Stored, scenario

MINUTES = 80
VENUES = ["binance", "okx", "bybit", "coinbase"]
SETTINGS = [
    {"net_flow": {"window": 50}},
    {"net_flow": {"window": 7, "zscore_hours": 3}, "consensus": {"mode": "relative", "min_coverage": 0.5}},
    {"net_flow": {"window": 3, "zscore_hours": 0, "min_coverage": 0.6}, "consensus": {"venue_threshold": 0.0}},
]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(seed, settings):
        instruments, stored = scenario(seed)
        source = ReadOnce(Stored(stored))
        config = load_config(
            None, overrides={f"indicators.{name}": each for name, each in settings.items()}, environ={}
        )
        evaluator = Evaluator(config, VENUES)
        start = START + FIRST * MINUTE

        def market_at(now):
            return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

        frame = Frame(market_at(start), source, start, MINUTES, evaluator.indicator, market_at)
        return config, frame

    return made


def same(exact, found):
    if exact is None or isinstance(exact, str):
        return (
            (found is None or (not isinstance(found, str) and math.isnan(found))) if exact is None else found == exact
        )
    return math.isclose(float(exact), float(found), rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", [1, 3])
def test_net_flow(world, seed, settings):
    config, frame = world(seed, settings)
    chosen = config.indicators["net_flow"]
    kinds = {**frame.lanes("spot"), "all": frame.whole("spot")}
    for name, lane in kinds.items():
        columns = chosen.offer.columns(lane, **chosen.settings)
        assert len(columns) == 15
        for i in range(MINUTES):
            market = frame.market(i)
            view = market.merged["spot"] if name == "all" else market.spot[name]
            result = view.of("net_flow")
            for field, column in columns.items():
                exact = result.coverage.share if field == "coverage" else getattr(result, field)
                assert same(exact, column[i]), (name, i, field, exact, column[i])
    assert np.isfinite(columns["net_flow"]).any()


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", [1, 3])
def test_consensus(world, seed, settings):
    config, frame = world(seed, settings)
    chosen = config.indicators["consensus"]
    columns = chosen.offer.columns(frame, **chosen.settings)
    words = set()
    for i in range(MINUTES):
        result = frame.market(i).of("consensus")
        assert same(result.coverage.share, columns["coverage"][i]), i
        assert same(result.total, columns["total"][i]), i
        if not columns["unsure"][i]:
            assert columns["verdict"][i] == result.verdict, i
        words.add(result.verdict)
        for each in result.venues:
            if each.listed:
                for field in ("net_flow", "net_flow_pct", "coverage"):
                    found = columns[f"venues[{each.venue}].{field}"][i]
                    assert same(getattr(each, field), found), (i, each.venue, field)
    assert columns["unsure"].mean() < 0.1
    assert len(words) > 1
