"""Examples beside a rule whose minutes are written there too."""

import json

import pytest

from coinmon.cli import run

LEADS = """
spot_leads:
  when: net_flow[window=15](spot).net_flow > 1k and change_pct(price, 5m) > 1
  grade: B
  tests:
    - pair: BTCUSDT
      bars: {binance: {price: 100x60 100+0.5x10, buy: 5x60 30x10, sell: 5x70}}
      expect: on
    - pair: BTCUSDT
      bars: {binance: {price: 100x70, buy: 5x60 30x10, sell: 5x70}}
      expect: off
    - pair: BTCUSDT
      bars: {binance: {price: 100x60 _x5 100+0.5x5, buy: 5x60 30x10, sell: 5x70}}
      expect: off
oi_and_funding:
  when: max(open_interest(each).change_pct) > 3 and any(funding(each).annualised > 0.5)
  coverage: 0
  tests:
    - pair: ETH/USDT
      at: 2026-02-01T08:30Z
      bars: {bybit perp: {price: 2000x120, buy: 1x120, sell: 1x120, oi: 1000x60 1000+10x60, funding: 0.0008x120}}
      expect: on
"""


@pytest.fixture
def tried(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()

    def tried(text):
        (tmp_path / "rules" / "mine.yaml").write_text(text, "utf-8")
        code = run(["--lang", "en", "rules", "test", "--json"])
        out = capsys.readouterr()
        return code, json.loads(out.out)["tests"] if code < 2 else out.err

    return tried


def test_written_minutes_are_the_market(tried, tmp_path):
    code, rows = tried(LEADS)
    assert [each["ok"] for each in rows] == [True] * 4, rows
    assert code == 0
    assert "unknown" in rows[2]["said"] or "minutes" in rows[2]["said"]
    # nothing was read from a store, and none was made
    assert [each.name for each in tmp_path.iterdir()] == ["rules"]


def test_an_example_that_comes_out_otherwise_says_the_figures(tried):
    code, rows = tried(LEADS.replace("expect: off", "expect: on"))
    assert code == 1
    assert [each["ok"] for each in rows] == [True, False, False, True]
    assert "net_flow" in rows[1]["said"]


@pytest.mark.parametrize(
    ("bars", "cure"),
    [
        ("{binanc: {price: 1}}", "binanc is no market (did you mean binance?)"),
        ("{binance swap: {price: 1}}", "as in `binance perp`"),
        ("{binance: {prise: 1}}", "there is no prise (did you mean price?)"),
        ("{binance: {buy: 1}}", "binance has no price"),
        ("{binance: {price: 1x5, buy: 1x4}}", "not as many minutes in each: price 5, buy 4"),
        ("{binance: {price: 1x}}", "'1x' is no run of minutes"),
        ("{binance: {price: 1x99999}}", "more than 10,080 minutes"),
        ("{binance: {price: 0x5}}", "price: each figure is above 0"),
        ("{binance: {price: 5-1x9}}", "price: each figure is above 0"),
        ("{binance: {price: 1, sell: -1}}", "sell: each figure is not below 0"),
        ("{binance: 5}", "expected price, buy, sell, oi, funding by name"),
        ("5", "bars: expected markets"),
        ("{}", "there is no market in it"),
    ],
)
def test_a_mistake_is_said_with_its_place(tried, bars, cure):
    code, error = tried(f"a:\n  when: price > 1\n  tests:\n    - {{pair: BTCUSDT, bars: {bars}, expect: on}}\n")
    assert code == 2
    assert "rules/mine.yaml, line 4, column " in error
    assert cure in error
    assert "Traceback" not in error


def test_money_is_price_times_amount(tried):
    text = """
exact:
  when: abs(net_flow[window=3](spot).buy_volume - 0.03) < 0.000000001 and price(okx) == 0.1
  tests: [{pair: BTCUSDT, bars: {okx: {price: 0.1x60, buy: 0.1x60}}, expect: on}]
"""
    code, rows = tried(text)
    assert (code, rows[0]["ok"]) == (0, True), rows
