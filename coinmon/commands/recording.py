"""Recording: a scan that judges nothing, keeps nothing and tells nobody, while what the venues say is written down."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, process_time
from typing import Any

from coinmon.allocator import settle_memory
from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.log import start_log
from coinmon.model.events import Event, ScanFinished
from coinmon.model.moment import iso
from coinmon.record.recorder import Recorder
from coinmon.report.terminal.background_stream import in_background
from coinmon.run.cycle import Scan
from coinmon.run.monitor import alone, clock_of, keep_scanning, recorder_for
from coinmon.run.schedule import stop_on_signals
from coinmon.store.database import open_database


async def record(config: Config, folder: Path, duration: int | None, say: Callable[[str], Any]) -> None:
    """Follow the markets until Ctrl-C, which raises KeyboardInterrupt after a clean stop, or for `duration` ms.

    say: gets a line about the recording after each cycle.
    """
    settle_memory()
    began = monotonic()
    stop = stop_on_signals()
    clock = clock_of(config)
    start_log(config, clock, in_background(sys.stderr))
    over = False

    async def end_in_time(duration: int) -> None:
        nonlocal over
        try:
            await clock.sleep_until(clock.now() + duration)
            over = True
        finally:
            # one that failed, which the log says, must not leave a recording that never ends
            stop.set()

    with TemporaryDirectory(prefix="coinmon-record-") as scratch:
        # what a scan keeps between its rounds goes with it; only the recording stays
        alike = replace(config, db=f"sqlite:///{scratch}/markets.db", signals={}, outputs={})
        database = open_database(alike.db)
        recorder = recorder_for(alike, clock, folder)

        def told(event: Event) -> None:
            if isinstance(event, ScanFinished):
                say(summary(recorder, clock))

        try:
            with alone(database, alike) as lease:
                scan = Scan(alike, clock, database, told, goes_on=True, recorder=recorder)
                scan.supervisor.start("recording", recorder.keep_writing)
                if duration is not None:
                    scan.supervisor.once("end of the recording", end_in_time(duration))
                try:
                    await keep_scanning(alike, clock, scan, database, stop, lease)
                finally:
                    await scan.close()
                    streamed = {name: feed.streamed for name, feed in scan.feeds.items()}
        finally:
            database.close()
    say(summary(recorder, clock))
    say(cost(recorder, streamed, process_time(), monotonic() - began))
    if not over:
        raise KeyboardInterrupt


def cost(recorder: Recorder, streamed: Mapping[str, int], busy_s: float, lasted_s: float) -> str:
    """What it took: bytes on disk of each trade, frames of trades alone; megabytes of the rest; and of a processor.

    streamed: trades by venue. busy_s: seconds of a core, `lasted_s` long.
    """
    size, all_of_them = recorder.finished, sum(streamed.values())
    of_trades = {name: size[name, "trades"] for name in streamed}
    each = {**streamed, "all": all_of_them}
    told = {**of_trades, "all": sum(of_trades.values())}
    words = [f"{name} {told[name] / count:.1f} ({count:,} trades)" for name, count in each.items() if count]
    rest = (sum(size.values()) - told["all"]) / 1e6
    others = f"books, liquidations and answers {rest:.1f} MB; {100 * busy_s / lasted_s:.1f} % of a core"
    return f"bytes a trade, packed: {', '.join(words) or 'no trades'}; {others}"


def summary(recorder: Recorder, clock: Clock) -> str:
    """`12:05 binance trades 12,345 (0.3 MB), books ...`: lines of each part, and their bytes on disk."""
    venues = []
    for name, parts in recorder.sizes.items():
        told = (f"{part} {size['lines']:,} ({size['packed'] / 1e6:.1f} MB)" for part, size in sorted(parts.items()))
        venues.append(f"{name} {', '.join(told)}")
    lost = f"; {recorder.lost:,} lines lost" if recorder.lost else ""
    return f"{iso(clock.now())} {'; '.join(venues) or 'nothing yet'}{lost}"
