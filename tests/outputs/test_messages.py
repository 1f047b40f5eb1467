"""Words: both languages, the user's own templates, parts, and what a broken template costs (nothing but a line)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger

from coinmon import ConfigError
from coinmon.config.load import load_config
from coinmon_outputs._split import json_size, plain_size, split
from coinmon_outputs._writer import Writer


@pytest.fixture
def log():
    lines = []
    sink = logger.add(lines.append, format="{message}")
    yield lines
    logger.remove(sink)


@pytest.fixture
def text(message):
    return lambda kind="signal", lang="zh", zone=None, templates=None, **changes: Writer(
        "team", lang, zone, templates
    ).text(message(kind, **changes).event)


def test_both_languages_one_after_the_other(text):
    zh, en = text(lang="both").split("\n\n---\n\n")
    assert (zh, en) == (text(), text(lang="en"))


def test_times_are_in_the_outputs_zone(text):
    assert "**触发时间**: 2025-12-13 01:00:00 CST" in text(zone="Asia/Shanghai")
    assert "**时间**: 2025-12-12 17:00:00 UTC" in text("whale")


def test_a_digest_names_each_event_with_its_time_and_id(text, message):
    events = [message().event, message("whale").event]
    digest = text(event="digest", id="d1", reason="busy", events=events)
    assert digest == (
        "### 📋 消息较多, 合并推送 (2 条)\n\n"
        "- 🚨 [A+] BTC/USDT 全球协同看涨 · 17:00:00 · sig-1\n> 主力资金全平台吸筹，市场做多情绪一致。\n"
        "- 🐳 BTC/USDT 买入 $523,450 [BINANCE] · 17:00:00 · whale-1"
    )
    assert "Many at once (2)" in text(lang="en", event="digest", id="d1", reason="busy", events=events)


def test_the_users_template_goes_before_the_bundled_one(text, tmp_path):
    (tmp_path / "signal.zh.md.j2").write_text("{{ pair }} {{ grade }} {{ event.evidence.window_minutes }}", "utf-8")
    assert text(templates=tmp_path) == "BTC/USDT A+ 50"
    assert text("whale", templates=tmp_path) == text("whale")


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ pair", "line 1: "),
        ("{{ nothing.at.all }}", "'nothing' is undefined"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% include 'other.j2' %}", "other.j2"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{% include 'signal.zh.md.j2' %}", "recursion"),
    ],
)
def test_a_template_with_an_error_is_named_once_and_the_message_is_sent_all_the_same(
    template, why, text, tmp_path, log
):
    (tmp_path / "signal.zh.md.j2").write_text(template, "utf-8")
    assert text(templates=tmp_path) == text()
    (line,) = log
    assert line.startswith("output team: template signal.zh.md.j2: ")
    assert why in line
    assert line.endswith("correct it in outputs.team.templates\n")


def test_a_folder_of_templates_that_is_not_there_is_named(text, tmp_path, log):
    assert text(templates=tmp_path / "nowhere") == text()
    (line,) = log
    assert "nowhere: there is no such folder; the bundled one is used" in line


def test_a_time_zone_that_there_is_not_is_refused_with_the_configuration(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "outputs: {wecom: {webhook: 'https://x.example/send?key=k', timezone: Mars/Olympus}}", "utf-8"
    )
    with pytest.raises(ConfigError, match=r"outputs\.wecom\.timezone: 'Mars/Olympus' is not a time zone"):
        load_config(tmp_path / "config.yaml", environ={}, cwd=tmp_path)


@given(
    st.text(st.sampled_from('a。🚀\n"\\ '), max_size=600),
    st.integers(150, 400),
    st.sampled_from([plain_size, json_size]),
)
def test_parts_are_short_enough_and_together_they_are_the_text(text, limit, size):
    parts = split(text, limit, "coinmon · id", size, most=1000)
    assert all(size(part) <= limit for part in parts)
    assert all("coinmon · id" in part for part in parts)
    bare = "".join(part.rpartition("\n\ncoinmon")[0] for part in parts)
    assert "".join(bare.split()) == "".join(text.split())
