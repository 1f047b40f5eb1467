"""Net flow of an instrument at every moment of a frame, as the `net_flow` indicator tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coinmon.signal import Frame, Instrument
from coinmon_signals._columns import NEAR, Floats, Mask, rolling

_LEAST_WINDOWS = 10
"""Fewer earlier windows than this say nothing about what is usual."""


@dataclass(frozen=True, slots=True)
class NetFlowColumns:
    """flow: quote currency, NaN where nothing is covered. scale: taker volume it is the difference of.

    zscore: NaN where it is not known. unsure: where rounding decides whether it is. seen: covered share.
    """

    flow: Floats
    scale: Floats
    zscore: Floats
    unsure: Mask
    seen: Floats


def net_flow_columns(frame: Frame, instrument: Instrument, settings: Mapping[str, Any]) -> NetFlowColumns:
    """settings: those of the indicator."""
    window, hours, least = settings["window"], settings["zscore_hours"], settings["min_coverage"]
    return frame.once(
        ("net flow", instrument.id, window, hours, least), lambda: _made(frame, instrument, window, hours, least)
    )


def _made(frame: Frame, instrument: Instrument, window: int, hours: int, least: float) -> NetFlowColumns:
    count, blocks = frame.count, hours * 60 // window
    rows = frame.bars(instrument, window * (blocks + 1))
    usable = rows.has_flow & np.isfinite(rows.quote_volume) & np.isfinite(rows.buy_quote) & np.isfinite(rows.volume)
    flows = rolling(np.where(usable, rows.buy_quote - rows.sell_quote, 0.0), window)
    sizes = rolling(np.where(usable, rows.quote_volume, 0.0), window)
    covered = rolling(usable, window)
    # window k before moment i begins at row i + (blocks - k) * window
    now = blocks * window
    flow = np.where(covered[now:] > 0, flows[now:], np.nan)
    seen = rolling(rows.has_flow, window)[now:] / window
    zscore, unsure = np.full(count, np.nan), np.zeros(count, bool)
    if blocks:
        starts = np.arange(count)[:, None] + window * np.arange(blocks)[None, :]
        complete = covered[starts] == window
        past = np.where(complete, flows[starts], 0.0)
        n = complete.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = past.sum(axis=1) / n
            spread = np.sqrt((np.where(complete, past - mean[:, None], 0.0) ** 2).sum(axis=1) / (n - 1))
            found = (flow - mean) / spread
        ready = (covered[now:] / window >= least) & (n >= _LEAST_WINDOWS)
        largest = np.abs(past).max(axis=1)
        # next to no spread: the indicator itself says whether there is any
        unsure = ready & (spread <= NEAR * np.maximum(largest, sizes[now:]))
        zscore = np.where(ready & ~unsure & np.isfinite(found), found, np.nan)
    return NetFlowColumns(flow, sizes[now:], zscore, unsure, seen)
