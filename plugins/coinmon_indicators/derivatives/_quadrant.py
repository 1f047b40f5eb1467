"""What open interest and price together say, and how large a change has to be to say anything."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from coinmon.indicator import MINUTE, Bilingual, OpenInterest, View

Quadrant = Literal["long_buildup", "short_buildup", "short_covering", "long_unwinding", "flat"]

LABELS: dict[Quadrant | None, tuple[str, str]] = {
    "long_buildup": ("多头增仓", "long build-up"),
    "short_buildup": ("空头增仓", "short build-up"),
    "short_covering": ("空头回补", "short covering"),
    "long_unwinding": ("多头平仓", "long unwinding"),
    "flat": ("无明显变化", "flat"),
    None: ("未定", "unknown"),
}

MIN_WINDOWS = 4
"""Fewer earlier windows than this say nothing about what is usual."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Changes over one window and the median of their sizes over the windows before; None where unknown."""

    quadrant: Quadrant | None = None
    price_change_pct: float | None = None
    noise: float | None = None
    price_noise_pct: float | None = None
    why: str | None = None


def windows_before(window: int) -> int:
    """How many windows of so many minutes are looked back for what is usual: a day's, at least 8."""
    return max(8, 1440 // window)


def nearest(
    samples: Sequence[OpenInterest], time: int, within: float, times: Sequence[int] = ()
) -> OpenInterest | None:
    """The sample nearest to a time, ms UTC, where one is within so many ms; samples ascend. times: theirs, at hand."""
    at = bisect_left(times, time) if times else bisect_left(samples, time, key=lambda sample: sample.time)
    found = samples[at] if at < len(samples) else None
    if at and (found is None or time - samples[at - 1].time <= found.time - time):
        found = samples[at - 1]
    return None if found is None or abs(found.time - time) > within else found


def read(view: View, samples: Sequence[OpenInterest], window: int, dead_band: float) -> Reading:
    """Where the latest window's changes lie; each has to exceed `dead_band` times what is usual for it."""
    span = window * MINUTE
    latest = samples[-1]
    times, ends_at = [each.time for each in samples], range(windows_before(window) + 1)
    ends = [nearest(samples, latest.time - k * span, span / 4, times) for k in ends_at]
    first = min(each.time for each in ends if each is not None)
    bars = view.between(first - first % MINUTE - MINUTE, latest.time)
    begin = first - first % MINUTE - MINUTE

    def close(time: int) -> int:
        """The last close known at a sample's second."""
        row = (time - begin) // MINUTE - 1
        return int(bars.close[row]) if 0 <= row < len(bars) else 0

    held = [None if each is None else (each.base, close(each.time)) for each in ends]
    changes: list[tuple[float, float] | None] = []
    for now, before in pairwise(held):
        known = now is not None and before is not None and now[1] > 0 and before[1] > 0
        changes.append((now[0] - before[0], 100 * (now[1] - before[1]) / before[1]) if known else None)  # type: ignore[index]
    if changes[0] is None:
        why = Bilingual(
            "无象限：区间两端的持仓量或价格未知",
            "no quadrant: open interest or price is not known at both ends of the window",
        )
        return Reading(why=why)
    amount, price = changes[0]
    usual = [each for each in changes[1:] if each is not None]
    if len(usual) < MIN_WINDOWS:
        why = Bilingual(
            f"无象限：判断常态需要此前 {MIN_WINDOWS} 个区间，现有 {len(usual)} 个",
            f"no quadrant: what is usual needs {MIN_WINDOWS} windows before this one, there are {len(usual)}",
        )
        return Reading(price_change_pct=price, why=why)
    noise, price_noise = (median(abs(each[i]) for each in usual) for i in (0, 1))
    quadrant: Quadrant = "flat"
    if abs(amount) > dead_band * noise and abs(price) > dead_band * price_noise:
        if amount > 0:
            quadrant = "long_buildup" if price > 0 else "short_buildup"
        else:
            quadrant = "short_covering" if price > 0 else "long_unwinding"
    return Reading(quadrant, price, noise, price_noise)
