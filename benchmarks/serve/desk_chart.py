"""10,000 candles with heatmap, volume profile and six more panels in the report's page, panned and zoomed."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serve.tab import tab
from coinmon.clock import Clock
from coinmon.collect.once import collect_once
from coinmon.config.load import load_config
from coinmon.report.page import page as page_of
from coinmon.run.reader import MarketReader
from coinmon.store.database import open_database
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

CANDLES, HEAT_ROWS, HEAT_COLUMNS, ROWS_A_CANDLE, LINES = 10_000, 200, 600, 3, 6
MOVE = """{
  const width = WIDE * (1 + 0.5 * Math.sin((now - begun) / 700));
  const from = first + (last - first - width) * (Math.sin((now - begun) / 1100) + 1) / 2;
  coinmonSheet.move(from, from + width);
}"""


async def template(folder: Path) -> str:
    """The page of a small report, whose scene is then exchanged."""
    async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
        path = folder / "config.yaml"
        path.write_text(emulator.config_yaml(db=f"sqlite:///{folder}/stored.db"), "utf-8")
        config, clock = load_config(path, environ={}, cwd=folder), Clock(STARTS_AT, 0, 0)
        database = open_database(config.db)
        await collect_once(config, clock, database, "BTCUSDT")
        made = page_of(MarketReader(config, clock, database).report("BTCUSDT", STARTS_AT), "en")
        database.close()
        return made.decode()


def filled(scene: dict[str, Any]) -> dict[str, Any]:
    """The same scene with so many candles, a heatmap beneath, volume at price, and lines."""
    draw = np.random.default_rng(1)
    end = scene["end"]
    time = (end - 60 * np.arange(CANDLES, 0, -1)).tolist()
    close = np.round(96_000 + np.cumsum(draw.normal(0, 8, CANDLES)), 1)
    opened = np.concatenate(([96_000.0], close[:-1]))
    high, low = np.maximum(opened, close) + 5, np.minimum(opened, close) - 5
    price, volume = (next(each for each in scene["panes"] if each["id"] == id) for id in ("price", "volume"))
    prices = {"open": opened, "high": high, "low": low, "close": close}
    price["marks"][0] |= {"t": time, "step": 60, **{name: each.tolist() for name, each in prices.items()}}
    rows = np.floor(low / 5).astype(int)[:, None] + np.arange(ROWS_A_CANDLE)
    amounts = [np.round(draw.exponential(0.3, rows.size), 4).tolist() for _ in range(2)]
    price["traded"] = {
        "t": time, "step": 60, "height": 5.0, "start": list(range(0, rows.size + 1, ROWS_A_CANDLE)),
        "row": rows.ravel().tolist(), "buy": amounts[0], "sell": amounts[1], "minutes": [1] * CANDLES, "unit": "BTC",
    }  # fmt: skip
    reach = (high.max() - low.min()) / HEAT_ROWS
    heat = draw.integers(1, 256, HEAT_ROWS * HEAT_COLUMNS).astype(np.uint8)
    price["layers"] = [each for each in price["layers"] if not each["under"]] + [
        {
            "id": "heat", "title": "heat", "unit": "", "badge": {"text": "", "why": "", "tone": "up"}, "under": True,
            "hidden": False,
            "marks": [{"m": "cells", "name": "", "signed": False, "height": float(reach), "step": 1000,
                       "y": (low.min() + reach * np.arange(HEAT_ROWS)).tolist(), "peak": 1.0,
                       "t": (end - 1000 * np.arange(HEAT_COLUMNS, 0, -1)).tolist(),
                       "bytes": base64.b64encode(heat.tobytes()).decode()}],
        }
    ]  # fmt: skip
    for mark in volume["marks"]:
        mark |= {"t": time, "step": 60, "v": np.round(draw.exponential(3, CANDLES), 3).tolist()}
    lines = []
    for number in range(LINES):
        walk = np.round(np.cumsum(draw.normal(0, 1, CANDLES)), 2).tolist()
        mark = {"m": "line", "name": f"line {number}", "tone": f"s{number}", "t": time, "v": walk}
        lines.append(volume | {"id": f"line{number}", "title": f"Line {number}", "marks": [mark], "holes": []})
    for each in (price, volume):
        each["holes"] = []
    return scene | {"start": time[0], "panes": [price, volume, *lines]}


async def chart(folder: Path, seconds: float) -> dict[str, Any]:
    whole = await template(folder)
    carried = re.compile(r'(<script[^>]*id="scene"[^>]*>)(.*?)(</script>)', re.DOTALL)
    scene = filled(json.loads(carried.search(whole)[2]))
    made = folder / "page.html"
    data = json.dumps(scene).replace("<", "\\u003c")
    made.write_text(carried.sub(lambda found: f"{found[1]}{data}{found[3]}", whole), "utf-8")
    first, last = scene["start"], scene["end"]
    found: dict[str, Any] = {"candles, panels": [CANDLES, len(scene["panes"])]}
    async with tab(folder) as page:
        await page.open(made.as_uri())
        await page.until("document.documentElement.dataset.drawn")
        # as many panels in sight as the screen holds
        await page.value("document.querySelector('[data-panel=price]').scrollIntoView()")
        for rate, bound in ((1, 55), (4, 45)):
            await page.ask("Emulation.setCPUThrottlingRate", rate=rate)
            slow = f", throttled {rate} times" if rate > 1 else ""
            for what, wide in (("wide", 0.6 * (last - first)), ("60 candles", 3600)):
                each = MOVE.replace("WIDE", str(wide)).replace("first", str(first)).replace("last", str(last))
                found[f"pan and zoom, {what}{slow} (bound {bound} fps)"] = await page.frames(min(seconds, 8), each)
        return found
