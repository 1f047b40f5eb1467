"""A pass over OKX's 559 USDT instruments, candles and trades, against an emulator that enforces OKX's real limits.

OKX allows 40 candle requests and 100 trade requests in 2 s, so 559 of each cannot be had in less than 28 s of candles
(26 s with the first 40 at once). The other side, in the same run, is ccxt's own client with its own throttle over a
tenth of the instruments, scaled. Run: python benchmarks/speed/okx_pass.py
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

from coinmon.model.moment import MINUTE, floor, parse_time
from coinmon.plugin.catalog import load_catalog
from coinmon.plugin.trade_page import Cursor

LAWFUL = 559 / 20
WINDOW = 50 * MINUTE
SHARE = 10


async def ours(url: str, now: int) -> tuple[float, float, int, int]:
    offer = load_catalog().get("exchange", "okx")
    exchange = offer.target("okx", url=url)
    instruments = [each for each in await exchange.instruments() if each.quote == "USDT"][:559]
    end = floor(now)
    began, cpu = time.perf_counter(), time.process_time()
    answers = await asyncio.gather(
        *(exchange.bars(each, end - WINDOW, end) for each in instruments),
        *(exchange.trades(each, Cursor(end - WINDOW)) for each in instruments),
    )
    took, used = time.perf_counter() - began, time.process_time() - cpu
    await exchange.close()
    rows = sum(len(page.trades) for page in answers[len(instruments) :])
    return took, used, len(instruments), rows


async def ccxts(url: str, count: int) -> tuple[float, float]:
    """Seconds and CPU seconds for `count` instruments, candles and trades, as ccxt paces itself."""
    import ccxt.async_support as ccxt

    client = ccxt.okx({"urls": {"api": {"rest": url}}, "options": {"fetchMarkets": {"types": ["spot", "swap"]}}})
    await client.load_markets()
    symbols = [market["symbol"] for market in client.markets.values() if market["quote"] == "USDT"][:count]
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(
        *(client.fetch_ohlcv(symbol, "1m", limit=100) for symbol in symbols),
        *(client.fetch_trades(symbol, limit=500) for symbol in symbols),
    )
    took, used = time.perf_counter() - began, time.process_time() - cpu
    await client.close()
    return took, used


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wide.yaml")
        command = [sys.executable, "-m", "coinmon", "emulate", "--scenario", "wide", "--port", "0", "--speed", "0"]
        emulator = subprocess.Popen(
            [*command, "--until-stdin-closes", "--write-config", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        try:
            while not path.exists():
                time.sleep(0.05)
            config = yaml.safe_load(path.read_text())
            url = config["exchanges"]["okx"]["url"]
            now = parse_time(str(config["clock"]["at"]))
            took, used, count, rows = asyncio.run(ours(url, now))
            log = json.loads(urllib.request.urlopen(url.removesuffix("/okx") + "/emulator/log").read())
            time.sleep(2.5)  # the windows we filled must pass before the other side begins
            theirs, their_cpu = asyncio.run(ccxts(url, count // SHARE))
        finally:
            emulator.terminate()
    print(f"instruments {count}, requests {2 * count}, trades {rows}")
    print(f"lawful minimum  {LAWFUL:6.1f} s")
    print(f"coinmon         {took:6.1f} s   {took / LAWFUL:.2f} x the minimum   {used:5.2f} s CPU")
    scaled, cpu = theirs * SHARE, their_cpu * SHARE
    print(
        f"ccxt            {scaled:6.1f} s   {scaled / LAWFUL:.2f} x the minimum   {cpu:5.2f} s CPU   (a tenth, scaled)"
    )
    print(f"the emulator's log: {json.dumps(log)[:400]}")


if __name__ == "__main__":
    main()
