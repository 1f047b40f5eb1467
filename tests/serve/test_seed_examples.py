"""Each example of the older order-flow server's document, called as it stands there."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from coinmon.config.load import load_config
from coinmon.model.derivatives import Funding
from coinmon.model.moment import HOUR, MINUTE, iso
from coinmon.run.reader import MarketReader
from coinmon.store.instruments import read_instruments
from coinmon.store.samples import write_series
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._tools.toolbox import Toolbox
from tests.serve.conftest import NOW, Stored
from tests.serve.test_tools import session_over

DOCUMENT = Path(__file__).parents[3] / "shared" / "seeds" / "orderflow-mcp-server.md"
QUALITY = {"coveragePct", "missingRanges", "algoVersion", "degraded"}
NAMES = {
    "get_session_profile": ("binSize", "valueAreaPct", "sessions", "pdSessions"),
    "get_key_levels": ("binSize", "valueAreaPct"),
    "get_tpo_profile": ("vPOC", "vVAH", "vVAL", "valueAreaPct"),
    "get_footprint": ("levelsDropped", "binSize"),
    "get_orderbook_heatmap": ("enabled", "remediation", "lastUpdate"),
    "get_funding_rate": ("history",),
}
"""The names that the document promises of an answer, beside `window` and `dataQuality` in each."""
SESSION = ("open", "high", "low", "close", "volQuote", "deltaQuote", "vwap", "vPOC", "vVAH", "vVAL")
LEVELS = ("vwap", "poc", "vah", "val", "high", "low")
PROMISED = {
    "get_market_snapshot": ("last_price", "mark_price", "high_24h", "funding_rate", "open_interest"),
    "get_key_levels": ("day", "previous_day", "sessions"),
    "get_funding_rate": ("rate", "next_time"),
    "get_open_interest": ("open_interest", "value", "history", "change"),
    "stream_liquidations": ("latest",),
    "get_orderbook_depth_delta": ("delta", "bid_base", "ask_base", "points"),
    "get_market_structure": ("swings", "trend", "events", "zigzag"),
    "get_swing_liquidity": ("levels",),
    "get_tpo_profile": ("tpo_poc", "tpo_vah", "tpo_val", "single_prints"),
}
"""The figures that it names, by what they are called in `result`."""
BTC = {"symbol": "BTCUSDT"}


@pytest.fixture(scope="module")
def examples() -> dict[str, dict[str, Any]]:
    if not DOCUMENT.exists():
        pytest.skip(f"the document is not here: {DOCUMENT}")
    blocks = re.findall(r"^### (\w+)\n(?:(?!^###).)*?```json\n(.*?)```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    found = {name: json.loads(re.sub(r"//.*", "", block)) for name, block in blocks if "_" in name}
    assert len(found) == 12
    return found


def ask(address: str, *asked: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What a running server answers to a client, none of it an error."""

    async def talk(session: Any) -> list[dict[str, Any]]:
        found = []
        for name, arguments in asked:
            answer = await session.call_tool(name, arguments)
            assert not answer.is_error, (name, arguments, answer.content[0].text)
            found.append(answer.structured_content)
        return found

    return list(session_over("http", address, talk))


def test_every_example_is_answered_with_the_names_that_it_promises(
    address: str, examples: dict[str, dict[str, Any]]
) -> None:
    asked = {"get_orderbook_heatmap": BTC, **examples}
    for name, answer in zip(asked, ask(address, *asked.items()), strict=True):
        for field in ("window", "dataQuality", *NAMES.get(name, ())):
            assert field in answer, (name, field)
        assert answer["dataQuality"].keys() >= QUALITY
        for field in PROMISED.get(name, ()):
            assert field in answer["result"], (name, field)
        if name == "get_key_levels":
            # of a day of which nothing is stored too
            assert all(each in answer["result"][day] for day in ("day", "previous_day") for each in LEVELS)
    assert not PROMISED.keys() - asked.keys()


