"""The columns of indicators of samples, candles and averages hold what the indicators themselves say of each minute."""

from datetime import datetime

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import Frame
from coinmon.evaluate.read_once import ReadOnce
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE

from .test_event_columns import START, VENUES, Stored, scenario
from .test_indicator_columns import same

FIRST, MINUTES = 2865, 40
"""Around midnight, and while one venue is down and comes back."""
CASES = [
    ("funding", [{}, {"max_age": 2, "window": 7}]),
    ("open_interest", [{}, {"window": 7, "dead_band": 1.0}]),
    ("whale_trades", [{}, {"window": 400, "threshold": 90_000.0}, {"window": 7}]),
    ("delta", [{}, {"timeframe": "5m", "bars": 3, "unit": "quote"}]),
    ("cvd", [{}, {"timeframe": "5m", "bars": 4, "reset": "none"}, {"reset": "week", "unit": "quote", "bars": 5}]),
    (
        "vwap",
        [{}, {"anchor": "window", "window": 20}, {"anchor": "week"}, {"timezone": "Asia/Shanghai", "window": 300}],
    ),
]


@pytest.mark.parametrize(("name", "settings"), [(name, each) for name, several in CASES for each in several])
def test_columns_equal_the_indicator_at_every_minute(name, settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(None, overrides={f"indicators.{name}": settings} if settings else {}, environ={})
    chosen = config.indicators[name]
    instruments, stored = scenario(2)
    source, evaluator, start = ReadOnce(stored), Evaluator(config, list(VENUES)), START + FIRST * MINUTE

    def market_at(now):
        return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

    frame = Frame(market_at(start), source, start, MINUTES, evaluator.indicator, market_at)
    kinds, known, words = chosen.offer.kinds, {}, set()
    lanes = {(kind, each): lane for kind in kinds for each, lane in frame.lanes(kind).items()}
    if chosen.offer.merges:
        lanes |= {(kind, "all"): frame.whole(kind) for kind in kinds}
    for (kind, venue), lane in lanes.items():
        columns = chosen.offer.columns(lane, **chosen.settings)
        assert len(columns) > 2
        for i in range(MINUTES):
            market = frame.market(i)
            views = market.spot if kind == "spot" else market.perp
            result = (market.merged[kind] if venue == "all" else views[venue]).of(name)
            for field, column in columns.items():
                exact = result.coverage.share if field == "coverage" else getattr(result, field)
                if isinstance(exact, datetime):
                    exact = exact.timestamp() * 1000
                assert same(exact, column[i]), (kind, venue, i, field, exact, column[i])
                words |= {exact} if field == "quadrant" else set()
                known[field] = known.get(field, 0) + (exact is not None)
    assert not evaluator.failures
    # the samples of this market say nothing of the next settlement
    assert all(count for field, count in known.items() if field != "next_time"), known
    assert np.isfinite(columns["coverage"]).all()
    assert name != "open_interest" or len(words) > 2


def test_a_market_without_samples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(None, environ={})
    instruments, stored = scenario(2)
    empty = Stored()
    empty.rows = {id: rows[:0] for id, rows in stored.rows.items()}
    source, evaluator, start = ReadOnce(empty), Evaluator(config, list(VENUES)), START + FIRST * MINUTE
    market = evaluator.market(Pair("BTC", "USDT"), instruments, source, start)
    frame = Frame(market, source, start, 5, evaluator.indicator, lambda now: market)
    for name, _ in CASES:
        chosen = config.indicators[name]
        columns = chosen.offer.columns(frame.lanes("perp")["binance"], **chosen.settings)
        for field, column in columns.items():
            if field not in ("coverage", "minutes", "window"):
                assert all(same(None, each) for each in column), (name, field)
