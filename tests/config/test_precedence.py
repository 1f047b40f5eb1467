"""Defaults, then config.yaml, then .env, then the environment, then the command line."""

from pathlib import Path

import pytest

from coinmon.config.load import load_config


def test_without_anything_all_is_default(configured):
    config = configured()
    assert config.path is None
    assert config.symbols.names == ("BTCUSDT", "ETHUSDT")
    assert (config.interval, config.settle, config.window) == (60_000, 3_000, 50)
    assert config.db == "sqlite:///./data/coinmon.db"
    assert (config.lang, config.timezone, config.retention_days) == ("zh", "UTC", 15)
    assert config.sessions == {"A": (0, 360), "L": (360, 720), "N": (720, 1200), "E": (1200, 0)}
    assert config.quotes == {"USD": "USDT", "USDC": "USDT"}
    assert config.whale_threshold == 200_000
    assert config.notify.grades == ("A+", "A", "B+", "B")
    assert (config.notify.whale_threshold, config.notify.digest_minutes, config.notify.per_minute) == (500_000, 30, 18)
    assert (config.serve.host, config.serve.port, config.serve.public_url) == ("127.0.0.1", 8022, None)
    assert config.log.level == "INFO"
    assert config.clock is None
    assert "binance" in config.exchanges
    assert "log" in config.outputs
    assert not {"dingtalk", "wecom"} & set(config.outputs)
    assert {config.origins[key] for key in ("symbols.names", "interval", "lang", "log.level")} == {"default"}


def test_each_layer_overrides_the_one_before(configured):
    yaml, dotenv = "log:\n  level: ERROR\nlang: en\n", "LOG_LEVEL=WARNING\n"
    env, options = {"LOG_LEVEL": "DEBUG"}, {"log.level": "TRACE"}
    steps = [
        ({}, "INFO", "default"),
        ({"yaml": yaml}, "ERROR", "config.yaml"),
        ({"yaml": yaml, "dotenv": dotenv}, "WARNING", ".env LOG_LEVEL"),
        ({"yaml": yaml, "dotenv": dotenv, "env": env}, "DEBUG", "environment LOG_LEVEL"),
        ({"yaml": yaml, "dotenv": dotenv, "env": env, "options": options}, "TRACE", "command line"),
    ]
    for given, level, origin in steps:
        config = configured(given.pop("yaml", None), **given)
        assert (config.log.level, config.origins["log.level"]) == (level, origin)
    assert (config.lang, config.origins["lang"]) == ("en", "config.yaml")


def test_an_option_that_was_not_given_and_a_name_that_is_empty_change_nothing(configured):
    config = configured("lang: en\n", env={"COINMON_LANG": "", "SYMBOLS": "  "}, options={"lang": None})
    assert config.lang == "en"
    assert config.symbols.names == ("BTCUSDT", "ETHUSDT")


def test_a_section_or_key_left_empty_is_not_set(configured):
    config = configured("symbols:\nlog:\n  level:\nexchanges:\nproxy:\nclock:\n")
    assert config.log.level == "INFO"
    assert "binance" in config.exchanges


def test_names_and_all_choose_together(configured):
    yaml = "symbols: {all: binance, quote: USDC, limit: 5}\n"
    config = configured(yaml)
    assert (config.symbols.all, config.symbols.names, config.symbols.limit) == ("binance", (), 5)
    config = configured(yaml, options={"symbols": ["SOLUSDT"]})
    assert (config.symbols.all, config.symbols.names, config.symbols.quote) == (None, ("SOLUSDT",), "USDC")
    config = configured("symbols: [SOLUSDT, SOLUSDT]\n", options={"symbols.all": "binance"})
    assert (config.symbols.all, config.symbols.names) == ("binance", ())


def test_naming_one_venue_leaves_the_others_on(configured):
    config = configured("exchanges:\n  mine: {plugin: binance, timeout: 3}\n")
    assert next(iter(config.exchanges)) == "mine"
    assert config.exchanges["mine"].offer.name == "binance"
    assert config.exchanges["mine"].settings["timeout"] == 3
    assert config.exchanges["binance"].settings["timeout"] == 10
    assert config.origins["exchanges.mine.timeout"] == "config.yaml"
    assert config.origins["exchanges.binance.timeout"] == "default"


@pytest.mark.parametrize("off", ["false", "{enabled: false}", "{enabled: 'off', timeout: 3}"])
def test_false_switches_a_venue_off(off, configured):
    assert "binance" not in configured(f"exchanges:\n  binance: {off}\n").exchanges


@pytest.mark.parametrize("on", ["", "true", "{}", "{timeout: 10}"])
def test_naming_a_plugin_switches_it_on(on, configured):
    assert "binance" in configured(f"exchanges:\n  binance: {on}\n").exchanges


