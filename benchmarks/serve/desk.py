"""How fast the desk is in headless Chromium: from an event at a venue's socket to pixels, scrolling, panning, opening.

python benchmarks/serve/desk.py [--part live|board|chart|push|clients] [--seconds 30]

live: `coinmon serve` scans an emulator at the market's own pace; this process listens to the same venue's trades, and
    each trade's age is taken when the frame after the one that drew it begins. Also: how soon pages are there, and kB.
board: 559 pairs that change as fast as the desk sends them, made up here, for no scan is to be measured.
chart: 10,000 candles with heatmap, volume profile and six more panels; panned and zoomed in each frame.
push: what telling 48 readers costs this process, without a scan: much the same on a busy machine; by --part alone.
clients: 48 readers of the stream and two browsers, when --part names it; --seconds 600 is ten minutes.
The bounds are those of docs/desk.md. Everything shares this machine: under load figures are of the load.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.serve.desk_board import board
from benchmarks.serve.desk_chart import chart
from benchmarks.serve.desk_clients import clients
from benchmarks.serve.desk_live import live
from benchmarks.serve.desk_push import push

PARTS = {"live": live, "board": board, "chart": chart}
LONG = {"clients": clients, "push": push}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=sorted(PARTS | LONG), action="append")
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    for name in given.part or PARTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for what, value in asyncio.run((PARTS | LONG)[name](Path(folder), given.seconds)).items():
                print(f"{name:6} {what:58} {json.dumps(value)}", flush=True)


if __name__ == "__main__":
    main()
