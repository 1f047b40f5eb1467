"""559 pairs on the board, which change as fast as the desk sends them."""

import asyncio
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks.serve.desk_live import WATCH
from benchmarks.serve.tab import beside, median, p95, tab, waited
from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from coinmon_desk._pages import DeskPages

PAIRS, SHARE, PAUSE_S = 559, 0.3, 1.0
"""So many rows change in that time."""
NOW = 1_768_478_400_000
FIRST = WATCH.replace(
    "LOOK", "document.querySelector('.board-row[data-pair=\"P000/USDT\"] [data-cell=price]')?.textContent"
)
SCROLL = "board.scrollTop = (Math.sin((now - begun) / 300) + 1) / 2 * (board.scrollHeight - board.clientHeight);"


def flow(number: int, price: float, venues: list[str], draw: random.Random) -> dict[str, Any]:
    told = {
        name: {"listed": True, "net_flow": draw.gauss(0, 1e6), "coverage": 1.0, "complete": 50, "minutes": 50,
               "ratio": draw.uniform(0.5, 2)}
        for name in venues
    }  # fmt: skip
    return {
        "event": "flow", "pair": f"P{number:03}/USDT", "price": price, "venues": told, "coverage": 1.0,
        "consensus": draw.choice(("strong_bull", "lean_bull", "mixed", "lean_bear")), "consensus_reason": None,
    }  # fmt: skip


async def board(folder: Path, seconds: float) -> dict[str, Any]:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Route

    config = folder / "config.yaml"
    config.write_text(f"db: sqlite:///{folder}/empty.db\n")
    read = load_config(config, environ={}, cwd=folder)
    database = open_database(read.db)
    pages = DeskPages(MarketReader(read, Clock(NOW, 0, 0), database))
    app = Starlette(routes=[Route("/", pages.home), *pages.routes], lifespan=lambda _: pages.running())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    draw, sent = random.Random(1), {}

    async def change() -> None:
        turn = 0
        while True:
            turn += 1
            price = 100 + turn / 100
            sent[f"{price:g}"] = 1000 * time.time()
            pages.hear(flow(0, price, list(read.exchanges), draw))
            for number in draw.sample(range(1, PAIRS), int(SHARE * PAIRS)):
                pages.hear(flow(number, draw.uniform(1, 1000), list(read.exchanges), draw))
            await asyncio.sleep(PAUSE_S)

    found: dict[str, Any] = {}
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(beside(server.serve(), lambda: setattr(server, "should_exit", True)))
            await waited(lambda: server.started)
            port = server.servers[0].sockets[0].getsockname()[1]
            for number in range(PAIRS):
                pages.hear(flow(number, 1.0 + number, list(read.exchanges), draw))
            pages.changed(NOW)
            await stack.enter_async_context(beside(change()))
            page = await stack.enter_async_context(tab(folder))
            await page.open(f"http://127.0.0.1:{port}/")
            await page.until("document.querySelectorAll('.board-row[data-pair]').length > 20")
            await page.until(f"document.getElementById('count').textContent === '{PAIRS} / {PAIRS}'")
            await page.value(FIRST)
            await asyncio.sleep(min(seconds, 15))
            seen = await page.value("seen")
            ages = [at - sent[text] for at, text in seen if text in sent]
            found["event to row, ms: p95 (bound 1000)"] = p95(ages)
            found["event to row, ms: median"] = median(ages)
            found["live, nobody scrolls"] = await page.frames(5)
            found["scrolled to both ends twice a second"] = await page.frames(5, SCROLL)
            await page.ask("Emulation.setCPUThrottlingRate", rate=4)
            found["the same, processor throttled 4 times"] = await page.frames(5, SCROLL)
            return found
    finally:
        database.close()
