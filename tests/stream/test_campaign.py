"""The short form of benchmarks/fault_campaign.py: many faults at once, and every minute is true or declared."""

import importlib.util
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_every_minute_of_a_campaign_is_true_or_declared(tmp_path, ran, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    spec = importlib.util.spec_from_file_location("fault_campaign", BENCHMARKS / "fault_campaign.py")
    fault_campaign = sys.modules["fault_campaign"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fault_campaign)
    found = ran(fault_campaign.campaign(tmp_path, faults=80, seconds=3, seed=7, speed=60, pairs=6, stalls=False))
    assert found.wrong == []
    assert found.cycles >= 4
    # nothing has to be lost for good where ids tell what is missing and REST has it
    assert found.minutes["coinbase", "trades"] > found.minutes["coinbase", "missing"]
