"""`coinmon rules`, as a user runs it."""

import json
import re

import pytest

from coinmon.cli import run

RULES = """
spot_bought:
  when: net_flow(spot).net_flow > 0 and consensus.total > 100k
  grade: B+
  direction: bullish
  say: {zh: "净流入 {net_flow(spot).net_flow:+compact}", en: "net {net_flow(spot).net_flow:+compact}"}
  tests:
    - {pair: BTCUSDT, at: 2026-01-15T12:00Z, expect: on}
    - {pair: ADAUSDT, at: 2026-01-15T12:00Z, expect: off}
slow:
  when: volume_profile(spot).hvn[last] > 50
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(RULES, "utf-8")
    return tmp_path


def test_check_says_what_each_looks_at_and_what_it_costs(folder, capsys):
    assert run(["--lang", "en", "rules", "check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "spot_bought  [B+]  net_flow(spot).net_flow, consensus.total"
    assert lines[1] == "slow  [C]  volume_profile(spot).hvn[last]; computed each minute: volume_profile(spot).hvn[last]"
    assert run(["rules", "check", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rules"]
    assert [each["minute_by_minute"] for each in rows] == [[], ["volume_profile(spot).hvn[last]"]]


def test_an_indicator_with_columns_tells_those_fields_that_they_have_not(folder, capsys):
    there = 'open_interest(binance).quadrant == "flat" and price > key_levels(spot).levels["pd high"].price'
    there += " and volume_profile[period=week](spot).vah > vwap(binance).upper_2"
    slow = "open_interest(binance).value > 1mn and volume_profile[period=window](spot).vah > 1"
    (folder / "rules" / "mine.yaml").write_text(f"some:\n  when: {there} and {slow} and on(consensus)\n", "utf-8")
    assert run(["rules", "check", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rules"]
    assert rows[0]["minute_by_minute"] == [
        "on(consensus)", "open_interest(binance).value", "volume_profile[period=window](spot).vah",
    ]  # fmt: skip


def test_a_wrong_rule_is_one_line_and_exit_2(folder, capsys):
    (folder / "rules" / "mine.yaml").write_text("a:\n  when: net_flo(spot).zscore > 1\n", "utf-8")
    assert run(["rules", "check"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"rules/mine\.yaml, line 2, column 9: rule a: there is no indicator net_flo", error)
    assert "Traceback" not in error


def test_fields_are_listed_with_units_and_functions(folder, capsys):
    assert run(["rules", "fields"]) == 0
    out = capsys.readouterr().out
    assert "net_flow(spot).net_flow  [quote]  taker buy - taker sell" in out
    assert "funding(each).annualised  [a year]" in out
    assert "consensus.verdict  [strong_bull | strong_bear | lean_bull | lean_bear | mixed]" in out
    assert "percentile(x, 1d)" in out
    assert run(["rules", "fields", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["fields"]) > 150


def test_examples_and_explanation_on_the_demo(folder, capsys):
    assert run(["--lang", "en", "rules", "test", "--demo", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["tests"]
    assert [(each["pair"], each["expect"], each["ok"]) for each in rows] == [
        ("BTCUSDT", True, True),
        ("ADAUSDT", False, True),
    ]
    assert run(["--lang", "en", "rules", "explain", "spot_bought", "BTCUSDT", "--demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"spot_bought  BTC/USDT  2026-01-15T12:00:\S+Z  on", lines[0])
    assert lines[1] == "net_flow(spot).net_flow > 0 and consensus.total > 100k: true"
    assert any(re.fullmatch(r"    net_flow\(spot\).net_flow: [\d.,e+]+", each) for each in lines)


def test_an_example_that_comes_out_otherwise_is_exit_1(folder, capsys):
    text = RULES.replace("expect: off", "expect: on")
    (folder / "rules" / "mine.yaml").write_text(text, "utf-8")
    assert run(["--lang", "en", "rules", "test", "--demo"]) == 1
    out = capsys.readouterr().out
    assert "FAILED  spot_bought  ADAUSDT" in out
    assert "line 9, column 7" in out
