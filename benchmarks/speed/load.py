"""A whole `coinmon scan` under load: each trade in its bar, its CPU time and memory, and a ccxt.pro program beside it.

The emulator (a process of its own) streams 559 OKX, 400 Binance, 400 Bybit and 200 Coinbase instruments at 5,000 trades
a second; a scan with everything it does by default follows them all. In the end each minute of each instrument is
compared with what really traded: volume, taker buys and count. What the evaluation of 559 pairs with a day stored
costs a cycle is measured apart (`live_cycle.py`). Then a program that does nothing but
`watch_trades_for_symbols` of ccxt.pro on the same instruments takes its place, for the ratio. CPU time is counted, so
that other programs disturb little, but both need a machine on which the emulator keeps its pace. 14 minutes:

    python benchmarks/speed/load.py [--minutes 10] [--peer-minutes 1] [--spec load:rate=5000,...] [--window 50]
"""

import argparse
import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import yaml
from live_cycle import MOST_SECONDS, measured

from coinmon_emulator.scenario.load import RATE, Load

MINUTE = 60_000
MOST_CPU, MOST_MEMORY, LEAST_RATIO = 35.0, 400.0, 2.0
MOST_GROWTH = 0.05
"""Between the second minute and the end, beyond which memory is not called flat."""
_BARS = """
SELECT i.venue, i.kind, i.native_id, b.time, b.volume, b.buy, b.trades, b.coverage
FROM bars b JOIN instruments i ON i.id = b.instrument WHERE b.time >= ? AND b.time < ?
"""
COVERAGES = ("missing", "partial", "klines", "trades")
COMPLETE = 2
PEER_WARM, COINBASE_PACE = 35.0, 0.15
"""Seconds in which the other side subscribes, and between two of its requests to Coinbase, which takes 8 a second."""


