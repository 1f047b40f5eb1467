"""Recorded trades, written as the venue's day files, give the minutes of their MANIFEST to the last digit."""

import gzip
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

REAL = Path(__file__).parents[3] / "shared" / "real"
TAPES = {
    "binance_spot_btcusdt_20240808+09": ("spot", "2024-08", ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")),
    "binance_usdm_btcusdt_20240808": ("perp", "2024-08-08", ("usdm_btcusdt_20240808.gz",)),
}

pytestmark = pytest.mark.skipif(not (REAL / "MANIFEST.md").exists(), reason=f"recorded data not at {REAL}")


def table(name):
    """The rows of one table of the MANIFEST: minute in ms, then its figures."""
    section = (REAL / "MANIFEST.md").read_text().split(f"### {name}\n")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (\d{13}) \(\d\d:\d\d\) \|(.+)\|$", section, re.MULTILINE)
    return {int(minute): [Decimal(each) for each in rest.split("|")] for minute, rest in rows}


def trades(names):
    for name in names:
        with gzip.open(REAL / "binance" / name, "rb") as lines:
            for text in lines:
                if b'"e":"trade"' in text:
                    trade = json.loads(text[text.index(b" ") + 1 :])["data"]
                    if trade["s"] == "BTCUSDT":
                        yield trade


@pytest.mark.parametrize("name", TAPES)
def test_the_minutes_of_the_tape(bench, plain, tmp_path, name):
    kind, date, files = TAPES[name]
    end = 1_723_161_600_000 if kind == "perp" else 2**53
    best = ",True" if kind == "spot" else ""
    rows = [f"{t['t']},{t['p']},{t['q']},0,{t['T']},{str(t['m']).lower()}{best}" for t in trades(files) if t["T"] < end]
    path = plain.zipped(tmp_path, f"BTCUSDT-trades-{date}", rows)
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    bars = bench.bars("binance:BTC/USDT" if kind == "spot" else "binance:BTC/USDT:USDT")
    bars = bars[bars.volume > 0]
    expected = table(name)
    assert bars.time.tolist() == sorted(expected)
    for row, minute in enumerate(bars.time.tolist()):
        opened, high, low, close, volume, quote, count, buy, buy_quote = expected[minute]
        prices = [int(getattr(bars, each)[row]) * bars.tick_size for each in ("open", "high", "low", "close")]
        assert prices == [opened, high, low, close]
        found = [float(column[row]) for column in (bars.volume, bars.quote_volume, bars.buy, bars.buy_quote)]
        assert found == [float(each) for each in (volume, quote, buy, buy_quote)]
        assert bars.trades[row] == count
