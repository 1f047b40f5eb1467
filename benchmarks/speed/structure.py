"""Swings, BOS and CHoCH of a week of minutes: `smartmoneyconcepts` against coinmon, the same 10,080 bars.

Both begin with bars in memory. Theirs finds swings and breaks; coinmon's result also has sweeps and the ZigZag. Needs
smartmoneyconcepts beside coinmon (in an environment of its own); says so and ends where it is not installed.

    python benchmarks/speed/structure.py

or, where theirs is installed in an environment of its own with what coinmon depends on:

    PYTHONPATH=.:plugins THAT/bin/python benchmarks/speed/structure.py
"""

import sys

import numpy as np
from bars_in_memory import INSTRUMENT, BarsInMemory, least_cpu_s

from coinmon import MINUTE, Bars, Coverage, View
from coinmon_indicators.structure.structure import structure

START = 1_770_000_000_000 // MINUTE * MINUTE
COUNT = 10_080
REQUIRED = 20.0


def week() -> Bars:
    chance = np.random.default_rng(3)
    close = 960_000 + np.cumsum(chance.integers(-200, 201, COUNT))
    first = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(first, close) + chance.integers(0, 150, COUNT)
    low = np.minimum(first, close) - chance.integers(0, 150, COUNT)
    one, none = np.ones(COUNT), np.zeros(COUNT)
    return Bars(
        INSTRUMENT.tick_size, START + np.arange(COUNT) * MINUTE, first, high, low, close, one, one,
        np.ones(COUNT, np.int64), none, none, none, none, np.full(COUNT, Coverage.KLINES, np.uint8),
    )  # fmt: skip


def main() -> int:
    try:
        import pandas as pd
        from smartmoneyconcepts import smc
    except ImportError as error:
        print(f"skipped: smartmoneyconcepts is not installed here ({error})")
        return 0
    bars = week()
    frame = pd.DataFrame({name: getattr(bars, name) / 10 for name in ("open", "high", "low", "close")})
    frame["volume"] = 1.0
    print(f"{COUNT:,} bars, CPU milliseconds")
    print(f"{'swing':>8}{'smartmoneyconcepts':>20}{'coinmon':>10}{'all points':>12}{'ratio':>8}{'with all':>10}")
    worst = float("inf")
    for length in (10, 50):

        def theirs(length: int = length) -> None:
            smc.bos_choch(frame, smc.swing_highs_lows(frame, length))

        def ours(most: int | None, length: int = length) -> None:
            view = View(INSTRUMENT, START + COUNT * MINUTE, BarsInMemory(bars))
            structure(view, timeframe="1m", bars=COUNT, pivot_left=length, pivot_right=length, max_points=most)

        slow, fast, whole = (
            least_cpu_s(theirs, 3),
            least_cpu_s(lambda f=ours: f(80), 9),
            least_cpu_s(lambda f=ours: f(None), 9),
        )
        worst = min(worst, slow / fast)
        print(
            f"{length:12}{1e3 * slow:20.0f}{1e3 * fast:10.1f}{1e3 * whole:12.1f}{slow / fast:7.0f}x{slow / whole:9.0f}x"
        )
    verdict = "PASS" if worst >= REQUIRED else "FAIL"
    print(f"worst {worst:.0f}x   {verdict}, at least {REQUIRED:.0f}x")
    return 0 if worst >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
