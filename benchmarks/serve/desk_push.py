"""What it costs to tell many readers: 559 pairs that trade as fast as they do, no scan, no store and no browser.

Processor time of this process alone, so that a busy machine says much the same as an idle one.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.serve.tab import beside, waited
from coinmon.collect.live.forming import FormingMinute, FormingMinutes
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.streamed import StreamedMany
from coinmon.model.trades import Trades
from coinmon.supervise import Supervisor

READERS, PAIRS, TRADES_PER_S, TURN_S = 48, 559, 559, 0.05
PAIR = "P000/USDT"
"""Whose chart one of the readers shows."""
READ = """
import asyncio, json, signal, sys
async def read(port, path, told):
    stream, to = await asyncio.open_connection("127.0.0.1", port)
    to.write(f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
    while part := await stream.read(1 << 20):
        told[0] += 1
        told[1] += len(part)
async def main(port, paths):
    told = [0, 0]
    for path in paths:
        asyncio.ensure_future(read(port, path, told))
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(told), flush=True)
asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
"""
"""Reads of all readers and their bytes so far, whenever it is asked."""


class Made:
    """A market of which there are streams only."""

    def __init__(self) -> None:
        self.pairs_of = {Pair(f"P{number:03}", "USDT"): number for number in range(PAIRS)}
        self.every = [made(pair, kind) for pair in self.pairs_of for kind in ("spot", "perp")]
        self.minutes, self.supervisor = FormingMinutes(), Supervisor()
        self.indicators: dict[str, Any] = {}
        self.config = SimpleNamespace(
            exchanges={"binance": 1}, serve=SimpleNamespace(token=None), lang="en", interval=60_000, settle=3_000,
            catalog=SimpleNamespace(broken=[]),
        )  # fmt: skip

    def now(self) -> int:
        return int(1000 * time.time())

    def forming(self, tell: Any, rest: float = 0.0) -> list[FormingMinute]:
        if tell and not self.minutes.on:
            self.minutes.begin([], self.now(), tell)
        elif not tell and self.minutes.on:
            self.minutes.end()
        return self.minutes.changed()

    def pairs(self) -> list[Pair]:
        return list(self.pairs_of)

    def stored_history(self) -> tuple[None, Any]:
        of = {pair: self.every[2 * number : 2 * number + 2] for pair, number in self.pairs_of.items()}
        return None, SimpleNamespace(of=of.__getitem__)

    def followed(self) -> dict[Instrument, int]:
        return dict.fromkeys(self.every, self.now())

    def usage(self) -> dict[str, Any]:
        return {}

    async def trade(self) -> None:
        """An even pace of trades, of the whole minute's."""
        draw, first, count, due = np.random.default_rng(1), 0, round(TRADES_PER_S * TURN_S), time.monotonic()
        while True:
            due += TURN_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            at = np.sort(draw.integers(0, len(self.every), count))
            at[0] = 0
            ids, ones = np.arange(first, first + count), np.ones(count)
            ticks = draw.integers(9_000, 9_100, count)
            trades = Trades(ids, np.full(count, self.now()), ticks, ones, ones.astype(np.int8))
            self.minutes.take(StreamedMany(self.every, at, trades, None))
            first += count


def made(pair: Pair, kind: Any) -> Instrument:
    symbol = f"{pair}:USDT" if kind == "perp" else str(pair)
    return Instrument("binance", kind, pair.base, "USDT", pair.base, symbol, Decimal("0.01"), Decimal("0.001"))


@asynccontextmanager
async def readers(port: int, paths: list[str]) -> AsyncIterator[Any]:
    """In a process of their own; gives who asks them how often they read, and how much."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", READ, str(port), *paths, stdin=pipe, stdout=pipe)
    told, said = child.stdin, child.stdout
    assert told is not None
    assert said is not None

    async def so_far() -> list[int]:
        told.write(b"?\n")
        found: list[int] = json.loads(await said.readline())
        return found

    try:
        yield so_far
    finally:
        told.close()
        await child.wait()


async def push(folder: Path, seconds: float) -> dict[str, Any]:
    """Without readers, with those of the board, and with one of them at a chart: a core's share, writes and bytes."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Route

    from coinmon_desk._pages import DeskPages

    market: Any = Made()
    pages = DeskPages(market)
    for pair in market.pairs():
        pages._board._put(str(pair), {"price": {"t": "1", "s": 1.0}})
    app = Starlette(routes=[Route("/", pages.home), *pages.routes], lifespan=lambda _: pages.running())
    server = uvicorn.Server(uvicorn.Config(app, port=0, http="h11", log_level="error", timeout_graceful_shutdown=1))
    found: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(beside(server.serve(), lambda: setattr(server, "should_exit", True)))
        await waited(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        await stack.enter_async_context(beside(market.trade()))
        plain = "/desk/events"
        for what, paths in (
            ("nobody reads", []), (f"{READERS} read", [plain] * READERS),
            (f"{READERS} read, one of them a chart", [plain] * (READERS - 1) + [f"{plain}?pair={PAIR}"]),
        ):  # fmt: skip
            async with readers(port, paths) as so_far:
                await asyncio.sleep(3)
                before, begun, spent = await so_far(), time.monotonic(), time.process_time()
                await asyncio.sleep(seconds)
                after, took = await so_far(), time.monotonic() - begun
                share = round((time.process_time() - spent) / took, 4)
                each = [round((b - a) / took / max(1, len(paths)), 2) for a, b in zip(before, after, strict=True)]
            found[f"{what}: of a core; reads and bytes a second of each"] = [share, *each]
    return found
