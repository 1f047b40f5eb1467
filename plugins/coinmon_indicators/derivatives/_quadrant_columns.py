"""The quadrant of open interest and price at every moment of a frame, as `read` tells it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Lane
from coinmon_indicators.derivatives._quadrant import MIN_WINDOWS, windows_before
from coinmon_indicators.derivatives._sample_numbers import latest, nearest_of

Floats = npt.NDArray[np.float64]

QUADRANT_FIGURES = ("quadrant", "price_change_pct", "noise", "price_noise_pct")


def quadrants(lane: Lane, window: int, dead_band: float) -> Mapping[str, Any]:
    """NaN and None where it is not known."""
    count, windows, span = lane.count, windows_before(window), window * MINUTE
    words: npt.NDArray[np.object_] = np.full(count, None, object)
    found = {name: np.full(count, np.nan) for name in QUADRANT_FIGURES[1:]}
    samples = lane.open_interest((windows + 1) * window)
    if not samples:
        return found | {"quadrant": words}
    moments = lane.start + MINUTE * np.arange(count, dtype=np.int64)
    time, at, recent = latest(samples, moments, 2 * window)
    lowest = np.searchsorted(time, moments - (windows + 1) * span, "left")
    ends = time[at][:, None] - span * np.arange(windows + 1)[None, :]
    near = nearest_of(time, ends, lowest[:, None], at[:, None], span / 4)
    # the last close known at each sample's second
    rows = lane.bars((windows + 2) * window + window // 4 + 2)
    minute = (time // MINUTE * MINUTE - MINUTE - lane.start) // MINUTE + len(rows) - count + 1
    there = (minute >= 0) & (minute < len(rows))
    close = np.where(there, rows.close[np.clip(minute, 0, len(rows) - 1)], 0)
    amount, price = np.array([each.base for each in samples], float)[near], close[near].astype(float)
    known = (near >= 0) & recent[:, None] & (price > 0)
    both = known[:, :-1] & known[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.where(both, amount[:, :-1] - amount[:, 1:], np.nan)
        moved = np.where(both, 100 * (price[:, :-1] - price[:, 1:]) / price[:, 1:], np.nan)
    found["price_change_pct"] = moved[:, 0]
    enough = both[:, 0] & (both[:, 1:].sum(axis=1) >= MIN_WINDOWS)
    for name, each in (("noise", change), ("price_noise_pct", moved)):
        found[name][enough] = np.nanmedian(np.abs(each[enough, 1:]), axis=1)
    up, dearer = change[:, 0] > 0, moved[:, 0] > 0
    words[enough] = "flat"
    beyond = np.abs(change[:, 0]) > dead_band * found["noise"]
    beyond &= np.abs(moved[:, 0]) > dead_band * found["price_noise_pct"]
    for rises, rises_too, word in (
        (True, True, "long_buildup"), (True, False, "short_buildup"), (False, True, "short_covering"),
        (False, False, "long_unwinding"),
    ):  # fmt: skip
        words[beyond & (up == rises) & (dearer == rises_too)] = word
    return found | {"quadrant": words}