@contextmanager
def emulated(folder: Path, spec: str, window: int) -> Iterator[Path]:
    """The emulator's process; the config that points at it, with a pair for every coin that it lists."""
    path = folder / "emulated.yaml"
    command = ["emulate", "--port", "0", "--scenario", spec, "--write-config", path, "--until-stdin-closes"]
    with subprocess.Popen(
        [sys.executable, "-m", "coinmon", *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as emulator:
        try:
            deadline = time.monotonic() + 120
            while not path.exists():
                assert time.monotonic() < deadline, "the emulator did not start"
                time.sleep(0.1)
            settings = yaml.safe_load(path.read_text())
            names = dict.fromkeys(f"{each.base}USDT" for each in Load(spec).instruments)
            settings |= {"symbols": {"names": list(names)}, "outputs": {"log": False}, "window": window}
            path.write_text(yaml.safe_dump(settings))
            yield path
        finally:
            emulator.kill()


def used(pid: int) -> tuple[float, float]:
    """CPU seconds since a process began, and its resident megabytes."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def watched(process: "subprocess.Popen[str]", minutes: int) -> tuple[float, list[float]]:
    """CPU per cent of one core, and the memory each minute."""
    before, first = time.monotonic(), used(process.pid)
    last, memory = first, [first[1]]
    for minute in range(1, minutes + 1):
        time.sleep(max(0.0, before + 60 * minute - time.monotonic()))
        assert process.poll() is None, f"it ended by itself with {process.returncode}"
        now = used(process.pid)
        memory.append(now[1])
        print(f"  minute {minute:2}: {(now[0] - last[0]) / 60:6.1%} of a core, {now[1]:5.0f} MB", flush=True)
        last = now
    return (last[0] - first[0]) / (time.monotonic() - before) * 100, memory


def compare(database: Path, spec: str, start: int, end: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Minutes by venue and coverage, and those of which not every trade is known to be in the bar, or is not."""
    market = Load(spec)
    with sqlite3.connect(database) as connection:
        rows = {row[:4]: row[4:] for row in connection.execute(_BARS, (start, end))}
    told: Counter[tuple[str, str]] = Counter()
    wrong = []
    minutes = (end - start) // MINUTE
    for one in market.instruments:
        traded = market.rows(one, market.before(one, start), market.before(one, end))
        at = (traded.time - start) // MINUTE
        # sums of integers are exact, whatever their order
        sums = np.zeros((2, minutes), np.int64)
        np.add.at(sums[0], at, traded.size)
        np.add.at(sums[1], at[traded.side > 0], traded.size[traded.side > 0])
        fills = np.bincount(at, minlength=minutes)
        # OKX streams a taker's fills at one price as one row
        alike = [np.diff(column, prepend=-1) == 0 for column in (traded.time, traded.price, traded.side)]
        orders = fills - np.bincount(at[np.logical_and.reduce(alike)], minlength=minutes)
        least = orders if one.venue == "okx" else fills
        for minute in range(minutes):
            key = (one.venue, one.kind, one.native, start + minute * MINUTE)
            volume, buy, count, coverage = rows.get(key, (None, None, None, 0))
            told[one.venue, COVERAGES[coverage]] += 1
            expected = tuple(sums[:, minute] / 10**one.size_digits)
            same = (volume, buy) == expected and least[minute] <= count <= fills[minute]
            if coverage < COMPLETE or not same:
                wrong.append(f"{one.key} {key[-1]} {COVERAGES[coverage]}: {(volume, buy, count)}, traded {expected}, "
                             f"{least[minute]} to {fills[minute]} times")  # fmt: skip
    return told, wrong


def ours(folder: Path, config: Path, spec: str, minutes: int) -> tuple[float, list[float], bool]:
    log = folder / "events.jsonl"
    command = [sys.executable, "-m", "coinmon", "--config", str(config), "scan", "--json"]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, text=True) as scan:

        def cycles(wanted: int) -> list[Any]:
            """What the cycles so far ended with, once there are so many."""
            deadline = time.monotonic() + 300
            while (text := log.read_text()).count('"scan_finished"') < wanted or not text.endswith("\n"):
                assert scan.poll() is None, f"the scan ended with {scan.returncode}"
                assert time.monotonic() < deadline, f"cycle {wanted} did not end"
                time.sleep(0.5)
            events = map(json.loads, text.splitlines())
            return [each for each in events if each["event"] in ("scan_finished", "venue")]

        try:
            began = time.monotonic()
            for each in cycles(1):
                if each["event"] == "venue":
                    print(f"  {each['venue']:10}{each['status']:9} {each['requests']:5} requests in "
                          f"{each['seconds']:3.0f} s {each['error'] or ''}"[:150])  # fmt: skip
            print(f"first cycle after {time.monotonic() - began:.0f} s, {used(scan.pid)[0]:.0f} s of CPU", flush=True)
            cpu, memory = watched(scan, minutes)
            # one more cycle, so that the last minute is stored
            ended = [each for each in cycles(1) if each["event"] == "scan_finished"]
            ended = [each for each in cycles(len(ended) + 1) if each["event"] == "scan_finished"]
        finally:
            scan.terminate()
    end = _ms(ended[-1]["time"]) // MINUTE * MINUTE
    start = end - minutes * MINUTE
    told, wrong = compare(folder / "emulated.db", spec, start, end)
    print(f"  health {ended[-1]['health']}")
    print(f"{len(ended)} cycles, the slowest but the first {max(each['seconds'] for each in ended[1:]):.1f} s")
    print(f"{minutes} minutes of {sum(told.values()) // minutes} instruments compared:")
    for (venue, label), count in sorted(told.items()):
        print(f"  {venue:10} {label:8} {count}")
    for each in wrong[:10]:
        print(f"  WRONG {each}")
    return cpu, memory, verdict(f"every trade in its bar: {len(wrong)} minutes are not", not wrong)


def verdict(what: str, holds: bool) -> bool:
    print(f"{'PASS' if holds else 'FAIL'}: {what}", flush=True)
    return holds


def _ms(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z").removesuffix("+00:00"), "ms").astype(np.int64))


def theirs(config: Path, minutes: int, rate: float) -> float:
    command = [sys.executable, __file__, "--peer", str(config)]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as peer:
        try:
            assert peer.stdout is not None
            counted = dict[float, int]()

            def listen() -> None:
                for line in peer.stdout or ():
                    if line[:1].isdigit():
                        counted[time.monotonic()] = int(line)
                    else:
                        print(line, end="", flush=True)

            Thread(target=listen, daemon=True).start()
            while not counted:
                assert peer.poll() is None, "the program of ccxt.pro ended"
                time.sleep(0.2)
            time.sleep(PEER_WARM)
            began = time.monotonic()
            cpu, _ = watched(peer, minutes)
        finally:
            peer.terminate()
    measured = [(at, count) for at, count in counted.items() if at >= began - 1]
    (first, before), (last, after) = measured[0], measured[-1]
    share = (after - before) / (last - first) / rate
    print(f"ccxt.pro took {share:.0%} of the trades")
    return cpu


async def peer(settings: dict[str, Any]) -> None:
    """What a program built on ccxt.pro does before it computes anything."""
    import ccxt.pro

    okx = str(settings["exchanges"]["okx"]["url"])
    at = {name: f"{okx.rsplit('/', 1)[0]}/{name}" for name in settings["exchanges"]}
    ws = {name: url.replace("http", "ws", 1) for name, url in at.items()}
    b, o, y, c = (at[name] for name in ("binance", "okx", "bybit", "coinbase"))
    wb, wo, wy, wc = (ws[name] for name in ("binance", "okx", "bybit", "coinbase"))
    calls: Any = {"newUpdates": True, "enableRateLimit": False}
    exchanges = {
        "binance": ccxt.pro.binance(calls | {
            "urls": {"api": {"public": b + "/api/v3", "fapiPublic": b + "/fapi/v1", "fapiData": b + "/futures/data",
                             "ws": {"spot": wb + "/stream/ws", "linear": wb + "/ws"}}},
            "options": {"fetchMarkets": {"types": ["spot", "linear"]}, "watchTradesForSymbols": {"name": "aggTrade"}},
        }),
        "okx": ccxt.pro.okx(calls | {
            "urls": {"api": {"rest": o, "ws": wo + "/ws/v5"}}, "options": {"fetchMarkets": {"types": ["spot", "swap"]}},
        }),
        "bybit": ccxt.pro.bybit(calls | {
            "urls": {"api": {"public": y, "ws": {"public": {"spot": wy + "/v5/public/spot",
                                                            "linear": wy + "/v5/public/linear"}}}},
            "options": {"fetchMarkets": {"types": ["spot", "linear"]}},
        }),
        "coinbase": ccxt.pro.coinbaseexchange(calls | {"urls": {"api": {"public": c, "ws": wc}}}),
    }  # fmt: skip
    taken: Counter[str] = Counter()

    async def follow(name: str, exchange: Any, symbols: list[str], wait: float) -> None:
        await asyncio.sleep(wait)
        while True:
            try:
                if name == "coinbase":
                    # its watch_trades_for_symbols never returns
                    trades = await exchange.watch_trades(symbols[0])
                else:
                    trades = await exchange.watch_trades_for_symbols(symbols)
                taken[name] += len(trades)
            except Exception as error:
                print(f"  {name}: {type(error).__name__}: {str(error)[:120]}", file=sys.stderr)
                await asyncio.sleep(1)

    tasks = []
    for name, exchange in exchanges.items():
        markets = await exchange.load_markets()
        for kind in ("spot", "swap"):
            symbols = [each["symbol"] for each in markets.values() if each[kind]]
            size = {"coinbase": 1, "bybit": 10}.get(name, 100)
            tasks += [
                asyncio.create_task(follow(name, exchange, symbols[at : at + size], COINBASE_PACE * at * (size == 1)))
                for at in range(0, len(symbols), size)
            ]
        print(f"  ccxt.pro {name}: {len(markets)} markets", flush=True)
    while True:
        print(sum(taken.values()), flush=True)
        await asyncio.sleep(1)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--peer-minutes", type=int, default=1, help="0: without ccxt.pro")
    parser.add_argument("--spec", default="load:rate=5000,okx=559,binance=400,bybit=400,coinbase=200")
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--evaluated", type=int, default=559, help="pairs with a day stored; 0: without them")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peer:
        asyncio.run(peer(yaml.safe_load(asked.peer.read_text())))
    with (
        tempfile.TemporaryDirectory(prefix="coinmon-load-") as name,
        emulated(Path(name), asked.spec, asked.window) as config,
    ):
        print(f"{asked.spec}, {asked.minutes} minutes", flush=True)
        cpu, memory, well = ours(Path(name), config, asked.spec, asked.minutes)
        well &= verdict(f"CPU {cpu:.1f}% of a core (at most {MOST_CPU:g})", cpu <= MOST_CPU)
        highest = max(memory)
        well &= verdict(f"RSS at most {highest:.0f} MB (at most {MOST_MEMORY:g})", highest <= MOST_MEMORY)
        grown = memory[-1] / memory[min(2, len(memory) - 1)] - 1
        well &= verdict(f"RSS {memory[0]:.0f} to {memory[-1]:.0f} MB, {grown:+.1%} since minute 2 "
                        f"(at most {MOST_GROWTH:+.0%})", grown <= MOST_GROWTH)  # fmt: skip
        if asked.evaluated:
            most = max(measured(asked.evaluated, 4, 20)[1:])
            well &= verdict(f"evaluation {most:.2f} s a cycle (at most {MOST_SECONDS:g})", most <= MOST_SECONDS)
        if asked.peer_minutes:
            other = theirs(config, asked.peer_minutes, int((re.search(r"rate=(\d+)", asked.spec) or (0, RATE))[1]))
            text = f"ccxt.pro {other:.1f}% of a core: {other / cpu:.1f} times ours (at least {LEAST_RATIO:g})"
            well &= verdict(text, other >= LEAST_RATIO * cpu)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
