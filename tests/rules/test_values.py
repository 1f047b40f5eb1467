"""Windows, venues and logic against plain loops; unknown is never true, whatever is done with it."""

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from coinmon_rules._check import compiled
from coinmon_rules._values import OVER_TIME, Column, both, compare, either, over_time
from coinmon_rules._written.functions import FUNCTIONS
from coinmon_rules._written.grammar import RuleFault

NAN = math.nan


def plain(function, values, every):
    """What the documentation says, of the values of one window, oldest first."""
    values = values[::-every][::-1]
    later, now = values[1:], values[-1]
    known = [each for each in later if not math.isnan(each)]
    if function in ("all", "any"):
        settles = 0.0 if function == "all" else 1.0
        if settles in later:
            return settles
        return NAN if len(known) < len(later) else 1 - settles
    if function in ("max", "min", "sum", "count"):
        return NAN if len(known) < len(later) else {"max": max, "min": min}.get(function, math.fsum)(later)
    if function == "before":
        return values[0]
    if function == "change":
        return now - values[0]
    if function == "change_pct":
        return NAN if values[0] == 0 else 100 * (now - values[0]) / abs(values[0])
    whole = later if function == "mean" else values
    if math.isnan(now) or sum(not math.isnan(each) for each in whole) / len(whole) < 0.95:
        return NAN
    before = [each for each in values[:-1] if not math.isnan(each)]
    if function == "mean":
        return statistics.fmean(known)
    if function == "z":
        spread = statistics.stdev(before)
        return NAN if spread <= 1e-9 * abs(statistics.fmean(before)) else (now - statistics.fmean(before)) / spread
    if function == "percentile":
        below = sum(each < now for each in before) + 0.5 * sum(each == now for each in before)
        return 100 * below / len(before)
    points = [(i, each) for i, each in enumerate(values) if not math.isnan(each)]
    return statistics.linear_regression(*zip(*points, strict=True)).slope


@pytest.mark.parametrize("function", sorted(OVER_TIME))
@pytest.mark.parametrize(("minutes", "every"), [(4, 1), (30, 1), (30, 5), (60, 20)])
def test_windows(function, minutes, every):
    rng = np.random.default_rng(len(function) + minutes)
    flags = function in ("all", "any", "count")
    for unknown in (0.0, 0.01, 0.3):
        values = rng.integers(0, 2, 120).astype(float) if flags else rng.normal(0, 3, 120).round(3)
        values[rng.random(120) < unknown] = NAN
        found = over_time(function, Column(values), minutes, every).figures
        assert len(found) == 120 - minutes
        for i, each in enumerate(found.tolist()):
            expected = plain(function, values[i : i + minutes + 1].tolist(), every)
            assert math.isclose(each, expected, rel_tol=1e-9, abs_tol=1e-9) or (
                math.isnan(each) and math.isnan(expected)
            ), (i, each, expected)


class Given:
    """Every field has the value of its name; `unknown` ones have none."""

    rounded = False

    def __init__(self, values, unknown):
        self.values, self.unknown = values, unknown

    def figures(self, field, before):
        count = before + 1
        names = [field.path] if not field.many else list(field.venues) or ["binance", "okx"]

        def column(name):
            value = NAN if (field.indicator, name) in self.unknown else self.values.get(field.indicator, 1.0)
            return Column(np.full(count, value))

        return {name: column(name) for name in names} if field.many else column(names[0])

    def times(self, before):
        return Column(np.zeros(before + 1))


def _numbers(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda each: f"max({each[0]}, {each[1]})"),
        pair.flatmap(lambda each: st.sampled_from("+-*/").map(lambda sign: f"({each[0]} {sign} {each[1]})")),
        inner.flatmap(
            lambda each: st.sampled_from(
                ["abs", *sorted(OVER_TIME - {"all", "any", "count", "slope", "z", "percentile"})]
            ).map(lambda name: f"abs({each})" if name == "abs" else f"{name}({each}, 5m)")
        ),
    )


