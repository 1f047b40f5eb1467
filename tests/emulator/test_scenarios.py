"""Scenarios: exactly the planted signals are true, whatever the seed, and any minute can be asked for first."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from coinmon_emulator.market.candles import fold
from coinmon_emulator.market.intervals import UTC_INTERVALS
from coinmon_emulator.market.market import MINUTE, Listed, Prints
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario

SEEDS = range(1, 21)
CLOSED = STARTS_AT // MINUTE * MINUTE
# A decoy is too small for any signal; what a cascade sells is bought back.
FLOWLESS = {"decoy", "liquidation_cascade"}
EXPECTED = {
    ("global_sync_bullish", "BTC"),
    ("consensus_change", "BTC"),
    ("us_accumulation", "ETH"),
    ("long_trap", "SOL"),
    ("whale", "XRP"),
}


def usual(market: Scenario) -> list[Listed]:
    """The markets that one looks for; what a venue lists beside them follows no plan."""
    return [one for one in market.instruments if one.followed]


def quote(one: Listed, trades: Prints) -> np.ndarray[Any, Any]:
    return trades.price * trades.size / 10.0**one.quote_digits


def largest_order(one: Listed, trades: Prints) -> float:
    """The largest sum of one side at one millisecond."""
    orders: dict[tuple[int, int], float] = defaultdict(float)
    for time, side, value in zip(trades.time.tolist(), trades.side.tolist(), quote(one, trades).tolist(), strict=True):
        orders[time, side] += value
    return max(orders.values(), default=0.0)


def signals(market: Scenario, now: int) -> set[tuple[str, str]]:
    """The signals' conditions over the 50 closed minutes, straight from the true trades."""
    view = WorldNow(market, now)
    end = now // MINUTE * MINUTE
    flows: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    found = set()
    for one in usual(market):
        trades = view.between(one, end - 50 * MINUTE, end)
        if largest_order(one, trades) >= 200_000:
            found.add(("whale", one.base))
        if one.kind == "spot":
            values = quote(one, trades)
            buys, sells = float(values[trades.side > 0].sum()), float(values[trades.side < 0].sum())
            flows[one.base][one.venue] = buys - sells, buys / sells
    for base, venues in flows.items():
        nets = {venue: net for venue, (net, _) in venues.items()}
        others = [net for venue, net in nets.items() if venue != "coinbase"]
        if all(net > 1000 for net in nets.values()) or all(net < -1000 for net in nets.values()):
            found.add(("consensus_change", base))
        if all(net > 0 and ratio > 1.15 for net, ratio in venues.values()):
            found.add(("global_sync_bullish", base))
        if all(net < 0 and ratio < 0.85 for net, ratio in venues.values()):
            found.add(("global_sync_bearish", base))
        if nets["coinbase"] > max(1_000_000, 1.5 * max(0.0, sum(others) / len(others))):
            found.add(("us_accumulation", base))
        if max(nets["binance"], nets["okx"]) > 1000 and nets["coinbase"] < -1000:
            found.add(("long_trap", base))
        assert abs(sum(nets.values())) < 50_000_000
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_exactly_the_planted_signals_are_true_at_the_start(seed: int) -> None:
    market = Scenario("default", seed)
    assert signals(market, STARTS_AT) == EXPECTED
    view = WorldNow(market, STARTS_AT)
    for one in usual(market):
        trades = view.between(one, CLOSED - 50 * MINUTE, CLOSED)
        values = quote(one, trades)
        net = float((values * trades.side).sum())
        start = market.paths.start_minute
        planted = sum(leg.net for event, leg in market._legs.get(one, []) if start - 50 <= event.minute < start)
        # The background stays out of the way of what was planted (a leg's lots round to a few dollars).
        assert abs(net - planted) < 500 + 0.002 * abs(planted), one.key
        if one.kind == "spot" and one.venue == "binance" and one.base == "BTC":
            assert net >= 30_000


@pytest.mark.parametrize("seed", [1, 7, 20])
def test_after_the_start_exactly_the_scheduled_signals_are_true(seed: int) -> None:
    market = Scenario("default", seed)
    told = market.planted(STARTS_AT)
    for minutes in range(0, 360, 7):
        now = STARTS_AT + minutes * MINUTE
        end = now // MINUTE * MINUTE
        whole = {
            (event["kind"], event["pair"][:-4])
            for event in told
            if event["start_ms"] >= end - 50 * MINUTE and event["end_ms"] <= end and event["kind"] not in FLOWLESS
        }
        touched = {
            (event["kind"], event["pair"][:-4])
            for event in told
            if event["start_ms"] < end and event["end_ms"] > end - 50 * MINUTE
        }
        found = signals(market, now)
        assert whole <= found, minutes
        # An event that is half inside the window may show as a lesser one of its pair, never as one of another.
        assert {base for _, base in found} <= {base for _, base in touched}, minutes


def test_something_new_happens_every_quarter_of_an_hour(scenario: Scenario) -> None:
    starts = sorted({event["start_ms"] for event in scenario.planted(STARTS_AT) if event["start_ms"] > STARTS_AT})
    gaps = np.diff([STARTS_AT, *starts]) / MINUTE
    assert len(starts) > 60
    assert gaps.max() <= 21
    kinds = {event["kind"] for event in scenario.planted(STARTS_AT)}
    signals = {"global_sync_bullish", "us_accumulation", "long_trap", "whale", "consensus_change"}
    assert signals | FLOWLESS == kinds


