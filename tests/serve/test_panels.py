"""Panels in the conversation, opened by the official host of MCP Apps in Chromium.

They run where its packages are, as those of test_node.py do.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from coinmon_mcp._panels.apps import page_of
from coinmon_mcp._tools.chart import CHARTED
from tests.chromium import Browser

FOLDER = Path(os.environ.get("TEST_NODE") or Path(__file__).parent).resolve()
ESBUILD = FOLDER / "node_modules" / ".bin" / "esbuild"
BRIDGE = FOLDER / "node_modules" / "@modelcontextprotocol" / "ext-apps"
MOST_BYTES = 300_000
APPS = {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}
INSIDE = "const d = document.querySelector('iframe').contentDocument; "
CANVAS = (
    f"(() => {{ {INSIDE} const c = d.querySelector('[data-panel=\"price\"] canvas'); "
    "const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; "
    "const seen = new Set(); for (let i = 0; i < p.length; i += 4) seen.add(p[i] << 16 | p[i+1] << 8 | p[i+2]); "
    "return seen.size; })()"
)


def asked(address: str, with_panels: bool, newer: bool = False) -> dict[str, Any]:
    """What a client is shown of tools and resources, and what a panel is answered."""

    async def talk() -> dict[str, Any]:
        async with (
            streamable_http_client(f"{address}/mcp") as streams,
            ClientSession(streams[0], streams[1], extensions=APPS if with_panels else None) as session,
        ):
            # an older handshake has no place for what a server can do beside the protocol
            begun = await session.discover() if newer else await session.initialize()
            tools = (await session.list_tools()).tools
            resources = (await session.list_resources()).resources
            chart = await session.call_tool(
                "get_chart", {"tool": "get_footprint", "symbol": "BTCUSDT", "given": {"timeframe": "5m"}}
            )
            wrong = await session.call_tool(
                "get_chart", {"tool": "get_footprint", "symbol": "BTCUSDT", "given": {"timeframe": "7m"}}
            )
            read = [(await session.read_resource(f"ui://coinmon/{name}.html")).contents[0] for name in CHARTED]
            return {
                "can": begun.capabilities.extensions, "tools": {each.name: each.meta for each in tools},
                "resources": [str(each.uri) for each in resources], "chart": chart, "wrong": wrong, "read": read,
            }  # fmt: skip

    return asyncio.run(talk())


def test_only_who_shows_panels_is_told_of_them(address: str) -> None:
    with_panels, without = asked(address, True), asked(address, False)
    newer = asked(address, True, newer=True)
    assert newer["can"] == APPS
    assert newer["tools"] == with_panels["tools"]
    ours = [f"ui://coinmon/{name}.html" for name in CHARTED]
    assert [with_panels["tools"][name]["ui"]["resourceUri"] for name in CHARTED] == ours
    assert with_panels["tools"]["get_chart"]["ui"]["visibility"] == ["app"]
    assert set(ours) <= set(with_panels["resources"])
    assert "get_chart" not in without["tools"]
    assert not any(without["tools"].values())
    assert not set(ours) & set(without["resources"])


def test_a_panel_is_one_small_file_and_its_chart_is_of_the_same_call(address: str) -> None:
    found = asked(address, True)
    for page in found["read"]:
        assert page.mime_type == "text/html;profile=mcp-app"
        assert len(page.text.encode()) < MOST_BYTES
        assert "http://" not in page.text.replace("http://www.w3.org", "")
        assert "https://" not in page.text
        assert "import " not in page.text
    scene = found["chart"].structured_content["scene"]
    assert [pane["id"].split()[0] for pane in scene["panes"]] == ["price", "volume", "footprint", "coverage"]
    assert len(json.dumps(scene)) < MOST_BYTES
    assert found["wrong"].is_error
    assert "given.timeframe" in found["wrong"].content[0].text


class Host:
    """The host's page and its way to coinmon, which answers no page of another origin."""

    def __init__(self, bundle: Path, coinmon: str) -> None:
        self.address = ""
        self._bundle, self._coinmon = bundle, coinmon
        self._ready, self._over = Event(), Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @asynccontextmanager
    async def _running(self) -> Any:
        app = web.Application()
        page = '<!doctype html><meta charset="utf-8"><body><script type="module" src="host.js"></script>'
        script = self._bundle.read_text("utf-8")
        app.router.add_get("/", _answer(page, "text/html"))
        app.router.add_get("/host.js", _answer(script, "text/javascript"))
        app.router.add_route("*", "/mcp", self._forward)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        try:
            yield
        finally:
            await runner.cleanup()

    async def _serve(self) -> None:
        async with self._running():
            self._ready.set()
            await asyncio.to_thread(self._over.wait)

    async def _forward(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.Response(status=405)
        names = ("accept", "content-type", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        async with aiohttp.ClientSession(trust_env=False) as session:
            asking = session.request(request.method, f"{self._coinmon}/mcp", data=await request.read(), headers=headers)
            async with asking as reply:
                kept = {
                    name: reply.headers[name] for name in ("mcp-session-id", "content-type") if name in reply.headers
                }
                return web.Response(status=reply.status, body=await reply.read(), headers=kept)

    def __enter__(self) -> "Host":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *ended: Any) -> None:
        self._over.set()
        self._thread.join(10)


def _answer(text: str, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind)

    return answer


@pytest.fixture(scope="module")
def host(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if not (ESBUILD.exists() and BRIDGE.exists()):
        pytest.skip(f"no Node packages in {FOLDER}: npm install --prefix tests/serve")
    bundle = tmp_path_factory.mktemp("host") / "host.js"
    command = [
        str(ESBUILD),
        str(Path(__file__).with_name("host.js")),
        "--bundle",
        "--format=esm",
        f"--outfile={bundle}",
    ]
    modules = {**os.environ, "NODE_PATH": str(FOLDER / "node_modules")}
    subprocess.run(command, check=True, capture_output=True, env=modules, timeout=60)
    with Host(bundle, address) as running:
        yield running


@pytest.mark.parametrize(
    ("tool", "given", "panels"),
    [
        ("get_report", {}, ["price", "volume", "delta"]),
        ("get_key_levels", {}, ["price", "volume", "coverage"]),
        ("get_footprint", {"timeframe": "15m", "limit": 6}, ["price", "volume", "footprint"]),
        ("get_volume_profile", {}, ["price", "volume", "coverage"]),
    ],
)
def test_the_official_host_shows_the_chart(
    host: Host, browser: Callable[[], Browser], tool: str, given: dict[str, Any], panels: list[str]
) -> None:
    page = browser()
    call = json.dumps([tool, {"symbol": "BTCUSDT", **given}, {"theme": "dark", "locale": "zh-CN"}])
    found = page.open(
        host.address,
        "window.state && state.ready",
        f"show(...{call}), true",
        f"(() => {{ {INSIDE} return d && d.documentElement.dataset.drawn; }})()",
        f"(() => {{ {INSIDE} return [...d.querySelectorAll('.pane')].map((each) => each.dataset.panel); }})()",
        f"{CANVAS} > 8 && {CANVAS}",
        "state.page",
        f"(() => {{ {INSIDE} return {{theme: d.documentElement.dataset.theme, lang: d.documentElement.lang, "
        "at: d.getElementById('moment').textContent, told: d.getElementById('told').textContent, "
        "all: d.getElementById('all').hidden}; })()",
        "state.answer.asOf",
        "state.sizes.length && state.sizes",
        "state.told.length === 0",
    )
    assert [each.split()[0] for each in found[3]][: len(panels)] == panels
    assert found[4], "nothing is drawn"
    assert found[5] == {"mime": "text/html;profile=mcp-app", "bytes": len(page_of(tool).encode())}
    assert found[6] == {"theme": "dark", "lang": "zh-CN", "at": found[7], "told": "", "all": len(found[3]) <= 3}
    assert max(found[8]) > 300
    assert found[9]
    errors = [each for each in page.heard if each.get("method") == "Runtime.exceptionThrown"]
    assert errors == []


def test_a_panel_is_moved_and_says_when_it_may_not_ask(host: Host, browser: Callable[[], Browser]) -> None:
    call = json.dumps(["get_key_levels", {"symbol": "ETHUSDT"}, {"theme": "light", "locale": "en"}])
    within = f"(() => {{ {INSIDE} const w = document.querySelector('iframe').contentWindow; return %s; }})()"
    turn = (
        "d.querySelector('[data-panel=\"price\"] canvas').dispatchEvent(new w.WheelEvent('wheel', "
        "{deltaY: -240, clientX: 300, cancelable: true}))"
    )
    found = browser().open(
        host.address,
        "window.state && state.ready",
        f"show(...{call}), true",
        within % "d.documentElement.dataset.drawn",
        within % "(w.wide = w.coinmonSheet.range())",
        # turned again until it is seen: the panel is drawn anew where its host says its size late
        within % f"({turn}, (r => r[1] - r[0] < 0.8 * (w.wide[1] - w.wide[0]) && r)(w.coinmonSheet.range()))",
        f"show(...{call}, {{}}), true",
        within % "d && /text has the figures/.test(d.getElementById('told')?.textContent)",
    )
    wide, narrow = (each[1] - each[0] for each in (found[3], found[4]))
    assert narrow < wide * 0.8
    assert found[6]
