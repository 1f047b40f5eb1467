"""Help and errors for those whose locale is Chinese: every command, no English words but names and terms."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from coinmon.cli import build, run
from coinmon.config.load import load_plugins
from coinmon.spoken.phrases import Phrases, language, plugin_packages
from coinmon.store.database import CURES

ROOT = Path(__file__).parents[2]
APP: Any = typer.main.get_command(build())
PHRASES = Phrases(plugin_packages())
TERMS = {
    "a", "after", "aggtrades", "ai", "as", "auto", "ban", "base", "binance", "blank", "bom", "books", "btcusdt",
    "buy_share", "bybit", "c", "ccxt", "coinbase", "coinmon", "config", "costs", "csv", "ctrl", "cut", "cutday", "d",
    "dask", "data", "days", "db", "default", "delisted", "demo", "docs", "drop", "duration", "e", "en", "eth",
    "explain", "exponent", "field", "firewall", "gap", "garbage", "gz", "h", "html", "hyperliquid", "http", "i", "id",
    "in", "interactive", "iso", "json", "jump", "k", "kind", "klines", "known", "lake", "lang", "late", "load",
    "loopback",
    "m", "mcp", "md", "min_net_flow", "ms", "n", "no", "noise", "odd", "of", "okx", "p", "parquet", "part", "path",
    "probability", "quiet", "rate", "record", "recording", "refuse", "repeat", "replayed", "rest", "retention_days",
    "retry", "s", "scan", "schema", "seconds", "serve", "signals", "silence", "skew", "slow", "sqlite", "sse",
    "stall", "start", "stdio", "stored", "stream", "streamable", "symbols", "tape", "tcp", "tests", "text", "tick",
    "trades", "try", "unlisted", "us_accumulation", "usdt", "utc", "utf", "v", "venue", "verify", "vision", "vv",
    "w", "wide", "x", "yaml", "zh", "zip",
}  # fmt: skip
"""Names of things, of formats and of commands, as Chinese readers write them too."""


def commands(group: Any, path: tuple[str, ...] = ()) -> Any:
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = dict(commands(APP))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_text_of_a_commands_help_is_known_in_chinese(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    texts = [command.help, *(getattr(each, "help", None) for each in command.params)]
    assert [each for each in texts if each and not PHRASES.knows(each)] == []


@pytest.mark.parametrize("words", [["--help"], ["scan", "--help"], ["rules", "explain", "--help"]], ids=" ".join)
def test_a_page_of_help_has_no_english_in_it(words: list[str], coinmon: Any) -> None:
    shown = coinmon(*words, environ={"LANG": "zh_CN.UTF-8"}).out
    assert "用法: coinmon" in shown
    assert "选项" in shown
    named = {*TERMS, *(name for path in COMMANDS for name in path)}
    # names of options, of arguments and of their types are as they are typed
    bare = re.sub(r"--?[\w-]+|<[^>]*>|\[SYMBOL\]\S*|\{?\b[A-Z/-]+\b\}?|\{\w+\}", " ", shown)
    assert {each.lower() for each in re.findall(r"[A-Za-z_]+", bare)} - named - {"rule", "symbol", "name"} == set()
    assert "…" not in shown, "a line is cut"


PACKAGES = [each.parent for each in (*ROOT.glob("coinmon/__init__.py"), *ROOT.glob("plugins/*/__init__.py"))] + [
    each for each in ROOT.glob("plugins/coinmon_*") if not (each / "__init__.py").exists()
]
RAISED = {
    "ValueError", "TypeError", "CoinmonError", "ConfigError", "DatabaseFailed", "NoAnswer", "NoDataError",
    "DecodeError", "VenueError", "VenueBlocked", "VenueBusy", "NotPublished", "WrongChecksum", "DeliveryRetry",
    "DeliveryAside", "DeliveryThrottled", "DeliverySplit", "DeliveryRefused", "CallFailed",
}  # fmt: skip
PART = "§"
"""Stands for what is filled in when a message is made."""


def template(said: ast.expr) -> str:
    if isinstance(said, ast.Constant):
        return str(said.value)
    if isinstance(said, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else PART for each in said.values)
    return template(said.left) + template(said.right) if isinstance(said, ast.BinOp) else PART


def raised(path: Path) -> Iterator[str]:
    """The messages of errors that a file raises, but those that only put others together."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            kind = node.exc.func
            text = template(node.exc.args[0])
            # names of options and keys, as in `--from/--to: §`, `serve.token`, are said in no language
            words = re.sub(r"(--?|^)[\w/.§-]*:|\b\w+\.\w+|^-+[\w§]+ ", "", text)
            if getattr(kind, "id", None) in RAISED and re.search(r"[a-z]{2}", words):
                yield text


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_error_of_a_package_is_known_in_chinese(package: Path) -> None:
    importlib.import_module(package.name)
    phrases = Phrases(plugin_packages())
    told = {text for path in package.rglob("*.py") for text in raised(path)}
    whole = [[phrases.say(line.replace(PART, "7")) for line in text.splitlines()] for text in told]
    assert [said for said in whole if not re.search("[\u4e00-\u9fff]", said[0])] == []


@pytest.mark.parametrize("cure", CURES.values())
def test_what_helps_a_database_is_known_in_chinese(cure: str) -> None:
    said = PHRASES.say(f"db: sqlite:///7: {cure}").partition("7")[2]
    assert not re.search("[a-z]{3}", said.replace("--db", "").replace("coinmon", ""))


