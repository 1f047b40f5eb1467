"""Answers about the present: computed once until a scan has brought something, and then told."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp import ClientSession
from mcp.shared.memory import create_client_server_memory_streams

from coinmon.cli import run
from coinmon.model.moment import floor, iso
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._service import Service
from coinmon_mcp._tools.answers import _CACHE_BYTES, Answers
from coinmon_mcp._tools.toolbox import Toolbox
from tests.serve.conftest import NOW, Stored

BTC = {"symbol": "BTCUSDT"}


@asynccontextmanager
async def session_with(service: Service, heard: list[Any] | None = None) -> Any:
    async def hear(message: Any) -> None:
        if heard is not None:
            heard.append(message)

    async with create_client_server_memory_streams() as (client, server):
        protocol = service.protocol
        serving = asyncio.create_task(protocol.server.run(*server, protocol.options()))
        async with ClientSession(*client, message_handler=hear) as session:
            await session.initialize()
            yield session
        serving.cancel()
        await asyncio.wait({serving})


def test_an_edition_lasts_until_the_next_or_two_scans_are_missed(stored: Stored) -> None:
    edition = Edition(stored.desk)
    assert edition.moment() == NOW, "nothing was published yet: as of now, in steps of five seconds"
    newest = floor(NOW)
    edition.begin(edition.after(newest))
    stored.go_on(13)
    assert edition.moment() == NOW
    assert edition.moment(live=True) == NOW + 10_000
    stored.go_on(37)
    assert edition.moment() == NOW, "a minute that is still being collected is no hole"
    last = newest + 59_000
    assert edition.moment(live=True) == last
    assert edition.after(newest) == last, "the last second in which that minute is the last closed one"
    stored.go_on(90)
    assert edition.moment() == NOW + 140_000, "nothing comes in any more: as of now, holes and all"


def test_whoever_asks_the_same_shares_one_answer(stored: Stored, asked: Callable[[], list[int]]) -> None:
    async def talk() -> None:
        toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
        many = await asyncio.gather(*(toolbox.call("get_counting", {**BTC, "step": 2}) for _ in range(20)))
        assert len({str(each) for each in many}) == 1
        await toolbox.call("get_counting", {**BTC, "step": 2, "maxTokens": 1000})
        assert asked() == [NOW]
        await toolbox.call("get_counting", BTC)
        await toolbox.call("get_counting", {**BTC, "at": iso(NOW - 1000)})
        assert asked() == [NOW, NOW, NOW - 1000]

    asyncio.run(talk())


@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
def test_what_was_asked_is_ready_when_the_edition_begins_and_subscribers_are_told(
    stored: Stored, asked: Callable[[], list[int]]
) -> None:
    """With --no-scan too: the next minute is written by another process."""

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def talk() -> None:
        service = Service(stored.desk, scan=False)
        heard: list[Any] = []
        unheard: list[Any] = []
        async with (
            service.kept_fresh(),
            session_with(service, heard) as session,
            session_with(service, unheard) as other,
        ):
            await session.subscribe_resource("coinmon://report/btcusdt")
            await other.subscribe_resource("coinmon://report/BTCUSDT")
            await other.unsubscribe_resource("coinmon://report/BTCUSDT")
            before = (await session.call_tool("get_counting", BTC)).structured_content
            await until(lambda: len(heard) == 1)
            stored.go_on(45)
            assert (await session.call_tool("get_counting", BTC)).structured_content == before
            stored.store_minute()
            await until(lambda: len(heard) == 2)
            assert asked() == [NOW, NOW + 45_000]
            after = (await session.call_tool("get_counting", BTC)).structured_content
            assert after["asOf"] == iso(NOW + 45_000)
            assert len(asked()) == 2, "it was computed before it was asked for"
        assert [str(each.params.uri) for each in heard] == ["coinmon://report/btcusdt"] * 2
        assert not unheard
        # by way of a private name of the SDK, which has no public one: this fails when it is another
        assert not service.protocol._subscribers, "whoever went is told no more"

    asyncio.run(talk())


def test_new_answers_begin_when_the_scan_of_this_process_ends_and_not_before(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coinmon_mcp._service._POLL_INTERVAL_S", 0.02)

    async def talk() -> None:
        service = Service(stored.desk, scan=True)
        ask = service.protocol._toolbox.call
        watching = asyncio.create_task(service._watch())
        try:
            service._take_event({"event": "scan_finished"})
            async with asyncio.timeout(20):
                while service._told is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            stored.go_on(45)
            stored.store_minute("binance", "okx")
            # ten times as long as another process's minutes would be looked for
            await asyncio.sleep(0.2)
            assert (await ask("get_coverage", BTC))["asOf"] == iso(NOW), "other venues are still to come"
            stored.store_minute()
            service._take_event({"event": "scan_finished"})
            for _ in range(600):
                if (found := (await ask("get_coverage", BTC))["asOf"]) != iso(NOW):
                    break
                await asyncio.sleep(0.05)
            assert found == iso(NOW + 45_000)
        finally:
            watching.cancel()

    asyncio.run(talk())


def test_what_goes_on_behind_the_server_is_seen_to_die_and_begins_again(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New editions, and the rows and news of the desk: each was a task of which health said nothing."""
    monkeypatch.setattr("coinmon.supervise._FIRST_RESTART_S", 0.01)

    def fails_once(at: Any, name: str) -> None:
        whole, failed = getattr(at, name), []

        def broken(*given: Any) -> Any:
            if failed:
                return whole(*given)
            failed.append(name)
            raise RuntimeError(f"a bug in {name}")

        monkeypatch.setattr(at, name, broken)

    async def talk() -> dict[str, Any]:
        service = Service(stored.desk, scan=False)
        (pages,) = service.pages
        fails_once(service, "_news")
        for name in ("_look", "_turn", "_tell_state"):
            fails_once(pages._live, name)
        async with service.kept_fresh(), pages.running():
            async with asyncio.timeout(5):
                while sum(row["restarts"] and row["alive"] for row in stored.desk.tasks().values()) < 4:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            return {name: row["error"] for name, row in stored.desk.tasks().items()}

    assert asyncio.run(talk()) == {
        "new editions": "RuntimeError: a bug in _news",
        "rows of the desk": "RuntimeError: a bug in _look",
        "news of the desk": "RuntimeError: a bug in _turn",
        "state of the desk": "RuntimeError: a bug in _tell_state",
    }


