"""How soon headless Chromium has opened a report's page, on the clock, from the navigation on.

python benchmarks/serve/page_open.py FILE.html
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ASKED = "JSON.stringify([document.documentElement.dataset.drawn, document.documentElement.dataset.drawn])"


def opened(page: Path, times: int = 1) -> list[tuple[float, float]] | None:
    """Seconds until the candles and until all charts are drawn, each time in the same browser; None: there is none."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        return None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        browser = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = Path(folder, "DevToolsActivePort")
            while not (told.exists() and told.read_text().strip()):
                time.sleep(0.05)
            # a browser that has just been started is still busy with itself
            time.sleep(2)
            address = f"http://127.0.0.1:{told.read_text().split()[0]}/json"
            return [asyncio.run(_opened(address, page.resolve().as_uri())) for _ in range(times)]
        finally:
            browser.terminate()
            browser.wait(10)


async def _opened(address: str, page: str) -> tuple[float, float]:
    async with aiohttp.ClientSession(trust_env=False) as session:
        async with session.get(address) as reply:
            tab = next(each for each in await reply.json() if each["type"] == "page")
        async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            await _ask(socket, "Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1,
                       mobile=False)  # fmt: skip
            await _ask(socket, "Page.navigate", url="about:blank")
            await _ask(socket, "Page.navigate", url=page)
            until = time.monotonic() + 30
            while time.monotonic() < until:
                said = await _ask(socket, "Runtime.evaluate", expression=_ASKED, returnByValue=True)
                candles, drawn = map(_seconds, (said["result"].get("value") or "[null,null]").strip("[]").split(","))
                if drawn is not None:
                    return candles or drawn, drawn
                await asyncio.sleep(0.05)
    raise TimeoutError(f"{page} was not drawn in 30 s")


def _seconds(text: str) -> float | None:
    return None if text == "null" else float(text.strip('"')) / 1000


async def _ask(socket: aiohttp.ClientWebSocketResponse, method: str, **parameters: object) -> dict:
    await socket.send_json({"id": 1, "method": method, "params": parameters})
    while True:
        said = await socket.receive_json()
        if said.get("id") == 1:
            return said.get("result", {})


if __name__ == "__main__":
    for candles, drawn in opened(Path(sys.argv[1]), 3) or sys.exit("no chromium is installed here"):
        print(f"candles {candles:.2f} s, all charts {drawn:.2f} s")
