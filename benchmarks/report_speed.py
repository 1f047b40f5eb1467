"""How long a full report takes: one pair on four venues, a week of minutes with levels stored.

    python benchmarks/report_speed.py

Prints the seconds of each of five JSON reports in one process (the first reads cold files), the slowest indicators of
the last, and the seconds that its text and its HTML page (which needs plotly) take beyond that.
"""

import io
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import orjson
from rich.console import Console
from serve_load import END, fill

from coinmon.clock import Clock
from coinmon.config import load_config
from coinmon.desk import Desk
from coinmon.report.document import Report
from coinmon.report.page import page
from coinmon.report.text import render
from coinmon.store.database import open_database


class Timed(Counter[str]):
    """Seconds by indicator, its own reading included."""

    def around(self, results):
        def timed(report, offer):
            begun = time.perf_counter()
            try:
                return results(report, offer)
            finally:
                self[offer.name] += time.perf_counter() - begun

        return timed


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/week.db"
        fill(url)
        config = load_config(None, overrides={"db": url}, environ={}, cwd=Path(folder))
        database = open_database(url)
        original = Report._results
        for round in range(5):
            timed = Timed()
            Report._results = timed.around(original)
            begun, used = time.perf_counter(), time.process_time()
            report = Desk(config, Clock(), database).report("BTCUSDT", END + 30_000)
            data = orjson.dumps(report.document())
            print(
                f"json {round}: {time.perf_counter() - begun:.2f} s (CPU {time.process_time() - used:.2f} s), "
                f"{len(data) / 1024:.0f} KiB"
            )
        print("  ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in timed.most_common(12)))
        begun = time.perf_counter()
        Console(file=io.StringIO(), width=100).print(render(report, "en", 100, 30))
        print(f"text: {time.perf_counter() - begun:.2f} s")
        begun = time.perf_counter()
        data = page(report, "en")
        print(f"html: {time.perf_counter() - begun:.2f} s, {len(data) / 1e6:.2f} MB")
        database.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
