"""Coinbase buys more than the rest."""

import json

import pytest

from coinmon_signals.flow.us_accumulation import us_accumulation as said


def us_accumulation(market, **settings):
    """What would begin a state, not what only keeps one on."""
    return [each for each in said(market, **settings) if each.begins]


@pytest.mark.parametrize(
    ("flows", "told"),
    [
        ((0, 0, 0, 1_000_000.01), True),
        ((0, 0, 0, 1_000_000), False),
        ((1_000_000, 1_000_000, 1_000_000, 1_500_000.01), True),
        ((1_000_000, 1_000_000, 1_000_000, 1_500_000), False),
        ((3_000_000, 0, 0, 1_500_000.01), True),
        ((3_000_000, 0, 0, 1_499_999), False),
        # a negative mean counts as 0: it neither loosens the rule nor forbids it
        ((-9_000_000, -9_000_000, 1, 1_000_000.01), True),
        ((-9_000_000, -9_000_000, 1, 999_999), False),
    ],
)
def test_the_thresholds(four, flows, told):
    signals = us_accumulation(four(*flows))
    assert bool(signals) is told
    for signal in signals:
        assert (signal.name, signal.grade, signal.key) == ("us_accumulation", "A", "us_accumulation:BTC/USDT")
        assert signal.reading.zh == "Coinbase 领涨，机构资金流入显著。"
        evidence = json.loads(json.dumps(signal.evidence, allow_nan=False))
        assert evidence["us_net_flow"] == pytest.approx(flows[3])
        assert evidence["mean_of_others"] == pytest.approx(sum(flows[:3]) / 3)


def test_a_negative_mean_does_not_loosen_a_lower_threshold(four):
    assert not us_accumulation(four(-900, -900, -900, -100), min_net_flow=0.0)
    assert us_accumulation(four(-900, -900, -900, 1), min_net_flow=0.0)


def test_a_hole_in_any_venue_silences_it(scene):
    others = [scene.venue(name) for name in ("binance", "okx")]
    us = scene.venue("coinbase", 5e6)
    assert us_accumulation(scene.market(*others, us))
    market = scene.market(*others, us, scene.venue("bybit", complete=20))
    assert not us_accumulation(market)
    assert market.of("consensus").reason == "waits for bybit warming 20/50"
    assert not us_accumulation(scene.market(*others, us, down={"bybit": "timeout"}))
    assert not us_accumulation(scene.market(*others, scene.venue("coinbase", 5e6, complete=47)))


def test_nobody_to_compare_with_is_no_signal(scene):
    assert not us_accumulation(scene.market(scene.venue("coinbase", 5e6)))
    assert not us_accumulation(scene.market(scene.venue("binance", 5e6), scene.venue("okx")))


def test_another_venue_can_stand_for_america(four):
    (signal,) = us_accumulation(four(0, 5e6, 0, 0), us_venue="okx")
    assert signal.reading.en.startswith("Okx leads")
