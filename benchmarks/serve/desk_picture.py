"""The README's picture: the desk's chart of a pair on the made-up exchanges, as a headless Chromium shows it.

    python benchmarks/serve/desk_picture.py [--path /pair/BTCUSDT] [--width 1280] [--dark] [--lang en] -o docs/desk.webp

Fails where the page comes not to be shown within three minutes.
"""

import argparse
import asyncio
import base64
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

SERVE = [sys.executable, "-m", "coinmon", "serve", "--demo", "--port", "0", "--lang"]
CHROMIUM = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "about:blank"]
READY = "document.documentElement.dataset.shown || document.querySelectorAll('[data-pair], td, #tape li').length"
PATIENCE_S = 180


def waited(find):
    """What `find` gives, when it gives something."""
    begun = time.monotonic()
    while not (found := find()):
        if time.monotonic() - begun > PATIENCE_S:
            sys.exit("not shown within three minutes")
        time.sleep(0.1)
    return found


async def picture(port: str, url: str, width: int, height: int, dark: bool) -> bytes:
    async with aiohttp.ClientSession(trust_env=False) as session:
        async with session.get(f"http://127.0.0.1:{port}/json") as reply:
            page = next(each for each in await reply.json() if each["type"] == "page")
        async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:

            async def ask(method: str, **parameters):
                await socket.send_json({"id": 1, "method": method, "params": parameters})
                while (said := await socket.receive_json()).get("id") != 1:
                    pass
                return said["result"]

            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            await ask("Emulation.setEmulatedMedia", features=[scheme])
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
            await ask("Emulation.setDeviceMetricsOverride", **size)
            await ask("Page.navigate", url=url)
            begun = time.monotonic()
            while not (await ask("Runtime.evaluate", expression=READY))["result"].get("value"):
                if time.monotonic() - begun > PATIENCE_S:
                    sys.exit("not shown within three minutes")
                await asyncio.sleep(0.1)
            # two frames are enough to draw; fonts take their time
            await asyncio.sleep(1)
            return base64.b64decode((await ask("Page.captureScreenshot", format="webp", quality=70))["data"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", default="/pair/BTCUSDT")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1000)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--lang", default="en")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log, profile = Path(folder, "log"), Path(folder, "chromium")
        with log.open("w") as told:
            server = subprocess.Popen([*SERVE, given.lang], cwd=folder, stderr=told, stdout=told)
            quiet = subprocess.DEVNULL
            browser = subprocess.Popen([*CHROMIUM, f"--user-data-dir={profile}"], stdout=quiet, stderr=quiet)
        try:
            waited(lambda: "scan finished" in log.read_text())
            address = re.search(r"http://[\d.]+:\d+", log.read_text())[0]
            port = waited(lambda: (one := profile / "DevToolsActivePort").exists() and one.read_text().split()[0])
            url = f"{address}{given.path}"
            given.output.write_bytes(asyncio.run(picture(port, url, given.width, given.height, given.dark)))
        finally:
            for each in (server, browser):
                each.terminate()
                each.wait(20)


if __name__ == "__main__":
    main()