def test_answers_are_kept_within_bounds_and_failures_are_not() -> None:
    async def talk() -> None:
        answers = Answers()
        computed: list[int] = []

        def part(number: int) -> dict[str, Any]:
            computed.append(number)
            if number < 0:
                raise ValueError(number)
            return {"rows": "x" * (_CACHE_BYTES // 5)}

        for number in (1, 2, 3, 4, 1, 5):
            await answers.of(number, lambda number=number: part(number))
        assert computed == [1, 2, 3, 4, 5]
        await answers.of(1, lambda: part(1))
        assert len(computed) == 5
        await answers.of(2, lambda: part(2))
        assert computed[-1] == 2, "it was used longest ago"
        for _ in range(2):
            with pytest.raises(ValueError, match="-1"):
                await answers.of(-1, lambda: part(-1))
        assert computed[-2:] == [-1, -1]

    asyncio.run(talk())


def test_what_is_not_stored_is_said_with_what_brings_it(stored: Stored) -> None:
    async def talk() -> None:
        toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
        old = await toolbox.call("get_footprint", {**BTC, "startTime": 1_577_836_800_000, "endTime": 1_577_840_400_000})
        assert old["note"].startswith(
            "nothing of binance:BTC/USDT:USDT is stored for 2020-01-01T00:00Z to 2020-01-01T01:"
        )
        assert "`coinmon backfill BTCUSDT --exchange binance --kind perp --from 2020-01-01`" in old["note"]
        part = await toolbox.call("get_footprint", BTC)
        assert part["note"] == (
            "bars of binance:BTC/USDT:USDT are stored from 2026-01-15T11:10:00Z; `coinmon backfill BTCUSDT --exchange "
            "binance --kind perp --from 2026-01-14` brings older ones"
        )
        assert "note" not in await toolbox.call("get_net_flow", {**BTC, "window": 50}), "all of it is there"
        closed = await toolbox.call("stream_liquidations", {**BTC, "at": NOW - 600_000})
        assert closed["result"]["reason"]
        assert "note" not in closed, "it lacks no bars"

    asyncio.run(talk())


def test_the_next_part_is_as_of_the_same_moment_to_the_millisecond(stored: Stored) -> None:
    async def talk() -> None:
        toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
        asked = {**BTC, "at": NOW - 1234, "timeframe": "1m", "limit": 2}
        first = await toolbox.call("get_footprint", asked)
        then = await toolbox.call("get_footprint", {**asked, "cursor": first["cursor"]})
        assert first["asOf"] == then["asOf"] == iso(NOW - 1234)
        stored.go_on(100)
        del asked["at"]
        now = await toolbox.call("get_footprint", {**asked, "cursor": first["cursor"]})
        assert now["asOf"] == iso(NOW - 2000), "the cursor alone says the second"

    asyncio.run(talk())


def test_somebody_elses_indicator_is_a_tool(stored: Stored) -> None:
    async def talk() -> None:
        service = Service(stored.desk, scan=False)
        async with session_with(service) as session:
            (tool,) = [each for each in (await session.list_tools()).tools if each.name == "get_counting"]
            assert tool.description == "Counts how often it is computed."
            step = tool.input_schema["properties"]["step"]
            assert (step["default"], step["exclusiveMinimum"], step["description"]) == (3, 0, "how far")
            # the client checks the answer against the tool's schema
            answer = await session.call_tool("get_counting", {**BTC, "exchange": "okx", "kind": "spot", "step": 7})
            assert answer.structured_content["instrument"] == "okx:BTC/USDT"
            assert answer.structured_content["result"]["step"] == 7
            wrong = await session.call_tool("get_counting", {**BTC, "step": 10})
            assert wrong.is_error
            assert wrong.content[0].text.startswith("step: ")

    asyncio.run(talk())


def test_the_answers_are_those_of_the_report(stored: Stored, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--config", str(stored.path), "--db", stored.db, "report", "BTCUSDT"]
    assert run([*command, "--offline", "--at", iso(NOW), "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)

    async def talk() -> None:
        toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
        for name, expected in report["indicators"].items():
            full = {**BTC, "detail": "full", "indicators": [name]}
            rows = await read_on(toolbox, full)
            assert {row["of"]: row["result"] for row in rows} == expected
        for name in ("net_flow", "vwap", "delta", "counting"):
            for exchange, of in (("okx", "okx:BTC/USDT"), ("all", "pair")):
                if of in report["indicators"][name]:
                    asked = {**BTC, "exchange": exchange, "kind": "spot", "maxTokens": 20_000}
                    alone = await toolbox.call(f"get_{name}", asked)
                    assert known(alone["result"]) == known(report["indicators"][name][of])

    asyncio.run(talk())


def known(result: dict[str, Any]) -> dict[str, Any]:
    """Without the candles of which nothing is known: a run of them is one row in an answer."""
    rows = [each for each in result.get("bars", ()) if each["coverage"] != "missing"]
    return {**result, "bars": rows} if "bars" in result else result


async def read_on(toolbox: Toolbox, arguments: dict[str, Any]) -> list[Any]:
    """The rows of a report, part by part."""
    rows: list[Any] = []
    part: dict[str, Any] = {}
    while True:
        answer = await toolbox.call("get_report", {**arguments, **part})
        rows += answer["indicators"]
        if answer["cursor"] is None:
            return rows
        part = {"cursor": answer["cursor"]}
