"""A window whose beginning is not seen yet is warming; one with a hole is not."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon import MINUTE, Bars, Coverage, Seen
from coinmon.market.result import SeenReport
from coinmon_emulator._load import Load

START = 1_700_000_040_000


@pytest.mark.parametrize(
    ("known", "warming"),
    [
        (range(38, 50), True),
        (range(50), False),
        (range(40), False),
        ([*range(10, 20), *range(30, 50)], False),
        ([], False),
    ],
)
def test_only_a_missing_beginning_is_warming(known, warming):
    times = START + np.array(list(known), np.int64) * MINUTE
    bars = replace(Bars.missing(Decimal("0.1"), times), coverage=np.full(len(times), Coverage.TRADES, np.uint8))
    seen = Seen.of(bars, START, START + 50 * MINUTE)
    assert seen.warming is warming
    assert SeenReport.of(seen).model_dump()["warming"] is warming


def test_a_verdict_names_the_venue_that_is_warming(tmp_path, monitored, ran):
    async def run():
        # Bybit shows 60 trades of the past: a second or two
        market = Load("load:rate=200,okx=1,binance=1,bybit=2,coinbase=1")
        async with monitored(tmp_path, market, 6) as ended:
            warming = [each for each in ended.events["flow"] if each["venues"]["bybit"]["warming"]]
            counts = [flow["venues"]["bybit"]["complete"] for flow in warming]
            assert counts
            assert counts == sorted(counts)
            for flow, count in zip(warming, counts, strict=True):
                assert f"bybit warming {count}/50" in flow["consensus_reason"]
                assert flow["consensus"] is None

    ran(run())
