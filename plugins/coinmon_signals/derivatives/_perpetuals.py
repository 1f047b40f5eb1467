"""Open interest and funding of many perpetuals side by side: how their figures surely stand, for `quiet`."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coinmon.signal import MINUTE, Market, Sampled, SideBySide
from coinmon_signals._columns import NEAR, Floats

_DAY, _FEWEST, _MIN_WINDOWS = 1440, 8, 4
_HOUR_MS, _YEAR_HOURS = 60 * MINUTE, 24 * 365


class Changes(NamedTuple):
    """As the `open_interest` indicator tells them, but for the last bit; NaN where it tells none.

    held, price: change over the window, base units and %. noise, price_noise: median sizes in windows before.
    """

    held: float
    price: float
    noise: float
    price_noise: float

    @property
    def times(self) -> float:
        """The change in times its usual size."""
        return self.held / self.noise if self.noise > 0 else np.nan

    @property
    def price_times(self) -> float:
        """The price's, whichever way."""
        return abs(self.price) / self.price_noise if self.price_noise > 0 else np.nan


def changes(market: Market, window: int) -> Mapping[str, Changes]:
    """Of each perpetual. Raises KeyError where the indicator is switched off."""
    market.settings("open_interest")
    made = partial(_changes, window=window)
    return {name: view.side_by_side(("changes", window), made) for name, view in market.perp.items()}


def growths(market: Market, window: int) -> Mapping[str, float]:
    """Of each perpetual, how many times its usual change open interest grew at most; 0: that is surely not known.

    Raises KeyError as `changes`. Prices are not looked at, of which those of days ago may not be at hand.
    """
    market.settings("open_interest")
    made = partial(_growths, window=window)
    return {name: view.side_by_side(("growths", window), made) for name, view in market.perp.items()}


def annualised(market: Market, max_age: int) -> Mapping[str, float]:
    """Of each perpetual, as `funding` tells it, but for the last bit; NaN where it tells none. Raises KeyError where it
    is switched off."""
    market.settings("funding")
    made = partial(_annualised, max_age=max_age)
    return {name: view.side_by_side(("annualised", max_age), made) for name, view in market.perp.items()}


def is_beyond(value: float, limit: float) -> bool:
    """Whether it may be above the limit; not where it is unknown."""
    return value > limit - NEAR * (abs(value) + abs(limit))


def _annualised(many: SideBySide, max_age: int) -> Sequence[float]:
    samples = many.sampled("funding", max_age)
    at, there = _latest(samples)
    if not there.any():
        return [np.nan] * len(at)
    rate, hours = samples.columns["rate"][at], samples.columns["interval_ms"][at] / _HOUR_MS
    with np.errstate(invalid="ignore", divide="ignore"):
        found = rate * _YEAR_HOURS / hours
    return list(np.where(there & (hours > 0), found, np.nan).tolist())


def _changes(many: SideBySide, window: int) -> Sequence[Changes]:
    samples, rows, near = _ends(many, window)
    found = np.full((4, len(many.instruments)), np.nan)
    if len(rows):
        amount, close = samples.columns["base"][near], _closes(many, rows, samples.time[near])
        known = (near >= 0) & (close > 0)
        both = known[:, :-1] & known[:, 1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            held = np.where(both, amount[:, :-1] - amount[:, 1:], np.nan)
            price = np.where(both, 100 * (close[:, :-1] - close[:, 1:]) / close[:, 1:], np.nan)
        told = both[:, 0] & (both[:, 1:].sum(axis=1) >= _MIN_WINDOWS)
        sizes = [np.nanmedian(np.abs(each[told, 1:]), axis=1) for each in (held, price)]
        found[:, rows[told]] = held[told, 0], price[told, 0], *sizes
    return [Changes(*each) for each in found.T.tolist()]


def _growths(many: SideBySide, window: int) -> Sequence[float]:
    samples, rows, near = _ends(many, window)
    found = np.full(len(many.instruments), np.nan)
    if len(rows):
        amount = np.where(near >= 0, samples.columns["base"][near], np.nan)
        change = amount[:, :-1] - amount[:, 1:]
        # where prices are missing a window does not count: the median of the four smallest is the least it can be
        least = np.sort(np.abs(change[:, 1:]), axis=1)[:, 1:3].mean(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[rows] = np.where(np.isnan(least), np.nan, np.abs(change[:, 0]) / least)
    return list(np.nan_to_num(found, nan=0.0, posinf=np.inf).tolist())


def _ends(many: SideBySide, window: int) -> tuple[Sampled, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The samples, the markets that have a recent one, and of each of these the numbers of the samples at the ends of
    the windows, the last one first; -1: none near enough."""
    windows, span = max(_FEWEST, _DAY // window), window * MINUTE
    samples = many.sampled("open_interest", (windows + 1) * window)
    at, there = _latest(samples)
    rows = np.flatnonzero(there)
    rows = rows[samples.time[at[rows]] >= many.now - 2 * span]
    ends = samples.time[at[rows]][:, None] - span * np.arange(windows + 1)
    return samples, rows, _nearest(samples, rows, ends, span / 4) if len(rows) else ends


def _latest(samples: Sampled) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """By market the number of its last sample, and whether it has one."""
    return np.maximum(samples.start[1:] - 1, 0), np.diff(samples.start) > 0


def _nearest(
    samples: Sampled, rows: npt.NDArray[np.int64], times: npt.NDArray[np.int64], within: float
) -> npt.NDArray[np.int64]:
    """The numbers of the samples of these markets nearest to times of theirs, of equal ones the earlier; -1: none."""
    first, last = samples.start[rows][:, None], samples.start[rows + 1][:, None] - 1
    of = np.repeat(np.arange(len(samples.start) - 1), np.diff(samples.start))
    begin = int(min(samples.time.min(), times.min()))
    stride = int(max(samples.time.max(), times.max())) - begin + 1
    at = np.searchsorted(of * stride + samples.time - begin, rows[:, None] * stride + times - begin)
    at, below = np.minimum(at, last), np.clip(at - 1, first, last)
    at = np.maximum(at, first)
    found = np.where(np.abs(samples.time[below] - times) <= np.abs(samples.time[at] - times), below, at)
    return np.where(np.abs(samples.time[found] - times) <= within, found, -1)


def _closes(many: SideBySide, rows: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> Floats:
    """The last close known at each time, in ticks; 0: none."""
    back = (many.end - times // MINUTE * MINUTE) // MINUTE + 1
    return many.last("close", int(back.max()))[rows[:, None], -back].astype(float)
