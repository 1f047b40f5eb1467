"""Prices and flow of a stretch of time at each moment of it: what `window_figures` says as the minutes close."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Coverage
from coinmon_indicators._average import with_volume
from coinmon_indicators._profile import Mode
from coinmon_indicators.profile._window import in_profile

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

STRETCH_FIGURES = (
    "minutes", "complete", "open", "high", "low", "close", "volume", "quote_volume", "delta_quote", "vwap",
    "profile_minutes",
)  # fmt: skip
INITIAL_BALANCE = ("ib_high", "ib_low")
_HOUR = 60
_NO_PRICE = np.iinfo(np.int64).max


def stretch_figures(rows: Bars, closed: Ints, mode: Mode) -> Mapping[str, Floats]:
    """rows: dense minutes from the stretch's start on. closed: at each moment, how many of them have closed.

    mode: of the profile, which says what minutes are in it.
    """
    priced = rows.close > 0
    traded = priced & ~(rows.volume == 0)
    # minutes that only repeat a price count where there is no other
    first, high, low, last = (
        np.where(np.maximum.accumulate(traded), of_traded, of_priced)
        for of_traded, of_priced in zip(_prices(rows, traded), _prices(rows, priced), strict=True)
    )
    there = rows.coverage > Coverage.MISSING
    counted, flow = with_volume(rows), rows.has_flow
    base, quote = (np.cumsum(np.where(counted, each, 0.0)) for each in (rows.volume, rows.quote_volume))
    delta = np.cumsum(np.where(flow, 2 * rows.buy_quote - rows.quote_volume, 0.0))
    any_counted, any_flow = np.maximum.accumulate(counted), np.maximum.accumulate(flow)
    with np.errstate(invalid="ignore", divide="ignore"):
        vwap = quote / base
    figures = {
        "complete": np.cumsum(flow).astype(np.float64),
        "open": np.where(there[:1], rows.price(first), np.nan),
        "high": rows.price(high),
        "low": rows.price(low),
        "close": np.where(there, rows.price(last), np.nan),
        "volume": np.where(any_counted, base, np.nan),
        "quote_volume": np.where(any_counted, quote, np.nan),
        "delta_quote": np.where(any_flow & np.isfinite(delta), delta, np.nan),
        "vwap": np.where((base > 0) & np.isfinite(vwap), vwap, np.nan),
        "profile_minutes": np.cumsum(in_profile(rows, mode)).astype(np.float64),
    }
    counts = {"complete", "profile_minutes"}
    found = {name: at(each, closed, 0.0 if name in counts else np.nan) for name, each in figures.items()}
    return {"minutes": closed.astype(np.float64), **found}


def initial_balance(rows: Bars, closed: Ints) -> Mapping[str, Floats]:
    """Highest and lowest price of the first hour, as `stretch_figures` takes its minutes."""
    hour = rows[:_HOUR]
    traded = (hour.low > 0) & ~(hour.volume == 0)
    _, high, low, _ = _prices(hour, traded)
    whole = np.logical_and.accumulate(hour.coverage > Coverage.MISSING)
    seen = np.minimum(closed, _HOUR)
    return {
        "ib_high": at(np.where(whole, hour.price(high), np.nan), seen),
        "ib_low": at(np.where(whole, hour.price(low), np.nan), seen),
    }


def at(figures: Floats, closed: Ints, before: float = np.nan) -> Floats:
    """Figures after each minute as those at moments when so many have closed; `before` where none has."""
    return np.concatenate(([before], figures))[closed]


def _prices(rows: Bars, use: Mask) -> tuple[Ints, Ints, Ints, Ints]:
    """First open, highest, lowest and last close of the minutes used so far, in ticks; 0 where there is none."""
    some = np.maximum.accumulate(use)
    first = rows.open[use][:1]
    low = np.minimum.accumulate(np.where(use, rows.low, _NO_PRICE))
    latest = np.maximum.accumulate(np.where(use, np.arange(len(rows)), 0))
    return (
        np.where(some, first if len(first) else 0, 0),
        np.maximum.accumulate(np.where(use, rows.high, 0)),
        np.where(some, low, 0),
        np.where(some, rows.close[latest], 0),
    )
