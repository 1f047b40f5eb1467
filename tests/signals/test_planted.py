"""Each signal on an event planted for it: told, silent with the numbers beyond its settings, waiting on short history.

benchmarks/truth/signal_truth.py follows fifty seeds minute by minute with the same market.
"""

import json
import re
from importlib import import_module

import pytest

from coinmon import MINUTE, Market
from coinmon.model.signal import Silent
from coinmon.store.history import History
from coinmon_emulator.scenario.scenario import Scenario

STRICT = {
    "global_sync_bullish": ("flow.global_sync", {"bull_ratio": 50.0}),
    "consensus_change": None,
    "us_accumulation": ("flow.us_accumulation", {"min_net_flow": 1e9}),
    "derivative_hedge": ("derivatives.derivative_hedge", {"oi_times": 1e6}),
    "long_trap": ("flow.long_trap", {"noise_floor": 1e9}),
    "whale": ("flow.whale", {"threshold": 1e12}),
    "early_pump": ("flow.price_bursts", {"min_move": 500.0}),
    "panic_dump": ("flow.price_bursts", {"min_ratio": 500.0}),
    "volume_spike": ("flow.volume_spike", {"min_times": 500.0}),
    "steady_growth": ("flow.steady_growth", {"min_move": 500.0}),
    "accumulation": ("flow.accumulation", {"min_ratio": 500.0}),
    "structure_break": ("structure.structure_break", {"pivots": 30}),
    "liquidity_sweep": ("structure.structure_break", {"pivots": 30}),
    "stacked_imbalance": ("auction.stacked_imbalance", {"rows": 50}),
    "cvd_divergence": ("flow.cvd_divergence", {"min_share": 1.0}),
    "absorption": ("auction.absorption", {"min_share": 1.0}),
    "liquidation_cascade": ("derivatives.liquidation_cascade", {"min_total": 1e12}),
    "funding_extreme": ("derivatives.funding_extreme", {"high": 50.0}),
    "oi_quadrant_shift": ("derivatives.oi_quadrant_shift", {"dead_band": 1e6}),
    "key_level_touch": None,
    "spot_perp_divergence": ("flow.spot_perp_divergence", {"min_times": 1e6}),
    "breadth": ("flow.breadth", {"min_pct": 99.0}),
    "us_premium": ("flow.us_premium", {"min_bps": 1e4}),
    "oi_jump": ("derivatives.oi_jump", {"min_times": 1e6}),
    "funding_squeeze": ("derivatives.funding_squeeze", {"high": 50.0}),
    "liquidity_vacuum": ("book.liquidity_vacuum", {"max_share": 1e-3}),
}
LATER = {"stacked_imbalance": 10, "funding_extreme": -2, "key_level_touch": -2, "funding_squeeze": -2}
"""Minutes after the event's end at which it is looked at, where it is not its end: that of the candle, or before."""


@pytest.fixture(scope="module")
def truth(benchmark):
    return benchmark("truth/signal_truth")


@pytest.fixture(scope="module")
def planted(truth, tmp_path_factory):
    """What is said of each kind's first event when it ends, the market then, and of one stored for an hour only."""
    scenario = Scenario("signals", 4)
    watch = truth.Watch(truth.Played(scenario), tmp_path_factory.mktemp("planted"))
    found = {}
    for event in scenario.planted(scenario.opens_at):
        kind, base = event["kind"], event["pair"].removesuffix("USDT")
        now = event["end_ms"] + LATER.get(kind, 0) * MINUTE + 20_000

        def market(source, now=now, base=base):
            return watch.market(base, now, source)

        full = market(watch.played)
        found.setdefault(kind, (event, full, market))
    return scenario, watch, found


def said_of(watch, market, kind):
    plugin = {"global_sync_bullish": "global_sync", "consensus_change": "consensus"}.get(kind, kind)
    chosen = watch.evaluator._config.signals[plugin]
    return chosen.offer.target(market, **chosen.settings)


def in_both(reason):
    """Said in Chinese and in English, and nothing of the one in the other."""
    chinese = [each for each in reason.zh if "\u4e00" <= each <= "\u9fff"]
    words = re.findall(r"\b(?:the|waits|needs|of|no|not|is|minutes|candles)\b", reason.zh)
    return bool(chinese) and not words and not re.search("[\u4e00-\u9fff]", str(reason))


