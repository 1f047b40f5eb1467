"""Trades to footprint with imbalances: freqtrade's `populate_dataframe_with_trades` against coinmon, the same trades.

Both begin with trades in memory, in their own columns, and end with every candle's price rows, delta extremes and
imbalances. Needs freqtrade beside coinmon (in an environment of its own); says so and ends where it is not installed.

    python benchmarks/speed/footprint.py [TRADES]

or, where theirs is installed in an environment of its own with what coinmon depends on:

    PYTHONPATH=.:plugins THAT/bin/python benchmarks/speed/footprint.py
"""

import sys
import time
from typing import Any

import numpy as np
from bars_in_memory import INSTRUMENT, BarsInMemory, least_cpu_s

from coinmon import MINUTE, Trades, View
from coinmon.model.fold import fold
from coinmon_indicators.auction.footprint import footprint
from coinmon_indicators.auction.imbalance import imbalance

START = 1_770_000_000_000 // 86_400_000 * 86_400_000
MINUTES = 1440
STEP = 5
BIN = 1.0
REQUIRED = 20.0


def trades(count: int) -> Trades:
    """A day of a market that walks."""
    chance = np.random.default_rng(7)
    times = START + np.sort(chance.integers(0, MINUTES * MINUTE, count))
    ticks = 964_000 + np.cumsum(chance.integers(-4, 5, count))
    lots = np.maximum(1, chance.exponential(50, count).astype(np.int64))
    side = np.where(chance.random(count) < 0.5, 1, -1).astype(np.int8)
    return Trades(np.arange(count), times, ticks, lots / 1000, side)


def ours(made: Trades) -> tuple[Any, Any]:
    view = View(INSTRUMENT, START + MINUTES * MINUTE, BarsInMemory(fold(made, INSTRUMENT)))
    settings: dict[str, Any] = {"timeframe": f"{STEP}m", "bars": MINUTES // STEP, "bin_size": BIN}
    return footprint(view, detail="levels", **settings), imbalance(view, **settings)


def frames(made: Trades) -> tuple[Any, Any]:
    """freqtrade's own columns: candles and trades."""
    import pandas as pd

    price = made.ticks / 10
    rows = pd.DataFrame({
        "timestamp": made.time, "id": made.id.astype(str), "type": None, "price": price, "amount": made.qty,
        "side": np.where(made.side > 0, "buy", "sell"), "cost": price * made.qty,
    })  # fmt: skip
    rows["date"] = pd.to_datetime(rows["timestamp"], unit="ms", utc=True)
    opens = START + np.arange(0, MINUTES, STEP) * MINUTE
    dates = pd.Series(pd.to_datetime(opens, unit="ms", utc=True)).astype(rows["date"].dtype)
    return pd.DataFrame({"date": dates, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0}), rows


def main() -> int:
    try:
        from freqtrade.data.converter.orderflow import populate_dataframe_with_trades
    except ImportError as error:
        print(f"skipped: freqtrade is not installed here ({error})")
        return 0
    made = trades(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    candles, rows = frames(made)
    settings = {
        "cache_size": 10, "max_candles": len(candles), "scale": BIN, "stacked_imbalance_range": 3,
        "imbalance_volume": 0, "imbalance_ratio": 3,
    }  # fmt: skip
    begun = time.process_time()
    theirs, _ = populate_dataframe_with_trades(None, {"timeframe": f"{STEP}m", "orderflow": settings}, candles, rows)
    slow = time.process_time() - begun
    fast = least_cpu_s(lambda: ours(made), 5)
    found, _ = ours(made)
    for name, column in (("delta", "delta"), ("max_delta", "max_delta"), ("buy", "ask")):
        mine = np.array([getattr(bar, name) for bar in found.bars], float)
        # theirs does not begin its running delta at 0
        wanted = theirs[column].to_numpy(float)
        wanted = np.maximum(wanted, 0) if name == "max_delta" else wanted
        if not np.allclose(mine, wanted):
            print(f"the two sides disagree on {name}")
            return 1
    verdict = "PASS" if slow / fast >= REQUIRED else "FAIL"
    print(f"{len(made):,} trades to {len(found.bars)} candles of {STEP}m with rows of {BIN:g}, CPU seconds")
    print(f"freqtrade {slow:.2f}   coinmon {fast:.3f}   {slow / fast:.0f}x   {verdict}, at least {REQUIRED:.0f}x")
    return 0 if slow / fast >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
