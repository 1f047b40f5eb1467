"""The net flow of each spot venue at every moment of a frame, as `net_flow` and `consensus` see it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coinmon.signal import Frame, Instrument
from coinmon_signals._columns import Floats, Mask, rolling


@dataclass(frozen=True, slots=True)
class VenueColumns:
    """buy, sell: taker volumes of the window, quote currency. comparable: covered. rated: its ratio is judged."""

    buy: Floats
    sell: Floats
    comparable: Mask
    rated: Mask

    @property
    def flow(self) -> Floats:
        return self.buy - self.sell

    @property
    def scale(self) -> Floats:
        return self.buy + self.sell


@dataclass(frozen=True, slots=True)
class FlowColumns:
    """venues: those that list the pair, by name. covered: all of them are comparable; enough: and they are enough."""

    venues: Mapping[str, VenueColumns]
    covered: Mask
    enough: Mask


def venue_flows(frame: Frame) -> FlowColumns:
    """Computed once a frame. Raises KeyError where one of the two indicators is off."""
    return frame.once("venue flows", lambda: _made(frame))


def _made(frame: Frame) -> FlowColumns:
    own, agreed = frame.settings("net_flow"), frame.settings("consensus")
    spot = {name: each for name, each in frame.instruments("spot").items() if name in frame.venues}
    venues = {
        name: _venue(frame, spot[name], own["window"], own["min_coverage"], agreed["min_coverage"])
        for name in frame.venues
        if name in spot
    }
    covered = np.ones(frame.count, bool)
    for each in venues.values():
        covered = covered & each.comparable
    return FlowColumns(venues, covered, covered & (len(venues) >= max(1, agreed["min_venues"])))


def _venue(frame: Frame, instrument: Instrument, window: int, for_ratio: float, least: float) -> VenueColumns:
    rows = frame.bars(instrument, window)
    usable = rows.has_flow & np.isfinite(rows.quote_volume) & np.isfinite(rows.buy_quote) & np.isfinite(rows.volume)
    buy = np.where(usable, rows.buy_quote, 0.0)
    sell = np.where(usable, np.maximum(rows.sell_quote, 0.0), 0.0)
    count = rolling(usable, window)
    comparable = (count > 0) & (rolling(rows.has_flow, window) / window >= least)
    return VenueColumns(rolling(buy, window), rolling(sell, window), comparable, count / window >= for_ratio)
