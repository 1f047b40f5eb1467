"""A scan among faults loses no alert, doubles none, and says what it should: benchmarks/faults/chaos.py in short."""

import tempfile
from pathlib import Path

import pytest

FAULTS = {"sqlite": ("lock", "stop", "clock", "kill"), "postgresql": ("terminate", "stop", "clock", "restart")}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_scan_among_faults(kind, benchmark, request):
    if kind == "postgresql":
        request.getfixturevalue("postgres_server")
    chaos = benchmark("faults/chaos")
    # not in pytest's folder, which a server's own user cannot read
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        campaign = chaos.Campaign(kind, 3, 0.0, Path(folder), speed=240, interval_s=300, symbols=["BTCUSDT"])
        problems = campaign.run(FAULTS[kind])
    assert not problems
    assert campaign.sent
