"""The tools of the older server, by the contract that its clients rely on."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.serve.test_tools import session_over

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "mcp_tools.json"
TIMES = {"startTime": 1_768_474_800_000, "endTime": 1_768_478_400_000}


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip(f"the contract is not here: {CONTRACT}")
    found: dict[str, Any] = json.loads(CONTRACT.read_text())
    return found


@pytest.fixture(scope="module")
def listed(address: str) -> dict[str, Any]:
    tools = session_over("http", address, lambda session: session.list_tools()).tools
    return {tool.name: tool for tool in tools}


def plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A property's schema without the null that an optional one admits."""
    return next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), {}) | schema


def test_every_tool_takes_what_it_took(contract: dict[str, Any], listed: dict[str, Any]) -> None:
    for name, promised in contract.items():
        schema = listed[name].input_schema
        assert set(schema["required"]) <= set(promised["required"])
        for argument, kind in promised["params"].items():
            offered = plain(schema["properties"][argument])
            assert offered["type"] == kind["type"], (name, argument)
            assert set(kind.get("enum", ())) <= set(offered.get("enum", ())), (name, argument)
            if "default" in kind:
                assert offered["default"] == kind["default"], (name, argument)


def test_about_twenty_are_listed(listed: dict[str, Any]) -> None:
    assert len(listed) <= 22


def test_every_tool_answers(contract: dict[str, Any], address: str) -> None:
    async def talk(session: Any) -> None:
        await session.list_tools()
        for name, promised in contract.items():
            arguments = {each: TIMES[each] for each in promised["required"] if each in TIMES}
            # the client checks the answer against the tool's schema
            answer = await session.call_tool(name, {"symbol": "BTCUSDT", **arguments})
            assert not answer.is_error, (name, answer.content[0].text)
            assert answer.structured_content["instrument"] == "binance:BTC/USDT:USDT"
            assert len(answer.content[0].text) <= 4 * 3500

    session_over("http", address, talk)


def test_a_footprint_is_read_page_by_page(address: str) -> None:
    asked = {"symbol": "BTCUSDT", "timeframe": "5m", "limit": 3, **TIMES}

    async def talk(session: Any) -> None:
        times: list[str] = []
        cursor = None
        while True:
            part = {} if cursor is None else {"cursor": cursor}
            answer = (await session.call_tool("get_footprint", {**asked, **part})).structured_content
            rows = answer["result"]["bars"]
            assert len(rows) <= 3
            times += [row["time"] for row in rows]
            cursor = answer["cursor"]
            if cursor is None:
                break
        assert times == sorted(set(times))
        assert len(times) == 12

    session_over("http", address, talk)
