"""All buy together."""

import json

import pytest

from coinmon_signals.flow.global_sync import global_sync as said


def global_sync(market, **settings):
    """What would begin a state, not what only keeps one on."""
    return [each for each in said(market, **settings) if each.begins]


NAMES = ("binance", "okx", "bybit", "coinbase")


def all_at(scene, flow, ratio, /, **last):
    venues = [scene.venue(name, flow, ratio) for name in NAMES[:3]]
    return scene.market(*venues, scene.venue("coinbase", **({"flow": flow, "ratio": ratio} | last)))


def test_every_venue_buying_is_told_at_grade_a_plus(scene):
    (signal,) = global_sync(all_at(scene, 15_200.0, 1.152))
    assert (signal.name, signal.grade, signal.direction) == ("global_sync_bullish", "A+", "bullish")
    assert (signal.title.zh, signal.title.en) == ("全球协同看涨", "Global Sync Bullish")
    assert signal.reading.zh == "主力全平台吸筹，市场做多情绪一致。"
    assert signal.key == "global_sync_bullish:BTC/USDT"
    venues = json.loads(json.dumps(signal.evidence, allow_nan=False))["venues"]
    assert list(venues) == list(NAMES)
    assert venues["okx"]["ratio"] == pytest.approx(1.152)


@pytest.mark.parametrize(("ratio", "told"), [(1.15, False), (1.16, True)])
def test_the_ratio_must_exceed_1_15_everywhere(scene, ratio, told):
    assert bool(global_sync(all_at(scene, 15_000.0, 1.5, ratio=ratio))) is told


def test_one_seller_is_enough_to_stay_silent(scene):
    assert not global_sync(all_at(scene, 15_000.0, 1.5, flow=-1.0, ratio=None))


def test_the_bearish_side_is_off_until_asked_for(scene):
    market = all_at(scene, -20_000.0, 0.8)
    assert not global_sync(market)
    (signal,) = global_sync(market, bearish=True)
    assert (signal.name, signal.grade, signal.direction) == ("global_sync_bearish", "A+", "bearish")
    assert not global_sync(all_at(scene, -15_000.0, 0.85), bearish=True)


def test_short_coverage_and_too_few_venues_silence_it(scene):
    short = all_at(scene, 15_000.0, 1.5, complete=47)
    assert not global_sync(short)
    assert short.of("consensus").reason == "waits for coinbase warming 47/50"
    assert global_sync(all_at(scene, 15_000.0, 1.5, complete=48))
    two = scene.market(*(scene.venue(name, 15_000.0, 1.5) for name in NAMES[:2]))
    assert not global_sync(two)


def test_no_sells_at_all_are_no_ratio_and_no_signal(scene):
    market = all_at(scene, 15_000.0, 1.5, ratio=float("inf"))
    assert market.of("consensus").venues[3].buy_sell_ratio is None
    assert not global_sync(market)
