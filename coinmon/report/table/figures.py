"""What a row shows beside the scan's own events: it takes a look at the store."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coinmon.market.market import Market
from coinmon.market.view import View
from coinmon.report.document import Report

_SPARKS, _SPARK_MINUTES = 16, 128
_HELD_MINUTES = 60
"""How far back open interest is compared, and how old a funding rate may be."""


class MarketStore(Protocol):
    """The stored market, asked from a thread."""

    def market(self, symbol: str, at: int | None = None) -> Market: ...

    def report(self, symbol: str, at: int | None = None) -> Report: ...


@dataclass(frozen=True)
class PairFigures:
    """Figures of one pair; None is unknown. Changes in percent, flow in quote currency, funding as a share.

    move, perp_flow: over the window of the flow; day: over 24 hours; open_interest: over an hour.

    cvd: cumulative volume delta of two hours in equal steps, spot where there is spot; None where nothing was seen.
    """

    move: float | None = None
    day: float | None = None
    perp_flow: float | None = None
    perp_whole: bool = True
    open_interest: float | None = None
    funding: float | None = None
    cvd: tuple[float | None, ...] = ()


def figures_of(market: Market, window: int) -> PairFigures:
    """window: minutes of the flow and the move."""
    views = market.merged
    first = next(iter(views.values()), None)
    if first is None:
        return PairFigures()
    perp = next((view for view in views.values() if view.instrument.kind == "perp"), None)
    flow, whole = _flow(perp, window)
    held = [_held(view) for view in market.views if view.instrument.kind == "perp"]
    before = sum(start for start, _ in filter(None, held))
    rates = [rate for view in market.views if (rate := _rate(view)) is not None]
    return PairFigures(
        _moved(first, window),
        _moved(first, 1440),
        flow,
        whole,
        100 * (sum(end for _, end in filter(None, held)) / before - 1) if before > 0 else None,
        float(np.median(rates)) if rates else None,
        _cumulative(first),
    )


def _moved(view: View, minutes: int) -> float | None:
    bars = view.bars(minutes)
    if not len(bars) or not bars.open[0] > 0 or not bars.close[-1] > 0:
        return None
    return float(100 * (bars.close[-1] / bars.open[0] - 1))


def _flow(view: View | None, window: int) -> tuple[float | None, bool]:
    """Net flow of the minutes that were seen, and whether all were."""
    if view is None:
        return None, True
    bars = view.bars(window)
    seen = bars.has_flow
    if not seen.any():
        return None, False
    return float(np.sum(bars.buy_quote[seen] - bars.sell_quote[seen])), bool(seen.all()) and len(bars) == window


def _held(view: View) -> tuple[float, float] | None:
    """Contracts held, in base units, at the beginning and the end of the hour."""
    samples = view.open_interest(_HELD_MINUTES)
    return (samples[0].base, samples[-1].base) if len(samples) > 1 else None


def _rate(view: View) -> float | None:
    samples = view.funding(_HELD_MINUTES) if view.instrument.kind == "perp" else ()
    return samples[-1].rate if samples else None


def _cumulative(view: View) -> tuple[float | None, ...]:
    bars = view.bars(_SPARK_MINUTES)
    seen = bars.has_flow
    total = np.cumsum(np.where(seen, bars.buy_quote - bars.sell_quote, 0.0))
    step = _SPARK_MINUTES // _SPARKS
    return tuple(
        float(total[end]) if seen[end - step + 1 : end + 1].any() else None for end in range(step - 1, len(bars), step)
    )
