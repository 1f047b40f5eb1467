"""What both benchmarks against libraries of others need: bars that a view reads without a store, and their clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from coinmon import Bars, Instrument

INSTRUMENT = Instrument("binance", "perp", "BTC", "USDT", "BTCUSDT", "BTC/USDT:USDT", Decimal("0.1"), Decimal("0.001"))


@dataclass
class BarsInMemory:
    """What a view reads, without a store."""

    rows: Bars

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        first, last = np.searchsorted(self.rows.time, (start, end)).tolist()
        return self.rows[first:last]


def least_cpu_s(run: Callable[[], Any], rounds: int) -> float:
    """The least CPU seconds of several runs."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        run()
        best = min(best, time.process_time() - begun)
    return best
