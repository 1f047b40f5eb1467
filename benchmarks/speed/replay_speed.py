"""How long a replay takes: signals by columns against the same signals minute by minute, in one run.

    python benchmarks/speed/replay_speed.py [--days 30] [--old-hours 6]

One pair on four spot venues, made up and held in memory (the database is not measured), all signals that have columns;
then the others, which are asked minute by minute, over --old-hours.
"""

import argparse
import time
from decimal import Decimal

import numpy as np

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.held_signal import HeldSignal
from coinmon.evaluate.read_once import ReadOnce
from coinmon.evaluate.replay import evaluate
from coinmon.evaluate.signal_states import SignalStates, fold
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import MINUTE

START = 29_000_000 * MINUTE
VENUES = ("binance", "okx", "bybit", "coinbase")
DAY_MINUTES = 1440


class Memory:
    """Bars of each venue, nothing else."""

    def __init__(self, rows: dict[str, Bars]) -> None:
        self._rows = rows

    def bars(self, instrument: Instrument, start: int, end: int, *, levels: bool = False) -> Bars:
        rows = self._rows[instrument.id]
        first, last = np.searchsorted(rows.time, (start, end)).tolist()
        return rows[first:last]

    def __getattr__(self, name: str):
        return lambda *_args, **_kwargs: []


def market(days: int) -> tuple[list[Instrument], dict[str, Bars]]:
    rng, n = np.random.default_rng(7), days * DAY_MINUTES
    price = 4_000_000 + np.cumsum(rng.normal(0, 60, n)).astype(np.int64)
    instruments, rows = [], {}
    for venue in VENUES:
        quote = "USD" if venue == "coinbase" else "USDT"
        each = Instrument(venue, "spot", "BTC", quote, "BTC", f"BTC/{quote}", Decimal("0.01"), Decimal("0.001"))
        volume = rng.gamma(0.8, 3.0, n)
        share = np.clip(0.5 + 0.2 * np.sin(np.arange(n) / 90) + rng.normal(0, 0.1, n), 0, 1)
        close = price + rng.integers(-3, 4, n)
        rows[each.id] = Bars(
            Decimal("0.01"), START + np.arange(n) * MINUTE, close, close + 5, close - 5, close, volume,
            volume * close / 100, np.full(n, 9, np.int64), volume * share, volume * share * close / 100,
            np.zeros(n), np.zeros(n), np.full(n, Coverage.KLINES, np.uint8),
        )  # fmt: skip
        instruments.append(each)
    return instruments, rows


def seconds_a_minute(has: bool, minutes: int, columns: bool, data) -> tuple[float, int]:
    instruments, rows = data
    config = load_config(None, environ={})
    kept = {name: each for name, each in config.signals.items() if (each.offer.columns is not None) == has}
    object.__setattr__(config, "signals", kept)
    evaluator, source = Evaluator(config, list(VENUES)), ReadOnce(Memory(rows))
    first = START + DAY_MINUTES * MINUTE

    def market_at(now: int):
        return evaluator.market(Pair("BTC", "USDT"), instruments, source, now)

    began, told = time.process_time(), 0
    for step in fold(
        evaluate(evaluator, market_at, source, first, first + minutes * MINUTE, {}, columns), SignalStates()
    ):
        for each in step.told:
            told += 1
            if isinstance(each.signal, HeldSignal):
                evaluator.asked(each.signal, market_at(each.signal.at))
    return (time.process_time() - began) / minutes, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--old-hours", type=float, default=6.0)
    asked = parser.parse_args()
    data, minutes, few = market(asked.days + 1), asked.days * DAY_MINUTES, round(asked.old_hours * 60)
    by_columns, told = seconds_a_minute(True, minutes, True, data)
    by_minute, _ = seconds_a_minute(True, few, False, data)
    others, _ = seconds_a_minute(False, few, True, data)
    print(f"signals with columns, {asked.days} days: {by_columns * minutes:.2f} s CPU, {told} signals told")
    print(
        f"  a pair-minute {by_columns * 1e6:.1f} us; minute by minute {by_minute * 1e6:.0f} us: "
        f"{by_minute / by_columns:.0f} times"
    )
    print(
        f"signals without columns: {others * 1e6:.0f} us a pair-minute ({others * minutes:.0f} s for {asked.days} days)"
    )


if __name__ == "__main__":
    main()
