"""Wrong questions by the ten thousand: wrong types, huge, negative, NaN, injections, Unicode, broken JSON.

    python benchmarks/serve_fuzz.py [--calls 100000] [--seed 1]

Counts what came back. Fails on a status of 500 or above, on a traceback in an answer, on an answer slower than 35 s,
and when the database has changed (it is served with --no-scan, so only a tool could have written).
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
from serve_load import END, Client, fill

WORDS = [
    "BTCUSDT", "ETHUSDT", "binance", "okx", "spot", "perp", "", " ", "'; DROP TABLE bars; --", "../../etc/passwd",
    "${jndi:ldap://x}", "<script>alert(1)</script>", "{{7*7}}", "\u0000", "\ud83d\udc33", "比特币", "\u202eBTC",
    "A" * 5000, "NaN", "Infinity", "-Infinity", "1e999", "null", "true", "BTC/USDT:USDT", "okx:BTCUSDT", ":", "/",
    "::::", "%s%n",
    "2026-01-15", "2026-01-15T11:00:00Z", "9999-12-31", "0000-00-00", "all", "raw", "15m", "1m",
]  # fmt: skip
NUMBERS = [0, 1, -1, 2**31, 2**53, 2**63, 2**64, 10**40, -(10**18), 0.1, -0.0, 1e308, 5e-324, 70, END, END - 10**9]


def value(chance: random.Random, depth: int = 0):
    """Anything that JSON can say."""
    kind = chance.random()
    if kind < 0.4:
        return chance.choice(WORDS)
    if kind < 0.75:
        return chance.choice(NUMBERS)
    if kind < 0.85 or depth > 2:
        return chance.choice([None, True, False])
    if kind < 0.93:
        return [value(chance, depth + 1) for _ in range(chance.randrange(5))]
    return {chance.choice(WORDS)[:50]: value(chance, depth + 1) for _ in range(chance.randrange(4))}


def question(chance: random.Random, tools: list[dict]) -> bytes:
    """A call with mostly known arguments and mostly wrong values; now and then no call at all."""
    if chance.random() < 0.02:
        return chance.choice([b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"jsonrpc":"2.0"}', b"[" * 10_000])
    tool = chance.choice(tools)
    names = list(tool["inputSchema"]["properties"])
    arguments = {name: value(chance) for name in names if chance.random() < 0.3}
    if chance.random() < 0.7:
        arguments["symbol"] = chance.choice(["BTCUSDT", "ETHUSDT"])
    if chance.random() < 0.1:
        arguments[chance.choice(WORDS)[:60]] = value(chance)
    name = tool["name"] if chance.random() < 0.95 else chance.choice(WORDS)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    return json.dumps(message).encode()


def contents(path: Path) -> str:
    """A digest of every row."""
    digest = hashlib.sha256()
    with sqlite3.connect(path) as connection:
        for line in connection.iterdump():
            digest.update(line.encode())
    return digest.hexdigest()


async def fuzz(url: str, calls: int, seed: int) -> Counter:
    chance = random.Random(seed)
    found: Counter = Counter()
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as http:
        first = Client(http, url)
        await first.open()
        answer = await first.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
        tools = json.loads(answer.text[answer.text.index("data: ") + 6 :])["result"]["tools"]

        async def go_on(number: int) -> None:
            client = Client(http, url)
            await client.open()
            for _ in range(calls // 16):
                body = question(chance, tools)
                began = time.perf_counter()
                answer = await http.post(client.url, content=body, headers=client.headers)
                took = time.perf_counter() - began
                text = answer.text
                kind = "error told" if '"isError":true' in text else "refused" if '"error":' in text else "answered"
                found[f"{answer.status_code} {kind if answer.status_code == 200 else ''}".strip()] += 1
                if answer.status_code >= 500 or "Traceback" in text:
                    raise SystemExit(f"{answer.status_code} for {body[:500]!r}: {text[:500]}")
                if "failed (" in text:
                    found["a tool raised"] += 1
                    print("a tool raised:", body[:400], re.findall(r"\w+ failed \(\w+\)", text))
                if took > 35:
                    raise SystemExit(f"{took:.0f} s for {body[:500]!r}")

        await asyncio.gather(*(go_on(number) for number in range(16)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, config = Path(folder, "week.db"), Path(folder, "coinmon.yaml")
        fill(f"sqlite:///{path}")
        wall = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        config.write_text(f"db: sqlite:///{path}\nclock: {{at: 2026-01-15T11:10:30Z, wall: {wall}, speed: 1}}\n")
        before = contents(path)
        server = subprocess.Popen(
            [sys.executable, "-m", "coinmon", "--config", config, "serve", "--no-scan", "--port", "0"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            address = re.search(r"http://[\d.]+:\d+", server.stderr.readline())[0]
            began = time.perf_counter()
            found = asyncio.run(fuzz(address, options.calls, options.seed))
            print(f"{sum(found.values())} answers in {time.perf_counter() - began:.0f} s: {dict(found)}")
            assert server.poll() is None, "the server ended"
        finally:
            server.terminate()
        assert contents(path) == before, "the database has changed"
        print("the database is as it was")


if __name__ == "__main__":
    main()