PLAIN = st.recursive(st.sampled_from(["net_flow(spot).net_flow", "price", "1", "-2.5", "0"]), _numbers, max_leaves=6)
CONDITIONS = st.recursive(
    st.tuples(PLAIN, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), PLAIN).map(" ".join),
    lambda inner: st.one_of(
        inner.map(lambda each: f"not ({each})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda each: f"({each[0]}) {each[1]} ({each[2]})"),
        st.tuples(st.sampled_from(["all", "any"]), inner).map(lambda each: f"{each[0]}({each[1]}, 3m)"),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITIONS, low=st.floats(-10, 10), high=st.floats(-10, 10))
def test_what_is_said_without_knowing_is_so_whatever_the_unknown_is(known, condition, low, high):
    """A condition with an unknown field is true only where it is true for every value of that field."""
    try:
        node = compiled(condition, known)
    except RuleFault:
        # units that do not go together
        reject()
    unknown = Given({"price": low}, {("net_flow", "net_flow")})
    found = node.of(unknown, 0).figures[-1]
    if math.isnan(found):
        return
    for value in (low, high, 0.0, -1e9, 1e9, 3.25):
        exact = node.of(Given({"price": low, "net_flow": value}, ()), 0).figures[-1]
        # where the value itself leads to something unknown (0 / 0) nothing is claimed
        assert math.isnan(exact) or exact == found, (condition, value, found, exact)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_an_unknown_figure_makes_every_comparison_unknown(known, operator):
    node = compiled(f"net_flow(spot).net_flow {operator} 0", known)
    assert math.isnan(node.of(Given({}, {("net_flow", "net_flow")}), 0).figures[-1])
    negated = compiled(f"not (net_flow(spot).net_flow {operator} 0)", known)
    assert math.isnan(negated.of(Given({}, {("net_flow", "net_flow")}), 0).figures[-1])


@pytest.mark.parametrize("word", ["all", "any", "count", "sum", "mean", "max", "min", "spread"])
def test_over_venues(known, word):
    inner = "net_flow(binance, okx).net_flow" + (" > 0" if word in ("all", "any", "count") else "")
    text = f"{word}({inner})" + ("" if word in ("all", "any") else " >= 0")
    node = compiled(text, known)
    for flow, blind in itertools.product((-3.0, 5.0), ((), ("okx",), ("binance", "okx"))):
        unknown = {("net_flow", name) for name in blind}
        found = node.of(Given({"net_flow": flow}, unknown), 0).figures[-1]
        if not blind:
            assert found in (0.0, 1.0)
        elif word == "any" and flow > 0 and len(blind) == 1:
            assert found == 1.0
        elif word == "all" and flow < 0 and len(blind) == 1:
            assert found == 0.0
        else:
            assert math.isnan(found), (text, blind, found)


def test_every_function_is_documented_and_there():
    assert FUNCTIONS.keys() >= OVER_TIME
    for name, text in FUNCTIONS.items():
        assert text.startswith(name)


FLAGS = st.lists(st.tuples(st.sampled_from((0.0, 1.0, NAN)), st.booleans()), min_size=3, max_size=3)


@given(st.lists(FLAGS, min_size=1, max_size=4), st.sampled_from((both, either, "any", "all")))
def test_what_is_not_in_doubt_stays_whatever_the_doubtful_comparisons_turn_out_to_be(rows, how):
    figures = np.array([[each for each, _ in row] for row in rows])
    doubtful = np.array([[doubt and not math.isnan(each) for each, doubt in row] for row in rows])

    def judged(flags):
        if isinstance(how, str):
            # the moment before the window counts in neither
            early = np.ones((3, 1))
            doubts = np.hstack((early > 0, doubtful.T))
            found = over_time(how, Column(np.hstack((early, flags.T)), doubts), len(rows), 1)
            return Column(found.figures[:, 0], found.unsure[:, 0])
        return how([Column(row, doubt) for row, doubt in zip(flags, doubtful, strict=True)])

    said = judged(figures)
    asked = np.broadcast_to(False if said.unsure is None else said.unsure, said.figures.shape)
    for turned in itertools.islice(itertools.product((0.0, 1.0), repeat=int(doubtful.sum())), 64):
        other = figures.copy()
        other[doubtful] = turned
        np.testing.assert_array_equal(judged(other).figures[~asked], said.figures[~asked])


def test_a_sure_false_settles_an_and_beside_a_doubt():
    doubt = Column(np.array([1.0, 1.0]), np.array([True, True]))
    assert both([Column(np.array([0.0, 1.0])), doubt]).unsure.tolist() == [False, True]
    assert either([Column(np.array([0.0, 1.0])), doubt]).unsure.tolist() == [True, False]


def test_a_sum_that_equals_its_bound_is_asked_again_and_a_price_is_not():
    equal, bound = np.array([0.1 + 0.2, 5.0]), Column(np.array([0.3]), exact=True)
    assert compare(">=", Column(equal), bound, rounded=True).unsure.tolist() == [True, False]
    assert compare(">=", Column(equal, exact=True), bound, rounded=True).unsure is None
    assert compare(">=", Column(equal), bound, rounded=False).unsure is None
