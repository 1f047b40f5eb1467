"""Idle and half-open clients against `coinmon serve --demo`: health within a second, cycles, memory, log.

    python benchmarks/serve/serve_idle.py --clients 5000 --seconds 100

Each client opens a connection, sends nothing, half a header or half a body, and opens another when it is closed. Exit
status 1 where health took longer than a second, a cycle was missed, memory grew by more than 100 MB, or the log by
more than a line in a second.
"""

import argparse
import asyncio
import re
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx

BEGUN = (b"", b"GET /mcp HT", b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")


async def hold(host: str, port: int, number: int, until: float) -> int:
    """One client; how often it was closed."""
    closed = 0
    while (left := until - time.monotonic()) > 0:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(BEGUN[number % 3])
            await asyncio.wait_for(reader.read(1), left)
            writer.close()
        except (OSError, TimeoutError):
            pass
        closed += 1
        await asyncio.sleep(1 + number % 7)
    return closed


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1024


async def hold_all(url: str, clients: int, until: float) -> int:
    """How often they were closed."""
    host, port = url.removeprefix("http://").split(":")
    return sum(await asyncio.gather(*(hold(host, int(port), number, until) for number in range(clients))))


def attack(url: str, clients: int, until: float) -> int:
    return asyncio.run(hold_all(url, clients, until))


def asked_health(url: str, pid: int, until: float) -> tuple[list[float], float]:
    """How long each answer took, seconds, and the server's largest memory, MB."""
    waits, most = [], 0.0
    while time.monotonic() < until:
        asked_at = time.monotonic()
        # a connection of its own each time, as health checks do
        httpx.get(f"{url}/healthz", timeout=10)
        waits.append(time.monotonic() - asked_at)
        most = max(most, resident_mb(pid))
        time.sleep(1)
    return waits, most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=100)
    asked = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        command = [sys.executable, "-m", "coinmon", "--lang", "en", "serve", "--demo", "--port", "0"]
        with log.open("w") as stderr, subprocess.Popen(command, cwd=folder, stderr=stderr) as server:
            try:
                while "scan finished" not in log.read_text():
                    time.sleep(0.1)
                url = re.findall(r"http://[\d.]+:\d+", log.read_text())[0]
                before, lines = resident_mb(server.pid), len(log.read_text().splitlines())
                began = time.monotonic()
                until = began + asked.seconds
                # apart from the clients: who is slow to send after it has connected is one of them for the server
                with ProcessPoolExecutor(1, get_context("spawn")) as others:
                    idle = others.submit(attack, url, asked.clients, until)
                    waits, most = asked_health(url, server.pid, until)
                    closed = idle.result()
                took = time.monotonic() - began
                told = log.read_text().splitlines()[lines:]
            finally:
                server.terminate()
    scans = sum("scan finished" in line for line in told)
    late = sum("late" in line for line in told)
    print(f"{asked.clients} clients for {took:.0f} s: closed {closed} times; health {max(waits):.3f} s at most of")
    print(
        f"{len(waits)}; {scans} scans, {late} late; memory {before:.0f} to {most:.0f} MB; {len(told)} lines in the log"
    )
    bad = max(waits) > 1 or late or scans < took // 60 or most - before > 100 or len(told) > took
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
