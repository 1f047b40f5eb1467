"""An MCP server under load: a week of BTC and ETH on four venues, clients that call every tool, while a scan runs.

    python benchmarks/serve/serve_load.py [--clients 50] [--seconds 60] [--connections 1000] [--calls 100000]

First the SDK's client calls every listed tool. Then each client is a session over Streamable HTTP that calls once a
second, the tools in turn, BTC and ETH alternately; --connections are SSE streams held open to the end. Prints p50, p95
and p99 of each tool and of all, the largest answers in tokens (bytes / 4, text and structure together) and the
server's CPU. Then makes --calls calls more as fast as they are answered, in sessions that are ended and begun anew
after each tenth, and prints how the server's resident size went. Fails above 100 ms at p95, 8,000 tokens, a lost
connection, or growth over --calls (from a fifth of them on, as a straight line) of more than 5 %.
The server, the emulator that it scans, and the clients share this machine.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from threading import Thread

import mcp
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
BASES = ("BTC", "ETH")
MARKETS = [
    (venue, base, kind)
    for venue in ("binance", "okx", "bybit", "coinbase")
    for base in BASES
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


def cpu(pid: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client:
    """A session over Streamable HTTP on a connection of its own: a plain socket, for the SDK's client costs as much CPU
    as the server."""

    async def open(self, url: str) -> "Client":
        host, port = url.removeprefix("http://").split(":")
        self.head = f"POST /mcp HTTP/1.1\r\nHost: {host}\r\nAccept: application/json, text/event-stream\r\n"
        self.reader, self.writer = await asyncio.open_connection(host, port, limit=1 << 20)
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "load", "version": "1"}}
        head, _ = await self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})
        self.head += f"Mcp-Session-Id: {re.search(rb'mcp-session-id: ([0-9a-f]+)', head)[1].decode()}\r\n"
        await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    async def post(self, message: dict) -> tuple[bytes, bytes]:
        """Head and body of the answer to a message that the server has to take."""
        head, body = await self.posted(json.dumps(message).encode())
        assert head.startswith(b"HTTP/1.1 20"), head
        return head, body

    async def posted(self, body: bytes) -> tuple[bytes, bytes]:
        return await self.sent(f"{self.head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n", body)

    async def sent(self, head: str, body: bytes = b"") -> tuple[bytes, bytes]:
        self.writer.write(f"{head}\r\n".encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer)
        return answer, await self.reader.readexactly(int(length[1]) if length else 0)

    async def call(self, name: str, arguments: dict) -> tuple[float, int]:
        """Seconds, and bytes of the answer."""
        began = time.perf_counter()
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        _, body = await self.post(message)
        took = time.perf_counter() - began
        assert b'"isError":true' not in body, body[:600]
        return took, len(body)

    async def close(self) -> None:
        await self.sent(self.head.replace("POST", "DELETE"))
        self.writer.close()


def question(name: str, base: str) -> dict:
    """The arguments that a tool is called with."""
    day = {"startTime": END - 24 * 60 * MINUTE, "endTime": END, "timeframe": "5m"}
    return {"symbol": f"{base}USDT", **(day if name == "get_orderflow_metrics" else {})}


async def learned(url: str) -> list[str]:
    """The tools listed by default, each called once through the SDK's client, which holds answers to their schemas."""
    async with mcp.Client(f"{url}/mcp") as client:
        tools = [each.name for each in (await client.list_tools()).tools]
        for name in tools:
            for base in BASES:
                answer = await client.call_tool(name, question(name, base))
                assert not answer.is_error, (name, answer.content)
                assert json.loads(answer.content[0].text) == answer.structured_content, name
    return tools


