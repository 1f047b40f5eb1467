"""The questions that are asked most, answered shortly, newest first, with coverage, as the report answers them."""

import asyncio
from typing import Any

import orjson
import pytest

from coinmon.model.moment import floor, iso
from coinmon.model.shard import Shard
from coinmon.store.judged import write_judged
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._prompts import PROMPTS, prompt_text
from coinmon_mcp._service import Service
from coinmon_mcp._tools.toolbox import Toolbox
from tests.serve.conftest import Stored

BTC = {"symbol": "BTCUSDT"}
MAX_TOKENS = 1500
BYTES_PER_TOKEN = 2.5
"""What a tokenizer makes of so many figures."""


def ask(stored: Stored, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
    return asyncio.run(toolbox.call(name, arguments))


@pytest.mark.parametrize("name", ["get_key_levels", "get_fund_flow", "what_changed"])
def test_the_four_questions_fit_in_fifteen_hundred_tokens(stored: Stored, name: str) -> None:
    answer = ask(stored, name, BTC)
    assert len(orjson.dumps(answer)) <= BYTES_PER_TOKEN * MAX_TOKENS
    assert not answer["truncated"]
    assert "coverage" in answer.get("result", answer)


def test_what_changed_says_what_the_report_says(stored: Stored) -> None:
    changed = ask(stored, "what_changed", {**BTC, "minutes": 50})
    report = stored.desk.report("BTCUSDT").document()["indicators"]
    flow = report["net_flow"]
    for kind in ("spot", "perp"):
        told = changed["flow"][kind]
        for id, net_flow in told["venues"].items():
            assert net_flow == flow[id]["net_flow"]
        assert told["net_flow"] == pytest.approx(sum(told["venues"].values()))
    assert changed["price"]["last"] == flow["binance:BTC/USDT"]["last_price"]
    for id, one in changed["funding"].items():
        assert one["rate"] == report["funding"][id]["rate"]
    for id, one in changed["openInterest"].items():
        assert one["now"] == report["open_interest"][id]["open_interest"]
    times = [each["time"] for each in changed["whales"]["trades"]]
    assert times == sorted(times, reverse=True)


def test_the_value_area_and_who_buys_are_the_reports(stored: Stored) -> None:
    report = stored.desk.report("BTCUSDT").document()["indicators"]
    levels = ask(stored, "get_key_levels", BTC)
    told, shown = levels["result"], report["key_levels"][levels["instrument"]]
    for span in ("day", "previous_day", "previous_week"):
        for name in ("poc", "vah", "val", "vwap", "high", "low", "quote_volume", "delta_quote"):
            assert told[span].get(name) == pytest.approx(shown[span][name], abs=0.01)
    assert told["coverage"] == shown["coverage"]
    for short in told["levels"]:
        level = next(each for each in shown["levels"] if each["name"] == short["name"])
        assert short["price"] == level["price"]
        for away, digits in (("distance_pct", 3), ("distance_atr", 2)):
            # each digit costs the answer's room
            assert short[away] == (None if level[away] is None else round(level[away], digits))
    assert len(told["levels"]) + levels["levelsDropped"] == len(shown["levels"])
    every_above = sum(each["distance_pct"] > 0 for each in shown["levels"])
    assert sum(each["distance_pct"] > 0 for each in told["levels"]) == min(every_above, 4)
    every = ask(stored, "get_key_levels", {**BTC, "maxLevels": 100})
    assert (len(every["result"]["levels"]), every["levelsDropped"]) == (len(shown["levels"]), 0)
    assert told["day"]["val"] < told["day"]["poc"] < told["day"]["vah"]
    flow = ask(stored, "get_fund_flow", BTC)
    for venue, each in flow["venues"].items():
        net_flow = report["net_flow"][each["instrument"]]
        assert (each["net_flow"], each["ratio"]) == (net_flow["net_flow"], net_flow["buy_sell_ratio"]), venue
        assert each["coverage"] == net_flow["coverage"]["share"], venue
    assert flow["total"] == report["consensus"]["pair"]["total"]
    assert flow["consensus"] == report["consensus"]["pair"]["verdict"] == "strong_bull"


def test_the_list_of_tools_is_short_and_prompts_name_what_is_in_it(stored: Stored) -> None:
    listed = Service(stored.desk, scan=False).protocol.listed
    names = {tool.name for tool in listed} - {"get_counting"}
    assert len(names) == 22
    assert {"get_signals", "get_whale_trades", "get_fund_flow", "compare_venues", "what_changed"} <= names
    shown = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
    assert len(orjson.dumps({"tools": shown})) <= 28_000
    for prompt in PROMPTS:
        words = prompt_text(prompt.name, BTC).replace(",", " ").replace(".", " ").replace(")", " ").split()
        named = {word for word in words if word.startswith(("get_", "compare_", "what_"))}
        assert named
        assert named <= names


def test_a_limit_gives_the_latest_and_the_cursor_goes_back(stored: Stored) -> None:
    asked = {**BTC, "timeframe": "5m", "limit": 3}
    latest = ask(stored, "get_footprint", asked)
    before = ask(stored, "get_footprint", {**asked, "cursor": latest["cursor"]})
    whole = ask(stored, "get_footprint", {**BTC, "timeframe": "5m", "maxTokens": 20_000})["result"]["bars"]
    assert [each["time"] for each in latest["result"]["bars"]] == [each["time"] for each in whole[-3:]]
    assert [each["time"] for each in before["result"]["bars"]] == [each["time"] for each in whole[-6:-3]]


def test_what_is_on_says_as_of_when(stored: Stored) -> None:
    """A scan that was stopped hours ago knows nothing of now."""
    moment = floor(stored.clock.now())
    with stored.database.write() as connection:
        write_judged(connection, Shard(), moment, moment)
    stored.go_on(3 * 3600)
    told = ask(stored, "get_signals", {})["convention"]
    assert told == f"what scans found; one looked last {iso(moment)}: what is on (`ended` null) was on then"
