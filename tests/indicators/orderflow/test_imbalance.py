"""Imbalances, their stacks and zones against a plain loop."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon import MINUTE
from coinmon_indicators.auction.imbalance import imbalance


def strong(mine, other, ratio, zero, least, gap):
    if other is None or not mine or mine < least or mine - other < gap:
        return False
    if not other:
        return {"ignore": False, "one_lot": mine >= ratio, "infinite": True}[zero]
    return mine >= ratio * other


def marked(dense, side, method, ratio, zero, least, gap):
    """Rows of a candle imbalanced to a side."""
    mine, theirs = (0, 1) if side > 0 else (1, 0)
    found = []
    for row, volumes in dense.items():
        partner = dense.get(row - side if method == "diagonal" else row)
        if strong(volumes[mine], None if partner is None else partner[theirs], ratio, zero, least, gap):
            found.append(row)
    return found


def stacks(numbers, least):
    runs = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [run for run in runs if len(run) >= least]


def first(minutes, since, start, wanted):
    """Start of the first minute from `since` on in which a trade's price is wanted."""
    for i, minute in enumerate(minutes):
        time = start + i * MINUTE
        if time >= since and minute.kind != "missing" and any(wanted(ticks) for ticks, _, _ in minute.trades):
            return time
    return None


@given(
    seed=st.integers(0, 10**6),
    method=st.sampled_from(["diagonal", "horizontal"]),
    zero=st.sampled_from(["ignore", "one_lot", "infinite"]),
    ratio=st.sampled_from([1.5, 3.0]),
    least=st.sampled_from([0, 200_000]),
    kinds=st.sampled_from(["trades", "all"]),
)
@settings(max_examples=60, deadline=None)
def test_imbalances_and_zones_are_what_a_plain_loop_says(scene, plain, seed, method, zero, ratio, least, kinds):
    mixed = ("trades",) * 12 + scene.kinds
    minutes = scene.minutes(seed, 50, mixed if kinds == "all" else ("trades",), most=40)
    height = 20
    result = imbalance(
        scene.view(minutes), timeframe="5m", bars=10, bin_size=0.2, method=method, zero=zero, ratio=ratio,
        min_volume=plain.amount(least), min_difference=plain.amount(least // 2), consecutive=2,
    )  # fmt: skip
    edge = lambda row: float(row * height * scene.tick)  # noqa: E731
    bars, zones, counts = [], [], [0, 0]
    for one in plain.candles(scene, minutes, 5):
        if not one.complete:
            continue
        dense = plain.rows(one, height)
        sides = {
            side: marked(dense, side, method, Fraction(ratio), zero, least, Fraction(least, 2)) for side in (1, -1)
        }
        if sides[1] or sides[-1]:
            bars.append((one.time, [edge(row) for row in sides[1]], [edge(row) for row in sides[-1]]))
        for side, name in ((-1, "sell"), (1, "buy")):
            counts[name == "sell"] += len(sides[side])
            for run in stacks(sides[side], 2):
                low, high = run[0] * height, (run[-1] + 1) * height - 1
                since = one.time + 5 * MINUTE
                tested = first(
                    minutes, since, scene.start,
                    (lambda ticks, high=high: ticks <= high) if side > 0 else (lambda ticks, low=low: ticks >= low),
                )  # fmt: skip
                broken = first(
                    minutes, since, scene.start,
                    (lambda ticks, low=low: ticks < low) if side > 0 else (lambda ticks, high=high: ticks > high),
                )  # fmt: skip
                state = "broken" if broken else "tested" if tested else "untested"
                zones.append((one.time, name, edge(run[0]), edge(run[-1] + 1), len(run), state, tested, broken))
    assert [(plain.ms(bar.time), bar.buy, bar.sell) for bar in result.bars] == bars
    at = lambda time: None if time is None else plain.ms(time)  # noqa: E731
    found = [
        (plain.ms(z.time), z.side, z.low, z.high, z.rows, z.state, at(z.tested), at(z.broken)) for z in result.zones
    ]
    assert sorted(found, key=str) == sorted(zones, key=str)
    if result.buy_count is not None:
        assert [result.buy_count, result.sell_count] == counts


def marks(scene, trades, **settings):
    settings = {"timeframe": "1m", "bars": 1, "bin_size": 0.01} | settings
    result = imbalance(scene.view([scene.Minute("trades", trades)]), **settings)
    return result, (result.bars[0].buy, result.bars[0].sell) if result.bars else ([], [])


def test_diagonal_means_diagonal(scene):
    trades = [(10, 1, -1), (11, 3, 1), (11, 50, -1), (12, 1, -1)]
    # buys of 11 against sells of 10, not of 11; sells of 11 against buys of 12, of which there are none
    assert marks(scene, trades)[1] == ([0.11], [])
    assert marks(scene, trades, method="horizontal")[1] == ([], [0.11])
    assert marks(scene, trades, zero="infinite")[1] == ([0.11], [0.11])


def test_the_outermost_rows_have_no_partner(scene):
    assert marks(scene, [(10, 9, 1), (11, 1, 1), (11, 9, -1)], zero="infinite")[1] == ([0.11], [])


def test_adjacent_means_adjacent_on_the_grid(scene):
    # 10, 11 and 13: the row between exists although nothing traded in it
    apart = [(ticks, 9, 1) for ticks in (10, 11, 13)] + [(ticks, 1, -1) for ticks in (9, 10, 12)]
    joined = [(ticks, 9, 1) for ticks in (10, 11, 12)] + [(ticks, 1, -1) for ticks in (9, 10, 11)]
    assert not marks(scene, apart)[0].zones
    (zone,) = marks(scene, joined)[0].zones
    assert (zone.low, zone.high, zone.rows, zone.state) == (0.1, 0.13, 3, "untested")


def test_exactly_the_ratio_is_an_imbalance(scene):
    # 0.3 is less than 3 x 0.1 in floats
    assert marks(scene, [(10, 100, -1), (11, 300, 1)])[1] == ([0.11], [])
    assert marks(scene, [(10, 100, -1), (11, 299, 1)])[1] == ([], [])


def test_a_stack_does_not_run_over_into_the_next_candle(scene):
    stack = [(ticks, 9, 1) for ticks in (10, 11)] + [(ticks, 1, -1) for ticks in (9, 10)]
    view = scene.view([scene.Minute("trades", stack)] * 2)
    assert not imbalance(view, timeframe="1m", bars=2, bin_size=0.01).zones


def test_incomplete_levels_are_left_out_and_named(scene):
    result = imbalance(scene.view([scene.Minute("klines", [(10, 1, -1), (11, 9, 1)])]), timeframe="1m", bars=1)
    assert (result.bars, result.zones, result.buy_count) == ([], [], None)
    assert result.reason == "1 of 1 candles have incomplete price levels"


def test_candles_of_which_nothing_was_seen_are_not_counted_as_complete(scene):
    rows = [scene.Minute(kind, [(10, 1, -1), (11, 9, 1)]) for kind in ("missing", "missing", "klines", "trades")]
    assert imbalance(scene.view(rows), timeframe="1m", bars=4).reason == "1 of 2 candles have incomplete price levels"


@pytest.mark.parametrize(("after", "state"), [(14, "untested"), (12, "tested"), (10, "tested"), (9, "broken")])
def test_the_state_of_a_zone(scene, after, state):
    joined = [(ticks, 9, 1) for ticks in (10, 11, 12)] + [(ticks, 1, -1) for ticks in (9, 10, 11)]
    view = scene.view([scene.Minute("trades", joined), scene.Minute("trades", [(after, 1, 1)])])
    (zone,) = imbalance(view, timeframe="1m", bars=2, bin_size=0.01).zones
    assert zone.state == state


def test_the_ratio_and_the_least_volume_are_reached_when_they_are_equal(scene):
    # 1.1 * 10 and 0.011 / 0.001 are a little more than 11 in floats
    minute = scene.Minute("trades", [(10_000, 10, -1), (10_001, 11, 1)])
    result = imbalance(scene.view([minute]), timeframe="1m", bars=1, bin_size=0.01, ratio=1.1, min_volume=0.011)
    assert [each.buy for each in result.bars] == [[100.01]]
