"""Whales are told once each."""

import json

from coinmon import MINUTE
from coinmon_signals.flow.whale import whale


def with_whales(scene, *orders, kind="spot", name="binance"):
    traded = scene.instrument(name, kind)
    return scene.venue(name, kind=kind, whales=[scene.whale(traded, *order) for order in orders])


def test_a_whale_is_told_with_all_there_is_to_know(scene):
    (signal,) = whale(scene.market(with_whales(scene, (523_450.0, 77))))
    assert (signal.name, signal.grade, signal.once, signal.direction) == ("whale", None, True, "bullish")
    assert signal.key == "binance:BTC/USDT:77"
    assert signal.reading.zh == "BINANCE 买入 $523,450 @ 42,150"
    assert signal.reading.en == "BINANCE buys $523,450 @ 42,150"
    assert json.loads(json.dumps(signal.evidence)) == {
        "instrument": "binance:BTC/USDT", "venue": "binance", "kind": "spot", "side": "buy", "price": 42150.0,
        "base": 523450 / 42150, "quote": 523450.0, "time": "2024-08-09T00:49:02Z", "trade_id": 77, "fills": 2,
    }  # fmt: skip


def test_sells_are_bearish_and_the_oldest_comes_first(scene):
    market = scene.market(with_whales(scene, (200_000.0, 1, 0, -1), (499_999.99, 2), (500_000.0, 3), (199_999.99, 4)))
    signals = whale(market, threshold=200_000)
    assert [s.evidence["trade_id"] for s in signals] == [2, 3, 1]
    assert (signals[2].direction, signals[2].title.zh) == ("bearish", "巨鲸卖出")


def test_every_venue_spot_and_perp_is_watched_and_keys_differ(scene):
    market = scene.market(
        with_whales(scene, (3e5, 1)),
        with_whales(scene, (3e5, 1), kind="perp"),
        with_whales(scene, (3e5, 1), name="coinbase"),
    )
    keys = [signal.key for signal in whale(market)]
    assert keys == ["binance:BTC/USDT:1", "binance:BTC/USDT:USDT:1", "coinbase:BTC/USD:1"]


def test_the_same_order_has_the_same_key_at_every_scan(scene):
    first, again = (whale(scene.market(with_whales(scene, (3e5, 9)))) for _ in range(2))
    assert [signal.key for signal in first] == [signal.key for signal in again]


def test_history_is_not_told_again_after_a_restart(scene):
    market = scene.market(with_whales(scene, (3e5, 1, 10 * MINUTE), (3e5, 2, 10 * MINUTE + 1)))
    assert [signal.evidence["trade_id"] for signal in whale(market, max_age=10)] == [1]
    assert len(whale(market)) == 2


def test_a_threshold_can_be_raised(scene):
    market = scene.market(with_whales(scene, (3e5, 1), (1e6, 2)))
    assert [signal.evidence["quote"] for signal in whale(market, threshold=1e6)] == [1e6]


def test_a_short_window_does_not_hide_a_whale(scene):
    traded = scene.instrument("binance")
    short = scene.venue("binance", complete=3, whales=[scene.whale(traded, 3e5)])
    assert len(whale(scene.market(short))) == 1


def test_small_prices_are_written_out(scene):
    traded = scene.instrument("binance")
    market = scene.market(scene.venue("binance", whales=[scene.whale(traded, 305_820.0, price=0.00001234)]))
    assert whale(market)[0].reading.zh == "BINANCE 买入 $305,820 @ 0.00001234"
