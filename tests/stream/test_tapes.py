"""A recorded market played at 60 times its speed through the emulator's socket gives the manifest's bars."""

from decimal import Decimal
from pathlib import Path

import pytest

from coinmon.model.bars import Coverage
from coinmon_emulator._tape import Tape

TAPE = Path(__file__).parents[3] / "shared" / "real" / "binance" / "usdm_btcusdt_20240808.gz"
BEGINS = 1_723_161_290_000
"""2024-08-08 23:54:50, ten seconds before the first whole minute."""
EXPECTED = {
    1_723_161_300_000: ("61807.7", "61839.9", "61760.3", "61760.3", "136.45", "57.185"),
    1_723_161_360_000: ("61760.4", "61760.4", "61700", "61701.2", "203.143", "106.193"),
    1_723_161_420_000: ("61701.3", "61719", "61620", "61628.1", "607.148", "259.421"),
    1_723_161_480_000: ("61628.2", "61730.4", "61590.3", "61694.4", "890.437", "547.167"),
}
"""MANIFEST.md: open, high, low, close, volume, taker buy volume."""


@pytest.mark.skipif(not TAPE.is_file(), reason=f"no recorded market data at {TAPE.parents[1]}")
def test_the_recorded_stream_gives_the_manifests_bars(tmp_path, monitored, ran):
    async def run():
        async with monitored(tmp_path, Tape.read([TAPE]), 5, begins=BEGINS) as ended:
            ((id, bars),) = ended.bars.items()
            tick = ended.instruments[id].tick_size
            rows = {int(time): at for at, time in enumerate(bars.time)}
            for minute, (opened, high, low, close, volume, buy) in EXPECTED.items():
                at = rows[minute]
                found = [tick * int(column[at]) for column in (bars.open, bars.high, bars.low, bars.close)]
                assert found == [Decimal(price) for price in (opened, high, low, close)]
                assert (bars.volume[at], bars.buy[at]) == (float(volume), float(buy))
                assert bars.coverage[at] == Coverage.TRADES
            last = ended.events["venue"][-1]
            assert last["streamed"] == 1

    ran(run())
