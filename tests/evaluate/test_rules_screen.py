"""Rules looked at for all pairs at once tell the same as rules asked one by one, minute after minute."""

from dataclasses import replace

import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.signal_states import SignalStates, step
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE

from .test_columns import FIRST, START, Stored, scenario

RULES = """
a: {when: net_flow(spot).net_flow > 0}
b: {when: "net_flow[window=20](spot).zscore > 0.3", for: 3m, until: net_flow(spot).net_flow < 0}
c: {when: "all(net_flow(each).net_flow > -1bn)", pairs: [BTCUSDT, ETHUSDT]}
d: {when: "change(net_flow(binance).net_flow, 5m) > 0 and consensus.verdict == 'mixed'"}
e: {when: "count(net_flow(each).net_flow_pct > 2) >= 2 or slope(price(okx), 9m) > 0.2"}
f: {when: "any(consensus.venues[each].net_flow > 0)", coverage: 0}
"""
MINUTES = 24
SKIPPED = 14
"""Of the minutes, one without a scan."""


class Markets:
    """Three pairs, one of them on three venues only."""

    def __init__(self, evaluator):
        self._evaluator = evaluator
        self._worlds = {}
        for base, seed in (("BTC", 1), ("ETH", 3), ("SOL", 4)):
            instruments, stored = scenario(seed)
            renamed = [replace(each, base=base, symbol=each.symbol.replace("BTC", base)) for each in instruments]
            rows = {new.id: stored[old.id] for new, old in zip(renamed, instruments, strict=True)}
            self._worlds[f"{base}/USDT"] = Pair(base, "USDT"), renamed, ReadOnce(Stored(rows))
        self.pairs = list(self._worlds)

    def at(self, name, now):
        pair, instruments, source = self._worlds[name]
        return self._evaluator.market(pair, instruments, source, now)


@pytest.fixture
def evaluator(tmp_path):
    return evaluator_in(tmp_path)


def evaluator_in(folder):
    (folder / "rules").mkdir()
    (folder / "rules" / "mine.yaml").write_text(RULES, "utf-8")
    config = load_config(None, environ={}, cwd=folder)
    object.__setattr__(config, "signals", {name: each for name, each in config.signals.items() if len(name) == 1})
    return Evaluator(config, ["binance", "okx", "bybit", "coinbase"])


def told(evaluator, markets, screened):
    """(minute, rule, pair) of what is told and of what ends."""
    states, found = SignalStates(), []
    for minute in range(MINUTES):
        if minute == SKIPPED:
            continue
        now = START + (FIRST + minute) * MINUTE
        signals = []
        for name in markets.pairs:
            ask = evaluator.screened if screened else evaluator.signals
            signals += ask(markets.at(name, now))
        if screened:
            for more in evaluator.rules(lambda name, now=now: markets.at(name, now), markets.pairs).values():
                signals += more
        news = step(states, signals, now)
        states = news.states
        found += sorted((minute, each.signal.name, each.signal.pair) for each in news.told)
        found += sorted((minute, "ends", key) for key, _, ended in news.moves if ended)
    return found


@pytest.fixture(scope="module")
def one_by_one(tmp_path_factory):
    """What each rule tells that is asked at each minute, of each pair."""
    evaluator = evaluator_in(tmp_path_factory.mktemp("asked"))
    found = told(evaluator, Markets(evaluator), screened=False)
    assert not evaluator.failures
    return found


def test_the_same_is_told(evaluator, one_by_one):
    assert told(evaluator, Markets(evaluator), screened=True) == one_by_one
    assert {name for _, name, _ in one_by_one} >= {"a", "b", "c", "d", "e", "f", "ends"}
    assert not evaluator.failures


def test_a_screen_that_fails_costs_speed_and_no_rule(evaluator, one_by_one, monkeypatch):
    def fails(*_):
        raise RuntimeError("no")

    monkeypatch.setattr(evaluator._config.screen, "due", fails)
    assert told(evaluator, Markets(evaluator), screened=True) == one_by_one
    assert any("screen of rules" in each for each in evaluator.failures)
    monkeypatch.setattr(evaluator._config.screen, "read", fails)
    monkeypatch.undo()
