"""From a trade at the venue's socket to the frame that shows it, with a scan of the emulator."""

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.serve.tab import Tab, begun, beside, median, p95, tab, waited

COINMON = [sys.executable, "-m", "coinmon", "--lang", "en"]
SHOWN = "document.documentElement.dataset.shown"
ROWS = "document.querySelectorAll('.board-row[data-pair]').length >= 6"
WATCH = """(() => {
  window.seen = [];
  let before = null;
  let drawn = null;
  const step = () => {
    // what the frame before this one drew is on the screen now
    if (drawn !== null) seen.push([performance.timeOrigin + performance.now(), drawn]);
    drawn = null;
    const now = LOOK;
    if (now !== undefined && now !== before) drawn = before = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})()"""
FORMING = WATCH.replace("LOOK", "window.coinmonForming && window.coinmonForming.last")
PRICE = WATCH.replace(
    "LOOK", "document.querySelector('.board-row[data-pair=\"BTC/USDT\"] [data-cell=price]')?.textContent"
)

Trade = tuple[float, int, float, float]
"""When it was here (ms), its minute (s), what had traded in that minute with it, its price."""


async def live(folder: Path, seconds: float) -> dict[str, Any]:
    config, log = folder / "coinmon.yaml", folder / "log"
    emulator = begun([*COINMON, "emulate", "--port", "0", "--write-config", str(config)])
    await waited(config.exists)
    server = begun([*COINMON, "--config", str(config), "serve", "--port", "0"], log, folder)
    trades: list[Trade] = []
    try:
        await waited(lambda: "scan finished" in log.read_text(), 180)
        address = re.search(r"http://[\d.]+:\d+", log.read_text())[0]
        async with beside(listen(config.read_text(), trades)), tab(folder) as page:
            found = await opening(page, address)
            await page.open(f"{address}/pair/BTCUSDT?market=binance:BTC/USDT")
            await page.until(SHOWN)
            # a minute that the scan hears from its beginning
            await page.until("window.coinmonForming && window.coinmonForming.last[7]")
            await page.value(FORMING)
            await asyncio.sleep(seconds)
            ages = of_forming(trades, await page.value("seen"))
            found["trade to candle, ms: p95 (bound 250)"] = p95(ages)
            found["trade to candle, ms: median"] = median(ages)
            found["trade to candle: trades"] = len(ages)
            await page.open(address)
            await page.until(ROWS)
            await page.value(PRICE)
            await asyncio.sleep(seconds)
            ages = of_board(trades, await page.value("seen"))
            found["trade to board's row, ms: p95 (bound 1000)"] = p95(ages)
            found["trade to board's row, ms: median"] = median(ages)
            found["trade to board's row: changes"] = len(ages)
            return found
    finally:
        for each in (server, emulator):
            each.terminate()
            each.wait(20)


async def listen(config: str, trades: list[Trade]) -> None:
    """Every trade as it comes to who listens beside the scan."""
    url = re.search(r"spot_ws_url: \"?(ws://[^\s\"]+)", config)[1]
    minute, total = 0, 0.0
    place = f"{url}/ws/btcusdt@aggTrade"
    async with aiohttp.ClientSession(trust_env=False) as session, session.ws_connect(place) as socket:
        async for message in socket:
            here = 1000 * time.time()
            told = json.loads(message.data)
            of = told["T"] // 60_000 * 60
            total = float(told["q"]) + (total if of == minute else 0.0)
            minute = of
            trades.append((here, of, total, float(told["p"])))


def of_forming(trades: list[Trade], seen: list[tuple[float, list[Any]]]) -> list[float]:
    """Age of each trade of a minute that both heard from its beginning when its volume was first in the candle."""
    whole = {row[0] for _, row in seen if row[7]} - {trades[0][1]}
    first = seen[0][0] if seen else 0
    ages = []
    for here, minute, total, _ in trades:
        if minute not in whole or here < first:
            continue
        at = next((t for t, row in seen if t >= here - 1000 and (row[0] > minute or (
            row[0] == minute and row[5] + row[6] >= total * (1 - 1e-9)))), None)  # fmt: skip
        if at is not None:
            ages.append(at - here)
    return ages


def of_board(trades: list[Trade], seen: list[tuple[float, str]]) -> list[float]:
    """Age of each new price when the row first shows it, or one that came after it.

    The row says other venues' prices too where this one has not traded for a while: those tell nothing here.
    """
    shown = [(at, float(text.replace(",", ""))) for at, text in seen]
    ages = []
    for k, (here, _, _, price) in enumerate(trades):
        if not shown or here < shown[0][0] or (k and trades[k - 1][3] == price):
            continue
        for at, value in shown:
            if at >= here and any(each[3] == value for each in trades[k:] if each[0] <= at):
                ages.append(at - here)
                break
    return ages


async def opening(page: Tab, address: str) -> dict[str, Any]:
    """Until there is something to look at: rows, or the chart."""
    found = {}
    for path, ready in (("/", ROWS), ("/pair/BTCUSDT", SHOWN)):
        took, sizes = [], []
        for _ in range(5):
            begun = time.monotonic()
            await page.open(address + path)
            await page.until(f"({ready}) && new Promise(done => requestAnimationFrame(() => done(true)))")
            took.append(1000 * (time.monotonic() - begun))
            await asyncio.sleep(0.3)
            await page.value("1")
            sizes.append(page.bytes / 1000)
        found[f"first view of {path}, ms: median of 5 (bound 500)"] = median(took)
        found[f"first view of {path}, kB compressed (bound 300)"] = max(sizes)
    return found
