"""Tools through a real client: schemas, equality over transports and with `coinmon report`, errors that help."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import PromptReference

QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("get_report", {"symbol": "BTCUSDT"}),
    ("get_report", {"symbol": "eth/usdt", "detail": "full", "maxTokens": 2000}),
    ("get_fund_flow", {"symbol": "BTC"}),
    ("get_consensus", {"symbol": "BTCUSDT"}),
    ("get_whale_trades", {"symbol": "XRPUSDT"}),
    ("get_coverage", {"symbol": "BTCUSDT", "minutes": 60}),
    ("compare_venues", {"symbol": "BTCUSDT"}),
    ("get_net_flow", {"symbol": "BTCUSDT", "exchange": "okx", "kind": "spot", "window": 10}),
    ("get_vwap", {"symbol": "BTCUSDT", "exchange": "all", "kind": "spot"}),
]


def session_over(transport: str, address: str, talk: Callable[[ClientSession], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        client = streamable_http_client(f"{address}/mcp") if transport == "http" else sse_client(f"{address}/sse")
        async with client as streams, ClientSession(streams[0], streams[1]) as session:
            await session.initialize()
            return await talk(session)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def moment(address: str) -> str:
    """A moment of the demo that has passed, for answers that do not change."""

    async def talk(session: ClientSession) -> str:
        answer = await session.call_tool("get_report", {"symbol": "BTCUSDT"})
        assert isinstance(answer.structured_content, dict)
        return str(answer.structured_content["asOf"])

    return str(session_over("http", address, talk))


@pytest.fixture(scope="module")
def answers(address: str, moment: str) -> list[Any]:
    return list(session_over("http", address, lambda session: ask_all(session, moment)))


async def ask_all(session: ClientSession, moment: str) -> list[Any]:
    found = []
    for name, arguments in QUESTIONS:
        answer = await session.call_tool(name, {**arguments, "at": moment})
        assert not answer.is_error, answer.content[0]
        found.append(answer.structured_content)
    return found


def test_the_text_of_an_answer_is_its_structure_and_the_client_finds_it_valid(address: str) -> None:
    async def talk(session: ClientSession) -> None:
        for tool in (await session.list_tools()).tools:
            assert tool.output_schema is not None
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
        answer = await session.call_tool("get_report", {"symbol": "BTCUSDT"})
        assert json.loads(answer.content[0].text) == answer.structured_content  # type: ignore[union-attr]

    session_over("http", address, talk)


def test_both_transports_answer_the_same(address: str, moment: str, answers: list[Any]) -> None:
    assert session_over("sse", address, lambda session: ask_all(session, moment)) == answers


def test_every_answer_is_as_of_the_moment_asked_for_and_fits(moment: str, answers: list[Any]) -> None:
    for (_, arguments), answer in zip(QUESTIONS, answers, strict=True):
        assert answer["asOf"] == moment
        assert len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()) / 4 <= arguments.get(
            "maxTokens", 3500
        )


async def read_on(session: ClientSession, arguments: dict[str, Any]) -> list[Any]:
    """The rows of a report, part by part."""
    rows: list[Any] = []
    cursor = None
    while True:
        asked = arguments if cursor is None else {**arguments, "cursor": cursor}
        answer = (await session.call_tool("get_report", asked)).structured_content
        assert isinstance(answer, dict)
        assert answer["asOf"] == arguments["at"]
        rows += answer["indicators"]
        cursor = answer["cursor"]
        if cursor is None:
            return rows


def test_what_was_not_seen_is_null_and_not_nothing(address: str, moment: str) -> None:
    """Beyond the first fifty minutes nothing is stored of the demo."""
    before = {"symbol": "BTCUSDT", "at": moment.replace("T12", "T03")}

    async def talk(session: ClientSession) -> Any:
        whales = (await session.call_tool("get_whale_trades", before)).structured_content
        wide = {"symbol": "BTCUSDT", "at": moment, "window": 1440}
        return whales, (await session.call_tool("compare_venues", wide)).structured_content

    whales, compared = session_over("http", address, talk)
    assert (whales["buy"], whales["sell"], whales["count"]) == (None, None, 0)
    assert whales["reasons"].keys() == whales["coverage"].keys()
    assert {each["volume_share_pct"] for each in compared["instruments"].values()} == {None}


def test_a_cut_list_can_be_read_to_its_end(address: str, moment: str) -> None:
    whole = {"symbol": "BTCUSDT", "detail": "full", "at": moment, "indicators": ["net_flow", "vwap", "funding"]}

    async def talk(session: ClientSession) -> tuple[list[Any], list[Any]]:
        at_once = await read_on(session, {**whole, "maxTokens": 20_000})
        return at_once, await read_on(session, {**whole, "maxTokens": 2000})

    full, rows = session_over("http", address, talk)
    assert len(full) > 5
    assert rows == full


def test_what_an_assistant_leaves_empty_is_left_out(address: str, moment: str) -> None:
    async def talk(session: ClientSession) -> tuple[Any, Any]:
        asked = {"symbol": "BTCUSDT", "at": moment}
        empty = {"exchange": " Binance", "kind": None, "date": "", "mode": None, "binSize": None}
        return await session.call_tool("get_key_levels", asked), await session.call_tool(
            "get_key_levels", asked | empty
        )

    plain, filled = session_over("http", address, talk)
    assert not filled.is_error
    assert filled.structured_content == plain.structured_content


def test_every_answer_says_its_convention_and_coverage(answers: list[Any]) -> None:
    for answer in answers:
        told = answer.get("result", answer)
        assert told["convention"]
        assert "coverage" in told or all("coverage" in each for each in told["instruments"].values())


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("get_report", {"symbol": "BTCUSDX"}, "did you mean"),
        ("get_report", {"symbol": "bitcoin"}, "there is ADA/USDT, BTC/USDT, DOGE/USDT"),
        ("get_report", {}, "symbol"),
        ("get_report", {"symbol": "BTCUSDT", "window": 5}, "no such argument; get_report takes"),
        ("get_report", {"symbol": "BTCUSDT", "at": "2031-01-01"}, "has not come yet"),
        ("get_report", {"symbol": "BTCUSDT", "at": "yesterday"}, "is not a time"),
        (
            "get_report",
            {"symbol": "BTCUSDT", "at": "2020-01-01"},
            "`coinmon backfill BTCUSDT --from 2019-12-31` brings",
        ),
        ("get_key_levels", {"symbol": "BTCUSDT", "date": "2031-01-01"}, "date: 2031-01-01 has not come yet"),
        ("get_key_levels", {"symbol": "BTCUSDT", "date": "2026-01-99"}, "date"),
        (
            "get_footprint",
            {"symbol": "BTCUSDT", "startTime": 2**41},
            "startTime: 2039-09-07T15:47:35.552Z has not come",
        ),
        ("get_footprint", {"symbol": "BTCUSDT", "startTime": 9, "endTime": 8}, "is not after startTime"),
        ("get_session_profile", {"symbol": "BTCUSDT", "windowStartMs": 1}, "a window has 92 days at most"),
        ("get_delta", {"symbol": "BTCUSDT", "start": 1}, "a window has 92 days at most"),
        ("get_delta", {"symbol": "BTCUSDT", "start": 2**53}, "start: 9007199254740992 ms has not come yet"),
        ("get_session_profile", {"symbol": "BTCUSDT", "windowStartMs": 9, "windowEndMs": 0}, "is not after"),
        ("get_volume_profile", {"symbol": "BTCUSDT", "start": 10**14, "end": -(10**40)}, "has not come yet"),
        ("get_vwap", {"symbol": "BTCUSDT", "anchor": "time", "since": "1999-01-01"}, "is too long; at most 400"),
        ("get_report", {"symbol": "BTCUSDT", "indicators": ["vwop"]}, "there is"),
        ("get_net_flow", {"symbol": "BTCUSDT", "exchange": "kraken"}, "not on kraken; there is"),
        ("get_net_flow", {"symbol": "BTCUSDT", "window": 10**9}, "window"),
        ("get_net_flow", {"symbol": "BTCUSDT", "window": "NaN"}, "window"),
        ("get_signals", {"hours": -1}, "hours"),
        ("get_signals", {"at": "2031-01-01"}, "has not come yet"),
        ("get_funding_rate", {"symbol": "BTCUSDT", "exchange": "all"}, "ask of one exchange"),
        ("get_funding_rate", {"symbol": "BTCUSDT", "kind": "spot"}, "of perp markets only; there is binance:BTC/USDT:"),
        ("get_footprint", {"symbol": "BTCUSDT", "startTime": 1_768_474_800}, "times are in milliseconds, 1000 times"),
        ("get_footprint", {"symbol": "", "startTime": 9}, "symbol: Field required"),
        ("get_report", {"symbol": "BTCUSDT", "cursor": 2**53}, "cursor"),
    ],
)
def test_a_bad_question_is_told_what_to_do(address: str, name: str, arguments: dict[str, Any], told: str) -> None:
    answer = session_over("http", address, lambda session: session.call_tool(name, arguments))
    assert answer.is_error
    assert told in answer.content[0].text
    assert "Traceback" not in answer.content[0].text


def test_resources_and_prompts(address: str) -> None:
    async def talk(session: ClientSession) -> None:
        addresses = [str(each.uri) for each in (await session.list_resources()).resources]
        assert "coinmon://signals/latest" in addresses
        assert "coinmon://report/BTCUSDT" in addresses
        read = await session.read_resource("coinmon://report/BTCUSDT")
        assert json.loads(read.contents[0].text)["pair"] == "BTC/USDT"  # type: ignore[union-attr]
        assert {each.name for each in (await session.list_prompts()).prompts} == {"market_brief", "explain_signal"}
        prompt = await session.get_prompt("market_brief", {"symbol": "BTCUSDT"})
        assert "BTCUSDT" in prompt.messages[0].content.text  # type: ignore[union-attr]
        reference = PromptReference(name="market_brief")
        completed = await session.complete(reference, {"name": "symbol", "value": "bt"})
        assert completed.completion.values == ["BTCUSDT"]

    session_over("http", address, talk)
