"""A recorded market played at 60 times its speed through the emulator's socket gives the manifest's bars."""

from decimal import Decimal
from pathlib import Path

import pytest

from coinmon.model.bars import Coverage
from coinmon_emulator._tape import Tape

REAL = Path(__file__).parents[3] / "shared" / "real" / "binance"
BEGINS = 1_723_161_290_000
"""2024-08-08 23:54:50, ten seconds before the first whole minute."""
EXPECTED = {
    "usdm_btcusdt_20240808": {
        1_723_161_300_000: ("61807.7", "61839.9", "61760.3", "61760.3", "136.45", "57.185"),
        1_723_161_360_000: ("61760.4", "61760.4", "61700", "61701.2", "203.143", "106.193"),
        1_723_161_420_000: ("61701.3", "61719", "61620", "61628.1", "607.148", "259.421"),
        1_723_161_480_000: ("61628.2", "61730.4", "61590.3", "61694.4", "890.437", "547.167"),
    },
    "spot_btcusdt_20240808": {
        1_723_161_300_000: ("61828", "61860.8", "61780", "61782.25", "15.07702", "6.63029"),
        1_723_161_360_000: ("61782.25", "61782.26", "61723.99", "61727.66", "15.49778", "6.32524"),
        1_723_161_420_000: ("61727.66", "61735.99", "61651.01", "61652.01", "59.29235", "29.50278"),
        1_723_161_480_000: ("61652", "61745.27", "61583.22", "61717.63", "77.14202", "38.24674"),
    },
}
"""MANIFEST.md: open, high, low, close, volume, taker buy volume."""


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no recorded market data at {REAL.parent}")
@pytest.mark.parametrize("tape", EXPECTED)
def test_the_recorded_stream_gives_the_manifests_bars(tmp_path, monitored, ran, tape):
    async def run():
        async with monitored(tmp_path, Tape.read([REAL / f"{tape}.gz"]), 5, begins=BEGINS) as ended:
            ((id, bars),) = ended.bars.items()
            tick = ended.instruments[id].tick_size
            rows = {int(time): at for at, time in enumerate(bars.time)}
            # on a busy machine the scan may begin minutes into the tape
            expected = {minute: bar for minute, bar in EXPECTED[tape].items() if minute >= ended.span[0]}
            assert len(expected) >= 2
            for minute, (opened, high, low, close, volume, buy) in expected.items():
                at = rows[minute]
                found = [tick * int(column[at]) for column in (bars.open, bars.high, bars.low, bars.close)]
                assert found == [Decimal(price) for price in (opened, high, low, close)]
                assert (bars.volume[at], bars.buy[at]) == (float(volume), float(buy))
                assert bars.coverage[at] == Coverage.TRADES
            last = ended.events["venue"][-1]
            assert last["streamed"] == 1

    ran(run())
