"""What fails behind a server: a scan that dies is said, seen in health, and begun again; code of others that raises
whatever there is costs one line, and news go on."""

import asyncio
import sys
from typing import Any

import pytest

from coinmon.errors import ConfigError
from coinmon.run import served_scan
from coinmon_mcp._http.health import Health
from coinmon_mcp._service import Service
from coinmon_mcp._tools.report import REPORT, ReportOf
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


class Panic(BaseException):
    """As a library written in Rust raises it."""


def raising(*_: Any) -> Any:
    raise Panic("at the disco")


@pytest.mark.parametrize(("line", "why"), [(raising, "Panic: at the disco"), (lambda *_: 7, "TypeError: it is a int")])
def test_an_indicator_whose_line_fails_loses_its_own_line(
    stored: Stored, monkeypatch: pytest.MonkeyPatch, line: Any, why: str
) -> None:
    asked = ReportOf(symbol="BTCUSDT", exchange="okx", kind="spot")
    before = REPORT.run(stored.desk, asked)
    kind = type(stored.desk.result("counting", asked.among(stored.desk.market("BTCUSDT"))))
    assert kind.__module__ in sys.modules
    monkeypatch.setattr(kind, "line", line)
    answer = REPORT.run(stored.desk, asked)
    assert why in answer["failed"]["counting"]
    assert answer["indicators"] == [row for row in before["indicators"] if row["indicator"] != "counting"]


def test_news_go_on_after_whatever_was_raised(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(stored.desk, scan=False)
    answers = iter([raising, raising, lambda: ({"okx": 1}, None)])
    published = asyncio.Event()
    seen: list[Any] = []

    async def news() -> bool:
        await asyncio.sleep(0)
        return True

    async def publish(found: Any, _before: Any) -> None:
        seen.append(found)
        published.set()

    def stored_now() -> Any:
        return next(answers, lambda: ({"okx": 1}, None))()

    monkeypatch.setattr(service, "_news", news)
    monkeypatch.setattr(service, "_publish", publish)
    monkeypatch.setattr(stored.desk, "stored", stored_now)

    async def run() -> None:
        async with service.kept_fresh():
            await asyncio.wait_for(published.wait(), 5)

    asyncio.run(run())
    assert seen == [({"okx": 1}, None)]
