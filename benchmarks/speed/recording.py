"""What `coinmon record` costs: bytes on disk for each trade, and a core's time, with 100 instruments.

The emulator (a process of its own) streams 100 instruments of the four venues, 25 each; `coinmon record` follows
them. Bytes are those of the finished files, trade frames alone; books and answers are told apart. CPU time is
counted from the first frame to the end, all that the process does included. 2 minutes:

    python benchmarks/speed/recording.py [--seconds 90] [--spec load:rate=500,okx=25,binance=25,bybit=25,coinbase=25]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from load import emulated, used, verdict

from coinmon.record.columns_file import read_columns

MOST_BYTES, MOST_CPU = 25.0, 10.0
"""For each trade; per cent of a core."""


def recorded(config: Path, tape: Path, seconds: int) -> float:
    """Record for so long from the first frame on; CPU per cent of one core."""
    command = [sys.executable, "-m", "coinmon", "--config", str(config), "record", str(tape)]
    with (
        (tape.parent / "said").open("wb") as said,
        subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL) as recorder,
    ):
        try:
            deadline = time.monotonic() + 120
            while len({each.parent.name for each in tape.glob("*/trades-*")}) < 4:
                assert recorder.poll() is None, f"it ended by itself with {recorder.returncode}"
                assert time.monotonic() < deadline, "not every venue was heard"
                time.sleep(0.1)
            began, before = time.monotonic(), used(recorder.pid)[0]
            time.sleep(seconds)
            cpu = (used(recorder.pid)[0] - before) / (time.monotonic() - began) * 100
        finally:
            recorder.terminate()
            recorder.wait(60)
    return cpu


def trades_in(path: Path) -> Iterator[int]:
    """How many trades each frame of a file holds."""
    for text in read_columns(path):
        for line in text.splitlines():
            said = json.loads(line)
            if isinstance(said, list) and len(said) == 3 and isinstance(said[2], dict):
                yield _trades(said[2])


def _trades(frame: dict[str, Any]) -> int:
    about = frame.get("data", frame)
    if isinstance(about, list):
        return len(about)
    return int(about.get("e") == "aggTrade" or about.get("type") in ("match", "last_match"))


def sizes(tape: Path) -> tuple[Counter[str], Counter[str]]:
    """Bytes by part, and by venue those of trades; then how many trades, under the venue's name."""
    size: Counter[str] = Counter()
    trades: Counter[str] = Counter()
    for path in sorted(tape.glob("*/*.jsonl.*")):
        part, venue = path.name.partition("-")[0], path.parent.name
        size[part] += path.stat().st_size
        if part == "trades":
            size[venue] += path.stat().st_size
            trades[venue] += sum(trades_in(path))
    return size, trades


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--spec", default="load:rate=500,okx=25,binance=25,bybit=25,coinbase=25")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coinmon-recording-") as name:
        tape = Path(name) / "tape"
        with emulated(Path(name), asked.spec, 50) as config:
            cpu = recorded(config, tape, asked.seconds)
        size, trades = sizes(tape)
        print("it says itself: " + (Path(name) / "said").read_text().splitlines()[-1])
    for venue, count in sorted(trades.items()):
        print(f"  {venue:10}{count:8,} trades, {size[venue] / count:5.1f} bytes each")
    for part in ("trades", "books", "liquidations", "rest"):
        print(f"  {part:13}{size[part] / 1e6:7.2f} MB")
    each = size["trades"] / trades.total()
    well = verdict(
        f"{each:.1f} bytes for each of {trades.total():,} trades (at most {MOST_BYTES:g})", each <= MOST_BYTES
    )
    return 0 if verdict(f"CPU {cpu:.1f}% of a core (at most {MOST_CPU:g})", cpu <= MOST_CPU) and well else 1


if __name__ == "__main__":
    sys.exit(main())
