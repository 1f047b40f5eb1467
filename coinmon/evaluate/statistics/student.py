"""Student's t distribution, as far as intervals need it: scipy would be 100 MB for these few lines.

The quantile is found by bisection on the distribution, which is a regularised incomplete beta function, evaluated by
its continued fraction (Abramowitz and Stegun 26.5.8 and 26.7.1; modified Lentz's method).
"""

from functools import lru_cache
from math import exp, inf, isinf, lgamma, log, log1p
from statistics import NormalDist

_TINY = 1e-300


@lru_cache(maxsize=1024)
def quantile(probability: float, freedom: float) -> float:
    """Where a variable of `freedom` degrees of freedom is below with this probability (0.5 < probability < 1).

    Infinite degrees of freedom are the normal distribution.
    """
    if isinf(freedom):
        return NormalDist().inv_cdf(probability)
    low, high = 0.0, 1.0
    while _upper_tail(high, freedom) > 1 - probability:
        high *= 2
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if _upper_tail(middle, freedom) > 1 - probability:
            low = middle
        else:
            high = middle


def _upper_tail(t: float, freedom: float) -> float:
    """P(T > t), t >= 0."""
    return _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value, before, m = d, inf, 1
    while value != before:
        before = value
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _apart(1 + even * d), _apart(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _apart(1 + odd * d), _apart(1 + odd / c)
        value *= d * c
        m += 1
    return value


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
