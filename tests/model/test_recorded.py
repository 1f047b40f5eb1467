"""Recorded tapes fold into the tables of their MANIFEST, to the last digit."""

import gzip
import json
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from coinmon import Trades, to_ticks
from coinmon.model.fold import fold

REAL = Path(__file__).parents[3] / "shared" / "real"
SPOT, USDM = ("0.01", "0.00001"), ("0.1", "0.001")
TAPES = {
    "binance_spot_btcusdt_20240808+09": (SPOT, "spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"),
    "binance_usdm_btcusdt_20240808": (USDM, "usdm_btcusdt_20240808.gz"),
    "binance_usdm_btcusdt_20230404+05": (USDM, "usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"),
    "binance_spot_btcusdt_20230405": (SPOT, "spot_btcusdt_20230405.dat.gz"),
}

pytestmark = pytest.mark.skipif(not (REAL / "MANIFEST.md").exists(), reason=f"recorded data not at {REAL}")


def table(name):
    """The rows of one table of the MANIFEST: minute in ms, then its figures."""
    text = (REAL / "MANIFEST.md").read_text()
    section = text.split(f"### {name}\n")[1].split("\n### ")[0].split("\n## ")[0]
    rows = re.findall(r"^\| (\d{13}) \(\d\d:\d\d\) \|(.+)\|$", section, re.MULTILINE)
    return {int(minute): [Decimal(each) for each in rest.split("|")] for minute, rest in rows}


def market_trades(names):
    for name in names:
        with gzip.open(REAL / "binance" / name, "rb") as lines:
            for text in lines:
                if b'"e":"trade"' in text:
                    trade = json.loads(text[text.index(b" ") + 1 :])["data"]
                    if trade.get("X", "MARKET") == "MARKET" and Decimal(trade["q"]):
                        yield trade


@pytest.mark.parametrize("name", TAPES)
def test_every_minute_of_the_tape_is_exact(plain, name):
    grid, *files = TAPES[name]
    instrument = plain.instrument(*grid)
    rows = list(market_trades(files))
    trades = Trades(
        np.array([row["t"] for row in rows]),
        np.array([row["T"] for row in rows]),
        to_ticks(np.array([float(row["p"]) for row in rows]), instrument),
        np.array([float(row["q"]) for row in rows]),
        np.array([-1 if row["m"] else 1 for row in rows], np.int8),
    )
    bars, expected = fold(trades, instrument), table(name)
    assert bars.time.tolist() == sorted(expected)
    for i, minute in enumerate(bars.time.tolist()):
        opened, high, low, close, volume, quote, count, buy, buy_quote = expected[minute]
        prices = [instrument.price(column[i]) for column in (bars.open, bars.high, bars.low, bars.close)]
        assert prices == [opened, high, low, close]
        assert bars.price(bars.close)[i] == float(close)
        figures = (bars.volume, bars.quote_volume, bars.trades, bars.buy, bars.buy_quote)
        assert [column[i] for column in figures] == [float(each) for each in (volume, quote, count, buy, buy_quote)]
