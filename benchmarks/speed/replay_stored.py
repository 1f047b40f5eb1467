"""How long `backtest` of all signals takes from SQLite and from a lake of the same, in one run.

    python benchmarks/speed/replay_stored.py [--pairs 4] [--days 30] [--jobs 1 2] [--kept]

Made-up pairs on four spot venues with the taker split, as `replay_speed` makes them, are written to a database and from
there to a lake. Printed: seconds by the clock, seconds of processor time of all processes together, pair-minutes a
second of processor time, and the most memory of the process that deals out parts and of one that plays them. What is
told has to be the same.
"""

import argparse
import hashlib
import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import orjson
from replay_speed import DAY_MINUTES, START, market

from coinmon.config.load import load_config
from coinmon.lake.write import copy_to_lake
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE
from coinmon.run.parts.kept_parts import KeptParts
from coinmon.run.parts.pair_jobs import ReplayTask, replayed_side_by_side
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments


def stored(folder: Path, pairs: list[Pair], days: int) -> None:
    """A database and a lake of the pairs."""
    instruments, rows = market(days)
    database = open_database(f"sqlite:///{folder}/c.db")
    for pair in pairs:
        for each in instruments:
            own = replace(each, base=pair.base, native_id=pair.base, symbol=each.symbol.replace("BTC", pair.base))
            with database.write() as connection:
                ((number, there),) = sync_instruments(connection, [own], START).values()
                write_bars(connection, number, there, rows[each.id])
    config = load_config(None, environ={})
    history = History(database)
    copy_to_lake(folder / "lake", history, history.universe(config.exchanges, config.quotes), pairs)
    database.close()


def spent() -> float:
    """Processor time of this process and of those that ended, seconds."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


@dataclass(frozen=True)
class Run:
    """One replay. memory: the most of the process that deals out parts, and of one that plays them, MB.

    told: how many signals, and a digest of them.
    """

    seconds: float
    processor_seconds: float
    memory: tuple[float, float]
    told: tuple[int, str]


def run(task: ReplayTask, pairs: list[Pair], jobs: int) -> Run:
    began, before = time.perf_counter(), spent()
    found = replayed_side_by_side(task, pairs, jobs)
    clock, used = time.perf_counter() - began, spent() - before
    own, players = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = own.ru_maxrss / 1024, players.ru_maxrss / 1024
    digest = hashlib.sha256(orjson.dumps([each.event for each in found.told])).hexdigest()
    return Run(clock, used, memory, (len(found.told), digest))


def alone(task: ReplayTask, pairs: list[Pair], jobs: int) -> Run:
    """In a process of its own: a process's memory is its most so far, and that of one it starts begins with its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(run, task, pairs, jobs).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--kept", action="store_true", help="also with parts kept: into an empty folder, then from it")
    asked = parser.parse_args()
    pairs = [Pair(f"C{number:03}", "USDT") for number in range(asked.pairs)]
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        folder = Path(name)
        # the first day is the past that the first moments look at
        stored(folder, pairs, asked.days + 1)
        load = partial(load_config, None, overrides={"db": f"sqlite:///{folder}/c.db"}, environ={})
        start = START + DAY_MINUTES * MINUTE
        minutes = asked.pairs * asked.days * DAY_MINUTES
        print(f"{asked.pairs} pairs x 4 venues x {asked.days} days, all signals", flush=True)
        kept = [None] * len(asked.jobs) + [KeptParts(folder / "kept", 1_000_000_000)] * 2 * asked.kept
        told = []
        for where, lake in (("SQLite", None), ("lake", folder / "lake")):
            for jobs, keeps in zip([*asked.jobs, *[asked.jobs[0]] * 2 * asked.kept], kept, strict=True):
                done = alone(ReplayTask(load, start, None, "complete", lake, keeps), pairs, jobs)
                name = f"{where}, {jobs} process{'es' * (jobs > 1)}{'' if keeps is None else ', kept'}"
                print(
                    f"{name:>24}: {done.seconds:6.1f} s, {done.processor_seconds:6.1f} s of processor time, "
                    f"{minutes / done.processor_seconds:,.0f} pair-minutes a second; "
                    f"{done.memory[0]:.0f} MB, a player {done.memory[1]:.0f} MB",
                    flush=True,
                )
                told.append(done.told)
        assert all(each == told[0] for each in told), "all tell the same"
        print(f"{told[0][0]} signals told, the same every time")


if __name__ == "__main__":
    main()
