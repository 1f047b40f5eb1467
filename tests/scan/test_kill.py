"""SIGKILL in the middle of it all; benchmarks/faults/kill_campaign.py does the same fifty times."""

import subprocess
import sys

from tests.forked import Forked


def begun(folder, *arguments, **rest):
    """As the campaign begins one, which works at once: more of the kills meet work, and fewer an import."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": (folder / "stderr.txt").open("a")}
    return Forked([sys.executable, "-m", "coinmon", *arguments], cwd=folder, **quiet, **rest)


def test_killed_scans_leave_a_sound_database_and_nothing_twice(tmp_path, benchmark, monkeypatch):
    kill_campaign = benchmark("faults/kill_campaign")
    monkeypatch.setattr(kill_campaign, "_coinmon", begun)
    # each market minute is three seconds: the later lives find new ones to read
    found = kill_campaign.campaign(tmp_path, kills=3, seed=7, speed=20, names=["XRPUSDT"], longest=3.0)
    assert found.kills == 3
    assert found.unsound == []
    assert found.bars >= 7 * 50
    assert found.missing == []
    assert found.wrong == []
    # the whale of the scenario, to the log and to the file, once
    assert (found.signals, found.deliveries) == (1, 2)
    assert found.doubled_signals == []
    assert found.doubled_deliveries == []
    assert found.unsent == 0
    assert "Traceback" not in (tmp_path / "stderr.txt").read_text()
