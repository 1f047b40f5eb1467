"""`coinmon exchanges`: what each venue can give, without asking anybody."""

import json

import pytest


def test_the_native_venues_say_how_far_they_go(coinmon):
    told = json.loads(coinmon("exchanges", "--json").out)["exchanges"]
    by_name = {each["name"]: each for each in told}
    assert {"binance", "okx", "bybit", "coinbase"} <= set(by_name)
    assert all(each["on"] and each["abilities"]["signals"]["given"] for each in told)
    given = {name: {data for data, it in each["abilities"].items() if it["given"]} for name, each in by_name.items()}
    assert "taker split in klines" in given["binance"]
    assert "taker split in klines" not in given["okx"]
    assert "trade history" not in given["bybit"]
    assert not {"funding", "open interest", "files"} & given["coinbase"]
    assert "48 hours" in by_name["binance"]["abilities"]["trade history"]["detail"]
    assert "USD-M 2160" in by_name["binance"]["abilities"]["limits"]["detail"]


@pytest.mark.parametrize(("id", "trades", "clock"), [("kraken", "yes", "yes"), ("coinbaseinternational", "no ", "yes")])
def test_any_venue_of_ccxt(coinmon, id, trades, clock):
    lines = coinmon("exchanges", id).out.splitlines()
    assert lines[0] == f"{id}  (exchanges.ccxt_generic, off)"
    assert any(line.startswith(f"  {trades} trades") for line in lines)
    assert any(line.startswith(f"  {clock} clock") for line in lines)
    assert any(line.startswith(f"  {trades} signals") for line in lines)


def test_one_that_nobody_knows(refused):
    assert "nobody" in refused("exchanges", "nobody")


def test_one_whose_plugin_is_broken_is_said_to_be_and_not_sought_elsewhere(refused, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text("1 / 0\n", "utf-8")
    (tmp_path / "config.yaml").write_text("plugins: {dir: mine}\n", "utf-8")
    line = refused("--lang", "en", "exchanges", "own")
    assert "exchange own is not at hand: plugin dir.own of plugin_dir is broken: ZeroDivisionError" in line
