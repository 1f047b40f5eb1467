"""Why something is missing or silent is said in both languages by every bundled plugin."""

import ast
import pickle
from pathlib import Path

import pytest

from coinmon import Bilingual, say

PLUGINS = Path(__file__).parents[2] / "plugins"
FILES = [path for name in ("coinmon_indicators", "coinmon_signals") for path in sorted((PLUGINS / name).rglob("*.py"))]


def english_only(tree):
    """Line numbers of plain texts that are given as a reason."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        gives = called == "Silent" or called.rpartition(".")[0].endswith(("reasons", "notes", "waits"))
        given = [*node.args[: int(gives)], *(each.value for each in node.keywords if each.arg in ("why", "reason"))]
        if any(isinstance(each, ast.JoinedStr) or isinstance(getattr(each, "value", None), str) for each in given):
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_reason_is_in_english_only(path):
    lines = list(english_only(ast.parse(path.read_text("utf-8"))))
    # a market's id and how much of it was seen have no language
    assert not lines or path.stem == "_views", lines


def test_a_check_that_finds_nothing_would_be_no_check():
    assert list(
        english_only(ast.parse('found.reasons.append(f"{n} of 5")\nSilent("no")\nSilent(why)\nR(why="no")'))
    ) == [1, 2, 4]


def test_english_that_knows_itself_in_chinese_is_a_text_everywhere():
    text = Bilingual("等待价格", "waits for prices")
    assert (text, say(text, "zh"), say(text, "en")) == ("waits for prices", "等待价格", "waits for prices")
    assert pickle.loads(pickle.dumps(text)).zh == "等待价格"
    assert type(say(text, "en")) is str
