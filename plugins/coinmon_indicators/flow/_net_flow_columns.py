"""`net_flow` at every moment of a frame at once."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Lane, LazyFigures, rolling

Floats = npt.NDArray[np.float64]
MIN_BLOCKS = 10
"""Fewer earlier windows than this say nothing about what is usual."""


def usable(bars: Bars) -> npt.NDArray[np.bool_]:
    """Minutes that count: a complete taker split, and money known."""
    return bars.has_flow & np.isfinite(bars.quote_volume) & np.isfinite(bars.buy_quote) & np.isfinite(bars.volume)


def columns(lane: Lane, *, window: int, min_coverage: float, zscore_hours: int) -> LazyFigures:
    """The figures of `net_flow`, and the covered share, at each moment of the lane; NaN where they are None."""
    blocks = zscore_hours * 60 // window
    return LazyFigures(
        {
            ("coverage",): lambda: {"coverage": rolling(lane.bars(window).has_flow, window) / window},
            ("window",): lambda: {"window": np.full(lane.count, float(window))},
            _FLOWS: lambda: _flows(lane, window, min_coverage),
            ("zscore",): lambda: {"zscore": _zscores(lane, window, blocks, min_coverage)},
            _PRICES: lambda: _prices(lane, window),
        }
    )


_FLOWS = (
    "net_flow", "buy_volume", "sell_volume", "quote_volume", "volume", "buy_sell_ratio", "net_flow_pct",
)  # fmt: skip
_PRICES = ("support", "resistance", "last_price", "price_change_pct", "atr")


def _flows(lane: Lane, window: int, min_coverage: float) -> Mapping[str, Floats]:
    rows = lane.bars(window)
    count = usable(rows)
    minutes = rolling(count, window)

    def total(column: Floats) -> Floats:
        return np.where(minutes > 0, rolling(np.where(count, column, 0.0), window), np.nan)

    buy, sell = total(rows.buy_quote), total(np.maximum(rows.sell_quote, 0.0))
    traded = total(rows.quote_volume)
    ratio = np.where(minutes / window >= min_coverage, _over(buy, sell), np.nan)
    figures = (buy - sell, buy, sell, traded, total(rows.volume), ratio, 100 * _over(buy - sell, traded))
    return dict(zip(_FLOWS, figures, strict=True))


def _over(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = above / below
    return np.where(np.isfinite(found), found, np.nan)


def _zscores(lane: Lane, window: int, blocks: int, min_coverage: float) -> Floats:
    if blocks < 1:
        return np.full(lane.count, np.nan)
    rows = lane.bars(window * (blocks + 1))
    count = usable(rows)
    flows = rolling(np.where(count, rows.buy_quote - rows.sell_quote, 0.0), window)
    minutes = rolling(count, window)
    starts = np.arange(lane.count)[:, None] + window * np.arange(blocks + 1)[None, :]
    past, complete = flows[starts[:, :-1]], minutes[starts[:, :-1]] == window
    there = complete.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(complete, past, 0.0).sum(axis=1) / there
        spread = np.sqrt(np.where(complete, (past - mean[:, None]) ** 2, 0.0).sum(axis=1) / (there - 1))
        found = (_own_flow(rows, count, window, lane.count) - mean) / spread
    differ = spread > 1e-12 * np.where(complete, np.abs(past), 0.0).max(axis=1)
    known = (there >= MIN_BLOCKS) & differ & (minutes[starts[:, -1]] / window >= min_coverage)
    return np.where(known & np.isfinite(found), found, np.nan)


def _own_flow(rows: Bars, count: npt.NDArray[np.bool_], window: int, moments: int) -> Floats:
    flow = np.where(count, rows.buy_quote - np.maximum(rows.sell_quote, 0.0), 0.0)
    return rolling(flow, window)[-moments:]


def _prices(lane: Lane, window: int) -> dict[str, Floats]:
    """Of the minutes in which something traded; of those with a price where nothing did."""
    rows = lane.bars(window + 1)
    priced = rows.close > 0
    traded = priced & ~(rows.volume == 0)
    quiet = rolling(traded[1:], window) == 0
    figures = {
        name: np.where(quiet, still, moved)
        for (name, still), moved in zip(
            _extremes(rows, priced, window).items(), _extremes(rows, traded, window).values(), strict=True
        )
    }
    figures["atr"] = _atrs(rows, priced, window)
    none = rolling(priced[1:], window) == 0
    return {name: np.where(none, np.nan, each) for name, each in figures.items()}


def _extremes(rows: Bars, use: npt.NDArray[np.bool_], window: int) -> dict[str, Floats]:
    """The first row is the minute before the first window."""
    tick = float(rows.tick_size)
    view = np.lib.stride_tricks.sliding_window_view
    at = np.arange(len(rows))
    high = view(np.where(use, rows.high, 0)[1:], window).max(axis=-1)
    low = view(np.where(use, rows.low, np.iinfo(np.int64).max)[1:], window).min(axis=-1)
    last = rows.close[np.maximum.accumulate(np.where(use, at, 0))][window:]
    following = np.minimum.accumulate(np.where(use, at, len(rows) - 1)[::-1])[::-1]
    first = rows.open[following][1 : 1 + len(last)]
    with np.errstate(invalid="ignore", divide="ignore"):
        change = 100 * (last - first) / first
    return {
        "support": low * tick, "resistance": high * tick, "last_price": last * tick, "price_change_pct": change,
    }  # fmt: skip


def _atrs(rows: Bars, priced: npt.NDArray[np.bool_], window: int) -> Floats:
    before, joined = rows.close[:-1], priced[:-1]
    above = np.where(joined, np.maximum(rows.high[1:], before), rows.high[1:])
    below = np.where(joined, np.minimum(rows.low[1:], before), rows.low[1:])
    ranges = rolling(np.where(priced[1:], above - below, 0).astype(np.float64), window)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(ranges / rolling(priced[1:], window) * float(rows.tick_size))
