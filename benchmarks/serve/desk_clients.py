"""What many who watch cost the server that scans: its processor time, its memory, and its scans."""

import asyncio
import os
import re
import time
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from benchmarks.serve.desk_live import COINMON, ROWS, SHOWN
from benchmarks.serve.tab import begun, beside, tab, waited
from coinmon_emulator.scenario.load import Load

CLIENTS, ALONE_SHARE, SAMPLE_S = 48, 0.25, 1.0
"""Readers of the stream; the share of the time before they come; seconds between two looks at the server's process."""
SCENARIO = "load:rate=559,binance=1118,okx=0,bybit=0,coinbase=0"
"""559 pairs, spot and perpetual."""
WARM_S, SCANS_BEFORE = 600, 2
"""How long a server may take for the scans before it is looked at: what its first minutes cost is no answer."""
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and of those that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / _TICKS


def resident_mb(pid: int) -> float:
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


async def read(address: str, heard: dict[str, int]) -> None:
    """One reader of the stream, as long as it is let."""
    async with aiohttp.ClientSession(trust_env=False, timeout=aiohttp.ClientTimeout(total=None)) as session:
        while True:
            heard["connections"] = heard.get("connections", 0) + 1
            async with session.get(f"{address}/desk/events") as answer:
                async for part in answer.content.iter_any():
                    heard["bytes"] = heard.get("bytes", 0) + len(part)


def all_pairs(config: Path) -> None:
    """Names every pair of the scenario in the config."""
    names = dict.fromkeys(f"{each.base}USDT" for each in Load(SCENARIO).instruments)
    told = yaml.safe_load(config.read_text()) | {"symbols": {"names": list(names)}}
    config.write_text(yaml.safe_dump(told))


def scans_of(log: Path) -> int:
    return log.read_text().count("scan finished")


def left_out(log: Path) -> int:
    return log.read_text().count("one run is left out")


async def watched(pid: int, seconds: float, log: Path) -> dict[str, Any]:
    """A core's share, memory of the first and of the last fifth, and scans that ended meanwhile."""
    before, begun_at = cpu_s(pid), time.monotonic()
    scans, left = scans_of(log), left_out(log)
    sizes = []
    while time.monotonic() - begun_at < seconds:
        await asyncio.sleep(SAMPLE_S)
        sizes.append(resident_mb(pid))
    fifth = max(1, len(sizes) // 5)
    return {
        "core": round((cpu_s(pid) - before) / (time.monotonic() - begun_at), 3),
        "first_mb": round(sum(sizes[:fifth]) / fifth, 1), "last_mb": round(sum(sizes[-fifth:]) / fifth, 1),
        "scans": scans_of(log) - scans, "left out": left_out(log) - left, "minutes": round(seconds / 60, 2),
    }  # fmt: skip


async def clients(folder: Path, seconds: float) -> dict[str, Any]:
    """The server alone for a part of the time, then with its readers and two browsers: a board and a chart."""
    config, log = folder / "coinmon.yaml", folder / "log"
    emulator = begun([*COINMON, "emulate", "--scenario", SCENARIO, "--port", "0", "--write-config", str(config)])
    await waited(lambda: config.exists() and "exchanges" in config.read_text())
    all_pairs(config)
    server = begun([*COINMON, "--config", str(config), "serve", "--port", "0"], log, folder)
    heard: dict[str, int] = {}
    try:
        await waited(lambda: scans_of(log) > SCANS_BEFORE, WARM_S)
        address = re.search(r"http://[\d.]+:\d+", log.read_text())[0]
        pairs = int(re.findall(r"new scan \((\d+) pairs", log.read_text())[-1])
        found: dict[str, Any] = {"pairs": pairs, "alone": await watched(server.pid, ALONE_SHARE * seconds, log)}
        async with AsyncExitStack() as stack:
            for _ in range(CLIENTS):
                await stack.enter_async_context(beside(read(address, heard)))
            for path, ready in (("/", ROWS), ("/pair/BTCUSDT", SHOWN)):
                own = folder / path.strip("/").replace("/", "-")
                own.mkdir(exist_ok=True)
                page = await stack.enter_async_context(tab(own))
                await page.open(address + path)
                await page.until(ready)
            found["with readers"] = await watched(server.pid, (1 - ALONE_SHARE) * seconds, log)
        found["a reader's connections (1 where none was lost), kB a second"] = [
            heard["connections"] / CLIENTS, round(heard["bytes"] / 1000 / CLIENTS / ((1 - ALONE_SHARE) * seconds), 2)
        ]  # fmt: skip
        found["added, of a core (bound 0.15)"] = round(found["with readers"]["core"] - found["alone"]["core"], 3)
        told = log.read_text().split("scan finished", SCANS_BEFORE)[-1]
        ended = [60 * int(m) + float(s) for m, s in re.findall(r":(\d\d):([\d.]+) .*scan finished", told)]
        found["longest pause between the ends of two scans, s"] = max((b - a) % 3600 for a, b in pairwise(ended))
        return found
    finally:
        for each in (server, emulator):
            each.terminate()
            each.wait(20)
