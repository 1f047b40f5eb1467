"""Recorded trades in, the bars of real/MANIFEST.md out: through the commands a user would type."""

import asyncio
import gzip
import json
import re
import time
from decimal import Decimal

import orjson
import pytest

from coinmon.model.moment import MINUTE, parse_time
from coinmon.report.export import records, stored_bars
from coinmon_emulator.tape.tape import RecordedMarket
from tests.forked import run_forked

COLUMNS = (
    "open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume",
)  # fmt: skip
SPOT = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
AT = "2024-08-09T00:05:00Z"
# nothing of the open minute, however many of its trades the tape still has
LAST_CLOSED = {"binance_spot_btcusdt_20240808+09": "00:04", "binance_usdm_btcusdt_20230404+05": "00:05"}


@pytest.fixture(scope="module")
def manifest(tapes):
    """Reads one table of the MANIFEST: rows of COLUMNS as exact decimals, by opening time in ms."""
    text = (tapes.parent / "MANIFEST.md").read_text("utf-8")

    def table(title):
        section = text.split(f"\n### {title}\n")[1].split("\n### ")[0].split("\n## ")[0]
        rows = re.findall(r"^\| (\d{13}) \((\d\d:\d\d)\) \| (.+) \|$", section, re.MULTILINE)
        assert rows, f"no table under {title}"
        last = LAST_CLOSED.get(title, "99:99")
        until = next((int(at) for at, clock, _ in rows if clock == last), int(rows[-1][0]))
        return {
            int(at): [Decimal(cell) for cell in cells.split(" | ")] for at, _, cells in rows if int(at) <= until
        }  # fmt: skip

    return table


def as_table(bars):
    return {parse_time(bar["time"]): [Decimal(repr(bar[name])) for name in COLUMNS] for bar in bars}


def market_trades(path):
    """The tape's market trades by a plain loop: time, price, quantity, taker buys."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if '"e":"trade"' not in line:
                continue
            event = json.loads(line[line.index("{") :])
            event = event.get("data", event)
            if event.get("X", "MARKET") == "MARKET" and Decimal(event["q"]):
                yield event["T"], Decimal(event["p"]), Decimal(event["q"]), not event["m"]


@pytest.fixture(scope="module")
def spot_scan(tapes, tmp_path_factory):
    """A database that `coinmon scan --demo --once` filled from the two spot tapes."""
    from sys import executable

    folder = tmp_path_factory.mktemp("spot")
    given = [part for name in SPOT for part in ("--tape", str(tapes / name))]
    scan = [executable, "-m", "coinmon", "--db", "tape.db", "scan", "BTCUSDT", "--demo", "--once", *given]
    run_forked(scan, cwd=folder, capture_output=True, timeout=60).check_returncode()
    return folder / "tape.db"


def test_a_scanned_spot_tape_exports_as_the_manifests_table(spot_scan, coinmon, manifest):
    bars = orjson.loads(coinmon("--db", spot_scan, "export", "BTCUSDT", "--format", "json").stdout)
    assert as_table(bars) == manifest("binance_spot_btcusdt_20240808+09")
    assert {bar["coverage"] for bar in bars} == {"trades"}


def test_a_report_on_the_past_tells_what_a_plain_loop_over_the_tape_tells(spot_scan, coinmon, tapes):
    end = parse_time(AT)
    day = end - end % (24 * 60 * MINUTE)
    flows, sums = dict.fromkeys((True, False), Decimal(0)), dict.fromkeys(("base", "quote", "all", "all_quote"), 0)
    for path in (tapes / name for name in SPOT):
        for at, price, qty, buys in market_trades(path):
            if at >= end:
                continue
            flows[buys] += price * qty
            sums["all"], sums["all_quote"] = sums["all"] + qty, sums["all_quote"] + price * qty
            if at >= day:
                sums["base"], sums["quote"] = sums["base"] + qty, sums["quote"] + price * qty

    (spot_scan.parent / "eleven.yaml").write_text("indicators: {net_flow: {window: 11}, vwap: {window: 11}}\n")
    asked = ["--db", spot_scan, "report", "BTCUSDT", "--offline", "--at", AT, "--format", "json"]
    default = orjson.loads(coinmon(*asked).stdout)
    eleven = orjson.loads(coinmon("--config", spot_scan.parent / "eleven.yaml", *asked).stdout)
    for document in (default, eleven):
        assert document["as_of"] == AT
        flow = document["indicators"]["net_flow"]["binance:BTC/USDT"]
        assert flow["net_flow"] == pytest.approx(float(flows[True] - flows[False]), rel=1e-12)
        assert flow["buy_volume"] == pytest.approx(float(flows[True]), rel=1e-12)
        assert flow["sell_volume"] == pytest.approx(float(flows[False]), rel=1e-12)
        vwap = document["indicators"]["vwap"]["binance:BTC/USDT"]
        assert vwap["vwap"] == pytest.approx(float(sums["quote"] / sums["base"]), rel=1e-12)
        assert vwap["window_vwap"] == pytest.approx(float(sums["all_quote"] / sums["all"]), rel=1e-12)
    # a ratio is told where the window was seen: eleven minutes of tape are not fifty
    short, whole = (each["indicators"]["net_flow"]["binance:BTC/USDT"] for each in (default, eleven))
    assert short["buy_sell_ratio"] is None
    assert "11 of 50" in short["reason"]
    assert whole["buy_sell_ratio"] == pytest.approx(float(flows[True] / flows[False]), rel=1e-12)


def test_an_emulated_usdm_tape_is_scanned_in_two_steps(tapes, started, coinmon, manifest, tmp_path):
    config = tmp_path / "tape.yaml"
    started("emulate", "--tape", tapes / "usdm_btcusdt_20240808.gz", "--port", "0", "--write-config", config)
    deadline = time.monotonic() + 30
    while not config.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    coinmon("--config", config, "scan", "BTCUSDT", "--once")
    bars = orjson.loads(coinmon("--config", config, "export", "BTCUSDT.P", "--format", "json").stdout)
    assert as_table(bars) == manifest("binance_usdm_btcusdt_20240808")


def test_insurance_fund_and_empty_rows_are_in_no_bar(tapes, watching, manifest):
    names = ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz")
    tape = RecordedMarket.read([tapes / name for name in names])

    async def play():
        async with watching(tape, symbols__names=["BTCUSDT"]) as watched:
            await watched.cycle(0)
            history = watched.history
            (traded,) = history.with_bars()
            return list(records(stored_bars(history, traded, None, None, "1m", levels=False), levels=False))

    bars = asyncio.run(play())
    assert as_table(bars) == manifest("binance_usdm_btcusdt_20230404+05")
    # the INSURANCE_FUND row of 00:01 says 28722.50
    assert max(bar["high"] for bar in bars) < 28_200
