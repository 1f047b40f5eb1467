"""Faults: what is scheduled happens, to whom and when it is scheduled, and to nobody else."""

from __future__ import annotations

import asyncio
import random
import re
import time
from typing import Any

import aiohttp
import orjson
import pytest

from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.faults import Fault, FaultSchedule, parse
from coinmon_emulator.venues.folders import VENUES

TIMES = {
    "binance": "/binance/api/v3/time",
    "okx": "/okx/api/v5/public/time",
    "bybit": "/bybit/v5/market/time",
    "coinbase": "/coinbase/time",
}


async def server_time(visitor: Any, venue: str) -> Any:
    if venue == "hyperliquid":
        return await visitor.post("/hyperliquid/info", {"type": "exchangeStatus"})
    return await visitor.ask(TIMES[venue])


def test_a_schedule_is_read_whole() -> None:
    assert parse("okx:503@10+30/candles?p=0.5, *:slow=2.5,binance:429=7") == [
        Fault("okx", "503", None, 10, 30, "/candles", 0.5),
        Fault("*", "slow", 2.5),
        Fault("binance", "429", 7),
    ]
    assert parse("") == []


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("okx", "'okx' is not of the shape venue:kind"),
        ("kraken:500", "no venue 'kraken'; expected binance, bybit, coinbase, hyperliquid, okx or *"),
        ("okx:501", "no kind '501'; expected one of 429"),
        ("okx:slow", "slow needs a number"),
        ("okx:cut=3", "cut takes no argument"),
        ("okx:500@5", "is not of the shape"),
        ("okx:gap=100", "at most 99"),
        ("okx:500?p=2", "a probability is at most 1"),
        ("okx:slow=1.2.3", "a number cannot be read"),
        ("okx:slow=-1", "cannot be negative"),
    ],
)
def test_a_bad_schedule_names_the_item_and_what_is_expected(spec: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as problem:
        parse(f"bybit:500,{spec}")
    assert "\n" not in str(problem.value)


def test_a_schedule_has_its_hours_paths_and_a_seeded_die() -> None:
    wall = [0.0]
    schedule = FaultSchedule("okx:500@10+5/candles", now=lambda: wall[0])
    assert not schedule.on("okx", "/api/v5/market/candles")
    wall[0] = 12
    assert schedule.on("okx", "/api/v5/market/candles")
    assert not schedule.on("okx", "/api/v5/market/trades")
    assert not schedule.on("bybit", "/api/v5/market/candles")
    wall[0] = 15
    assert not schedule.on("okx", "/api/v5/market/candles")
    twice = FaultSchedule("okx:500?n=2,okx:502", now=lambda: 0.0)
    once, always = twice.in_force("okx", "/")
    for _ in range(2):
        assert twice.in_force("okx", "/") == [once, always]
        twice.strike(once)
    assert twice.in_force("okx", "/") == [always]
    assert twice.struck() == {"500": 1}
    rolls = [
        [bool(die.on("okx", "/")) for _ in range(1000)]
        for die in (FaultSchedule("*:500?p=0.1", 5), FaultSchedule("*:500?p=0.1", 5))
    ]
    assert rolls[0] == rolls[1]
    assert 60 < sum(rolls[0]) < 140


@pytest.mark.parametrize("kind", ["429=3", "418", "451", "403", "500", "502", "503", "504"])
def test_a_status_fault_hits_its_venue_alone(visit: Any, scenario: Scenario, kind: str) -> None:
    status = int(kind[:3])

    async def script(visitor: Any) -> None:
        for venue in VENUES:
            answer = await server_time(visitor, venue)
            assert answer.status == (status if venue in ("binance", "bybit", "hyperliquid") else 200)
            if venue == "binance" and status == 429:
                assert answer.headers["Retry-After"] == "3"
            if status == 403 and answer.status == 403:
                assert b"CloudFront" in answer.raw
            elif answer.status != 200:
                # Hyperliquid says no more than null
                assert isinstance(answer.json, dict) or (venue == "hyperliquid" and answer.json is None)

    visit(scenario, script, faults=f"binance:{kind},bybit:{kind},hyperliquid:{kind}")


def test_broken_bodies(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        garbage = await visitor.ask(TIMES["binance"])
        assert garbage.status == 200
        with pytest.raises(orjson.JSONDecodeError):
            _ = garbage.json
        page = await visitor.ask(TIMES["okx"])
        assert page.status == 200
        assert page.raw.startswith(b"<html>")
        with pytest.raises(aiohttp.ClientError):
            await visitor.ask(TIMES["bybit"])
        assert (await visitor.ask(TIMES["coinbase"])).status == 200

    visit(scenario, script, faults="binance:garbage,okx:html,bybit:cut")


def test_slow_and_silent_venues(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        started = time.monotonic()
        await visitor.get(TIMES["okx"])
        assert time.monotonic() - started >= 0.2
        with pytest.raises(asyncio.TimeoutError):
            async with asyncio.timeout(0.3):
                await visitor.ask(TIMES["bybit"])
        assert (await visitor.get("/emulator/log"))["bybit"]["statuses"] == {"0": 1}

    started = time.monotonic()
    visit(scenario, script, faults="okx:slow=0.2,bybit:silence")
    assert time.monotonic() - started < 3, "a silent request does not hold the exit"


def test_clocks_are_skewed(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        assert (await visitor.get(TIMES["binance"]))["serverTime"] == STARTS_AT - 5000
        assert (await visitor.get(TIMES["okx"]))["data"][0]["ts"] == str(STARTS_AT - 5000)
        assert (await visitor.get(TIMES["bybit"]))["time"] == STARTS_AT - 5000
        assert (await visitor.get(TIMES["coinbase"]))["epoch"] == (STARTS_AT - 5000) / 1000
        trades = await visitor.get("/binance/api/v3/trades", symbol="BTCUSDT")
        assert trades[-1]["time"] > STARTS_AT - 60_000

    visit(scenario, script, faults="*:skew=-5000")


PAGES = [
    ("/binance/api/v3/aggTrades", {"symbol": "BTCUSDT", "limit": 1000}, "a"),
    ("/okx/api/v5/market/trades", {"instId": "BTC-USDT", "limit": 300}, "tradeId"),
    ("/bybit/v5/market/recent-trade", {"category": "linear", "symbol": "BTCUSDT"}, "seq"),
    ("/coinbase/products/BTC-USD/trades", {}, "trade_id"),
]


@pytest.mark.parametrize(("path", "query", "name"), PAGES)
def test_trades_go_missing_or_come_twice(
    visit: Any, scenario: Scenario, path: str, query: dict[str, Any], name: str
) -> None:
    async def script(visitor: Any) -> list[int]:
        body = await visitor.get(path, **query)
        rows = body if isinstance(body, list) else body.get("data") or body["result"]["list"]
        return [int(row[name]) for row in rows]

    whole = visit(scenario, script)
    missing = visit(scenario, script, faults="*:gap=20")
    twice = visit(scenario, script, faults="*:repeat")
    assert set(missing) < set(whole)
    assert 0.1 < 1 - len(missing) / len(whole) < 0.3
    assert len(whole) == len(set(whole))
    assert len(twice) > len(whole)
    assert set(twice) == set(whole)


def test_faults_are_replaced_while_it_runs(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        async def put(body: Any) -> int:
            async with visitor.session.post(visitor.emulator.url + "/emulator/faults", json=body) as reply:
                return int(reply.status)

        assert (await visitor.ask(TIMES["okx"])).status == 500
        assert await put({"spec": "bybit:503"}) == 200
        assert (await visitor.ask(TIMES["okx"])).status == 200
        assert (await visitor.ask(TIMES["bybit"])).status == 503
        assert await put({"spec": "what"}) == 400
        assert await put({}) == 400
        assert await put([]) == 400
        assert (await visitor.get("/emulator/faults")) == {"spec": "bybit:503", "struck": {"503": 1}}
        assert await put({"spec": ""}) == 200
        assert (await visitor.ask(TIMES["bybit"])).status == 200

    visit(scenario, script, faults="okx:500")


def test_thousands_of_faults_are_in_force_in_their_own_time() -> None:
    die = random.Random(5)
    items = [f"{die.choice(VENUES)}:500@{die.randint(0, 900)}+{die.randint(1, 60)}" for _ in range(2000)]
    faults = parse(",".join(items))
    wall = [0.0]
    schedule = FaultSchedule(",".join(items), now=lambda: wall[0])
    for moment in (*sorted(die.uniform(0, 1000) for _ in range(60)), 100.0, 50.0, 2000.0):
        wall[0] = moment
        for venue in VENUES:
            expected = [
                each for each in faults if each.venue == venue and each.start <= moment < each.start + each.duration
            ]
            assert schedule.in_force(venue, "/x") == expected
