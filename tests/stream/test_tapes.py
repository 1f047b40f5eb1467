"""A recorded market played at 60 times its speed through the emulator's sockets gives the manifest's bars."""

from pathlib import Path

import pytest

REAL = Path(__file__).parents[3] / "shared" / "real"


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no recorded market data at {REAL}")
def test_recorded_streams_give_the_manifests_bars(tmp_path, ran, benchmark):
    play_tapes = benchmark("truth/play_tapes")
    # both markets of one evening, until midnight; the benchmark plays all of them, and at 1x
    played = ran(play_tapes.play(tmp_path, REAL, *play_tapes.TAPES[0], 60.0, minutes=6))
    assert played.wrong == []
    assert played.minutes == 2 * 6
    assert played.streamed == 2
