"""A distribution of somebody else's: installed with pip, found by its entry point, no line of ours changed."""

import json

import pytest

from coinmon.plugin.discovery import search_modules

USE = """
import asyncio, sys
from pathlib import Path
import yaml
from coinmon import Market, Message, Pair, View
from coinmon.config.load import load_config

config = load_config(Path("config.yaml"), environ={}, overrides={"exchanges": ["acme"]})
made = config.exchanges["acme"]
exchange = made.offer.target("acme", **made.settings)

async def main():
    btc, eth = await exchange.instruments()
    bars = await exchange.bars(btc, 0, 6_000_000)
    class Recorded:
        def bars(self, instrument, start, end, *, levels=False):
            return bars[(bars.time >= start) & (bars.time < end)]
    view = View(btc, 6_000_000, Recorded())
    mood = config.indicators["acme_mood"]
    print(mood.offer.target(view, **mood.settings).model_dump_json())
    market = Market(Pair("BTC", "USDT"), view.now, ["acme"], [view])
    always = config.signals["acme_always"]
    (signal,) = always.offer.target(market, **always.settings)
    chosen = config.outputs["filed"]
    output = chosen.offer.target("filed", **chosen.settings)
    await output.send(Message("1-a", {"event": "signal", "title": {"zh": signal.title.zh, "en": signal.title.en}}))

asyncio.run(main())
"""


def test_all_four_kinds_are_listed_with_their_settings(beside_acme):
    done = beside_acme("-m", "coinmon", "plugins", "--json")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    ours = {each["name"]: each for each in listed["plugins"] if each["distribution"] == "coinmon-acme"}
    assert {(each["kind"], name, each["plugin"]) for name, each in ours.items()} == {
        ("exchange", "acme", "acme.exchange"),
        ("indicator", "acme_mood", "acme.indicator"),
        ("signal", "acme_always", "acme.signal"),
        ("output", "acme_file", "acme.output"),
    }
    assert ours["acme_mood"]["settings"]["window"]["default"] == 5
    assert ours["acme"]["on"]
    assert not ours["acme_file"]["on"], "it needs a path"
    assert not [each for each in listed["broken"] if each["distribution"] == "coinmon-acme"]


def test_they_work_as_configured(beside_acme, tmp_path):
    (tmp_path / "config.yaml").write_text(
        "signals:\n  acme_always: {word: good day}\noutputs:\n  filed: {plugin: acme_file, path: told.jsonl}\n", "utf-8"
    )
    done = beside_acme("-c", USE)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["share"] == pytest.approx(0.6)
    assert result["coverage"]["complete"] == 5
    (line,) = (tmp_path / "told.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == {"id": "1-a", "event": "signal", "title": {"zh": "你好", "en": "good day"}}


@pytest.mark.parametrize("wish", ["coinmon-acme", "acme"])
def test_they_can_be_switched_off_by_distribution_or_by_group(wish, beside_acme, tmp_path):
    (tmp_path / "config.yaml").write_text(f"plugins: {{disabled: [{wish}]}}\n", "utf-8")
    done = beside_acme("-m", "coinmon", "plugins")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    ours = {tuple(row[:3]) for row in rows if "acme" in row[2]}
    assert ours == {
        ("disabled", "", plugin) for plugin in ("acme", "acme.exchange", "acme.indicator", "acme.output", "acme.signal")
    }
    assert any(row[1] == "binance" for row in rows)


def test_its_settings_are_in_the_sample_and_are_checked_by_name(beside_acme, tmp_path):
    done = beside_acme("-m", "coinmon", "config", "init")
    assert done.returncode == 0, done.stderr
    sample = (tmp_path / "config.yaml").read_text("utf-8")
    assert "  #acme_mood:\n    #window: 5  # minutes to look at\n" in sample
    (tmp_path / "config.yaml").write_text("signals: {acme_always: {wrod: hi}}\noutputs: {acme_file: }\n", "utf-8")
    done = beside_acme("-m", "coinmon", "config", "check")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "coinmon: config.yaml: signals.acme_always.wrod is not a setting (did you mean word?); it takes word",
        "coinmon: config.yaml: outputs.acme_file.path is required",
    ]


def test_a_distribution_that_comes_while_we_run_is_found(tmp_path, monkeypatch):
    """Entry points are read once, until a folder of `sys.path` changes or another one is there."""
    source = "from coinmon import hookimpl\n\n@hookimpl\ndef register_signals(register): pass\n"

    def install(name):
        (tmp_path / f"{name}.py").write_text(source, "utf-8")
        made = tmp_path / f"{name}-1.dist-info"
        made.mkdir()
        (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n", "utf-8")
        (made / "entry_points.txt").write_text(f"[coinmon]\n{name} = {name}\n", "utf-8")

    def found():
        return {each.plugin for each in search_modules(None, [])} & {"late_one", "late_other"}

    assert found() == set()
    install("late_one")
    monkeypatch.syspath_prepend(tmp_path)
    assert found() == {"late_one"}
    install("late_other")
    assert found() == {"late_one", "late_other"}
