"""Funding at every moment of a frame, as the `funding` indicator reads it."""

import math

import numpy as np

from coinmon.signal import MINUTE, Frame, Funding, Instrument
from coinmon_signals._columns import Floats

_HOUR_MS = 60 * MINUTE


def annualised(frame: Frame, perp: Instrument, max_age: int) -> Floats:
    """The annualised funding of the last sample at each moment; NaN where it is too old or not known."""
    samples = frame.funding(perp, max_age)
    if not samples:
        return np.full(frame.count, np.nan)
    moments = frame.start + MINUTE * np.arange(frame.count, dtype=np.int64)
    time = np.array([sample.time for sample in samples], np.int64)
    rate = np.array([_annualised(sample) for sample in samples])
    at = np.searchsorted(time, moments, "right") - 1
    return np.where((at >= 0) & (time[at] >= moments - max_age * MINUTE), rate[at], np.nan)


def _annualised(sample: Funding) -> float:
    hours = sample.interval_ms / _HOUR_MS if sample.interval_ms else math.nan
    rate = sample.rate * 24 / hours * 365
    return rate if math.isfinite(rate) else math.nan
