"""What the price did after a signal, from a minute later on: nobody trades at the print that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coinmon.model.bars import Bars, Coverage
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Floats

DELAY_MINUTES = 1


@dataclass(frozen=True, slots=True)
class Prices:
    """The pair's price at each minute's end, quote currency, NaN where none knew it. start: end of the first, ms."""

    start: int
    values: Floats

    def at(self, moment: int) -> float | None:
        """The price of the minute that ends at `moment`; None where it is not known."""
        row = (moment - self.start) // MINUTE
        known = 0 <= row < len(self.values) and moment % MINUTE == 0 and bool(np.isfinite(self.values[row]))
        return float(self.values[row]) if known else None


def weighted_close(parts: Sequence[Bars], start: int, end: int) -> Prices:
    """The close over the venues that knew the minute, weighted by what each traded in it (by count where none did).

    A minute's price depends on that minute alone. parts: bars of markets that price alike; start, end: minutes, ms.
    """
    count = (end - start) // MINUTE
    money, weight, plain, known = (np.zeros(count) for _ in range(4))
    for part in parts:
        rows = part.dense(start, end)
        usable = (rows.coverage > Coverage.MISSING) & (rows.close > 0)
        close = np.where(usable, rows.price(rows.close), 0.0)
        volume = np.where(usable & np.isfinite(rows.volume), rows.volume, 0.0)
        money += close * volume
        weight += volume
        plain += close
        known += usable
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(weight > 0, money / weight, plain / known)
    return Prices(start + MINUTE, values)


@dataclass(frozen=True, slots=True)
class Outcome:
    """After one signal: percent, 100 ln(later / entry); None where a price is not known.

    entry: the price a delay after the signal. after: the return at each horizon, not turned to the signal's direction.
    best, worst: the furthest return in and against its direction within the longest known horizon (MFE and MAE).
    """

    entry: float | None
    after: Mapping[str, float | None]
    best: Mapping[str, float | None]
    worst: Mapping[str, float | None]


def outcome(
    prices: Prices, at: int, direction: int, horizons: Mapping[str, int], delay: int = DELAY_MINUTES
) -> Outcome:
    """at: the minute of the signal, ms. direction: 1 up, -1 down, 0 neither (as up). horizons, delay: minutes."""
    begin = at + delay * MINUTE
    entry = prices.at(begin)
    after: dict[str, float | None] = {}
    best: dict[str, float | None] = {}
    worst: dict[str, float | None] = {}
    for name, minutes in horizons.items():
        later = prices.at(begin + minutes * MINUTE)
        after[name] = best[name] = worst[name] = None
        if entry is None or later is None:
            continue
        after[name] = 100 * float(np.log(later / entry))
        row = (begin - prices.start) // MINUTE
        path = prices.values[row : row + minutes + 1]
        moves = (-1 if direction < 0 else 1) * 100 * np.log(path / entry)
        best[name], worst[name] = float(np.nanmax(moves)), float(np.nanmin(moves))
    return Outcome(entry, after, best, worst)