@pytest.mark.parametrize("seed", SEEDS)
def test_bybits_short_pages_cover_the_window(seed: int) -> None:
    market = Scenario("default", seed)
    for one in usual(market):
        if one.venue != "bybit":
            continue
        rows = len(WorldNow(market, STARTS_AT).between(one, STARTS_AT - 55 * MINUTE, STARTS_AT + 1))
        assert rows <= (58 if one.kind == "spot" else 950), one.key
        if one.kind == "spot":
            after = WorldNow(market, STARTS_AT + 300 * MINUTE).between(one, STARTS_AT, STARTS_AT + 300 * MINUTE)
            assert fold(after, UTC_INTERVALS["1m"]).count.max() <= 40


def test_every_spot_instrument_trades_in_nearly_every_minute(scenario: Scenario) -> None:
    for one in usual(scenario):
        bars = fold(WorldNow(scenario, STARTS_AT).between(one, CLOSED - 55 * MINUTE, CLOSED), UTC_INTERVALS["1m"])
        assert len(bars) >= (52 if one.venue == "coinbase" else 55), one.key


def test_a_whale_is_one_order_through_several_prices_and_the_decoy_is_too_small(scenario: Scenario) -> None:
    view = WorldNow(scenario, STARTS_AT)
    planted = [event for event in scenario.planted(STARTS_AT) if event["start_ms"] >= STARTS_AT - 50 * MINUTE]
    whale = next(event for event in planted if event["kind"] == "whale")
    one = view.find("binance", "spot", "XRPUSDT")
    assert one is not None
    trades = view.between(one, whale["start_ms"], whale["end_ms"])
    times, counts = np.unique(trades.time, return_counts=True)
    burst = trades.take(trades.time == times[counts.argmax()])
    assert len(burst) == 7
    assert len(set(burst.price.tolist())) == 7
    assert set(burst.side.tolist()) == {1}
    assert quote(one, burst).sum() == pytest.approx(650_000, rel=0.01)
    assert quote(one, burst).max() < 200_000
    decoy = view.find("okx", "spot", "DOGE-USDT")
    assert decoy is not None
    around = view.between(decoy, CLOSED - 50 * MINUTE, CLOSED)
    assert 140_000 < largest_order(decoy, around) < 160_000


def test_the_same_seed_is_the_same_market_in_whatever_order_it_is_asked() -> None:
    one, other, different = Scenario("default", 3), Scenario("default", 3), Scenario("default", 4)
    spans = [(STARTS_AT + hours * 3_600_000, STARTS_AT + hours * 3_600_000 + 600_000) for hours in (0, -20, 100, 5)]
    late = STARTS_AT + 200 * 3_600_000
    first = [WorldNow(one, late).between(one.instruments[0], *span) for span in spans]
    second = [WorldNow(other, late).between(other.instruments[0], *span) for span in reversed(spans)][::-1]
    for left, right in zip(first, second, strict=True):
        assert len(left)
        for column in ("id", "time", "price", "size", "side"):
            assert (getattr(left, column) == getattr(right, column)).all()
    changed = WorldNow(different, late).between(different.instruments[0], *spans[0])
    assert len(changed) != len(first[0]) or (changed.price != first[0].price).any()


def test_ids_are_contiguous_over_days_and_find_their_trades(scenario: Scenario) -> None:
    for one in usual(scenario)[::5]:
        view = WorldNow(scenario, STARTS_AT + 6 * 3_600_000)
        trades = view.between(one, STARTS_AT - 20 * 3_600_000, view.now)
        assert (np.diff(trades.id) == 1).all()
        assert (np.diff(trades.time) >= 0).all()
        assert trades.size.min() > 0
        middle = len(trades) // 2
        position = scenario.at_id(one, int(trades.id[middle]))
        assert scenario.rows(one, position, position + 1).time[0] == trades.time[middle]


def test_venues_agree_about_the_price_and_the_quiet_scenario_plants_nothing(scenario: Scenario) -> None:
    quiet = Scenario("quiet", 5)
    assert quiet.planted(STARTS_AT) == []
    assert signals(quiet, STARTS_AT) == set()
    for market in (scenario, quiet):
        view = WorldNow(market, STARTS_AT)
        for base in ("BTC", "ADA"):
            prices = []
            for one in usual(market):
                if one.base == base:
                    last = view.last(one)
                    assert last is not None
                    prices.append(int(last.price[0]) / 10**one.price_digits)
            assert max(prices) / min(prices) < 1.003


def test_a_wide_market_is_okx_alone_with_few_trades() -> None:
    market = Scenario("wide", 1)
    assert len(market.instruments) == 559
    assert {(one.venue, one.quote) for one in market.instruments} == {("okx", "USDT")}
    assert len({one.native for one in market.instruments}) == 559
    view = WorldNow(market, STARTS_AT)
    for one in market.instruments[::40]:
        page = view.latest(one, 500)
        assert page.time[0] < STARTS_AT - 50 * MINUTE
        assert fold(page, UTC_INTERVALS["1m"]).count.max() <= 8
