"""Open interest and price over a window at every moment of a frame, as the `open_interest` indicator reads them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coinmon.signal import MINUTE, Frame, Instrument
from coinmon_signals._columns import Floats, Mask

Ints = npt.NDArray[np.int64]
_LEAST_WINDOWS = 4
"""Fewer earlier windows than this say nothing about what is usual."""


@dataclass(frozen=True, slots=True)
class OpenInterestColumns:
    """Changes over the window and the median of their sizes before; NaN where unknown. told: change and noise are.

    The arithmetic is the indicator's own, step by step: comparisons come out as exactly.
    """

    change: Floats
    noise: Floats
    price: Floats
    price_noise: Floats
    told: Mask


def open_interest_columns(frame: Frame, perp: Instrument, window: int) -> OpenInterestColumns:
    return frame.once(("open interest changes", perp.id, window), lambda: _made(frame, perp, window))


def _made(frame: Frame, perp: Instrument, window: int) -> OpenInterestColumns:
    count, windows, span = frame.count, max(8, 1440 // window), window * MINUTE
    nothing = np.full(count, np.nan)
    samples = frame.open_interest(perp, (windows + 1) * window)
    if not samples:
        return OpenInterestColumns(nothing, nothing, nothing, nothing, np.zeros(count, bool))
    moments = frame.start + MINUTE * np.arange(count, dtype=np.int64)
    time = np.array([each.time for each in samples], np.int64)
    base = np.array([each.base for each in samples], float)
    latest = np.searchsorted(time, moments, "right") - 1
    lowest = np.searchsorted(time, moments - (windows + 1) * span, "left")
    recent = (latest >= lowest) & (time[latest] >= moments - 2 * span)
    ends = time[latest][:, None] - span * np.arange(windows + 1)[None, :]
    near = _nearest(time, ends, lowest[:, None], latest[:, None], span / 4)
    known = (near >= 0) & recent[:, None]
    # the last close known at each sample's second
    before = (windows + 2) * window + window // 4 + 2
    rows = frame.bars(perp, before)
    minute = (time // MINUTE * MINUTE - MINUTE - int(rows.time[0])) // MINUTE if len(rows) else time
    there = (minute >= 0) & (minute < len(rows))
    close = np.where(there, rows.close[np.clip(minute, 0, len(rows) - 1)], 0)
    amount, price = base[near], close[near].astype(float)
    known &= np.asarray(price > 0)
    both = known[:, :-1] & known[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.where(both, amount[:, :-1] - amount[:, 1:], np.nan)
        moved = np.where(both, 100 * (price[:, :-1] - price[:, 1:]) / price[:, 1:], np.nan)
    enough = both[:, 0] & (both[:, 1:].sum(axis=1) >= _LEAST_WINDOWS)
    noise, price_noise = nothing.copy(), nothing.copy()
    noise[enough] = np.nanmedian(np.abs(change[enough, 1:]), axis=1)
    price_noise[enough] = np.nanmedian(np.abs(moved[enough, 1:]), axis=1)
    return OpenInterestColumns(change[:, 0], noise, moved[:, 0], price_noise, enough)


def _nearest(time: Ints, wanted: Ints, lowest: Ints, latest: Ints, within: float) -> Ints:
    """Numbers of the samples nearest to the times wanted, of equal ones the earlier; -1 where none is near enough."""
    at = np.maximum(np.searchsorted(time, wanted, "left"), lowest)
    at, below = np.minimum(at, latest), np.maximum(at - 1, lowest)
    found = np.where(np.abs(time[below] - wanted) <= np.abs(time[at] - wanted), below, at)
    return np.asarray(np.where(np.abs(time[found] - wanted) <= within, found, -1), np.int64)
