"""Wrong questions by the ten thousand: wrong types, huge, negative, NaN, injections, Unicode, broken JSON.

    python benchmarks/serve/serve_fuzz.py [--calls 100000] [--seed 1]

Counts what came back. Fails on a status of 500 or above, on a traceback in an answer or in the server's log, on a tool
that raised or gave up, on an answer slower than 35 s, on more than 4 GB of memory, and when the database has changed
(it is served with --no-scan, so only a tool could have written).
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

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


def edge(chance: random.Random, schema: dict):
    """A value at the edge of what a property's schema allows, seldom just beyond it."""
    kinds = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    kind = chance.choice(kinds) if kinds else {}
    low = kind.get("minimum", kind.get("exclusiveMinimum", 0))
    high = kind.get("maximum", kind.get("exclusiveMaximum", 10_000))
    beyond = chance.random() < 0.05
    if "enum" in kind:
        return chance.choice(kind["enum"])
    if kind.get("type") == "boolean":
        return chance.random() < 0.5
    if kind.get("type") == "integer":
        far = high > 2**40
        return chance.choice([END, END - 86_400_000, low + 1, high] if far else [low + 1, high]) + beyond
    if kind.get("type") == "number":
        return chance.choice([low + 0.5, high]) + beyond
    return chance.choice(["binance", "okx", "spot", "all", "2026-01-14", "2026-01-15T11:00:00Z", "UTC", "Asia/Tokyo"])


def question(chance: random.Random, tools: list[dict]) -> bytes:
    """A call with known arguments and values of all kinds, or such as are allowed; now and then no call at all."""
    if chance.random() < 0.02:
        return chance.choice([b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"jsonrpc":"2.0"}', b"[" * 10_000])
    tool = chance.choice(tools)
    properties = tool["inputSchema"]["properties"]
    if chance.random() < 0.8:
        arguments = {name: value(chance) for name in properties if chance.random() < 0.3}
    else:
        arguments = {name: edge(chance, schema) for name, schema in properties.items() if chance.random() < 0.3}
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
    first = await Client().open(url)
    _, listed = await first.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
    tools = json.loads(listed)["result"]["tools"]

    async def go_on() -> None:
        client = await Client().open(url)
        for _ in range(calls // 16):
            body = question(chance, tools)
            began = time.perf_counter()
            async with asyncio.timeout(60):
                head, answer = await client.posted(body)
            took = time.perf_counter() - began
            status, text = int(head.split()[1]), answer.decode()
            kind = "error told" if '"isError":true' in text else "refused" if '"error":' in text else "answered"
            found[f"{status} {kind if status == 200 else ''}".strip()] += 1
            wrong = (
                f"{status}" if status >= 500
                else "traceback" if "Traceback" in text
                else "tool raised" if "failed (" in text
                else "gave up" if "no answer within" in text
                else f"took {took:.0f} s" if took > 35
                else None
            )  # fmt: skip
            if wrong:
                found["WRONG"] += 1
                print(f"{wrong}: {body[:500]!r}: {text[-500:]}")

    await asyncio.gather(*(go_on() for _ in range(16)))
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
        config.write_text(
            f"db: sqlite:///{path}\nserve: {{toolset: all}}\n"
            f"clock: {{at: 2026-01-15T11:10:30Z, wall: {wall}, speed: 1}}\n"
        )
        before = contents(path)
        log = Path(folder, "log")
        with log.open("w") as stderr:
            command = [sys.executable, "-m", "coinmon", "--config", config, "serve", "--no-scan", "--port", "0"]
            server = subprocess.Popen(command, stderr=stderr)
        resource.prlimit(server.pid, resource.RLIMIT_AS, (4 << 30, 4 << 30))
        try:
            while (address := re.search(r"http://[\d.]+:\d+", log.read_text())) is None:
                time.sleep(0.1)
            address = address[0]
            began = time.perf_counter()
            found = asyncio.run(fuzz(address, options.calls, options.seed))
            lasted, wrong = time.perf_counter() - began, found.pop("WRONG", 0)
            print(f"{sum(found.values())} answers in {lasted:.0f} s, {wrong} wrong: {dict(found)}")
            alive = server.poll() is None
        finally:
            server.terminate()
            server.wait(30)
        quiet = not re.search("Traceback|ERROR", log.read_text())
        same = contents(path) == before
        print(f"server {'lives' if alive else 'ENDED'}, its log is {'quiet' if quiet else log.read_text()[-2000:]}")
        print(f"the database {'is as it was' if same else 'HAS CHANGED'}")
    well = not wrong and alive and quiet and same
    print("PASS" if well else "FAIL")
    sys.exit(not well)


if __name__ == "__main__":
    main()