@pytest.mark.parametrize("path", sorted(ROOT.glob("**/words.zh.json")), ids=lambda path: path.parent.name)
def test_a_phrase_has_the_parts_of_its_original(path: Path) -> None:
    for english, chinese in json.loads(path.read_text("utf-8")).items():
        parts = {int(each) for each in re.findall(r"\{(\d+)\}", chinese)}
        assert max(parts, default=-1) < english.count("{}"), english
        words = {each.lower() for each in re.findall(r"(?<![\w./=:-])[a-z]{3,}(?![\w./=:(-])", chinese)}
        assert not words & {"the", "and", "not", "with", "there", "write", "this", "that"} - {"and", "not"}, chinese


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["scna"], "没有命令 'scna'。是不是 'scan'？"),
        (["report"], "缺少参数 'symbol'。"),
        (["scan", "--interval", "soon"], "命令行: interval: 'soon' 不是时长；请写 60s、5m、4h 或 1d"),
        (["report", "（BTC）"], "'（BTC）' 不是交易对；是不是 BTC？请写 BTCUSDT、"),
        (["report", "BTC", "--at", "noon"], "--at: 'noon' 不是时间；"),
        (["report", "BTC", "--date", "2099-01-01"], "--date: 2099-01-01 还没有到；现在是 "),
        (["report", "BTC", "--offline"], "db：data/coinmon.db 不存在；请先运行 coinmon scan"),
        (["scan", "--seed", "1"], "--tape、--scenario、--seed、--speed、--at 和 --robots 要与 --demo 同用"),
        (["--config", "bad.yaml", "config", "check"], "bad.yaml: window: 应不大于 10080"),
        (["--config", "bad.yaml", "config", "check"], "bad.yaml: whale_threshold: 应为数字（请写 500000）"),
        (["--config", "wide.yaml", "config", "check"], "第 1 行的 interval 后面是全角冒号：请写 interval: 加一个空格"),
        (["emulate", "--faults", "okx:53"], "故障 'okx:53'：没有种类 '53'；应为 429"),
        (["emulate", "--scenario", "loud"], "没有模拟行情 'loud'；现有 "),
        (["--db", "nothing.db", "backtest", "--lake", "none"], "没有数据湖；请用 coinmon export --lake "),
        (["exchanges", "nowhere"], "exchanges.nowhere: ccxt 没有交易所 'nowhere'"),
        (["--config", "sets.yaml", "config", "check"], "sets.yaml: exchanges.okx.timeout: "),
        (["--config", "rule.yaml", "rules", "check"], "规则 a: net_flow 没有字段 zscor（是不是 zscore？）；现有 "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_is_in_the_language_of_the_locale(
    arguments: list[str], told: str, coinmon: Any, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text("window: 500000\nwhale_threshold: 500k\n", "utf-8")
    (tmp_path / "wide.yaml").write_text("interval：5s\nsymbols: [BTCUSDT]\n", "utf-8")
    (tmp_path / "sets.yaml").write_text("exchanges: {okx: {timeout: soon}}\n", "utf-8")
    (tmp_path / "rule.yaml").write_text("rules: {a: {when: 'net_flow(spot).zscor > 2', grade: B}}\n", "utf-8")
    done = coinmon(*arguments, environ={"LANG": "zh_CN.UTF-8"})
    assert done.code in (2, 3)
    assert told in "\n".join(done.err)


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ([], {"LANG": "en_GB.UTF-8", "COINMON_LANG": "zh"}, "zh"),
        (["scan", "--lang", "en"], {"LANG": "zh_TW.UTF-8"}, "en"),
        (["--lang=zh", "scan"], {"LANG": "en_GB.UTF-8"}, "zh"),
        (["--lang"], {"LANG": "zh_CN"}, "en"),
    ],
)
def test_which_language(arguments: list[str], environ: dict[str, str], expected: str) -> None:
    assert language(arguments, environ) == expected


def test_what_plugins_are_and_what_exchanges_give_is_said_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINMON_LANG", "zh")
    summaries = [each.summary for each in load_plugins(None, environ={}, cwd=ROOT).offers.values()]
    phrases = Phrases(plugin_packages())
    assert [each for each in summaries if not re.search("[\u4e00-\u9fff]", phrases.say(each))] == []
    for line in ("exchanges", "exchanges kraken"):
        assert run(line.split()) == 0
        told = [each for each in capsys.readouterr().out.splitlines() if each.startswith("  ")]
        # budgets have names of the venue's
        assert [
            each
            for each in told
            if re.search(r"[a-z]{3}", each.partition(": ")[2]) and not re.search("限额|url|ccxt|coinmon", each)
        ] == []
        assert [each for each in told if not re.match("  [有无] +[0-9 \u4e00-\u9fffK]+(:|$)", each)] == []


def logged_for_readers(path: Path) -> Iterator[str]:
    """What is logged by `SPOKEN`, where the text stands in the call or in the line before it."""
    texts = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            texts.setdefault(node.targets[0].id, []).append(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("SPOKEN."):
            said = node.args[0]
            for each in texts.get(said.id, []) if isinstance(said, ast.Name) else [said]:
                if isinstance(each, ast.Constant):
                    yield re.sub(r"\{[^}]*\}", "7", each.value)


def test_what_the_log_tells_readers_is_known_in_chinese() -> None:
    told = [text for path in (ROOT / "coinmon").rglob("*.py") for text in logged_for_readers(path)]
    assert len(told) > 5
    phrases = Phrases(plugin_packages())
    assert [each for each in told if not re.search("[\u4e00-\u9fff]", phrases.say(each))] == []