def test_every_bundled_signal_has_a_planted_event(planted):
    _, watch, found = planted
    told_as = {"global_sync": "global_sync_bullish", "consensus": "consensus_change"}
    assert {told_as.get(name, name) for name in watch.evaluator._config.signals} == set(found) == set(STRICT)


def test_the_calibration_counts_every_bundled_signal_in_both_directions(planted, benchmark):
    _, watch, _ = planted
    # global_sync tells two
    assert 2 * (len(watch.evaluator._config.signals) + 1) <= benchmark("truth/calibration").FAMILY


@pytest.mark.parametrize("kind", STRICT)
def test_a_planted_event_is_told_with_its_figures(planted, kind):
    _, watch, found = planted
    event, market, _ = found[kind]
    said = said_of(watch, market, kind)
    assert not isinstance(said, Silent), said
    told = [each for each in said if each.name == kind and each.begins]
    assert told, said
    for each in told:
        assert each.pair.replace("/", "") == event["pair"]
        assert all((each.title.zh, each.title.en, each.reading.zh, each.reading.en, each.evidence, each.key))
        assert (each.grade is None) == (kind == "whale")
        json.dumps(each.evidence, allow_nan=False)
    assert [each.key for each in said_of(watch, market, kind)] == [each.key for each in said]


@pytest.mark.parametrize("kind", [kind for kind, strict in STRICT.items() if strict])
def test_beyond_its_settings_it_is_silent_and_says_the_numbers(planted, kind):
    _, _, found = planted
    module, settings = STRICT[kind]
    target = getattr(import_module(f"coinmon_signals.{module}"), kind.replace("_bullish", ""))
    said = target(found[kind][1], **settings)
    assert isinstance(said, Silent)
    assert any(each.isdigit() for each in said.reason), said.reason
    assert in_both(said.reason), said.reason.zh
    assert not said.waits


@pytest.mark.parametrize("kind", sorted(set(STRICT) - {"whale", "funding_extreme", "liquidation_cascade"}))
def test_on_short_history_it_waits_and_says_for_what(planted, truth, kind):
    """whale, funding and liquidations need no history: what is there is there."""
    _, watch, found = planted
    _, market, at = found[kind]
    short = truth.Played(watch.played.scenario, since=market.now - market.now % MINUTE - 4 * MINUTE)
    said = said_of(watch, at(short), kind)
    assert isinstance(said, Silent), said
    assert said.waits, said
    assert in_both(said.reason), said.reason.zh


def test_nobody_lists_it(planted):
    _, watch, found = planted
    market = found["early_pump"][1]
    empty = Market(market.pair, market.now, market.venues, [], market.compute, {})
    for name, said in watch.evaluator.judged(empty).items():
        assert isinstance(said, Silent), name
        assert in_both(said.reason), said.reason.zh
    assert not watch.evaluator.failures


def test_a_calm_market_is_told_nothing_grave_and_every_signal_says_why(truth, tmp_path):
    watch = truth.Watch(truth.Played(Scenario("quiet", 3)), tmp_path)
    watch.look(watch.played.scenario.opens_at, ["BTC", "DOGE"])
    assert not [each for each in watch.told if each[3] in ("A", "A+")]
    for judged in watch.judged.values():
        assert all(in_both(said.reason) for said in judged.values() if isinstance(said, Silent))
    assert not watch.evaluator.failures


def test_a_restart_keeps_what_is_on(truth, planted, tmp_path):
    _, watch, found = planted
    now = found["global_sync_bullish"][1].now
    first = truth.Watch(watch.played, tmp_path)
    first.look(now, ["BTC"])
    told = [each[0] for each in first.told]
    assert "global_sync_bullish" in told
    first.database.close()
    again = truth.Watch(watch.played, tmp_path)
    again.look(now + MINUTE, ["BTC"])
    assert "global_sync_bullish" not in [each[0] for each in again.told]
    # an hour and a half later it is over
    again.look(now + 90 * MINUTE, ["BTC"])
    (event,) = [
        each
        for each in History(again.database).signals("BTC/USDT", now, now + 91 * MINUTE)
        if each.get("signal") == "global_sync_bullish"
    ]
    assert event["ended"] == now + 90 * MINUTE
    again.database.close()
