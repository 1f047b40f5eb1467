"""The scan behind a server: one that dies is said, seen in health, and begun again; a stop ends it at any time."""

import asyncio
from typing import Any

import pytest

from coinmon.errors import ConfigError
from coinmon.run import served_scan
from coinmon_mcp._http.health import Health
from tests.serve.conftest import Stored


def test_a_scan_that_dies_is_begun_again(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coinmon.supervise._FIRST_RESTART_S", 0.2)
    runs: list[asyncio.Event] = []

    async def keep_scanning(*given: Any) -> None:
        runs.append(given[4])
        if len(runs) == 1:
            raise ConfigError("db: another coinmon took over")
        await given[4].wait()

    monkeypatch.setattr(served_scan, "keep_scanning", keep_scanning)
    health = Health(stored.desk, scans=True)

    async def main() -> list[Any]:
        seen = []
        async with stored.desk.scanning(lambda event: None):
            for wanted in (1, 2):
                async with asyncio.timeout(10):
                    while len(runs) < wanted or (wanted == 1 and stored.desk.tasks()["scan of this server"]["alive"]):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                seen.append(health.document()[1].get("dead_tasks"))
        return seen

    assert asyncio.run(main()) == [{"scan of this server": "ConfigError: db: another coinmon took over"}, None]
    assert runs[1].is_set()
