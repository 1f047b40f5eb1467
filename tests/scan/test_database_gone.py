"""A scan whose database file is deleted ends and says so: it would write for ever what nobody can read."""

import asyncio
from types import SimpleNamespace

import pytest
from loguru import logger

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.run import monitor
from coinmon.store.database import open_database
from coinmon.store.file_identity import DatabaseGone
from coinmon.supervise import Supervisor


async def nothing(*_):
    """A job that asks nobody."""


@pytest.mark.parametrize("replaced", [False, True])
def test_a_scan_whose_database_is_deleted_or_replaced_ends(tmp_path, monkeypatch, replaced):
    file = tmp_path / "coinmon.db"
    config = load_config(None, overrides={"db": f"sqlite:///{file}"}, environ={}, cwd=tmp_path)
    database = open_database(config.db)
    jobs = dict.fromkeys(("cycle", "sample_derivatives", "sample_books"), nothing)
    scan = SimpleNamespace(supervisor=Supervisor(), outbox=SimpleNamespace(start=lambda: None), **jobs)
    monkeypatch.setattr(monitor, "renewed_records", nothing)
    monkeypatch.setattr(monitor, "_LEASE_CHECK_S", 0.02)

    async def run(lease):
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, change)
        await asyncio.wait_for(monitor.keep_scanning(config, Clock(), scan, database, stop, lease), 10)

    def change():
        file.unlink()
        if replaced:
            file.write_bytes(b"")

    said = []
    sink = logger.add(said.append, level="WARNING")
    with monitor.alone(database, config) as lease, pytest.raises(DatabaseGone, match="start coinmon again"):
        asyncio.run(run(lease))
    logger.remove(sink)
    database.close()
    assert not said, "one line says it: the command's"
