"""How fast the MCP server answers: a week of BTC and ETH on four venues stored, a scan running, many clients.

    python benchmarks/serve_load.py [--clients 50] [--seconds 20] [--connections 1000] [--calls 0]

Each client calls one core tool a second, all of them in turn. Prints the latency's percentiles for each tool and in
all, answers' largest size in tokens (bytes / 4), and the server's resident size before and after. --connections are
SSE streams held open meanwhile. --calls makes that many calls more and prints how the resident size went.
The server, the emulator that it scans, and the clients share this machine.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import httpx
import numpy as np

from coinmon import Bars, Coverage, Instrument
from coinmon.model.levels import Levels
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments

MINUTE, WEEK = 60_000, 10_080
END = 1_768_475_400_000
"""2026-01-15T11:10Z: where the window of the demo scenario's first scan begins."""
LEVELS = 60
MARKETS = [
    (venue, base, kind)
    for venue in ("binance", "okx", "bybit", "coinbase")
    for base in ("BTC", "ETH")
    for kind in ("spot", "perp")
    if (venue, kind) != ("coinbase", "perp")
]


def week(price: int, seed: int, tick: Decimal) -> Bars:
    """A random walk of a week of minutes, each with so many price levels."""
    random = np.random.default_rng(seed)
    close = price + np.cumsum(random.integers(-40, 41, WEEK))
    opens = np.concatenate(([price], close[:-1]))
    low = np.minimum(opens, close) - LEVELS // 2
    high = low + LEVELS - 1
    high = np.maximum(high, np.maximum(opens, close))
    ticks = (low[:, None] + np.arange(LEVELS)).ravel()
    buy = np.round(random.exponential(0.2, (WEEK, LEVELS)), 3)
    sell = np.round(random.exponential(0.2, (WEEK, LEVELS)), 3)
    bought, sold = buy.sum(1), sell.sum(1)
    mid = close * float(tick)
    return Bars(
        tick, END - MINUTE * np.arange(WEEK, 0, -1), opens, high, low, close, bought + sold, (bought + sold) * mid,
        np.full(WEEK, 2 * LEVELS), bought, bought * mid, -sold / 3, bought / 3,
        np.full(WEEK, Coverage.TRADES, np.uint8),
        Levels(np.arange(0, WEEK * LEVELS + 1, LEVELS), ticks, buy.ravel(), sell.ravel()),
    )  # fmt: skip


def fill(url: str) -> None:
    tick, lot = Decimal("0.1"), Decimal("0.001")
    database = open_database(url)
    for number, (venue, base, kind) in enumerate(MARKETS):
        quote = "USD" if venue == "coinbase" else "USDT"
        symbol = f"{base}/{quote}" + (f":{quote}" if kind == "perp" else "")
        made = Instrument(venue, kind, base, quote, base + quote, symbol, tick, lot)
        with database.write() as connection:
            row, stored = sync_instruments(connection, [made], END)[made.id]
            write_bars(connection, row, stored, week(960_000 if base == "BTC" else 33_000, number, tick))
    database.close()


def resident(pid: int) -> float:
    """MB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


class Client:
    """A session over Streamable HTTP."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.http, self.url = http, f"{url}/mcp"
        self.headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}

    async def open(self) -> None:
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "load", "version": "1"}}
        answer = await self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        self.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def post(self, message: dict) -> httpx.Response:
        return await self.http.post(self.url, json=message, headers=self.headers)

    async def call(self, name: str, arguments: dict) -> tuple[float, int]:
        """Seconds, and bytes of the answer's text."""
        began = time.perf_counter()
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        answer = await self.post(message)
        took = time.perf_counter() - began
        assert answer.status_code == 200, answer.text[:300]
        assert '"isError":true' not in answer.text, answer.text[:600]
        text = answer.text[answer.text.index("data: ") :].split('"structuredContent"')[0]
        return took, len(text.encode())


async def listed(client: Client) -> list[str]:
    answer = await client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
    return re.findall(r'"name":"(get_\w+|stream_\w+)"', answer.text)


async def load(url: str, pid: int, clients: int, seconds: int, connections: int, calls: int) -> None:
    took: dict[str, list[float]] = defaultdict(list)
    largest: dict[str, int] = defaultdict(int)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as http:
        sessions = [Client(http, url) for _ in range(clients)]
        for each in sessions:
            await each.open()
        tools = await listed(sessions[0])

        async def one(client: Client, number: int) -> None:
            name, base = tools[number % len(tools)], ("BTCUSDT", "ETHUSDT")[number // len(tools) % 2]
            arguments = {"symbol": base}
            if name == "get_orderflow_metrics":
                arguments |= {"startTime": END - 24 * 60 * MINUTE, "endTime": END, "timeframe": "5m"}
            seconds, size = await client.call(name, arguments)
            took[name].append(seconds)
            largest[name] = max(largest[name], size)

        async def go_on(client: Client, start: int) -> None:
            await asyncio.sleep(start / clients)
            for turn in range(seconds):
                began = time.perf_counter()
                await one(client, start + turn)
                await asyncio.sleep(max(0, 1 - (time.perf_counter() - began)))

        held = [http.stream("GET", f"{url}/sse") for _ in range(connections)]
        for each in held:
            assert (await each.__aenter__()).status_code == 200
        print(f"{connections} SSE connections held, {resident(pid):.0f} MB")
        await asyncio.gather(*(go_on(each, number) for number, each in enumerate(sessions)))
        for each in held:
            await each.__aexit__(None, None, None)
        for name in tools:
            values = np.array(took[name]) * 1000
            print(
                f"{name:28} {len(values):5} calls  p50 {np.percentile(values, 50):6.1f} ms  "
                f"p95 {np.percentile(values, 95):6.1f} ms  at most {largest[name] // 4:5} tokens"
            )
        values = np.concatenate([np.array(each) for each in took.values()]) * 1000
        print(f"all: p50 {np.percentile(values, 50):.1f} ms, p95 {np.percentile(values, 95):.1f} ms of {len(values)}")
        print(f"resident: {resident(pid):.0f} MB")
        for part in range(10 if calls else 0):
            await asyncio.gather(
                *(drain(one, client, start, calls // 10 // clients) for start, client in enumerate(sessions))
            )
            print(f"{(part + 1) * calls // 10} calls more: {resident(pid):.0f} MB")


async def drain(one, client, start, times) -> None:
    for turn in range(times):
        await one(client, start + turn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=0)
    options = parser.parse_args()
    coinmon = [sys.executable, "-m", "coinmon"]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "coinmon.yaml")
        emulator = subprocess.Popen(
            [*coinmon, "emulate", "--port", "0", "--write-config", config, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while not config.exists():
            time.sleep(0.1)
        url = re.search(r'^db: "?(sqlite:[^"\n]+)', config.read_text(), re.MULTILINE)[1]
        fill(url)
        server = subprocess.Popen(
            [*coinmon, "--config", config, "--lang", "en", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        try:
            address = None
            for line in server.stderr:
                found = re.search(r"http://[\d.]+:\d+", line)
                address = found[0] if found else address
                if "scan finished" in line:
                    break
            asyncio.run(load(address, server.pid, options.clients, options.seconds, options.connections, options.calls))
        finally:
            server.terminate()
            emulator.terminate()


if __name__ == "__main__":
    main()
