"""Returns after each minute and their base, against loops in plain Python."""

from math import log

import numpy as np
import pytest

from coinmon.evaluate.excess import BASE_DAYS, DAY_MINUTES, MIN_BASE_MINUTES, excess_over_base

DAYS, LEAD = 96, 500
"""`prices` begin 500 minutes into a day."""


@pytest.fixture(scope="module")
def prices():
    random = np.random.default_rng(1)
    made = 100 * np.exp(np.cumsum(random.standard_normal(DAYS * DAY_MINUTES)) / 1000)
    made[random.random(len(made)) < 0.02] = np.nan
    return made


def forward_of(prices, at, horizon, delay):
    if at + delay + horizon >= len(prices):
        return None
    value = 100 * log(prices[at + delay + horizon] / prices[at + delay])
    return None if np.isnan(value) else value


def base_of(prices, at, horizon, delay, size=abs):
    day, hour = divmod((LEAD + at) // 60, 24)
    first = max(0, day - BASE_DAYS)
    after = day - -(-(horizon + delay) // DAY_MINUTES)
    seen = []
    for each in range(first, after):
        for minute in range((each * 24 + hour) * 60 - LEAD, (each * 24 + hour) * 60 + 60 - LEAD):
            if minute >= 0 and (value := forward_of(prices, minute, horizon, delay)) is not None:
                seen.append(size(value))
    return sum(seen) / len(seen) if len(seen) >= MIN_BASE_MINUTES else None


@pytest.mark.parametrize(("horizon", "delay"), [(60, 1), (5, 0), (1440, 1)])
def test_each_minute_is_what_a_loop_says(prices, horizon, delay):
    found = excess_over_base(prices, 7 * DAY_MINUTES + LEAD, horizon, delay)
    random = np.random.default_rng(2)
    looked = [0, 1, 19 * DAY_MINUTES, 22 * DAY_MINUTES, len(prices) - 1, *random.integers(0, len(prices), 25)]
    for at in looked:
        for value, wanted in (
            (found.forward[at], forward_of(prices, at, horizon, delay)),
            (found.base[at], base_of(prices, at, horizon, delay, float)),
            (found.size_base[at], base_of(prices, at, horizon, delay)),
        ):
            assert np.isnan(value) if wanted is None else value == pytest.approx(wanted, rel=1e-6, abs=1e-9)


def test_the_base_knows_nothing_that_had_not_ended(prices):
    """Cut off what comes later: every base up to the cut stays as it was."""
    cut = 80 * DAY_MINUTES
    whole, part = (excess_over_base(each, LEAD, 60) for each in (prices, prices[:cut]))
    assert np.array_equal(whole.base[:cut], part.base, equal_nan=True)
    assert not np.isnan(part.base[-1])


def test_direction(prices):
    found = excess_over_base(prices, LEAD, 60)
    at = 50 * DAY_MINUTES + 3
    assert found.of(-1)[at] == -found.of(1)[at]
    assert found.of(0)[at] == abs(found.forward[at]) - found.size_base[at]


def test_fewer_minutes_than_the_horizon():
    assert np.isnan(excess_over_base(np.array([1.0, 2.0]), 0, 60).forward).all()
