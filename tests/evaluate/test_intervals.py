"""Intervals and families of tests, against statsmodels and scipy."""

import numpy as np
import pytest

from coinmon.evaluate.statistics.intervals import clustered_mean, discoveries, hit_rate
from coinmon.evaluate.statistics.student import quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 29, 60, 89, 1000])
@pytest.mark.parametrize("probability", [0.75, 0.95, 0.975, 0.9995])
def test_students_quantile_is_scipys(probability, freedom):
    # the libraries are imported where they are used: every worker reads this file, one of them runs it
    from scipy import stats

    assert quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_clustered_interval_is_that_of_statsmodels(seed):
    from statsmodels.regression.linear_model import OLS

    random = np.random.default_rng(seed)
    clusters = random.integers(0, 25, 300)
    values = random.standard_normal(300) + random.standard_normal(25)[clusters]
    fitted = OLS(values, np.ones(300)).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "df_correction": True}, use_t=True
    )
    low, high = fitted.conf_int()[0]
    # its correction for the number of parameters is (n - 1) / (n - k), which is 1 for a mean
    found = clustered_mean(values, clusters)
    assert (found.n, found.clusters) == (300, 25)
    assert (found.mean, found.low, found.high) == pytest.approx((fitted.params[0], low, high), abs=1e-9)


def test_one_cluster_has_no_interval_and_no_event_no_mean():
    alone = clustered_mean(np.array([1.0, 3.0]), np.array([7, 7]))
    assert alone.mean == 2.0
    assert np.isnan([alone.low, alone.high]).all()
    assert np.isnan(clustered_mean(np.empty(0), np.empty(0, np.int64)).mean)


def test_a_hit_rate_of_independent_cases_is_wilsons():
    from statsmodels.stats.proportion import proportion_confint

    hits = np.arange(60) % 3 > 0
    found = hit_rate(hits, np.arange(60))
    assert found.independent == 60
    assert (found.low, found.high) == pytest.approx(proportion_confint(40, 60, method="wilson"), abs=1e-9)


def test_a_burst_that_ends_alike_is_one_case():
    from statsmodels.stats.proportion import proportion_confint

    hits = np.repeat([True, False, True, True], 50)
    found = hit_rate(hits, np.repeat([1, 2, 3, 4], 50))
    assert found.share == 0.75
    assert found.independent == pytest.approx(4)
    always = hit_rate(np.ones(100, bool), np.repeat([1, 2, 3, 4], 25))
    assert always.independent == 4
    assert always.low == pytest.approx(proportion_confint(4, 4, method="wilson")[0], abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_discoveries_are_benjamini_and_hochbergs(seed):
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(seed).random(40) ** 3
    assert (discoveries(p_values) == multipletests(p_values, 0.10, method="fdr_bh")[0]).all()


def test_what_was_not_tested_is_no_member_of_the_family():
    # 0.05 stands among one, and would not among three
    assert list(discoveries(np.array([np.nan, 0.05, np.nan]))) == [False, True, False]
    assert not discoveries(np.array([0.05, 0.9, 0.8])).any()
    assert not discoveries(np.array([np.nan])).any()
