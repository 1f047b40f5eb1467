"""Inputs that broke a backfill once, as users have them: each folder's README says what is right."""

import csv
import gzip
from pathlib import Path

import pytest

CASES = Path(__file__).parents[3] / "shared" / "cases"
MONTH = "monthly-duplicate-id/ETHUSDT-aggTrades-2025-12.zip"
DAYS = (
    "chinese-symbol-files/币安人生USDT-aggTrades-2026-01-14.zip",
    "csv-blank-last-line/XRPUSDT-aggTrades-2026-01-14.zip",
)
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")


def read(bench, file, market):
    """Stored bars of the market that the file holds."""
    venue, _, symbol = market.partition(":")
    kind = "perp" if ":" in symbol else "spot"
    native = symbol.partition(":")[0].replace("/", "")
    done = bench.backfill(native, "--exchange", venue, "--kind", kind, "--file", CASES / file)
    assert done.code == 0, done.err
    return bench.bars(market, levels=False)


@pytest.mark.parametrize(
    ("file", "market", "minutes", "doubtful"),
    [
        (DAYS[0], "binance:币安人生/USDT:USDT", 1440, 0),
        (DAYS[1], "binance:XRP/USDT", 1440, 0),
        (MONTH, "binance:ETH/USDT", 31 * 1440, 3),
    ],
)
def test_a_file_is_read_but_for_what_is_doubtful(bench, file, market, minutes, doubtful):
    bars = read(bench, file, market)
    assert len(bars) == minutes
    assert int((bars.coverage == 3).sum()) == minutes - doubtful


def test_sizes_with_exponents_are_read(other_bench):
    """Without klines nothing proves a file whose ids do not run on: it is read all the same."""
    file = "bybit-exponent/DOGEUSDT2026-01-14.csv.gz"
    with other_bench(faults="bybit:503/kline") as bench:
        bars = read(bench, file, "bybit:DOGE/USDT:USDT")
    with gzip.open(CASES / file, "rt") as lines:
        sizes = [float(row["size"]) for row in csv.DictReader(lines)]
    assert 1e-05 in sizes
    assert float(bars.volume.sum()) == pytest.approx(sum(sizes), rel=1e-12)
    assert set(bars.coverage.tolist()) == {1}
