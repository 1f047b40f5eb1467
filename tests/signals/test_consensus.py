"""The consensus turns strong."""

import json

import pytest

from coinmon_signals.flow.consensus import consensus


@pytest.mark.parametrize(
    ("flows", "direction", "title", "key"),
    [
        ((1001, 1001, 1001, 1001), "bullish", "强力看涨", "consensus_change:BTC/USDT:strong_bull"),
        ((-1001, -1001, -1001, -1001), "bearish", "强力看跌", "consensus_change:BTC/USDT:strong_bear"),
    ],
)
def test_a_strong_consensus_is_told_at_grade_a(four, flows, direction, title, key):
    (signal,) = consensus(four(*flows))
    assert (signal.name, signal.grade, signal.direction, signal.title.zh) == ("consensus_change", "A", direction, title)
    assert (signal.key, signal.pair, signal.once) == (key, "BTC/USDT", False)
    evidence = json.loads(json.dumps(signal.evidence, allow_nan=False))
    assert evidence["venues"]["coinbase"]["net_flow"] == flows[3]
    assert evidence["venues"]["okx"]["coverage"] == 1.0
    assert (evidence["total"], evidence["currency"], evidence["left_out"]) == (sum(flows), "USDT", {})


@pytest.mark.parametrize("flows", [(1000, 1001, 1001, 1001), (60e6, 1, 1, -1), (0, 0, 0, 0)])
def test_anything_less_is_not_told(four, flows):
    assert not consensus(four(*flows))


def test_short_coverage_silences_it_and_the_consensus_says_why(scene):
    venues = [scene.venue(name, 5000.0) for name in ("binance", "okx", "coinbase")]
    market = scene.market(*venues, scene.venue("bybit", 5000.0, complete=12))
    assert not consensus(market)
    assert market.of("consensus").reason == "waits for bybit warming 12/50"


def test_a_venue_that_is_down_silences_it(scene):
    venues = [scene.venue(name, 5000.0) for name in ("binance", "okx", "coinbase")]
    assert not consensus(scene.market(*venues, down={"bybit": "HTTP 451"}))
    (signal,) = consensus(scene.market(*venues))
    assert signal.evidence["left_out"] == {"bybit": {"zh": "未上线该交易对", "en": "does not list the pair"}}
