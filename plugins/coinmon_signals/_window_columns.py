"""`windows` at every moment of a frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coinmon.signal import Frame
from coinmon_signals._columns import Comparisons, Floats, Mask, rolling
from coinmon_signals._windows import FEWEST, LEAST_SEEN


@dataclass(frozen=True, slots=True)
class WindowColumns:
    """A row a moment and in it a column a window, the present one last.

    there: how many of the last windows are known, after a start or a gap fewer than all; 0: too few to judge by.
    """

    there: npt.NDArray[np.int64]
    volume: Floats
    buy: Floats
    close: Floats
    reach: Floats

    @property
    def sell(self) -> Floats:
        return self.volume - self.buy

    @property
    def ready(self) -> Mask:
        """There is enough to judge by."""
        return self.there > 0

    def _before(self, column: Floats, skipped: int = 0) -> Floats:
        """The windows before the present one but for the first `skipped` known ones; NaN: not known, or skipped."""
        count = column.shape[1]
        known = np.arange(count - 1) >= (count - self.there + skipped)[:, None]
        return column[:, :-1] if known.all() and not skipped else np.where(known, column[:, :-1], np.nan)

    @property
    def atr(self) -> Floats:
        return _mean(self._before(self.reach, 1))

    def moved_atr(self, windows: int = 1) -> Floats:
        """Change of price over the last windows in ATR; 0 where there is none."""
        atr = self.atr
        moved = self.close[:, -1] - self.close[:, -1 - windows]
        return np.where(atr > 0, moved / np.where(atr > 0, atr, 1.0), 0.0)

    def times(self) -> Floats:
        """Volume of the present window in mean volumes of those before."""
        usual = _mean(self._before(self.volume))
        return np.where(usual > 0, self.volume[:, -1] / np.where(usual > 0, usual, 1.0), 0.0)

    def zscore(self, compare: Comparisons) -> Floats:
        """Of the present window's volume; NaN where those before are all one."""
        before = self._before(self.volume)
        mean = _mean(before)
        spread = np.sqrt(_mean((before - mean[:, None]) ** 2, less=1))
        known = compare.above(spread, 1e-9 * np.maximum(mean, 1.0), scale=0.1 * np.maximum(mean, 1.0))
        return np.where(known, (self.volume[:, -1] - mean) / np.where(known, spread, 1.0), np.nan)


def window_columns(frame: Frame, minutes: int, lookback: int, least: int = FEWEST) -> WindowColumns | None:
    """None: no venue lists the pair. least: as in `windows`."""
    kind = next((kind for kind in ("spot", "perp") if frame.instruments(kind)), None)
    if kind is None:
        return None
    return frame.once(("windows", minutes, lookback, least), lambda: _made(frame, kind, minutes, lookback, least))


def _made(frame: Frame, kind: str, minutes: int, lookback: int, least: int) -> WindowColumns:
    count = max(least, lookback // minutes) + 1
    span = count * minutes
    rows = frame.merged(kind, span)  # type: ignore[arg-type]
    priced = rows.close > 0
    seen = [frame.bars(each, span).has_flow for each in frame.instruments(kind).values()]  # type: ignore[arg-type]
    there = _windows_there(priced, seen, minutes, np.arange(least + 1, count + 1))
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
    return WindowColumns(there, volume, buy, last * tick, reach * tick)


def _windows_there(
    priced: Mask, seen: list[Mask], minutes: int, counts: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """As `_windows.windows` finds them: of each moment the most windows, of those counts, that are known; or 0."""
    span = int(counts[-1]) * minutes
    moments = np.arange(len(priced) - span + 1)
    sums = [np.concatenate(([0], np.cumsum(each))) for each in (priced, *seen)]

    def share(total: npt.NDArray[np.int64], at: npt.NDArray[np.int64], length: int) -> Floats:
        return np.asarray((total[at + span] - total[at + span - length]) / length)

    now = np.logical_and.reduce([share(each, moments, minutes) >= LEAST_SEEN for each in sums[1:]])
    found = np.zeros(len(moments), np.int64)
    for count in counts[::-1].tolist():
        # most moments have them all: only the others are looked at again
        at = moments[now & (found == 0)]
        if not len(at):
            break
        enough = priced[at + span - count * minutes]
        for each in sums:
            enough = enough & (share(each, at, count * minutes) >= LEAST_SEEN)
        found[at[enough]] = count
    return found


def _mean(rows: Floats, less: int = 0) -> Floats:
    """Of each row's numbers; less: how many fewer they are taken for. NaN where there are none."""
    known = ~np.isnan(rows)
    some = known.sum(axis=1) - less
    return np.where(some > 0, np.where(known, rows, 0.0).sum(axis=1) / np.maximum(some, 1), np.nan)
