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


def test_the_older_monitors_text_has_a_rule_on_each_side_of_the_flows_and_none_around_nothing(message):
    def of(**changes):
        return Writer("team", "zh", None, None, template="seed").text(message(**changes).event)

    assert of().count("\n\n---\n\n") == 2
    assert of(evidence={}).count("---") == 1


def test_a_flow_that_is_written_as_nothing_goes_neither_way(text):
    flows = {"binance": 499.0, "okx": -499.0, "bybit": 501.0, "coinbase": -501.0}
    evidence = {"venues": {name: {"net_flow": flow, "coverage": 1.0} for name, flow in flows.items()}}
    told = [each for each in text(evidence=evidence).splitlines() if each.startswith("- ")]
    assert told == [
        "- ➖ BINANCE: 0k USDT", "- ➖ OKX: 0k USDT", "- 📈 BYBIT: +1k USDT", "- 📉 COINBASE: -1k USDT"
    ]  # fmt: skip


def test_times_are_in_the_outputs_zone(text):
    assert "**触发时间**: 2025-12-13 01:00:00 CST" in text(zone="Asia/Shanghai")
    assert "**时间**: 2025-12-12 17:00:00 UTC" in text("whale")


def test_the_stop_at_support_names_the_support(text):
    advice = {"zh": "止损设置在关键支撑位。", "en": "With a stop at key support."}
    assert text(advice=advice).endswith("止损设置在关键支撑位。 (支撑位 昨日 VAL 95,800)")
    assert text(lang="en", advice=advice).endswith("With a stop at key support. (support: pdVAL 95,800)")


def test_the_record_has_a_line_before_reading_and_advice(text):
    record = {"text": {"zh": "90 天 41 次", "en": "41 times in 90 days"}}
    assert "**历史战绩**: 90 天 41 次\n\n**信号解读**" in text(record=record)
    assert "**Record**: 41 times in 90 days\n\n**Reading**" in text(lang="en", record=record)


def test_what_is_not_known_has_no_line(text):
    bare = text(situation=None)
    assert bare.startswith("### [A+] BTC 全球协同看涨\n")
    assert not any(word in bare for word in ("价格", "持仓量", "资金费率", "支撑", "阻力", "战绩"))


def test_signals_of_one_event_are_in_one_message(text):
    other = {"id": "sig-2", "grade": "A", "title": {"zh": "强力看涨", "en": "Strong Bullish Consensus"}}
    assert "**同时触发**: [A] 强力看涨 · sig-2\n" in text(also=[other])
    assert "**With it**: [A] Strong Bullish Consensus · sig-2\n" in text(lang="en", also=[other])


ENDED = {
    "event": "signal_ended",
    "id": "end-1",
    "time": "2025-12-12T18:10:00Z",
    "outcome": "ended",
    "of": "sig-1",
    "told": "2025-12-12T17:00:00Z",
    "ended": "2025-12-12T17:40:00Z",
    "minutes": 40,
    "price_then": 96_409.0,
    "price": 96_800.5,
    "change_pct": 0.4061,
    "level": None,
}


def test_the_end_of_a_signal(text):
    assert text(**ENDED) == (
        "### ⏹ [A+] BTC 96,800.5 +0.41 % 全球协同看涨 已结束\n\n持续 40 分钟，价格 96,409 → 96,800.5 (+0.41 %)\n"
        "**触发时间**: 2025-12-12 17:00:00 UTC · sig-1"
    )
    also = [{"id": "end-2", "grade": "A", "title": {"zh": "强力看涨", "en": "Strong Bullish Consensus"}}]
    assert text(**ENDED, also=also).endswith("UTC · sig-1\n**同时结束**: [A] 强力看涨 · end-2")
    level = {"name": "pdVAL", "price": 95_800.0, "distance_pct": -0.63}
    failed = text(lang="en", **ENDED | {"outcome": "failed", "price": 95_790.0, "change_pct": -0.642, "level": level})
    assert failed == (
        "### ❌ [A+] BTC 95,790 -0.64 % Global Sync Bullish failed\n\nafter 40 min, price 96,409 → 95,790 (-0.64 %), "
        "below support pdVAL 95,800\n**Told**: 2025-12-12 17:00:00 UTC · sig-1"
    )


def test_a_digest_names_each_event_with_its_time_and_id(text, message):
    events = [message().event, message("whale").event]
    digest = text(event="digest", id="d1", reason="busy", events=events)
    assert digest == (
        "### 📋 消息较多, 合并推送 (2): [A+] BTC 96,409 +0.58 % 全球协同看涨\n\n"
        "- [A+] BTC 96,409 +0.58 % 全球协同看涨 · 17:00:00 · sig-1\n> 主力资金全平台吸筹，市场做多情绪一致。\n"
        "- 🐳 BTC 买入 $523,450 @ 42,150 [BINANCE] · 17:00:00 · whale-1"
    )
    assert "Many at once (2): [A+] BTC" in text(lang="en", event="digest", id="d1", reason="busy", events=events)


def test_the_first_line_of_a_digest_is_its_gravest_and_an_end_says_how_it_came(text, message):
    grades = [message(grade=grade).event for grade in ("C", "B", "A", "B+")]
    ended = {**message().event, **ENDED, "reading": None}
    digest = text(lang="en", event="digest", id="d1", reason="digest", events=[ended, *grades])
    first, *lines = digest.split("\n")
    assert first == "### 📋 Digest (5): [A] BTC 96,409 +0.58 % Global Sync Bullish"
    assert lines[2] == "> after 40 min, price 96,409 → 96,800.5 (+0.41 %)"
    none = text(lang="en", event="digest", id="d1", reason="digest", events=[ended, message("whale").event])
    assert none.startswith("### 📋 Digest (2)\n")


@pytest.mark.parametrize(
    ("lang", "way", "title", "line"),
    [
        ("zh", "bearish", {"zh": "资金费率极端", "en": "Extreme Funding"}, "资金费率极端 (看跌)"),
        ("en", "bearish", {"zh": "资金费率极端", "en": "Extreme Funding"}, "Extreme Funding (bearish)"),
        ("en", "bullish", {"zh": "美资主导吸筹", "en": "US Accumulation"}, "US Accumulation (bullish)"),
        ("en", "neutral", {"zh": "流动性真空", "en": "Liquidity Vacuum"}, "Liquidity Vacuum"),
    ],
)
def test_the_first_line_says_which_way(lang, way, title, line, text):
    first = text(lang=lang, direction=way, title=title).split("\n", 1)[0]
    assert first == f"### [A+] BTC 96,409 +0.58 % {line}"


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
