"""What `net_flow` adds up of minutes, of many markets side by side."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Coverage, SideBySide
from coinmon_indicators._exact_sums import exact_sums

Floats = npt.NDArray[np.float64]
_UNKNOWN = np.iinfo(np.int64).max


class AddedUp(NamedTuple):
    """Of one market. Money is quote currency, prices are ticks.

    worst: the least `Coverage` of the window. minutes: those of it that count. buy, sell, traded, volume: exact sums
    over them, rounded once. open, high, low, close: of the window as one bar; 0: no price is known. reach: true ranges
    of the minutes that have a price, of which there are `priced`.
    blocks: windows before that are complete; of their net flows mean, spread (the sample deviation), median and largest
    size.
    """

    worst: int
    minutes: int
    buy: float
    sell: float
    traded: float
    volume: float
    open: int
    high: int
    low: int
    close: int
    reach: int
    priced: int
    blocks: int = 0
    mean: float = 0.0
    spread: float = 0.0
    median_size: float = 0.0
    largest_size: float = 0.0


def added_up(many: SideBySide, window: int, blocks: int) -> Sequence[AddedUp]:
    """Of the last `window` minutes, and so many windows before."""
    span = window + max(blocks * window, 1)
    coverage, traded, bought, volume = (
        many.last(name, span) for name in ("coverage", "quote_volume", "buy_quote", "volume")
    )
    known = (coverage >= np.uint8(Coverage.KLINES)) & np.isfinite(traded) & np.isfinite(bought) & np.isfinite(volume)
    own = known[:, -window:]
    totals = [
        exact_sums(np.where(own, each[:, -window:], 0.0))
        # each minute's totals are rounded once, so a difference below zero is rounding and not a sale
        for each in (bought, np.maximum(traded - bought, 0.0), traded, volume)
    ]
    figures = [coverage[:, -window:].min(axis=1), own.sum(axis=1), *totals, *_prices(many, window)]
    if blocks:
        taken = (bought - (traded - bought))[:, : blocks * window].reshape(len(known), blocks, window).sum(axis=-1)
        complete = known[:, : blocks * window].reshape((*taken.shape, window))
        figures += _usual(taken, np.asarray(complete.all(axis=-1)))
    return [AddedUp(*each) for each in zip(*(figure.tolist() for figure in figures), strict=True)]


def _prices(many: SideBySide, window: int) -> Sequence[Any]:
    """The window as one bar, its true ranges and the minutes that have one."""
    # the minute before the window closes where its first begins
    close, high, low, volume = (many.last(name, window + 1) for name in ("close", "high", "low", "volume"))
    priced = close > 0
    above = np.where(priced[:, :-1], np.maximum(high[:, 1:], close[:, :-1]), high[:, 1:])
    below = np.where(priced[:, :-1], np.minimum(low[:, 1:], close[:, :-1]), low[:, 1:])
    priced, close, high, low, volume = (each[:, 1:] for each in (priced, close, high, low, volume))
    reach = np.where(priced, above - below, 0).sum(axis=1)
    # prices are those of the minutes in which something traded, where there are any
    traded = priced & ~(volume == 0)
    use = np.where(traded.any(axis=1)[:, None], traded, priced)
    row, first, last = np.arange(len(use)), use.argmax(axis=1), window - 1 - use[:, ::-1].argmax(axis=1)
    bar = (
        many.last("open", window)[row, first],
        np.where(use, high, 0).max(axis=1),
        np.where(use, low, _UNKNOWN).min(axis=1),
        close[row, last],
    )
    return [*(np.where(use.any(axis=1), each, 0) for each in bar), reach, priced.sum(axis=1)]


def _usual(taken: Floats, complete: npt.NDArray[np.bool_]) -> Sequence[Any]:
    """How many windows before are complete, and of their net flows what `AddedUp` says."""
    count = complete.sum(axis=1)
    found = np.zeros((4, len(taken)))
    whole = complete.all(axis=1)
    if whole.any():
        found[:, whole] = _statistics(taken[whole])
    for row in np.flatnonzero(~whole & (count > 1)).tolist():
        found[:, row] = np.ravel(_statistics(taken[row][complete[row]][None]))
    return [count, *found]


def _statistics(past: Floats) -> tuple[Any, ...]:
    size = np.abs(past)
    return past.mean(axis=1), past.std(axis=1, ddof=1), np.median(size, axis=1), size.max(axis=1)
