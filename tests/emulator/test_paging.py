"""Pages: each venue's cursors reach every trade once, candles count as the venue counts, and nothing is early."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from coinmon_emulator.market.market import MINUTE, Listed, Prints
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario

HOUR = 60 * MINUTE


def instrument(scenario: Scenario, key: str) -> Listed:
    return next(one for one in scenario.instruments if one.key == key)


def hour(scenario: Scenario, one: Listed) -> Prints:
    return WorldNow(scenario, STARTS_AT).between(one, STARTS_AT - HOUR, STARTS_AT + 1)


@pytest.mark.parametrize(("root", "kind"), [("/binance/api/v3", "spot"), ("/binance/fapi/v1", "perp")])
def test_binance_pages_by_id_and_by_time_alike(visit: Any, scenario: Scenario, root: str, kind: str) -> None:
    truth = hour(scenario, instrument(scenario, f"binance:{kind}:BTCUSDT"))

    async def script(visitor: Any) -> None:
        path, symbol = f"{root}/aggTrades", {"symbol": "BTCUSDT"}
        rows: list[Any] = []
        start = int(truth.id[0])
        while page := await visitor.get(path, **symbol, fromId=start, limit=300):
            rows += page
            start = page[-1]["a"] + 1
        assert [row["a"] for row in rows] == truth.id.tolist()
        assert [row["T"] for row in rows] == truth.time.tolist()
        assert [row["m"] for row in rows] == [side < 0 for side in truth.side]
        window = {"startTime": STARTS_AT - HOUR, "endTime": STARTS_AT - HOUR + 600_000}
        inside = await visitor.get(path, **symbol, **window, limit=1000)
        assert inside == [row for row in rows if row["T"] <= window["endTime"]]
        assert await visitor.get(path, **symbol, startTime=window["startTime"], limit=5) == rows[:5]
        assert await visitor.get(path, **symbol, endTime=window["endTime"], limit=5) == inside[-5:]
        assert await visitor.get(path, **symbol, limit=5) == rows[-5:]
        assert await visitor.get(path, **symbol, fromId=rows[-1]["a"] + 1) == []

    visit(scenario, script, limits=False)


def test_binance_candle_windows(visit: Any, scenario: Scenario) -> None:
    minute = STARTS_AT // MINUTE * MINUTE

    async def script(visitor: Any) -> None:
        async def opens(**query: Any) -> list[int]:
            rows = await visitor.get("/binance/api/v3/klines", **({"symbol": "BTCUSDT", "interval": "1m"} | query))
            return [row[0] for row in rows]

        assert await opens(limit=2) == [minute - MINUTE, minute]
        assert await opens(startTime=minute - 10 * MINUTE, limit=2) == [minute - 10 * MINUTE, minute - 9 * MINUTE]
        assert await opens(startTime=minute - 10 * MINUTE + 1, limit=1) == [minute - 9 * MINUTE]
        assert await opens(endTime=minute - 5 * MINUTE, limit=2) == [minute - 6 * MINUTE, minute - 5 * MINUTE]
        both = {"startTime": minute - 3 * MINUTE, "endTime": minute - 2 * MINUTE}
        assert await opens(**both) == [minute - 3 * MINUTE, minute - 2 * MINUTE]
        assert await opens(startTime=minute + MINUTE) == []
        assert await opens(limit=1000, endTime=minute) == await opens(limit=5000, endTime=minute)
        for interval in ("1s", "3m", "15m", "1h", "8h", "1d", "1w", "1M"):
            found = await opens(interval=interval, limit=3)
            assert found[-1] <= STARTS_AT, interval
        assert (await opens(interval="1w", limit=1))[0] % (7 * 24 * HOUR) == 4 * 24 * HOUR

    visit(scenario, script, limits=False)


def test_larger_candles_are_the_sum_of_the_minutes(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        query = {"symbol": "ETHUSDT", "endTime": STARTS_AT // HOUR * HOUR - 1}
        minutes = await visitor.get("/binance/api/v3/klines", **query, interval="1m", limit=60)
        hour = (await visitor.get("/binance/api/v3/klines", **query, interval="1h", limit=1))[0]
        assert hour[0] == minutes[0][0]
        assert hour[1] == minutes[0][1]
        assert hour[4] == minutes[-1][4]
        assert hour[2] == max((row[2] for row in minutes), key=float)
        assert hour[8] == sum(row[8] for row in minutes)
        for column in (5, 7, 9, 10):
            assert float(hour[column]) == pytest.approx(sum(float(row[column]) for row in minutes))

    visit(scenario, script, limits=False)


def test_okx_history_pages_by_id_and_by_time(visit: Any, scenario: Scenario) -> None:
    truth = hour(scenario, instrument(scenario, "okx:perp:BTC-USDT-SWAP"))
    path, query = "/okx/api/v5/market/history-trades", {"instId": "BTC-USDT-SWAP"}

    async def script(visitor: Any) -> None:
        rows = (await visitor.get(path, **query, limit=100))["data"]
        while int(rows[-1]["tradeId"]) > truth.id[0]:
            rows += (await visitor.get(path, **query, after=rows[-1]["tradeId"], limit=100))["data"]
        rows = [row for row in rows if int(row["ts"]) >= truth.time[0]]
        assert [int(row["tradeId"]) for row in rows] == truth.id.tolist()[::-1]
        assert [row["side"] for row in rows] == ["buy" if side > 0 else "sell" for side in truth.side[::-1]]
        newer = (await visitor.get(path, **query, before=rows[3]["tradeId"]))["data"]
        assert newer == rows[:3]
        older = (await visitor.get(path, **query, type=2, after=rows[3]["ts"]))["data"]
        assert older[0] == rows[4]
        assert (await visitor.get("/okx/api/v5/market/trades", **query, limit=500))["data"][:50] == rows[:50]
        assert len((await visitor.get("/okx/api/v5/market/trades", **query, limit=900))["data"]) == 500

    visit(scenario, script, limits=False)


def test_okx_candles_before_and_after(visit: Any, scenario: Scenario) -> None:
    minute = STARTS_AT // MINUTE * MINUTE

    async def script(visitor: Any) -> None:
        async def opens(name: str = "candles", **query: Any) -> list[int]:
            body = await visitor.get(f"/okx/api/v5/market/{name}", **({"instId": "BTC-USDT"} | query))
            return [int(row[0]) for row in body["data"]]

        newest = await visitor.get("/okx/api/v5/market/candles", instId="BTC-USDT", limit=2)
        assert [row[8] for row in newest["data"]] == ["0", "1"]
        assert await opens(after=minute, limit=2) == [minute - MINUTE, minute - 2 * MINUTE]
        assert await opens(before=minute - 2 * MINUTE, limit=100) == [minute, minute - MINUTE]
        assert len(await opens(limit=999)) == 300
        assert await opens(after=minute - 1440 * MINUTE) == []
        assert len(await opens("history-candles", after=minute - 1440 * MINUTE, limit=10)) == 10
        assert (await opens("history-candles", limit=1)) == [minute - MINUTE]
        day, utc = await opens(bar="1D", limit=1), await opens(bar="1Dutc", limit=1)
        assert day[0] % (24 * HOUR) == 16 * HOUR
        assert utc[0] % (24 * HOUR) == 0

    visit(scenario, script, limits=False)


def test_coinbase_pages_both_ways_with_cursors_in_the_headers(visit: Any, scenario: Scenario) -> None:
    one = instrument(scenario, "coinbase:spot:BTC-USD")
    truth = hour(scenario, one)
    path = "/coinbase/products/BTC-USD/trades"

    async def script(visitor: Any) -> None:
        answer = await visitor.ask(path, limit=100)
        rows = answer.json
        assert answer.headers["CB-BEFORE"] == str(rows[0]["trade_id"])
        assert answer.headers["CB-AFTER"] == str(rows[-1]["trade_id"])
        while rows[-1]["trade_id"] > truth.id[0]:
            answer = await visitor.ask(path, limit=100, after=answer.headers["CB-AFTER"])
            rows += answer.json
        rows = rows[: len(truth)]
        assert [row["trade_id"] for row in rows] == truth.id.tolist()[::-1]
        # The side is the maker's: the opposite of the taker's.
        assert [row["side"] for row in rows] == ["sell" if side > 0 else "buy" for side in truth.side[::-1]]
        assert (await visitor.ask(path, before=rows[2]["trade_id"])).json == rows[:2]
        assert (await visitor.ask(path, before=rows[0]["trade_id"])).json == []
        assert len((await visitor.ask(path)).json) == 1000

    visit(scenario, script, limits=False)


def test_coinbase_has_no_candle_where_nothing_traded(visit: Any, scenario: Scenario) -> None:
    one = instrument(scenario, "coinbase:spot:ADA-USD")
    view = WorldNow(scenario, STARTS_AT)
    first, last = STARTS_AT // MINUTE * MINUTE - 299 * MINUTE, STARTS_AT
    traded = sorted({int(time) // MINUTE * 60 for time in view.between(one, first, last + 1).time}, reverse=True)
    assert len(traded) < 300

    async def script(visitor: Any) -> None:
        path = "/coinbase/products/ADA-USD/candles"
        rows = await visitor.get(path, granularity=60)
        assert [row[0] for row in rows] == traded
        assert all(row[1] <= row[3] <= row[2] and row[1] <= row[4] <= row[2] for row in rows)
        few = await visitor.get(path, granularity=60, start="2026-01-15T11:00:00Z", end="2026-01-15T11:04:00Z")
        assert [row[0] for row in few] == [at for at in traded if 1768474800 <= at <= 1768475040]
        refused = await visitor.ask(path, granularity=60, start="2026-01-15T00:00:00Z", end="2026-01-15T11:04:00Z")
        assert refused.status == 400
        assert "exceeds 300" in refused.json["message"]

    visit(scenario, script, limits=False)


def test_bybit_serves_the_newest_rows_alone_and_candles_open_at_the_last_close(visit: Any, scenario: Scenario) -> None:
    linear = instrument(scenario, "bybit:perp:BTCUSDT")
    view = WorldNow(scenario, STARTS_AT)

    async def script(visitor: Any) -> None:
        async def listed(name: str, **query: Any) -> Any:
            return (await visitor.get(f"/bybit/v5/market/{name}", **({"symbol": "BTCUSDT"} | query)))["result"]["list"]

        spot = await listed("recent-trade", category="spot", limit=1000)
        assert len(spot) == 60
        assert all(row["execId"].isdigit() for row in spot)
        rows = await listed("recent-trade", category="linear", limit=1000)
        truth = view.latest(linear, 1000).newest_first()
        assert [int(row["time"]) for row in rows] == truth.time.tolist()
        assert len({row["execId"] for row in rows}) == 1000
        assert all(len(row["execId"]) == 36 for row in rows)
        assert [row["side"] for row in rows] == ["Buy" if side > 0 else "Sell" for side in truth.side]
        candles = await listed("kline", category="linear", interval=1, limit=20)
        for newer, older in itertools.pairwise(candles):
            assert newer[1] == older[4]
            assert float(newer[3]) <= float(newer[1]) <= float(newer[2])
        forward = await listed("kline", category="linear", interval=1, start=STARTS_AT - HOUR, limit=3)
        assert int(forward[-1][0]) == STARTS_AT // MINUTE * MINUTE - 59 * MINUTE
        assert len(forward) == 3

    visit(scenario, script, limits=False)


def test_bybit_lists_linear_instruments_in_pages(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        names: list[str] = []
        cursor = ""
        for _ in range(10):
            query = {"cursor": cursor} if cursor else {}
            page = await visitor.get("/bybit/v5/market/instruments-info", category="linear", limit=4, **query)
            names += [one["symbol"] for one in page["result"]["list"]]
            cursor = page["result"]["nextPageCursor"]
            if not cursor:
                break
        assert names == [one.native for one in scenario.instruments if one.venue == "bybit" and one.kind == "perp"]

    visit(scenario, script, limits=False)


def test_nothing_after_the_clock_is_visible_on_any_venue(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        first = (await visitor.get("/emulator/clock"))["now_ms"]
        assert first == STARTS_AT
        okx = (await visitor.get("/okx/api/v5/market/trades", instId="BTC-USDT", limit=500))["data"]
        bybit = await visitor.get("/bybit/v5/market/recent-trade", category="linear", symbol="BTCUSDT")
        binance = await visitor.get("/binance/fapi/v1/trades", symbol="BTCUSDT", limit=1000)
        times = [int(row["ts"]) for row in okx] + [int(row["time"]) for row in bybit["result"]["list"]]
        assert max(times + [row["time"] for row in binance]) <= STARTS_AT
        history = await visitor.get("/binance/futures/data/openInterestHist", symbol="BTCUSDT", period="5m")
        assert all(row["timestamp"] <= STARTS_AT for row in history)
        settled = await visitor.get("/binance/fapi/v1/fundingRate", symbol="BTCUSDT", limit=1000)
        assert all(row["fundingTime"] <= STARTS_AT for row in settled)

    visit(scenario, script)


def test_the_clock_runs_at_its_speed_and_the_open_candle_grows(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        async def last() -> Any:
            return (await visitor.get("/binance/fapi/v1/klines", symbol="BTCUSDT", interval="1M", limit=1))[-1]

        before, early = await last(), (await visitor.get("/emulator/clock"))["now_ms"]
        late, until = early, time.monotonic() + 10
        while late - early < 200 * 600:
            assert time.monotonic() < until, "the clock stands"
            late = (await visitor.get("/emulator/clock"))["now_ms"]
        after = await last()
        assert after[8] > before[8]

    visit(scenario, script, speed=600)


def test_the_truth_and_the_true_trades_are_told(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        events = (await visitor.get("/emulator/truth"))["events"]
        over = {(event["kind"], event["pair"]) for event in events if event["over"]}
        assert ("us_accumulation", "ETHUSDT") in over
        assert ("decoy", "DOGEUSDT") in over
        rows = await visitor.get(
            "/emulator/trades",
            venue="coinbase",
            symbol="ETH-USD",
            start="2026-01-15T11:10:00Z",
            end="2026-01-15T12:00:00Z",
        )
        net = sum(row["side"] * float(row["price"]) * float(row["qty"]) for row in rows)
        assert net == pytest.approx(1_600_000, rel=0.01)
        assert (await visitor.ask("/emulator/trades", venue="coinbase", symbol="NO")).status == 400
        assert (await visitor.ask("/emulator/what")).status == 404

    visit(scenario, script)