def test_the_short_forms_and_the_profiles_window_that_it_describes(address: str) -> None:
    window = {"windowStartMs": 1_768_474_800_000, "windowEndMs": 1_768_478_400_000, "binSize": 70}
    synthetic = {**window, "mode": "synthetic", "normalizeSeconds": 3}
    levels = {**BTC, "timeframe": "5m", "view": "levels"}
    depth, wide, raw, spread, few, all_rows, page, *frames = ask(
        address,
        ("get_orderbook_depth_delta", {**BTC, "lookback": 3600}),
        ("get_orderbook_depth_delta", {**BTC, "percent": 1.5}),
        ("get_session_profile", {**BTC, **window}),
        ("get_session_profile", {**BTC, **synthetic}),
        ("get_footprint", {**levels, "tickSize": 10, "priceLevelLimit": 2, "limit": 2}),
        ("get_footprint", {**levels, "binSize": 10, "compress": False, "limit": 2}),
        ("get_footprint", {**levels, "binSize": 10, "topNLevels": 2, "limit": 1}),
        *(("get_footprint", {**BTC, "timeframe": each}) for each in ("1m", "5m", "15m", "30m", "1h")),
    )
    assert (depth["result"]["percent"], wide["result"]["percent"]) == (1.0, 1.5)
    for answer, mode in ((raw, "raw"), (spread, "synthetic")):
        (session,) = answer["sessions"]
        assert (answer["binSize"], answer["result"]["mode"]) == (70, mode)
        assert session["vVAL"] <= session["vPOC"] <= session["vVAH"]
        assert session.keys() >= set(SESSION)
    assert "no bars of 3 s are kept" in spread["result"]["convention"]
    assert few["binSize"] == 10
    assert [len(bar["levels"]) for bar in few["result"]["bars"]] == [2, 2]
    assert few["levelsDropped"] > all_rows["levelsDropped"] == 0
    # of the two candles shown, not of the whole window
    for answer in (few, page):
        assert answer["truncated"]
        assert answer["levelsDropped"] == sum(bar["levels_dropped"] for bar in answer["result"]["bars"])
    assert len(page["result"]["bars"]) == 1
    assert page["cursor"]
    assert len(frames) == 5


def test_a_heatmap_of_few_minutes_says_what_helps(address: str) -> None:
    (answer,) = ask(address, ("get_orderbook_heatmap", BTC))
    assert answer["enabled"] is True
    assert answer["dataQuality"]["degraded"] is True
    assert "let `coinmon scan` run" in answer["remediation"]


def test_what_the_environment_names_counts_where_the_client_says_nothing(stored: Stored) -> None:
    environ = {"ORDERBOOK_DEPTH_PERCENT": "1.5", "HEATMAP_LOOKBACK_MINUTES": "60", "HEATMAP_ENABLED": "false"}
    config = load_config(stored.path, overrides={"db": stored.db}, environ=environ, cwd=stored.path.parent)
    desk = MarketReader(config, stored.clock, stored.database)

    async def talk() -> list[dict[str, Any]]:
        toolbox = Toolbox(desk, Edition(desk), Metrics())
        asked = (
            ("get_orderbook_depth_delta", {}),
            ("get_orderbook_heatmap", {}),
            ("get_orderbook_depth_delta", {"percent": 1}),
        )
        return [await toolbox.call(name, {**BTC, **arguments}) for name, arguments in asked]

    depth, heatmap, narrow = asyncio.run(talk())
    assert (depth["result"]["percent"], narrow["result"]["percent"]) == (1.5, 1.0)
    assert depth["result"]["bid_base"] > narrow["result"]["bid_base"] > 0
    assert heatmap["result"]["window"] == 60
    assert heatmap["enabled"] is False
    assert "HEATMAP_ENABLED=true" in heatmap["remediation"]


def test_the_addresses_of_its_table(address: str) -> None:
    assert httpx.get(address).json()["name"] == "coinmon"
    assert httpx.get(f"{address}/healthz").json()["status"] == "ok"
    with httpx.stream("GET", f"{address}/sse", timeout=10) as answer:
        assert next(line for line in answer.iter_lines()) == "event: endpoint"


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


def test_funding_history_is_of_settlements_that_are_listed_and_of_rates_seen_before_one(
    stored: Stored,
) -> None:
    eight = NOW // (8 * HOUR) * 8 * HOUR
    with stored.database.write() as connection:
        (number,) = [
            number for number, each in read_instruments(connection).items() if each.id == "binance:BTC/USDT:USDT"
        ]
        samples = [
            Funding(eight - 8 * HOUR + 2, 1e-4, None, 8 * HOUR),
            Funding(eight - 5 * MINUTE, 2e-4, eight, 8 * HOUR),
            Funding(eight + 5 * MINUTE, 3e-4, eight + 8 * HOUR, 8 * HOUR),
            # of a venue that does not say when it settles: no settlement
            Funding(eight + HOUR + 3000, 4e-4),
        ]
        write_series(connection, number, samples, NOW)
    toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
    history = asyncio.run(toolbox.call("get_funding_rate", BTC))["history"]
    assert history == [
        {"settledAt": iso(eight), "rate": 2e-4},
        {"settledAt": iso(eight - 8 * HOUR), "rate": 1e-4},
    ]
