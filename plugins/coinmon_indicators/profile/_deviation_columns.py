"""The deviation around a `vwap` at every moment of a frame: sums of squares around one price, moved to each average."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coinmon.indicator import DAY, MINUTE, Bars, Lane
from coinmon_indicators._average import of_levels, with_volume

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BANDS = ("sigma", *(f"{side}_{k}" for side in ("upper", "lower") for k in (1, 2, 3)))


def bands(lane: Lane, began: Ints, mean: Floats, volume: Floats) -> Mapping[str, Any]:
    """None each where the prices traded in each minute are not at hand.

    began: where the sums begin at each moment, ms UTC. mean, volume: the average and the base volume since then.
    """
    try:
        view = lane.view(lane.count - 1)
    except LookupError:
        return dict.fromkeys(BANDS)
    first, last = int(began.min()), lane.start + (lane.count - 1) * MINUTE
    known = mean[np.isfinite(mean)]
    # near the averages, so that little cancels
    center = float(known[0]) if len(known) else 0.0
    sums = [np.zeros((3, 1))]
    for start in range(first, last, DAY):
        end = min(start + DAY, last)
        sums.append(_moments_of(view.source.bars(view.instrument, start, end, levels=True).dense(start, end), center))
    total = np.cumsum(np.concatenate(sums, axis=1), axis=1)
    now = (lane.start - first) // MINUTE + np.arange(lane.count)
    plain, once, twice = total[:, now] - total[:, (began - first) // MINUTE]
    away = mean - center
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(np.maximum(twice - 2 * away * once + away**2 * plain, 0.0) / volume)
    sigma = np.where(np.isfinite(sigma), sigma, np.nan)
    found = {"sigma": sigma}
    for side, sign in (("upper", 1), ("lower", -1)):
        found |= {f"{side}_{k}": mean + sign * k * sigma for k in (1, 2, 3)}
    return found


def _moments_of(bars: Bars, center: float) -> Floats:
    """Of each minute the volume, and its sums times the distance from the center and times its square."""
    counted = with_volume(bars)
    exact = of_levels(bars, counted)
    found = np.zeros((3, len(bars)))
    levels = bars.levels
    if levels is not None:
        used = exact[levels.bar]
        bar, volume = levels.bar[used], (levels.buy + levels.sell)[used]
        off = bars.price(levels.ticks[used]) - center
        found = np.stack([np.bincount(bar, volume * off**k, len(bars)).astype(np.float64) for k in (0, 1, 2)])
    rest = counted & ~exact & (bars.volume > 0)
    volume = bars.volume[rest]
    off = bars.quote_volume[rest] / volume - center
    found[:, rest] += np.stack([volume * off**k for k in (0, 1, 2)])
    return found
