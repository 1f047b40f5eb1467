"""How long a full report takes: one pair on four venues, a week of minutes with levels stored.

    python benchmarks/serve/report_speed.py

Prints the seconds of each of five JSON reports in one process (the first reads cold files, the bound is for the median
of the rest), the slowest indicators of the last, the seconds that its text and its HTML page take
beyond that, the page's size, and how soon headless Chromium has drawn its candles and every chart of it. Exit 1 where a
bound is not kept.
"""

import io
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import orjson
from page_open import opened
from rich.console import Console
from serve_load import END, fill

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.report.document import Report
from coinmon.report.page import page
from coinmon.report.text import render
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database

JSON, HTML, OPEN = 1.0, 1.0, 2.0
"""Bounds: seconds, MB, seconds."""


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


def verdict(value: float, bound: float, unit: str) -> str:
    return f"{'PASS' if value <= bound else 'FAIL'}, at most {bound:g} {unit}"


def main() -> int:
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/week.db"
        fill(url)
        config = load_config(None, overrides={"db": url}, environ={}, cwd=Path(folder))
        database = open_database(url)
        original = Report._results
        seconds = []
        for round in range(5):
            timed = Timed()
            Report._results = timed.around(original)
            begun, used = time.perf_counter(), time.process_time()
            report = MarketReader(config, Clock(), database).report("BTCUSDT", END + 30_000)
            data = orjson.dumps(report.document())
            seconds.append(time.perf_counter() - begun)
            cpu = time.process_time() - used
            print(f"json {round}: {seconds[-1]:.2f} s (CPU {cpu:.2f} s), {len(data) / 1024:.0f} KiB")
        warm = statistics.median(seconds[1:])
        kept.append(warm <= JSON)
        print(f"json, warm: {warm:.2f} s   {verdict(warm, JSON, 's')}")
        print("  ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in timed.most_common(12)))
        begun = time.perf_counter()
        Console(file=io.StringIO(), width=100).print(render(report, "en", 100, 30))
        print(f"text: {time.perf_counter() - begun:.2f} s")
        begun = time.perf_counter()
        data = page(report, "en")
        size = len(data) / 1e6
        kept.append(size <= HTML)
        print(f"html: {time.perf_counter() - begun:.2f} s, {size:.2f} MB   {verdict(size, HTML, 'MB')}")
        path = Path(folder, "page.html")
        path.write_bytes(data)
        found = opened(path, times=3)
        if found is None:
            print("skipped: no chromium is installed here")
        for number, (candles, drawn) in enumerate(found or ()):
            kept.append(drawn <= OPEN)
            which = "first page of a new browser" if not number else "again"
            print(f"opened, {which}: candles {candles:.2f} s, all charts {drawn:.2f} s   {verdict(drawn, OPEN, 's')}")
        database.close()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
