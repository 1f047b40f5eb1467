"""Code of others, and bugs of ours, that raise whatever there is: one line is lost, and news go on."""

import asyncio
import sys
from typing import Any

import pytest

from coinmon_mcp._service import Service
from coinmon_mcp._tools.report import REPORT, ReportOf
from tests.serve.conftest import Stored


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
