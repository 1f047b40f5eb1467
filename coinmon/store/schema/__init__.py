"""The tables. Times are ms UTC, prices of bars are ticks of the instrument's grid, NULL is unknown."""

from coinmon.store.schema.alerts import channels, deliveries, scorecards, signals
from coinmon.store.schema.columns import metadata
from coinmon.store.schema.market import (
    bars,
    depth,
    funding,
    heatmap,
    hours,
    instrument_attributes,
    instruments,
    kept,
    liquidations,
    liquidations_heard,
    open_interest,
    superseded_bars,
    superseded_funding,
    superseded_open_interest,
    superseded_whale_trades,
    whale_trades,
)
from coinmon.store.schema.scans import cursors, judged, leases

__all__ = [
    "bars",
    "channels",
    "cursors",
    "deliveries",
    "depth",
    "funding",
    "heatmap",
    "hours",
    "instrument_attributes",
    "instruments",
    "judged",
    "kept",
    "leases",
    "liquidations",
    "liquidations_heard",
    "metadata",
    "open_interest",
    "scorecards",
    "signals",
    "superseded_bars",
    "superseded_funding",
    "superseded_open_interest",
    "superseded_whale_trades",
    "whale_trades",
]