def test_a_list_is_exactly_those_and_keeps_their_settings(configured):
    yaml = "exchanges:\n  binance: {timeout: 3}\n  second: {plugin: binance}\n"
    assert list(configured(yaml, options={"exchanges": ["second"]}).exchanges) == ["second"]
    config = configured(yaml, options={"exchanges": "binance"})
    assert list(config.exchanges) == ["binance"]
    assert config.exchanges["binance"].settings["timeout"] == 3


def test_signals_and_indicators_are_on_until_switched_off(configured):
    config = configured("signals:\n  whale: false\nindicators:\n  net_flow: {window: 20}\n")
    assert "whale" not in config.signals
    assert "consensus" in config.signals
    assert config.indicators["net_flow"].settings["window"] == 20


def test_proxy_and_language_are_inherited_unless_set(configured):
    yaml = """
proxy: socks5h://user:word@proxy:1080
lang: en
exchanges:
  binance: {proxy: "http://other:8080"}
  second: {plugin: binance}
  direct: {plugin: binance, proxy: null}
"""
    config = configured(yaml)
    proxies = {name: config.exchanges[name].settings["proxy"] for name in ("binance", "second", "direct")}
    assert proxies == {"binance": "http://other:8080", "second": "socks5h://user:word@proxy:1080", "direct": None}
    assert config.outputs["log"].settings["lang"] == "en"
    assert config.origins["exchanges.second.proxy"] == "proxy (config.yaml)"
    assert config.origins["exchanges.binance.proxy"] == "config.yaml"
    assert configured("lang: zh\n").exchanges["binance"].settings["proxy"] is None


def test_outputs_have_events_and_second_ones_of_a_kind(configured):
    yaml = """
outputs:
  log: {events: [signal]}
  team: {plugin: dingtalk, webhook: "https://oapi.dingtalk.com/robot/send?access_token=t"}
"""
    config = configured(yaml)
    assert config.outputs["log"].events == frozenset({"signal"})
    assert config.outputs["team"].events is None
    assert config.outputs["team"].offer.name == "dingtalk"
    assert "dingtalk" not in config.outputs


def test_the_file_can_be_named(tmp_path, configured):
    other = tmp_path / "conf" / "other.yaml"
    other.parent.mkdir()
    other.write_text("lang: en\n", "utf-8")
    (other.parent / ".env").write_text("MCP_PORT=9001\n", "utf-8")
    (tmp_path / ".env").write_text("MCP_PORT=9002\n", "utf-8")
    for config in (
        load_config(other, environ={}, cwd=tmp_path),
        load_config(Path("conf/other.yaml"), environ={}, cwd=tmp_path),
        load_config(None, environ={"COINMON_CONFIG": str(other)}, cwd=tmp_path),
    ):
        assert config.lang == "en"
        assert config.serve.port == 9001, "the .env beside the file counts"
    assert configured().serve.port == 9002


def test_plugin_dir_is_beside_the_file(tmp_path):
    folder = tmp_path / "conf" / "mine"
    folder.mkdir(parents=True)
    (folder / "loud.py").write_text(
        "from coinmon import hookimpl\ndef loud(market, *, times: int = 2, at: list[int] = [2, 1]) -> list: ...\n"
        "@hookimpl\ndef register_signals(register): register('loud', loud)\n",
        "utf-8",
    )
    file = tmp_path / "conf" / "config.yaml"
    file.write_text("plugins: {dir: mine, disabled: [signals.whale]}\nsignals: {loud: {times: 3}}\n", "utf-8")
    config = load_config(file, environ={}, cwd=tmp_path)
    assert config.signals["loud"].settings == {"times": 3, "at": [2, 1]}
    with pytest.raises(TypeError, match="cannot be changed"):
        config.signals["loud"].settings["at"].sort()
    assert "whale" not in config.signals
    assert config.warnings == ()


def test_a_plugin_that_needs_a_setting_is_off_until_it_is_named(tmp_path, configured):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "needy.py").write_text(
        "from coinmon import hookimpl\nclass Needy:\n    wants = frozenset()\n"
        "    def __init__(self, name, *, path: str): ...\n"
        "    async def send(self, message): ...\n"
        "@hookimpl\ndef register_outputs(register): register('needy', Needy)\n",
        "utf-8",
    )
    assert "needy" not in configured("plugins: {dir: mine}\n").outputs
    config = configured("plugins: {dir: mine}\noutputs: {needy: {path: x}}\n")
    assert config.outputs["needy"].settings == {"path": "x"}


def test_the_clock_of_an_emulator(configured):
    yaml = "clock: {at: 2024-08-09T00:05:00Z, wall: 2026-01-01 00:00:00, speed: 60}\n"
    clock = configured(yaml).clock
    assert (clock.at_ms, clock.wall_ms, clock.speed) == (1_723_161_900_000, 1_767_225_600_000, 60)
