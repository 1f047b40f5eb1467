"""What reaches the log, at which level."""

import pytest
from loguru import logger

from coinmon_outputs.log import Log


@pytest.fixture
def written():
    """Records as a sink of the core would get them."""
    records = []
    sink = logger.add(lambda message: records.append(message.record), level="DEBUG", format="{message}")
    yield records
    logger.remove(sink)


def venue(status, error=None, name="bybit"):
    return {"event": "venue", "venue": name, "status": status, "error": error, "requests": 3, "seconds": 0.2}


STARTED = {"event": "scan_started", "pairs": 559, "cycle": 1}
SIGNAL = {
    "event": "signal", "pair": "A/USDT", "grade": "A+", "title": {"zh": "甲", "en": "One"},
    "reading": {"zh": "读 {x}", "en": "read {x}"},
}  # fmt: skip


def test_scans_are_information_and_signals_critical(send, written):
    send(Log("log"), STARTED, SIGNAL)
    assert [(record["level"].name, record["message"]) for record in written] == [
        ("INFO", "=== 开始新一轮扫描 (559 币种) ==="),
        ("CRITICAL", "🚨 [A/USDT] 信号触发 [A+]: 甲 (One) - 读 {x}"),
    ]
    assert {record["extra"]["plugin"] for record in written} == {"log"}


def test_a_venue_in_trouble_is_told_once_and_when_it_is_back(send, written):
    log = Log("log", lang="en")
    send(
        log, venue("ok"), venue("down", "timeout"), venue("down", "timeout 2"), venue("down"), venue("ok"), venue("ok")
    )
    assert [(record["level"].name, record["message"]) for record in written] == [
        ("WARNING", "⚠️ [BYBIT] is down: timeout"),
        ("INFO", "✅ [BYBIT] is back"),
    ]


def test_each_venue_and_each_turn_for_another_status_is_told(send, written):
    send(Log("log", lang="en"), venue("degraded"), venue("blocked"), venue("degraded", name="okx"))
    assert [record["message"] for record in written] == [
        "⚠️ [BYBIT] is degraded", "⚠️ [BYBIT] refuses this network", "⚠️ [OKX] is degraded"
    ]  # fmt: skip


def test_the_language_is_chinese_unless_set(send, written):
    send(Log("log", lang=None), STARTED)
    send(Log("log", lang="en"), STARTED)
    assert [record["message"] for record in written] == [
        "=== 开始新一轮扫描 (559 币种) ===",
        "=== new scan (559 pairs) ===",
    ]


def test_the_watch_list_of_an_exchange_is_told_at_first_and_when_it_changes(send, written):
    of_okx = {**STARTED, "all_of": "okx"}
    send(Log("log"), of_okx, {**of_okx, "cycle": 2}, {**of_okx, "pairs": 560, "cycle": 3})
    assert [record["message"] for record in written] == [
        "✅ OKX 监控列表 (559 个币种)",
        "=== 开始新一轮扫描 (559 币种) ===",
        "=== 开始新一轮扫描 (559 币种) ===",
        "✅ OKX 监控列表 (560 个币种)",
        "=== 开始新一轮扫描 (560 币种) ===",
    ]
    send(Log("log", lang="en"), of_okx)
    assert written[-2]["message"] == "✅ OKX watch list (559 pairs)"


def test_it_wants_everything_but_deliveries():
    assert Log.wants == {"scan_started", "venue", "flow", "whale", "signal", "signal_ended", "scan_finished"}
