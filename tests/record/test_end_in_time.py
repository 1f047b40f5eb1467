"""A recording of a given time ends, also where what should end it fails."""

import asyncio

import pytest

from coinmon.clock import Clock
from coinmon.commands import recording
from coinmon.config.load import load_config


def test_a_recording_whose_clock_fails_ends_and_says_why(tmp_path, monkeypatch, capsys):
    config = load_config(None, overrides={"db": f"sqlite:///{tmp_path}/no.db"}, environ={}, cwd=tmp_path)

    async def fails(clock, at):
        raise RuntimeError("no clock")

    async def until_stopped(config, clock, scan, database, stop, lease):
        await asyncio.wait_for(stop.wait(), 5)
        await scan.supervisor.close()

    monkeypatch.setattr(Clock, "sleep_until", fails)
    monkeypatch.setattr(recording, "keep_scanning", until_stopped)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(recording.record(config, tmp_path / "tape", 60_000, lambda line: None))
    assert "end of the recording died: RuntimeError: no clock" in capsys.readouterr().err
