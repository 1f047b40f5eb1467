"""An assistant's rule: checked and tried, and nothing is switched on."""

import pytest

from coinmon_mcp._tools.rules import RuleOfPair, RuleText, rule_tools

from .conftest import Stored

GOOD = "bought:\n  when: net_flow(spot).net_flow > 0\n  direction: bullish\n"


@pytest.fixture
def tools(stored: Stored):
    return {tool.name: tool for tool in rule_tools(stored.desk)}


def test_a_mistake_comes_back_with_its_place_and_cure(stored, tools):
    answer = tools["check_rule"].run(stored.desk, RuleText(yaml="a:\n  when: net_flo(spot).zscore > 1\n"))
    assert answer["rules"] == []
    (fault,) = answer["faults"]
    assert "line 2, column 9" in fault
    assert "did you mean net_flow" in fault
    assert tools["check_rule"].run(stored.desk, RuleText(yaml=GOOD)) == {"rules": ["bought"], "faults": []}


def test_it_is_tried_on_what_is_stored_and_not_switched_on(stored, tools):
    before = set(stored.desk.config.signals)
    answer = tools["test_rule"].run(stored.desk, RuleOfPair(yaml=GOOD, symbol="BTCUSDT"))
    assert answer["pair"] == "BTC/USDT"
    assert answer["now"]["bought"]["state"] in {"on", "silent", "waits"}
    assert answer["told"] == sum(each["told"] for each in answer["records"])
    assert answer["judged"]["bought"]["share"] > 0
    assert set(stored.desk.config.signals) == before
    tools["test_rule"].answer.model_validate({"asOf": "2026-01-15T12:00:00Z", **answer})


def test_a_wrong_rule_is_not_tried(stored, tools):
    with pytest.raises(Exception, match="line 1, column 4"):
        tools["test_rule"].run(stored.desk, RuleOfPair(yaml="a: 3\n", symbol="BTCUSDT"))


def test_the_examples_beside_it_are_tried(stored, tools):
    bars = "{binance: {price: 100x60, buy: 2x60, sell: 1x60}}"
    given = f"    - {{pair: BTCUSDT, expect: on, bars: {bars}}}\n    - {{pair: BTCUSDT, expect: off, bars: {bars}}}\n"
    stored_at = '    - {pair: BTCUSDT, at: "2026-01-15T12:00Z", expect: on}\n'
    text = f"bought:\n  when: net_flow(binance).net_flow > 0\n  tests:\n{given}{stored_at}"
    answer = tools["test_rule"].run(stored.desk, RuleOfPair(yaml=text, symbol="BTCUSDT"))
    assert [each["ok"] for each in answer["examples"]] == [True, False, True]
    assert answer["examples"][1]["said"]
    tools["test_rule"].answer.model_validate({"asOf": "2026-01-15T12:00:00Z", **answer})
