"""How long each indicator takes from the store, with two weeks of minutes in it.

One instrument, 20,160 minutes of a price that walks, with levels. Each indicator runs on a new view (nothing held in
memory), settings at their defaults; the fastest of several runs. Then what people ask for most, with the bound that
each has to keep on a quiet machine; exit 1 where one does not.

    python benchmarks/speed/indicators.py [levels a minute: 35, or 245 as on a busy BTCUSDT perpetual]
"""

import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np

from coinmon import DAY, MINUTE, Bars, Coverage, Instrument, Levels, View
from coinmon.errors import IndicatorFailed
from coinmon.plugin.catalog import load_catalog
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments

NOW = 1_723_420_800_000 + 7 * DAY - 17 * MINUTE
"""Late on a Sunday: key levels read two days and all of the week before, the most that they ever have to."""
DAYS = 14
RUNS = 7
REQUIRED = 0.025
METRICS = {"timeframe": "5m", "bars": 288}
ASKED = {
    "profile": [("volume_profile", {"include_levels": True})],
    "session profile": [("session_profile", {})],
    "TPO": [("tpo", {})],
    "key levels": [("key_levels", {})],
    "footprint, 24 h of 30m with levels": [("footprint", {"timeframe": "30m", "bars": 48, "detail": "levels"})],
    "orderflow metrics, 24 h of 5m": [("imbalance", METRICS), ("delta", METRICS), ("cvd", METRICS)],
}


def filled(instrument: Instrument, per_minute: int) -> Bars:
    """DAYS of minutes up to NOW."""
    chance, minutes = np.random.default_rng(1), DAYS * 1440
    middle = 600_000 + np.cumsum(chance.integers(-60, 61, minutes))
    offsets = np.sort(chance.integers(-per_minute, per_minute, (minutes, per_minute)), axis=1)
    first = np.concatenate([np.ones((minutes, 1), bool), np.diff(offsets, axis=1) > 0], axis=1)
    ticks = (middle[:, None] + offsets)[first]
    start = np.concatenate(([0], np.cumsum(first.sum(axis=1))))
    buy, sell = (chance.integers(0, 2_000, len(ticks)) / 1000 for _ in range(2))
    sell[buy + sell == 0] = 0.001
    price = ticks * float(instrument.tick_size)

    def total(column):
        return np.add.reduceat(column, start[:-1])

    return Bars(
        instrument.tick_size, NOW // MINUTE * MINUTE - np.arange(minutes, 0, -1) * MINUTE, ticks[start[:-1]],
        ticks[start[1:] - 1], ticks[start[:-1]], ticks[start[1:] - 1], total(buy + sell), total((buy + sell) * price),
        np.full(minutes, per_minute), total(buy), total(buy * price), np.minimum(total(buy - sell), 0),
        np.maximum(total(buy - sell), 0), np.full(minutes, Coverage.TRADES, np.uint8), Levels(start, ticks, buy, sell),
    )  # fmt: skip


def main() -> int:
    per_minute = int(sys.argv[1]) if len(sys.argv) > 1 else 35
    instrument = Instrument(
        "binance", "perp", "BTC", "USDT", "BTCUSDT", "BTC/USDT:USDT", Decimal("0.1"), Decimal("0.001")
    )
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder, 'week.db')}")
        bars = filled(instrument, per_minute)
        with database.write() as connection:
            number, _ = sync_instruments(connection, [instrument], 0)[instrument.id]
            write_bars(connection, number, instrument, bars)
        history = History(database)
        print(f"{len(bars):,} minutes, {len(bars.levels.ticks):,} levels")
        catalog = load_catalog()

        def compute(name, subject, **settings):
            offer = catalog.get("indicator", name)
            if offer is None:
                raise IndicatorFailed(name)
            return offer.target(
                subject, **{key: f.default for key, f in offer.settings.model_fields.items()} | settings
            )

        def fastest(run) -> tuple[float, float]:
            """Seconds on the clock, and of the processor."""
            spent, used = [], []
            for _ in range(RUNS):
                view = View(instrument, NOW, history, compute)
                begun, cpu = time.perf_counter(), time.process_time()
                run(view)
                spent.append(time.perf_counter() - begun)
                used.append(time.process_time() - cpu)
            return min(spent), min(used)

        def shown(name, run) -> float:
            clock, cpu = fastest(run)
            print(f"{name:36}{1000 * clock:8.1f} ms {1000 * cpu:8.1f} ms CPU", end="")
            return clock

        for days, name in ((1, "day"), (7, "week")):
            for levels in (False, True):
                title = f"read a {name}" + (", levels" if levels else "")
                shown(title, lambda view, d=days, levels=levels: view.bars(d * 1440, levels=levels))
                print()
        for offer in catalog.of("indicator"):
            if offer.scope != "pair":
                shown(offer.name, lambda view, name=offer.name: view.of(name))
                print()
        kept = True
        for name, parts in ASKED.items():
            clock = shown(name, lambda view, parts=parts: [view.of(each, **settings) for each, settings in parts])
            kept &= clock <= REQUIRED
            print(f"   {'PASS' if clock <= REQUIRED else 'FAIL'}, at most {1000 * REQUIRED:.0f} ms")
        database.close()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
