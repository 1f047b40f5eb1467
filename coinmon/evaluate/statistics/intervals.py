"""Intervals and tests for events that come in clusters: a burst of alerts is not many independent cases.

Clustered means: Cameron and Miller 2015 (section II, CR1). Design effect: Kish 1965. Hit rates: Wilson 1927. Many
signals at once: Benjamini and Hochberg 1995. All arrays are one-dimensional and finite.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coinmon.evaluate.statistics.student import quantile
from coinmon.model.trades import Floats, Ints


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its confidence interval; `low` and `high` are NaN where fewer than two clusters were seen."""

    mean: float
    low: float
    high: float
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class HitRate:
    """A share of successes with its Wilson interval; `independent` is n divided by the design effect."""

    share: float
    low: float
    high: float
    n: int
    independent: float


def clustered_mean(values: Floats, clusters: Ints, level: float = 0.95) -> Estimate:
    """The mean of values whose errors are independent between clusters and anything within one; t with G - 1.

    clusters: which cluster each value belongs to.
    """
    n = len(values)
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, 0, 0)
    mean = float(values.mean())
    errors = cluster_sums(values - mean, clusters) / n
    groups = len(errors)
    if groups < 2:
        return Estimate(mean, np.nan, np.nan, n, groups)
    half = quantile(0.5 + level / 2, groups - 1) * float(np.sqrt(groups / (groups - 1) * np.square(errors).sum()))
    return Estimate(mean, mean - half, mean + half, n, groups)


def cluster_sums(values: Floats, clusters: Ints) -> Floats:
    """The sum of each cluster's values, by ascending cluster."""
    _, which = np.unique(clusters, return_inverse=True)
    return np.bincount(which, weights=values).astype(np.float64)


def hit_rate(hits: NDArray[np.bool_], clusters: Ints, level: float = 0.95) -> HitRate:
    """How often it was right: the Wilson interval of as many independent cases as the clusters are worth.

    Where all cases end alike the clusters cannot show how they hang together; each then counts as one case.
    """
    n = len(hits)
    if n == 0:
        return HitRate(np.nan, np.nan, np.nan, 0, 0.0)
    share = float(hits.mean())
    spread = share * (1 - share)
    if spread == 0:
        independent = float(len(np.unique(clusters)))
    else:
        clustered = float(np.square(cluster_sums(hits.astype(np.float64) - share, clusters)).sum())
        independent = n / max(1.0, clustered / (n * spread))
    z = quantile(0.5 + level / 2, np.inf)
    centre = (share + z * z / (2 * independent)) / (1 + z * z / independent)
    half = z / (1 + z * z / independent) * float(np.sqrt(spread / independent + z * z / (4 * independent**2)))
    return HitRate(share, max(0.0, centre - half), min(1.0, centre + half), n, independent)


def discoveries(p_values: Floats, rate: float = 0.10) -> NDArray[np.bool_]:
    """Which of a family of tests stand when at most the share `rate` of those that stand may be false.

    NaN (not tested) is no member of the family.
    """
    found = np.zeros(len(p_values), bool)
    tested = np.flatnonzero(~np.isnan(p_values))
    ranked = tested[np.argsort(p_values[tested], kind="stable")]
    below = np.flatnonzero(p_values[ranked] <= rate * np.arange(1, len(ranked) + 1) / max(1, len(ranked)))
    if len(below):
        found[ranked[: below[-1] + 1]] = True
    return found
