"""One tab of a headless Chromium, by its debugging protocol."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
PATIENCE_S = 60

FRAMES = """(seconds => new Promise(done => {
  const times = [];
  const begun = performance.now();
  const step = now => {
    times.push(now);
    EACH
    if (now - begun < 1000 * seconds) requestAnimationFrame(step);
    else done(times);
  };
  requestAnimationFrame(step);
}))(SECONDS)"""
"""When each frame began, ms; EACH is done in each of them, and knows `now` and `begun`."""


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], stop: Callable[[], None] | None = None) -> AsyncIterator[None]:
    """`work` goes on while the block does. One that ends before ends the block, with what it ended by.

    stop: asks it to end, in place of cancelling it.
    """
    over = False

    async def endless() -> None:
        await work
        if not over:
            raise RuntimeError(f"{work.__qualname__} ended before what is measured beside it")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(endless())
        yield
        over = True
        (stop or task.cancel)()


class Tab:
    """What a page is asked and told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.bytes = 0
        """That came over the wire since the last `open`, compressed."""

    async def ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            said = await self._socket.receive_json()
            if said.get("method") == "Network.loadingFinished":
                self.bytes += said["params"]["encodedDataLength"]
            if said.get("id") == self._number:
                return said.get("result", {})

    async def value(self, script: str) -> Any:
        """Of a script or of its promise."""
        found = await self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return found.get("result", {}).get("value")

    async def until(self, script: str) -> Any:
        begun = time.monotonic()
        while not (found := await self.value(script)):
            if time.monotonic() - begun > PATIENCE_S:
                raise TimeoutError(f"not within {PATIENCE_S} s: {script}")
            await asyncio.sleep(0.02)
        return found

    async def open(self, url: str) -> None:
        await self.ask("Page.navigate", url="about:blank")
        self.bytes = 0
        await self.ask("Page.navigate", url=url)

    async def frames(self, seconds: float, each: str = "") -> dict[str, Any]:
        """Frames a second, the 95th percentile of their length, and the main thread's processor time for one (ms)."""
        before = await self._busy()
        times = await self.value(FRAMES.replace("EACH", each).replace("SECONDS", str(seconds)))
        lengths = sorted(b - a for a, b in pairwise(times))
        return {
            "fps": round(1000 * len(lengths) / (times[-1] - times[0]), 1),
            "p95_ms": round(lengths[int(0.95 * len(lengths))], 1),
            "cpu_ms": round(1000 * (await self._busy() - before) / len(lengths), 1),
        }

    async def _busy(self) -> float:
        found = await self.ask("Performance.getMetrics")
        return float(next(each["value"] for each in found["metrics"] if each["name"] == "TaskDuration"))


async def waited(find: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What `find` gives, when it gives something."""
    begun = time.monotonic()
    while not (found := find()):
        if time.monotonic() - begun > patience_s:
            raise TimeoutError(f"nothing within {patience_s} s")
        await asyncio.sleep(0.05)
    return found


def begun(command: list[str], log: Path | None = None, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A process whose complaints go to a file, or nowhere."""
    if log is None:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd)
    with log.open("w") as told:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told, cwd=cwd)


@asynccontextmanager
async def tab(folder: Path) -> AsyncIterator[Tab]:
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise SystemExit("no chromium is installed here")
    profile = folder / "chromium"
    options = [*_OPTIONS, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    browser = begun([program, *options])
    try:
        told = profile / "DevToolsActivePort"
        await waited(lambda: told.exists() and told.read_text().strip())
        # a browser that has just been started is still busy with itself
        await asyncio.sleep(2)
        async with aiohttp.ClientSession(trust_env=False) as session:
            async with session.get(f"http://127.0.0.1:{told.read_text().split()[0]}/json") as reply:
                page = next(each for each in await reply.json() if each["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                made = Tab(socket)
                for domain in ("Page", "Runtime", "Network"):
                    await made.ask(f"{domain}.enable")
                # processor time of the thread: whatever else the machine does meanwhile
                await made.ask("Performance.enable", timeDomain="threadTicks")
                await made.ask("Network.setCacheDisabled", cacheDisabled=True)
                size = {"width": 1600, "height": 900, "deviceScaleFactor": 1, "mobile": False}
                await made.ask("Emulation.setDeviceMetricsOverride", **size)
                yield made
    finally:
        browser.terminate()
        browser.wait(20)


def p95(values: list[float]) -> float | None:
    return round(sorted(values)[int(0.95 * len(values))], 1) if values else None


def median(values: list[float]) -> float | None:
    return round(sorted(values)[len(values) // 2], 1) if values else None
