"""A rule's columns say of every minute what the rule says of the market, whatever it is made of."""

import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import ASK, HOLDS, SILENT, WAITS, Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE
from coinmon.model.signal import Silent

from .test_columns import FIRST, START, Stored, scenario

MINUTES = 30
RULES = """
a:
  when: net_flow(spot).zscore > 0.4
b:
  when: net_flow(spot).net_flow > 0 and price > before(price, 10m)
  for: 3m
  until: net_flow(spot).net_flow < 0
c:
  when: all(net_flow(each).net_flow > 0) or all(net_flow(each).net_flow < 0)
d:
  when: count(net_flow[window=15](each).net_flow_pct > 3) >= 2
  until: sum(net_flow(each).net_flow) < 0
e:
  when: consensus.verdict == 'strong_bull' or consensus.verdict == 'lean_bull'
f:
  when: net_flow(coinbase).net_flow > 1.2 * mean(net_flow(binance, okx, bybit).net_flow)
g:
  when: change(net_flow(binance).net_flow, 5m) > 0 and slope(price(binance), 10m) > 0
h:
  when: z(net_flow[window=5](spot).quote_volume, 1h, 5m) > 1 and not (net_flow(okx).net_flow > 0)
i:
  when: percentile(net_flow(spot).net_flow, 30m) > 90
j:
  when: max(price, 20m) - min(price, 20m) > 2 * mean(net_flow[window=5](spot).atr, 30m, 5m)
k:
  when: any(net_flow(spot).zscore > 1, 10m) and count(net_flow(spot).net_flow > 0, 10m) > 6
  coverage: 0.5
l:
  when: spread(net_flow(each).net_flow_pct) > 10 and abs(change_pct(price, 15m)) > 0.001
m:
  when: 0 < net_flow(binance).buy_sell_ratio < 1 or min(net_flow(each).net_flow) > max(1, 2)
n:
  when: vwap(binance).distance_pct > 0
  until: vwap(binance).distance_pct < -0.01
o:
  when: delta(spot).delta > 0
  coverage: 0
p:
  when: all(price(binance, okx) > 0)
q:
  when: price(perp) > 1 and spread(price(each)) < 1000 and price > 1
"""


@pytest.fixture
def evaluator(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(RULES, "utf-8")
    config = load_config(None, environ={})
    rules = {name: each for name, each in config.signals.items() if len(name) == 1}
    assert len(rules) == 17
    object.__setattr__(config, "signals", rules)
    return Evaluator(config, ["binance", "okx", "bybit", "coinbase"])


@pytest.mark.parametrize("seed", [3, 5])
def test_columns_equal_the_rule(seed, evaluator):
    instruments, stored = scenario(seed)
    source = ReadOnce(Stored(stored))
    start = START + (FIRST + 60) * MINUTE

    def market_at(now):
        return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

    frame = Frame(market_at(start), source, start, MINUTES, evaluator.indicator, market_at)
    said_of = {}
    asked = on = 0
    for name in evaluator.names:
        codes = evaluator.codes(name, frame)
        assert codes is not None, evaluator.failures
        for i in range(MINUTES):
            said = evaluator.judge(name, frame.market(i))
            code = int(codes[i])
            if code == ASK:
                asked += 1
                continue
            if isinstance(said, Silent):
                assert code == (WAITS if said.waits else SILENT), (name, i, code, said)
            else:
                assert code == HOLDS + said[0].begins, (name, i, code, said)
                on += said[0].begins
                said_of.setdefault(name, said[0])
    assert not evaluator.failures
    assert asked < 0.05 * MINUTES * len(evaluator.names)
    assert on > 20
    assert len(said_of) > 5
