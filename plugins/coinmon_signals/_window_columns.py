"""`windows` at every moment of a frame."""

from dataclasses import dataclass

import numpy as np

from coinmon.signal import Frame
from coinmon_signals._columns import Comparisons, Floats, Mask, rolling
from coinmon_signals._windows import FEWEST, LEAST_SEEN


@dataclass(frozen=True, slots=True)
class WindowColumns:
    """A row a moment and in it a column a window, the present one last. ready: there is enough to judge by."""

    ready: Mask
    volume: Floats
    buy: Floats
    close: Floats
    reach: Floats

    @property
    def sell(self) -> Floats:
        return self.volume - self.buy

    @property
    def atr(self) -> Floats:
        return np.asarray(self.reach[:, 1:-1].mean(axis=1))

    def moved_atr(self, windows: int = 1) -> Floats:
        """Change of price over the last windows in ATR; 0 where there is none."""
        atr = self.atr
        moved = self.close[:, -1] - self.close[:, -1 - windows]
        return np.where(atr > 0, moved / np.where(atr > 0, atr, 1.0), 0.0)

    def times(self) -> Floats:
        """Volume of the present window in mean volumes of those before."""
        usual = self.volume[:, :-1].mean(axis=1)
        return np.where(usual > 0, self.volume[:, -1] / np.where(usual > 0, usual, 1.0), 0.0)

    def zscore(self, compare: Comparisons) -> Floats:
        """Of the present window's volume; NaN where those before are all one."""
        mean, spread = self.volume[:, :-1].mean(axis=1), self.volume[:, :-1].std(axis=1, ddof=1)
        known = compare.above(spread, 1e-9 * np.maximum(mean, 1.0), scale=0.1 * np.maximum(mean, 1.0))
        return np.where(known, (self.volume[:, -1] - mean) / np.where(known, spread, 1.0), np.nan)


def window_columns(frame: Frame, minutes: int, lookback: int) -> WindowColumns | None:
    """None: no venue lists the pair."""
    kind = next((kind for kind in ("spot", "perp") if frame.instruments(kind)), None)
    if kind is None:
        return None
    return frame.once(("windows", minutes, lookback), lambda: _made(frame, kind, minutes, lookback))


def _made(frame: Frame, kind: str, minutes: int, lookback: int) -> WindowColumns:
    count = max(FEWEST, lookback // minutes) + 1
    span = count * minutes
    ready = np.ones(frame.count, bool)
    for each in frame.instruments(kind).values():  # type: ignore[arg-type]
        seen = frame.bars(each, span).has_flow
        ready &= rolling(seen[span - minutes :], minutes) / minutes >= LEAST_SEEN
        ready &= rolling(seen, span) / span >= LEAST_SEEN
    rows = frame.merged(kind, span)  # type: ignore[arg-type]
    priced = rows.close > 0
    ready &= priced[: frame.count] & (rolling(priced, span) / span >= LEAST_SEEN)
    known = rows.has_flow & np.isfinite(rows.quote_volume) & np.isfinite(rows.buy_quote)
    at = np.maximum.accumulate(np.where(priced, np.arange(len(rows)), 0))
    close = rows.close[at]
    tick = float(rows.tick_size)
    high, low = (np.where(priced, each, close) for each in (rows.high, rows.low))
    # window k of moment i begins at row i + k * minutes
    starts = np.arange(frame.count)[:, None] + np.arange(count)[None, :] * minutes
    view = np.lib.stride_tricks.sliding_window_view
    last = close[starts + minutes - 1]
    before = np.concatenate((last[:, :1], last[:, :-1]), axis=1)
    reach = np.maximum(view(high, minutes).max(axis=1)[starts], before)
    reach = reach - np.minimum(view(low, minutes).min(axis=1)[starts], before)
    volume, buy = (
        rolling(np.where(known, column, 0.0), minutes)[starts] for column in (rows.quote_volume, rows.buy_quote)
    )
    return WindowColumns(ready, volume, buy, last * tick, reach * tick)
