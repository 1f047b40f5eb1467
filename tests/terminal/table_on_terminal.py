"""A program for test_unread.py: the interactive table with figures that change, on the terminal that it is given.

A byte on file descriptor 3 for each turn of its event loop; it ends when it is told to stop.
"""

import asyncio
import os
import signal
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from coinmon.clock import Clock
from coinmon.model.events import from_json
from coinmon.report.table import app
from coinmon.report.table import screen as table_screen
from tests.terminal.test_live_table import REST, VENUES, flow

app._TICK_S = 0.01
table_screen.MAX_WAITING_FRAMES_BYTES = 20_000
DRAWS_ALL = 80
"""Turns of which each draws the whole screen."""


async def main() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    config: Any = SimpleNamespace(exchanges=dict.fromkeys(VENUES), reader_lang="en", window=50, interval=60_000)
    store: Any = nullcontext(SimpleNamespace())
    screen = table_screen.InteractiveScreen(config, lambda _clock: store)
    turn = 0
    async with screen.shown(Clock(), lambda: loop.call_soon_threadsafe(stop.set)):
        while not stop.is_set():
            turn += 1
            for pair in ("BTC/USDT", "ETH/USDT"):
                screen.take(from_json(REST["flow"] | flow(pair, turn * 1000.0, price=100_000.0 + turn)))
            if turn < DRAWS_ALL and screen._app and screen._app._mounted:
                screen._app.screen.refresh()
            os.write(3, b".")
            await asyncio.sleep(0.01)


asyncio.run(main())
