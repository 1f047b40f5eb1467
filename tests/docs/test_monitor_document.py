"""The examples of the older monitor's document: its log lines and its message, to the character."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from loguru import logger

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.log import start_log
from coinmon.model.moment import parse_time
from coinmon_outputs._lines import line, watched
from coinmon_outputs._writer import Writer

DOCUMENT = Path(__file__).parents[3] / "shared" / "seeds" / "fund-flow-monitor.md"
VERDICTS = {
    "强力看涨": "strong_bull", "强力看跌": "strong_bear", "倾向看涨": "lean_bull", "倾向看跌": "lean_bear",
    "震荡/分歧": "mixed",
}  # fmt: skip
VENUES = {name[:3].upper(): name for name in ("binance", "okx", "bybit", "coinbase")}


@pytest.fixture(scope="module")
def document() -> str:
    if not DOCUMENT.exists():
        pytest.skip(f"the document is not here: {DOCUMENT}")
    return DOCUMENT.read_text("utf-8")


def flow(shown: str) -> dict[str, Any]:
    """The event of a line such as `💰 ADA/USDT | 共识: 强力看跌 | BIN:-97k`."""
    pair, verdict, *venues = shown.removeprefix("💰 ").split(" | ")
    found = re.fullmatch(r"共识: (\S+)(?: \(总净流[入出]: \$([\d.]+)M\))?", verdict)
    assert found
    flows = {VENUES[each[:3]]: 1000.0 * int(each[4:-1]) for each in venues}
    consensus = VERDICTS[found[1]]
    total = float(found[2]) * 1e6 * (-1 if consensus == "lean_bear" else 1) if found[2] else None
    return {
        "event": "flow", "pair": pair, "currency": "USDT", "consensus": consensus, "total": total,
        "venues": {name: {"net_flow": each, "coverage": 1.0, "listed": True} for name, each in flows.items()},
    }  # fmt: skip


def signal(shown: str) -> dict[str, Any]:
    found = re.fullmatch(r"🚨 \[(.+)\] 信号触发 \[(.+)\]: (.+) \((.+)\) - (.+)", shown)
    assert found, shown
    return {
        "event": "signal", "pair": found[1], "grade": found[2], "title": {"zh": found[3], "en": found[4]},
        "reading": {"zh": found[5], "en": ""},
    }  # fmt: skip


def whale(shown: str) -> dict[str, Any]:
    found = re.fullmatch(r"🐳 \[(.+)\] 巨鲸监测 \[(.+)\]: (买入|卖出) \$(.+) @ (.+)", shown)
    assert found, shown
    quote, price = (float(each.replace(",", "")) for each in found.groups()[3:])
    return {
        "event": "whale", "pair": found[1], "venue": found[2].lower(), "quote": quote, "price": price,
        "side": "buy" if found[3] == "买入" else "sell",
    }  # fmt: skip


def test_every_line_is_written_as_it_stands_there(document: str) -> None:
    flows = re.findall(r"(?:💰 )?\w+/USDT \| 共识: .*?(?=`|$)", document, re.MULTILINE)
    whales = re.findall(r"^🐳 .*", document, re.MULTILINE)
    signals = re.findall(r"^🚨 .*", document, re.MULTILINE)
    assert (len(flows), len(whales), len(signals)) == (7, 3, 3)
    for each in flows:
        assert line(flow(each)) == f"💰 {each.removeprefix('💰 ')}"
    for each in signals:
        assert line(signal(each)) == each
    for each in whales:
        assert line(whale(each)) == each


def test_the_log_begins_as_it_stands_there(document: str, tmp_path: Path) -> None:
    shown = re.findall(r"^(\S+ \S+) \| (\w+) +- (.*)$", document, re.MULTILINE)
    assert len(shown) == 5
    started = {"event": "scan_started", "pairs": 559, "all_of": "okx"}
    assert [shown[0][2], shown[1][2]] == [watched(started, "zh"), line(started)]
    lines: list[str] = []
    config = load_config(None, environ={}, cwd=tmp_path)
    for time, level, text in shown:
        start_log(config, Clock(parse_time(time, ZoneInfo("UTC")), 0, 0), lines.append)
        logger.log(level, "{}", text)
        logger.remove()
    assert "".join(lines) == "".join(f"{each}\n" for each in document.splitlines() if re.match(r"\d{4}-.* \| ", each))


def test_the_message_of_the_seed_template_is_the_documents(document: str) -> None:
    (shown,) = re.findall(r"^```markdown\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    flows = {"binance": 5e5, "okx": 2e5, "bybit": 1e5, "coinbase": 5e4}
    event = {
        "event": "signal", "id": "s1", "time": "2025-12-12T17:00:00Z", "pair": "BTC/USDT", "grade": "A+",
        "signal": "global_sync_bullish", "direction": "bullish",
        "title": {"zh": "全球协同看涨", "en": "Global Sync Bullish"},
        "reading": {"zh": "主力全平台吸筹，市场做多情绪一致。", "en": ""},
        "advice": {"zh": "主力全平台建仓，适合追涨或加仓，止损设置在关键支撑位。", "en": ""},
        "evidence": {
            "venues": {name: {"net_flow": each, "coverage": 1.0} for name, each in flows.items()},
            "currency": "USDT", "window_minutes": 50, "consensus": "strong_bull",
        },
        # what the newer template says beside it
        "situation": {"price": 96_409.0, "change_pct": 0.58, "minutes": 50},
        "record": {"text": {"zh": "90 天内首次", "en": ""}},
    }  # fmt: skip
    written = Writer("team", "zh", None, None, template="seed").text(event)
    assert without_empty_lines(written) == without_empty_lines(shown)
    assert written == shown.strip()


def without_empty_lines(text: str) -> list[str]:
    return [each for each in text.splitlines() if each.strip()]
