"""Closed candles of a frame, and signals that tell events of them: the signal is asked where there may be one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coinmon.signal import AS_BEFORE, ASK, MINUTE, SILENT, WAITS, Bars, Codes, Frame, Instrument
from coinmon_signals._columns import Mask, rolling
from coinmon_signals._views import minutes_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CandlesInFrame:
    """bars: candles, the first ones before the frame. minutes: those that they are made of. step: ms.

    last: at each moment the number of the candle that closed last. closed: moments ago, in minutes.
    """

    bars: Bars
    minutes: Bars
    step: int
    last: Ints
    closed: Ints


def lead_instrument(frame: Frame, venue: str | None) -> Instrument | None:
    """As `lead` finds it; None: no venue lists the pair."""
    for kind in ("spot", "perp"):
        found = [each for name, each in frame.instruments(kind).items() if venue in (None, name)]
        if found:
            return found[0]
    return None


def candle_columns(frame: Frame, instrument: Instrument, timeframe: str, before: int) -> CandlesInFrame:
    """With at least so many candles before the one that closed last at the first moment."""
    return frame.once(
        ("candles", instrument.id, timeframe, before), lambda: _made(frame, instrument, timeframe, before)
    )


def _made(frame: Frame, instrument: Instrument, timeframe: str, before: int) -> CandlesInFrame:
    step = minutes_of(timeframe) * MINUTE
    moments = frame.start + MINUTE * np.arange(frame.count, dtype=np.int64)
    first = frame.start // step * step - (before + 1) * step
    end = int(moments[-1]) // step * step
    rows = frame.bars(instrument, (frame.start - first) // MINUTE)[: (end - first) // MINUTE]
    last = (moments // step * step - first) // step - 1
    return CandlesInFrame(rows.resample(step), rows, step, last, moments % step // MINUTE)


def covered(frame: Frame, instrument: Instrument, minutes: int, least: float) -> Mask:
    """At which moments `short` finds nothing missing."""
    return rolling(frame.bars(instrument, minutes).has_flow, minutes) / minutes >= least


def event_codes(
    found: CandlesInFrame, ready: Mask, may: Mask, max_age: int, until: Ints | None = None, turns: Ints | None = None
) -> Codes:
    """The signal is asked where a candle that `may` be an event closes, or where one is not told any more.

    may: by candle; it is told for max_age minutes. until: by candle, the last one with which it is still in the
    signal's window. turns: candles with which the window may make another event of one that is told.
    """
    per, count = found.step // MINUTE, len(found.last)
    alive, moves = np.zeros(count, bool), np.zeros(count, bool)
    # the moments at which candles close: those before the frame are below 0
    closes = (np.arange(len(may)) - found.last[0]) * per - found.closed[0]
    for k in np.flatnonzero(may).tolist():
        first, end = int(closes[k]), int(closes[k]) + max_age + 1
        if until is not None:
            end = min(end, first + (int(until[k]) - k + 1) * per)
        if end > max(first, 0) and first < count:
            alive[max(first, 0) : end] = True
            moves[max(first, 0)] = True
            moves[end : end + 1] = True
    if turns is not None:
        at = closes[turns[(turns >= 0) & (turns < len(may))]]
        moves[at[(at >= 0) & (at < count)]] = True
    return asked_where(ready, alive, moves)


def asked_where(ready: Mask, alive: Mask, moves: Mask) -> Codes:
    """WAITS where not ready, SILENT where not alive, else asked at the first moment and where it moves."""
    live = ready & alive
    again = live & ~moves
    again[1:] &= live[:-1]
    again[:1] = False
    code = np.where(again, AS_BEFORE, ASK)
    return np.where(ready, np.where(live, code, SILENT), WAITS).astype(np.int8)
