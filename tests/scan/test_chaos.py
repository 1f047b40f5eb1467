"""A short form of `benchmarks/chaos.py`: a scan among faults loses no alert, doubles none, and says what it should."""

import importlib
import tempfile
from pathlib import Path

import pytest


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_scan_among_faults(kind, monkeypatch, request):
    if kind == "postgresql":
        request.getfixturevalue("postgres_server")
    monkeypatch.syspath_prepend(str(request.config.rootpath / "benchmarks"))
    chaos = importlib.import_module("chaos")
    # not in pytest's folder, which a server's own user cannot read
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        campaign = chaos.Campaign(kind, 3, 12.0, Path(folder))
        problems = campaign.run()
    assert not problems
    assert campaign.sent
