"""Every environment name of the systems that came before, and our own."""

import re
from pathlib import Path

import pytest

from coinmon.config.env import ELSEWHERE, LEGACY_SESSIONS, NAMES, read_env_file
from coinmon.errors import ConfigError

DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=abc"
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"

ORDERFLOW = [
    "BINANCE_WS_URL", "HEATMAP_ENABLED", "HEATMAP_INTERVAL_SEC", "HEATMAP_LOOKBACK_MINUTES",
    "HEATMAP_SAMPLE_INTERVAL_MS", "ORDERBOOK_DEPTH_PERCENT", "IMBALANCE_RATIO_THRESHOLD",
    "IMBALANCE_CONSECUTIVE_LEVELS", "FOOTPRINT_TICK_SIZE_BTC", "FOOTPRINT_TICK_SIZE_ETH",
]  # fmt: skip


def setting(config, indicator, name):
    return config.indicators[indicator].settings[name]


CASES = {
    "SYMBOLS": ("btcusdt, ETHUSDT,", lambda c: c.symbols.names, ("btcusdt", "ETHUSDT")),
    "SESSIONS": ("DAY=08:00-20:00,NIGHT=20:00-08:00", lambda c: c.sessions, {"DAY": (480, 1200), "NIGHT": (1200, 480)}),
    "LOG_LEVEL": ("debug", lambda c: c.log.level, "DEBUG"),
    "WHALE_THRESHOLD": ("100000.0", lambda c: c.whale_threshold, 100_000),
    "CACHE_DB_PATH": ("./data/orderflow_cache.db", lambda c: c.db, "sqlite:///data/orderflow_cache.db"),
    "DATA_RETENTION_DAYS": ("30", lambda c: c.retention_days, 30),
    "BINANCE_REST_URL": (
        "http://127.0.0.1:9",
        lambda c: c.exchanges["binance"].settings["futures_url"],
        "http://127.0.0.1:9",
    ),
    "BINANCE_WS_URL": (
        "ws://127.0.0.1:9",
        lambda c: c.exchanges["binance"].settings["usdm_ws_url"],
        "ws://127.0.0.1:9",
    ),
    "HEATMAP_ENABLED": ("true", lambda c: c.books.enabled, True),
    "HEATMAP_SAMPLE_INTERVAL_MS": ("1500", lambda c: c.books.interval, 1500),
    "HEATMAP_INTERVAL_SEC": ("5", lambda c: c.books.interval, 5000),
    "HEATMAP_LOOKBACK_MINUTES": ("60", lambda c: setting(c, "heatmap", "window"), 60),
    "ORDERBOOK_DEPTH_PERCENT": ("3", lambda c: setting(c, "depth_delta", "percent"), 3),
    "IMBALANCE_RATIO_THRESHOLD": ("4.0", lambda c: setting(c, "imbalance", "ratio"), 4),
    "IMBALANCE_CONSECUTIVE_LEVELS": ("5", lambda c: setting(c, "imbalance", "consecutive"), 5),
    "FOOTPRINT_TICK_SIZE_BTC": ("0.1", lambda c: setting(c, "footprint", "bin_size"), {"BTC": 0.1}),
    "FOOTPRINT_TICK_SIZE_ETH": ("0.01", lambda c: setting(c, "footprint", "bin_size"), {"ETH": 0.01}),
    "NOTIFY_GRADES": ('["A+", "A", "B"]', lambda c: c.notify.grades, ("A+", "A", "B")),
    "WHALE_NOTIFY_THRESHOLD": ("1000000.0", lambda c: c.notify.whale_threshold, 1_000_000),
    "ENABLE_WHALE_NOTIFY": ("False", lambda c: c.notify.whale, False),
    "ENABLE_CONSENSUS_NOTIFY": ("off", lambda c: c.notify.consensus, False),
    "MCP_HOST": ("0.0.0.0", lambda c: c.serve.host, "0.0.0.0"),
    "MCP_PORT": ("8023", lambda c: c.serve.port, 8023),
    "MCP_PUBLIC_URL": ("http://1.2.3.4:8022", lambda c: c.serve.public_url, "http://1.2.3.4:8022"),
    "MCP_TOKEN": ("correct horse", lambda c: c.serve.token, "correct horse"),
    "MCP_AUTHORIZATION_SERVER": (
        "https://login.example/desk",
        lambda c: c.serve.authorization_server,
        "https://login.example/desk",
    ),
    "MCP_SSE_PING_INTERVAL_SEC": ("20", lambda c: c.serve.ping_interval, 20),
    "COINMON_DB": ("postgresql://me@host/coins", lambda c: c.db, "postgresql://me@host/coins"),
    "COINMON_LANG": ("en", lambda c: c.lang, "en"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_sets_its_key_and_says_so(name, configured):
    value, look, expected = CASES[name]
    config = configured(env={name: value})
    assert look(config) == expected
    origins = {key: where for key, where in config.origins.items() if NAMES[name].startswith(key)}
    assert origins[max(origins)] == f"environment {name}"
    assert look(configured(dotenv=f"{name}='{value}'\n")) == expected


def test_every_name_of_the_table_is_tried_here():
    assert set(CASES) | {n for n in NAMES if "DINGTALK" in n or "WECHAT" in n} == set(NAMES)


@pytest.mark.parametrize("yes", ["true", "1", "yes", "on", "True"])
@pytest.mark.parametrize(("enable", "webhook", "output"), [
    ("ENABLE_DINGTALK", "DINGTALK_WEBHOOK", "dingtalk"),
    ("ENABLE_WECHAT", "WECHAT_WEBHOOK", "wecom"),
])  # fmt: skip
def test_a_robot_is_switched_on(yes, enable, webhook, output, configured):
    address = DINGTALK if output == "dingtalk" else WECOM
    chosen = configured(env={enable: yes, webhook: address}).outputs[output]
    assert chosen.settings["webhook"].get_secret_value() == address


@pytest.mark.parametrize("env", [
    {"ENABLE_DINGTALK": "false", "DINGTALK_WEBHOOK": DINGTALK},
    {"DINGTALK_WEBHOOK": DINGTALK, "DINGTALK_SECRET": "SEC1"},
    {"ENABLE_DINGTALK": "", "DINGTALK_WEBHOOK": ""},
])  # fmt: skip
def test_a_robot_stays_off_until_it_is_switched_on(env, configured):
    assert "dingtalk" not in configured(env=env).outputs


def test_the_environment_completes_and_overrides_a_robot_of_the_file(configured):
    yaml = f"outputs:\n  dingtalk: {{webhook: '{DINGTALK}', at_all: false}}\n"
    settings = configured(yaml, env={"DINGTALK_SECRET": "SECabc"}).outputs["dingtalk"].settings
    assert settings["secret"].get_secret_value() == "SECabc"
    assert settings["at_all"] is False
    assert "dingtalk" not in configured(yaml, env={"ENABLE_DINGTALK": "false"}).outputs


def test_a_robot_without_an_address_is_an_error_that_names_what_to_set(complaints):
    (line,) = complaints(env={"ENABLE_DINGTALK": "true"})
    expected = "outputs.dingtalk.webhook is required (in the environment: DINGTALK_WEBHOOK)"
    assert line == f"environment ENABLE_DINGTALK: {expected}"


def test_a_venue_that_is_off_is_not_switched_on_by_its_address(configured):
    config = configured("exchanges: {binance: false}\n", env={"BINANCE_REST_URL": "http://x"})
    assert "binance" not in config.exchanges


@pytest.mark.parametrize("grades", ["A+,A,B", '["A+","A","B"]', " A+ , A , B ,", "A+,A,B,A"])
def test_grades_with_commas_or_as_json(grades, configured):
    assert configured(env={"NOTIFY_GRADES": grades}).notify.grades == ("A+", "A", "B")


def test_our_own_name_wins_over_an_older_one(configured):
    assert configured(env={"CACHE_DB_PATH": "old.db", "COINMON_DB": "new.db"}).db == "sqlite:///new.db"


def test_legacy_sessions_only_where_no_others_are_set(configured):
    legacy = {"TOKYO_SESSION": "01:00-09:00"}
    config = configured(env=legacy)
    assert config.sessions == {"TOKYO": (60, 540), "LONDON": (420, 960), "NY": (780, 1320)}
    assert config.origins["sessions"] == "environment TOKYO_SESSION"
    assert set(configured(env={**legacy, "SESSIONS": "ALL=00:00-24:00"}).sessions) == {"ALL"}
    assert set(configured("sessions: ONE=00:00-12:00\n", env=legacy).sessions) == {"ONE"}
    assert set(configured("sessions:\n", env={}).sessions) == {"A", "L", "N", "E"}


@pytest.mark.parametrize("name", ORDERFLOW)
def test_values_of_the_older_servers_names_are_checked(name, complaints):
    (line,) = complaints(dotenv=f"{name}=maybe\n")
    assert line.startswith(f".env {name}: ")


def test_a_depth_that_is_asked_for_is_sampled(configured):
    asked = {"ORDERBOOK_DEPTH_PERCENT": "3"}
    assert configured(env=asked).books.percents == (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5)
    assert configured("books: {percents: [1, 2]}\n", env=asked).books.percents == (1, 2, 3)
    assert configured("books: {percents: '1, 3'}\n", env=asked).books.percents == (1, 3)


def test_seconds_between_samples_count_before_milliseconds(configured):
    both = {"HEATMAP_SAMPLE_INTERVAL_MS": "1500", "HEATMAP_INTERVAL_SEC": "7"}
    assert configured(env=both).books.interval == 7000


def test_a_switch_that_is_neither_on_nor_off(complaints):
    (line,) = complaints(env={"ENABLE_DINGTALK": "perhaps"})
    assert line == "environment ENABLE_DINGTALK: outputs.dingtalk.enabled: 'perhaps' is neither true nor false"


def test_a_proxy_in_an_env_file_is_said_to_do_nothing(configured):
    (warning,) = configured(dotenv="HTTPS_PROXY=http://me:hunter2@x:1\n", env={"HTTPS_PROXY": "http://y:1"}).warnings
    assert warning == ".env: HTTPS_PROXY works only in the environment itself; here, set `proxy` in config.yaml"


def test_a_misspelt_name_of_ours_is_a_warning(configured):
    (warning,) = configured(env={"COINMON_LNAG": "en"}).warnings
    assert warning == "environment: COINMON_LNAG sets nothing (did you mean COINMON_LANG?)"


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_constant_of_the_older_monitor_that_sets_nothing_says_what_does(name, configured):
    (warning,) = configured(env={name: "True"}).warnings
    assert warning == f"environment: {name} sets nothing: {ELSEWHERE[name]}"
    assert configured(dotenv=f"{name}=100\n").warnings == (warning.replace("environment:", ".env:"),)
    known = ("", *configured(env={}).origins)
    assert all(any(f"{each}.".startswith(f"{key}.") for each in known) for key in re.findall("`([^`]+)`", warning))


def test_samples_faster_than_any_here_are_as_fast_as_can_be_and_that_is_said(configured):
    config = configured(env={"HEATMAP_SAMPLE_INTERVAL_MS": "500"})
    assert config.books.interval == 1000
    told = "HEATMAP_SAMPLE_INTERVAL_MS is taken as 1s: books are sampled no more often than that"
    assert config.warnings == (f"environment: {told}",)
    assert configured(env={"HEATMAP_INTERVAL_SEC": "1"}).warnings == ()


@pytest.mark.parametrize("document", ["fund-flow-monitor.md", "orderflow-mcp-server.md"])
def test_every_name_of_the_older_systems_documents_is_known(document):
    path = Path(__file__).parents[3] / "shared" / "seeds" / document
    if not path.exists():
        pytest.skip("needs ../shared/seeds")
    text = path.read_text("utf-8").replace("PYTHONPATH=", "")
    table = re.findall(r"^\| ([A-Z][A-Z_]+[A-Z]) \|", text, re.MULTILINE)
    named = {
        *table,
        *re.findall(r"^([A-Z][A-Z_]+) ?=", text, re.MULTILINE),
        *re.findall(r"`([A-Z]+_[A-Z_]+)[=`]", text),
    }
    assert len(named) > 10
    assert named - {*NAMES, *LEGACY_SESSIONS, *ELSEWHERE} == set()


def test_env_files_are_read_as_shells_write_them(tmp_path):
    file = tmp_path / ".env"
    text = """\ufeff# a comment

export A=1
B = two words # and a comment
C="quoted # not a comment" # a comment
D='single "quoted"'
E="with \\"quotes\\""
F=
G=http://x/#fragment
H=#not-a-comment
I=a$b${A}$$
"""
    file.write_text(text, "utf-8")
    assert read_env_file(file) == {
        "A": "1", "B": "two words", "C": "quoted # not a comment", "D": 'single "quoted"', "E": 'with "quotes"',
        "F": "", "G": "http://x/#fragment", "H": "#not-a-comment", "I": "a$b${A}$$",
    }  # fmt: skip


def test_bad_lines_of_an_env_file_are_named_by_number_without_their_content(tmp_path):
    file = tmp_path / ".env"
    file.write_text("A=1\nhunter2\nB='open\nC-D=1\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_env_file(file)
    assert str(caught.value).splitlines() == [
        f"{file}, line 2: expected NAME=VALUE",
        f"{file}, line 3: expected NAME=VALUE, with quotes that are closed",
        f"{file}, line 4: expected NAME=VALUE, with quotes that are closed",
    ]


def test_the_example_names_every_name_and_sets_none(tmp_path):
    example = Path(__file__).parents[2] / ".env.example"
    text = example.read_text("utf-8")
    assert read_env_file(example) == {}
    named = {line[1:].partition("=")[0] for line in text.splitlines() if line.startswith("#") and line[1:2].isupper()}
    assert {*NAMES, *LEGACY_SESSIONS, "COINMON_CONFIG"} <= named


@pytest.mark.parametrize(
    ("yaml", "env", "locale", "expected"),
    [
        ("", {}, "zh_CN.UTF-8", ("zh", "zh")),
        ("", {}, "en_GB.UTF-8", ("zh", "en")),
        ("lang: en\n", {}, "zh_CN.UTF-8", ("en", "en")),
        ("lang: zh\n", {}, "en_GB.UTF-8", ("zh", "zh")),
        ("", {"COINMON_LANG": "en"}, "zh_CN.UTF-8", ("en", "en")),
    ],
)
def test_tables_and_reports_follow_the_locale_where_no_language_is_set(
    yaml, env, locale, expected, configured, monkeypatch
):
    for name in ("COINMON_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    config = configured(yaml, env=env)
    assert (config.lang, config.reader_lang) == expected
