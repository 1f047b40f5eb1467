"""Sums of many rows at once are those of `math.fsum`, to the last bit."""

import math

import numpy as np
import pytest

from coinmon_indicators._exact_sums import exact_sums


@pytest.mark.parametrize("rows", [1, 15, 16, 400])
@pytest.mark.parametrize("seed", range(3))
def test_each_is_rounded_once(rows, seed):
    rng = np.random.default_rng(seed)
    small = np.round(rng.gamma(2, 3, (rows, 50)), 3)
    # what cancels out, what is lost beside what is large, what is nothing
    wide = rng.normal(0, 1, (rows, 50)) * 10.0 ** rng.integers(-12, 18, (rows, 50))
    tiny = np.where(rng.random((rows, 50)) < 0.9, 0.0, 5e-324)
    for each in (small, wide, np.concatenate([wide, -wide, small], axis=1), tiny, np.zeros((rows, 0))):
        assert exact_sums(each).tolist() == [math.fsum(row) for row in each]


def test_what_is_unknown_stays_unknown():
    rows = np.ones((20, 5))
    rows[3, 2] = np.nan
    assert np.isnan(exact_sums(rows)).tolist() == [row == 3 for row in range(20)]
