"""Records and verdicts of events whose truth is known; `benchmarks/truth/calibration.py` does it at length."""

import numpy as np
import pytest

from coinmon.evaluate.score import DAY_MS, Cases, Verdict, judge, record_of
from coinmon.evaluate.statistics.rotation import DAY_MINUTES, Rotation

LENGTH = 60 * DAY_MINUTES


def cases(days, each, mean, cost=0.05, seed=1):
    random = np.random.default_rng(seed)
    time = np.repeat(np.arange(days) * DAY_MS, each)
    forward = mean + random.standard_normal(days * each) * 0.1
    return Cases(time, np.zeros(len(time), np.int64), forward, np.full(len(time), 0.01), np.full(len(time), cost))


def verdict(found, p_value, horizon=60, beside=()):
    return judge([record_of(found, horizon, p_value), *beside])[0].verdict


def test_a_record_says_how_much_it_rests_on():
    record = record_of(cases(20, 3, 0.2), 60, 0.5)
    assert (record.n, record.days, record.pairs, record.excess.clusters) == (60, 20, 1, 20)
    assert record.excess.mean == pytest.approx(record.net.mean + 0.05)
    assert record.excess.low < record.excess.mean < record.excess.high
    assert record.base == pytest.approx(0.01)


def test_a_horizon_of_a_day_or_more_clusters_two_days():
    assert record_of(cases(20, 3, 0.2), 1440, 0.5).excess.clusters == 10


@pytest.mark.parametrize(
    ("found", "p_value", "wanted"),
    [
        (cases(20, 3, 0.3), 0.001, Verdict.PROVEN),
        (cases(20, 3, 0.3), 0.2, Verdict.NOT_PROVEN),
        (cases(20, 3, 0.3), np.nan, Verdict.NOT_PROVEN),
        (cases(20, 3, 0.3, cost=0.5), 0.001, Verdict.EDGE_NOT_AFTER_COSTS),
        (cases(20, 3, -0.3), 0.001, Verdict.WORSE_THAN_CHANCE),
        (cases(20, 1, 0.3), 0.001, Verdict.TOO_FEW),
        (cases(1, 129, 0.3), 0.001, Verdict.TOO_FEW),
        (cases(9, 10, 0.3), 0.001, Verdict.TOO_FEW),
        (cases(0, 0, 0.3), np.nan, Verdict.TOO_FEW),
    ],
)
def test_verdicts(found, p_value, wanted):
    assert verdict(found, p_value) is wanted


def test_the_family_is_corrected_for():
    """A p value that stands alone does not among forty that were looked at."""
    beside = [record_of(cases(20, 3, 0.0, seed=seed), 60, 0.5) for seed in range(39)]
    assert verdict(cases(20, 3, 0.3), 0.02) is Verdict.PROVEN
    assert verdict(cases(20, 3, 0.3), 0.02, beside=beside) is Verdict.NOT_PROVEN


def test_rotation_finds_what_is_tied_to_the_events_and_nothing_else():
    random = np.random.default_rng(3)
    excess = random.standard_normal(LENGTH)
    minutes = np.sort(random.choice(LENGTH, 200, replace=False))
    blind = Rotation.of(60, 499, 1)
    blind.add(excess, minutes)
    assert blind.p_value() > 0.05
    tied = excess.copy()
    tied[minutes] += 0.5
    for sign in (1, -1):
        seeing = Rotation.of(60, 499, 1)
        seeing.add(sign * tied, minutes)
        assert seeing.p_value() == pytest.approx(2 / 500)


def test_rotation_of_many_pairs_moves_them_together_and_leaves_out_what_is_unknown():
    random = np.random.default_rng(4)
    known = random.standard_normal((3, LENGTH))
    known[:, random.random(LENGTH) < 0.3] = np.nan
    minutes = [random.choice(LENGTH, 50, replace=False) for _ in range(3)]
    rotation = Rotation.of(60, 50, 2)
    for excess, at in zip(known, minutes, strict=True):
        rotation.add(excess, at)
    for place, shift in enumerate(rotation.shifts):
        values = np.concatenate([e[(m + shift) % LENGTH] for e, m in zip(known, minutes, strict=True)])
        assert rotation.sums[place] == pytest.approx(np.nansum(values))
        assert rotation.counts[place] == np.count_nonzero(~np.isnan(values))
    assert rotation.shifts[0] == 0
    assert (abs((rotation.shifts[1:] + 720) % DAY_MINUTES - 720) <= 120).all()


def test_without_a_known_outcome_there_is_no_p_value():
    rotation = Rotation.of(60, 20, 1)
    rotation.add(np.full(LENGTH, np.nan), np.array([5]))
    assert np.isnan(rotation.p_value())
