"""A page of a headless Chromium, driven by its own protocol."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page of a headless Chromium. `heard` are its protocol's events.

    worked: seconds of processor time that the page took, whatever else the machine did meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.heard: list[dict[str, Any]] = []
        self.worked = 0.0

    def open(self, page: Path | str, *scripts: str, width: int = 1280, dark: bool = False, before: str = "") -> Any:
        """What each script gives, asked again until it gives something (or ten seconds have passed).

        before: a script that runs ahead of the page's own.
        """
        url = page if isinstance(page, str) else page.as_uri()
        return asyncio.run(self._open(url, scripts, width, dark, before))

    async def _open(self, url: str, scripts: Sequence[str], width: int, dark: bool, first: str) -> list[Any]:
        port = (self._folder / "DevToolsActivePort").read_text().split()[0]
        async with aiohttp.ClientSession(trust_env=False) as session:
            address = await self._page(session, port)
            async with session.ws_connect(address, max_msg_size=0) as socket:
                # what the page before said to its console would be heard again
                await self._ask(socket, "Page.navigate", url="about:blank")
                for domain in ("Page", "Runtime", "Network", "Log"):
                    await self._ask(socket, f"{domain}.enable")
                scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
                await self._ask(socket, "Emulation.setEmulatedMedia", features=[scheme])
                size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
                await self._ask(socket, "Emulation.setDeviceMetricsOverride", **size)
                await self._ask(socket, "Performance.enable", timeDomain="threadTicks")
                before = await self._busy(socket)
                # it is forgotten with this conversation
                await self._ask(socket, "Page.addScriptToEvaluateOnNewDocument", source=first)
                await self._ask(socket, "Page.navigate", url=url)
                values = [await self._value(socket, script) for script in scripts]
                after = await self._busy(socket)
                # a new page may have got a new process, which counts from nothing
                self.worked = after - before if after > before else after
                return values

    async def _page(self, session: aiohttp.ClientSession, port: str) -> str:
        """Where its page is talked to; a browser that has just been started on a busy machine has none yet."""
        for _ in range(400):
            async with session.get(f"http://127.0.0.1:{port}/json") as reply:
                pages: list[dict[str, str]] = [each for each in await reply.json() if each["type"] == "page"]
            if pages:
                return pages[0]["webSocketDebuggerUrl"]
            await asyncio.sleep(0.05)
        raise TimeoutError("the browser shows no page")

    async def _busy(self, socket: aiohttp.ClientWebSocketResponse) -> float:
        found = await self._ask(socket, "Performance.getMetrics")
        return next(each["value"] for each in found["metrics"] if each["name"] == "TaskDuration")

    async def _value(self, socket: aiohttp.ClientWebSocketResponse, script: str) -> Any:
        for _ in range(400):
            shown = await self._ask(socket, "Runtime.evaluate", expression=script, returnByValue=True)
            value = shown["result"].get("value")
            if value:
                return value
            await asyncio.sleep(0.05)
        return None

    async def _ask(self, socket: aiohttp.ClientWebSocketResponse, method: str, **parameters: Any) -> Any:
        number = len(self.heard) + 1
        await socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            said = await socket.receive_json()
            self.heard.append(said)
            if said.get("id") == number:
                return said.get("result")
