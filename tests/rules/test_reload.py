"""A running scan takes changed rules, and keeps the old ones where the new are wrong."""

import os

from loguru import logger

from coinmon.evaluate.evaluator import Evaluator

ONE = "mine:\n  when: price > 1\n"


def changed(tmp_path, text):
    path = tmp_path / "rules" / "mine.yaml"
    path.write_text(text, "utf-8")
    # as another second, however fast this is
    before = path.stat().st_mtime_ns
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_changed_rules_are_taken(load, tmp_path):
    evaluator = Evaluator(load(ONE), ["binance"])
    assert "mine" in evaluator.names
    evaluator.refresh()
    changed(tmp_path, ONE + "other:\n  when: price > 2\n")
    evaluator.refresh()
    assert {"mine", "other", "consensus"} <= set(evaluator.names)
    changed(tmp_path, "")
    evaluator.refresh()
    assert "mine" not in evaluator.names
    assert "consensus" in evaluator.names


def test_a_wrong_file_is_said_once_and_changes_nothing(load, tmp_path):
    evaluator = Evaluator(load(ONE), ["binance"])
    said = []
    sink = logger.add(lambda message: said.append(str(message)), level="ERROR")
    try:
        changed(tmp_path, "mine:\n  when: prise > 1\n")
        evaluator.refresh()
        evaluator.refresh()
    finally:
        logger.remove(sink)
    assert "mine" in evaluator.names
    assert len(said) == 1
    assert "line 2, column 9" in said[0]
    (tmp_path / "rules" / "mine.yaml").write_text("fresh:\n  when: price > 1\n", "utf-8")
    evaluator.refresh()
    assert "fresh" in evaluator.names
