"""The East buys, the West sells."""

import json

import pytest

from coinmon_signals.flow.long_trap import long_trap as said


def long_trap(market, **settings):
    """What would begin a state, not what only keeps one on."""
    return [each for each in said(market, **settings) if each.begins]


@pytest.mark.parametrize(
    ("flows", "buyers"),
    [
        ((1000.01, 0, 0, -1000.01), ["binance"]),
        ((0, 1000.01, -9e6, -1000.01), ["okx"]),
        ((5e6, 5e6, 5e6, -5e6), ["binance", "okx"]),
        ((1000, 1000, 9e6, -1000.01), None),
        ((1000.01, 0, 0, -1000), None),
        ((0, 0, 9e6, -9e6), None),
        ((9e6, 9e6, 9e6, 9e6), None),
        ((9e6, 9e6, 9e6, None), None),
    ],
)
def test_both_sides_must_be_beyond_the_noise(four, flows, buyers):
    signals = long_trap(four(*flows), noise_floor=1000.0)
    assert [signal.evidence["buyers"] for signal in signals] == ([] if buyers is None else [buyers])
    for signal in signals:
        assert (signal.name, signal.grade, signal.direction) == ("long_trap", "C", "bearish")
        assert (signal.title.zh, signal.title.en) == ("单平台诱多", "Single Platform Long Trap")
        assert signal.reading.zh == "东方交易所买入，西方交易所卖出。警惕诱多。"
        json.dumps(signal.evidence, allow_nan=False)


def test_only_covered_venues_count_and_the_rest_are_named(scene):
    binance, okx = scene.venue("binance", 5e6), scene.venue("okx", 5e6, complete=30)
    west = scene.venue("coinbase", -5e6)
    (signal,) = long_trap(scene.market(binance, okx, west, down={"bybit": "timeout"}))
    assert signal.evidence["buyers"] == ["binance"]
    assert list(signal.evidence["venues"]) == ["binance", "coinbase"]
    assert signal.evidence["left_out"] == {
        "okx": {"zh": "预热 30/50 分钟", "en": "warming 30/50"},
        "bybit": {"zh": "无法访问 (timeout)", "en": "down (timeout)"},
    }
    assert not long_trap(scene.market(okx, west))
    assert not long_trap(scene.market(binance, scene.venue("coinbase", -5e6, complete=47)))


def test_the_noise_floor_and_the_venues_are_settings(four):
    assert long_trap(four(0, 0, 500, -500), east_venues=("bybit",), noise_floor=499.0)
    assert not long_trap(four(0, 0, 500, -500), east_venues=("bybit",), noise_floor=500.0)


def test_by_default_there_is_no_floor(four):
    assert long_trap(four(1, 0, 0, -1))
    assert not long_trap(four(1, 0, 0, 0))
