"""Figures of a recorded tape, from the sums in its MANIFEST."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from coinmon import MINUTE, Trades, View, to_ticks
from coinmon.model.fold import fold
from coinmon_indicators.auction.footprint import footprint
from coinmon_indicators.flow.cvd import cvd
from coinmon_indicators.flow.net_flow import net_flow
from coinmon_indicators.profile.vwap import vwap

TAPES = Path(__file__).parents[3] / "shared" / "real" / "binance"
MIDNIGHT = 1_723_161_600_000
QUOTE = [2102488.1983337, 4908600.9774192, 2493614.0265473, 2286174.9503532, 1869226.8603442]
BUY_QUOTE = [961883.2777098, 2481889.6551681, 1273633.4937925, 1018432.0703006, 800799.7446195]
BASE = [34.0818, 79.69369, 40.44064, 37.08509, 30.316]
BUY_BASE = [15.59452, 40.29779, 20.65634, 16.52132, 12.9863]
"""The MANIFEST's table for 2024-08-09, 00:00 to 00:04."""

pytestmark = pytest.mark.skipif(not TAPES.exists(), reason=f"recorded data not at {TAPES}")


@pytest.fixture(scope="module")
def at_five_past(scene):
    """Binance BTC/USDT as of 2024-08-09T00:05:00Z."""
    traded, rows = scene.instrument(), []
    for name in ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"):
        with gzip.open(TAPES / name, "rb") as lines:
            rows += [json.loads(text[text.index(b" ") + 1 :])["data"] for text in lines if b'"e":"trade"' in text]
    trades = Trades(
        np.array([row["t"] for row in rows]),
        np.array([row["T"] for row in rows]),
        to_ticks(np.array([float(row["p"]) for row in rows]), traded),
        np.array([float(row["q"]) for row in rows]),
        np.array([-1 if row["m"] else 1 for row in rows], np.int8),
    )
    return View(traded, MIDNIGHT + 5 * MINUTE, scene.Tape({traded.id: fold(trades, traded)}))


def test_net_flow_and_ratio_of_five_recorded_minutes(at_five_past):
    result = net_flow(at_five_past, window=5)
    buy, sell = sum(BUY_QUOTE), sum(QUOTE) - sum(BUY_QUOTE)
    assert result.net_flow == pytest.approx(buy - sell, rel=1e-12)
    assert result.buy_sell_ratio == pytest.approx(buy / sell, rel=1e-12)
    assert (result.support, result.resistance, result.last_price) == (61556.04, 61744.37, 61607.99)
    # high - low and the close before, minute by minute, from the same table
    ranges = [61744.37 - 61630.88, 61631.79 - 61556.04, 61700 - 61589.99, 61686 - 61608.3, 61691.64 - 61602]
    assert result.atr == pytest.approx(sum(ranges) / 5)


def test_vwap_of_five_recorded_minutes(at_five_past):
    result = vwap(at_five_past)
    assert result.vwap == pytest.approx(sum(QUOTE) / sum(BASE), rel=1e-12)
    assert result.volume == pytest.approx(sum(BASE), rel=1e-12)
    assert result.convention.endswith("sigma from traded prices")
    assert 10 < result.sigma < 100


def test_fifty_minutes_of_which_eleven_were_recorded_are_short(at_five_past):
    result = net_flow(at_five_past)
    assert (result.coverage.complete, result.coverage.minutes, result.buy_sell_ratio) == (11, 50, None)
    assert result.reason.startswith("11 of 50 minutes covered")


def test_footprint_and_cvd_of_five_recorded_minutes(at_five_past):
    made = footprint(at_five_past, timeframe="1m", bars=5, bin_size=10, detail="levels", max_levels=None)
    # this instrument's lot is coarser than the tape's, so these are sums of floats
    assert [bar.volume for bar in made.bars] == pytest.approx(BASE, rel=1e-12)
    assert [bar.buy for bar in made.bars] == pytest.approx(BUY_BASE, rel=1e-12)
    deltas = [2 * Decimal(str(buy)) - Decimal(str(base)) for buy, base in zip(BUY_BASE, BASE, strict=True)]
    assert [bar.delta for bar in made.bars] == pytest.approx([float(each) for each in deltas], rel=1e-9)
    for bar, base, buy in zip(made.bars, BASE, BUY_BASE, strict=True):
        assert sum(bought + sold for _, bought, sold in bar.levels) == pytest.approx(base, rel=1e-12)
        assert sum(bought for _, bought, _ in bar.levels) == pytest.approx(buy, rel=1e-12)
        assert all(edge % 10 == 0 and bar.low - 10 < edge <= bar.high for edge, _, _ in bar.levels)
    assert cvd(at_five_past, timeframe="1m", bars=5).cvd == pytest.approx(float(sum(deltas)), rel=1e-9)
