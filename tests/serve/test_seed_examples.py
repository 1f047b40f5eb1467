"""Each example of the older order-flow server's document, called as it stands there."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from coinmon.model.moment import iso
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._tools.toolbox import Toolbox
from tests.serve.conftest import NOW, Stored
from tests.serve.test_tools import session_over

DOCUMENT = Path(__file__).parents[3] / "shared" / "seeds" / "orderflow-mcp-server.md"
NAMES = {
    "get_session_profile": ("window", "binSize", "valueAreaPct", "dataQuality", "sessions", "pdSessions"),
    "get_tpo_profile": ("vPOC", "vVAH", "vVAL", "dataQuality"),
    "get_footprint": ("levelsDropped", "dataQuality"),
    "get_orderbook_heatmap": ("enabled", "remediation", "dataQuality"),
    "get_funding_rate": ("history",),
}


@pytest.fixture(scope="module")
def examples() -> dict[str, dict[str, Any]]:
    if not DOCUMENT.exists():
        pytest.skip(f"the document is not here: {DOCUMENT}")
    blocks = re.findall(r"^### (\w+)\n(?:(?!^###).)*?```json\n(.*?)```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    found = {name: json.loads(re.sub(r"//.*", "", block)) for name, block in blocks if "_" in name}
    assert len(found) >= 11
    return found


def test_every_example_is_answered_with_the_names_that_it_promises(
    stored: Stored, examples: dict[str, dict[str, Any]]
) -> None:
    async def talk() -> None:
        toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
        asked = {"get_orderbook_heatmap": {"symbol": "BTCUSDT"}, **examples}
        for name, arguments in asked.items():
            answer = await toolbox.call(name, arguments)
            for field in NAMES.get(name, ()):
                assert field in answer, (name, field)
            if name in NAMES:
                told = answer.get("dataQuality", {})
                assert told.keys() >= {"coveragePct", "missingRanges", "algoVersion", "degraded"}

    asyncio.run(talk())


def test_four_sessions_of_the_day_before_and_turnover(stored: Stored, examples: dict[str, dict[str, Any]]) -> None:
    async def talk() -> tuple[Any, Any]:
        toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
        asked = {**examples["get_session_profile"], "date": iso(NOW)[:10]}
        return await toolbox.call("get_session_profile", asked), await toolbox.call(
            "get_session_profile", {**asked, "weight": "base"}
        )

    quote, base = asyncio.run(talk())
    assert [each["name"] for each in quote["pdSessions"]] == ["A", "L", "N", "E"]
    assert (quote["result"]["weight"], base["result"]["weight"]) == ("quote", "base")


def test_a_post_to_sse_is_the_newer_transport(address: str) -> None:
    asked = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
    }
    accept = {"accept": "application/json, text/event-stream"}
    answer = httpx.post(f"{address}/sse", json=asked, headers=accept)
    assert answer.status_code == 200
    assert answer.json()["result"]["serverInfo"]["name"] == "coinmon"


def test_times_are_iso_or_ms_and_may_be_left_out(address: str) -> None:
    async def talk(session: Any) -> list[Any]:
        ms = {"startTime": 1_768_474_800_000, "endTime": 1_768_478_400_000}
        written = {"startTime": "2026-01-15T11:00:00Z", "endTime": "2026-01-15T12:00Z"}
        found = []
        for asked in (ms, written, {}):
            answer = await session.call_tool("get_orderflow_metrics", {"symbol": "BTCUSDT", **asked})
            assert not answer.is_error, answer.content[0].text
            found.append(answer.structured_content)
        return found

    first, second, _ = session_over("http", address, talk)
    assert first["delta"] == second["delta"]