class Held:
    """SSE streams held open."""

    def __init__(self) -> None:
        self.reading: list[asyncio.Task] = []
        self.pings = 0

    async def open(self, url: str, count: int) -> None:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
            writer.write(b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.readuntil(b"event: endpoint")
            self.reading.append(asyncio.create_task(self._read(reader, writer)))

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # the writer is kept, for a connection ends with it
        while not writer.is_closing() and (part := await reader.read(4096)):
            self.pings += part.count(b": ping")

    def lost(self) -> int:
        return sum(each.done() for each in self.reading)

    async def close(self) -> None:
        for each in self.reading:
            each.cancel()
        await asyncio.gather(*self.reading, return_exceptions=True)


def shown(name: str, seconds: list[float], size: int) -> float:
    """Prints a line; the 95th percentile in ms."""
    p50, p95, p99 = np.percentile(np.array(seconds) * 1000, (50, 95, 99))
    print(f"{name:28} {len(seconds):6} calls  p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms  {size // 4:5} tokens")
    return float(p95)


async def load(url: str, pid: int, options: argparse.Namespace) -> bool:
    took: dict[str, list[float]] = defaultdict(list)
    largest: dict[str, int] = defaultdict(int)
    tools = await learned(url)
    sessions = [await Client().open(url) for _ in range(options.clients)]

    async def one(client: Client, number: int) -> None:
        name, base = tools[number % len(tools)], BASES[number // len(tools) % 2]
        seconds, size = await client.call(name, question(name, base))
        took[name].append(seconds)
        largest[name] = max(largest[name], size)

    async def each_second(client: Client, start: int) -> None:
        await asyncio.sleep(start / options.clients)
        for turn in range(options.seconds):
            began = time.perf_counter()
            await one(client, start + turn)
            await asyncio.sleep(max(0, 1 - (time.perf_counter() - began)))

    async def without_pause(start: int, times: int) -> None:
        client = await Client().open(url)
        for turn in range(times):
            await one(client, start + turn)
        await client.close()

    held = Held()
    await held.open(url, options.connections)
    used, began = cpu(pid), time.perf_counter()
    await asyncio.gather(*(each_second(each, number) for number, each in enumerate(sessions)))
    used, lasted = cpu(pid) - used, time.perf_counter() - began
    for name in tools:
        shown(name, took[name], largest[name])
    p95 = shown("all", [each for some in took.values() for each in some], max(largest.values()))
    print(f"server: {used / lasted:.0%} of a core over {lasted:.0f} s, {resident(pid):.0f} MB resident")
    print(f"{len(held.reading)} SSE connections held, {held.lost()} lost, {held.pings} pings")
    well = p95 <= 100 and max(largest.values()) <= 4 * 8000 and not held.lost()
    if options.calls:
        sizes, used, began = [], cpu(pid), time.perf_counter()
        for part in range(1, 11):
            some = options.calls // 10 // len(sessions)
            took.clear()
            await asyncio.gather(*(without_pause(number, some) for number in range(len(sessions))))
            sizes.append(resident(pid))
            print(f"{part * some * len(sessions)} calls more: {sizes[-1]:.0f} MB", flush=True)
        growth = 8 * np.polyfit(range(8), sizes[2:], 1)[0]
        made, lasted = 10 * some * len(sessions), time.perf_counter() - began
        print(
            f"{made} calls in {lasted:.0f} s, {1000 * (cpu(pid) - used) / made:.2f} ms of the server's CPU a call, the "
            f"scan's included; from a fifth of them on it grew by {growth:.1f} MB"
        )
        well = well and growth <= 0.05 * sizes[1] and not held.lost()
    await held.close()
    return well


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=100_000)
    options = parser.parse_args()
    # a descriptor for each connection, here and in the server
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    coinmon = [sys.executable, "-m", "coinmon"]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "coinmon.yaml")
        emulator = subprocess.Popen(
            [*coinmon, "emulate", "--port", "0", "--write-config", config, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not config.exists():
            time.sleep(0.1)
        fill(re.search(r'^db: "?(sqlite:[^"\n]+)', config.read_text(), re.MULTILINE)[1])
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
            Thread(target=server.stderr.read, daemon=True).start()
            well = asyncio.run(load(address, server.pid, options))
        finally:
            server.terminate()
            emulator.terminate()
    print("PASS" if well else "FAIL")
    sys.exit(not well)


if __name__ == "__main__":
    main()
