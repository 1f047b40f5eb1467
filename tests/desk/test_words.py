"""What the desk's pages say in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from coinmon_desk._board import signal_cell
from coinmon_desk._figures import flow_cells, money
from coinmon_desk._tape import why
from coinmon_desk._task_names import task_name
from coinmon_desk._words import WORDS

ROOT = Path(__file__).parents[2]
BEGUN = re.compile(r'(?:\.once\(|\.start\(|\.every\([^"\n]*|_task = |_EDITIONS = |_SCAN = )f?"([a-z{][^"\n]*)"')
OTHERS = re.compile(r'(?:"([a-z]+ of the desk)": |return f"({self\._venue\.name}: [^"]*)")')


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_every_background_task_has_a_chinese_name():
    """As their owners begin them, with a name for what is filled in."""
    files = [*(ROOT / "coinmon").rglob("*.py"), *(ROOT / "plugins").glob("coinmon_[dm]*/**/*.py")]
    names = {
        re.sub(r"{[^}]*}", "okx", name.replace("{kind}", "spot"))
        for path in files
        if "upervisor" in (text := path.read_text("utf-8")) or "schedule.every" in text
        for name in (*BEGUN.findall(text), *map("".join, OTHERS.findall(text)))
    }
    assert {"scan", "okx: trade stream of spot", "sender of okx", "news of the desk", "new editions"} <= names
    assert [each for each in names if re.search("[a-z]", task_name(each, "zh").replace("okx", ""))] == []
    assert all(task_name(each, "en") == each for each in names)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.3, "0"), (-0.3, "0"), (-0.6, "-1"), (57.0, "+57"), (-1_250_000.0, "-1.25M")]
)
def test_an_amount_of_nothing_has_no_sign(value, text):
    assert money(value) == text


def test_a_ratio_that_is_the_same_everywhere_is_written_once():
    def of(*ratios):
        venue = {"listed": True, "coverage": 1, "complete": 1, "minutes": 1, "net_flow": 1.0}
        venues = {f"v{k}": venue | {"ratio": each} for k, each in enumerate(ratios)}
        event = {"price": 1.0, "venues": venues, "consensus": None, "consensus_reason": "", "coverage": 1.0}
        return flow_cells(event, list(venues))["ratio"]["t"]

    assert (of(1.001, 0.999), of(0.9, 1.1)) == ("1.00", "0.90-1.10")


def test_a_signal_says_what_its_verdict_is_of_and_its_time_apart():
    event = {"event": "signal", "time": "2026-01-15T12:00:00Z", "grade": "A", "direction": "bullish",
             "title": {"en": "Title", "zh": "标题"}, "record": None}  # fmt: skip
    found = signal_cell(event)
    assert found["s"] == event["time"]
    assert found["en"].startswith("[A] Title · record: ")
    assert found["zh"].startswith("[A] 标题 · 战绩: ")


def evidence_names(path: Path) -> Iterator[str]:
    """What a signal's module names figures and states by: keys that it writes down."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            yield from (str(each.value) for each in node.keys if isinstance(each, ast.Constant))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("flows", "evidence")):
            yield from (each.arg for each in node.keywords if each.arg)


def test_a_signals_evidence_is_in_the_readers_language_and_a_plugins_own_as_it_is():
    paths = (ROOT / "plugins" / "coinmon_signals").rglob("*.py")
    # lengths of candles and days, and the languages themselves
    names = {each for path in paths for each in evidence_names(path)} - {"m", "h", "d", "pd", "pw", "zh", "en"}
    assert {"net_flow", "us_venue", "move_atr", "open_interest_change"} <= names
    assert [each for each in names if not re.search("[\u4e00-\u9fff]|ATR", why({each: 1}, "zh")[0][0])] == []
    evidence = {
        "venues": {"binance": {"net_flow": 1.5}},
        "left_out": {"okx": {"zh": "12/50 分钟", "en": "12 of 50 minutes"}},
        "side": "sell",
        "mine": [{"a": "2026-01-15T12:00:00Z"}],
    }
    assert why(evidence, "zh") == [
        ("各交易所 · binance · 净流入", "1.5"),
        ("未计入 · okx", "12/50 分钟"),
        ("方向", "卖出"),
        ("mine · 1 · a", "2026-01-15T12:00:00Z"),
    ]
    assert why(evidence, "en") == [
        ("venues.binance.net_flow", "1.5"),
        ("left_out.okx", "12 of 50 minutes"),
        ("side", "sell"),
        ("mine.1.a", "2026-01-15T12:00:00Z"),
    ]
