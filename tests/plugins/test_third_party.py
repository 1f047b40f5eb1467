"""A distribution of somebody else's: installed with pip, found by its entry point, no line of ours changed."""

import json

import pytest

pytestmark = pytest.mark.xdist_group("acme")

LIST = """
import json
from coinmon.plugins import load_catalog
from coinmon.commands.plugins import _whole
print(json.dumps(_whole(load_catalog())))
"""

USE = """
import asyncio, sys
from pathlib import Path
import yaml
from coinmon import Market, Message, Pair, View
from coinmon.config import load_config

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
    done = beside_acme("-c", LIST)
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


def test_one_can_be_switched_off_by_its_distribution(beside_acme):
    code = "from coinmon.plugins import load_catalog as l; c = l(None, ['coinmon-acme']); print(c.disabled)"
    done = beside_acme("-c", code)
    assert "acme.exchange" in done.stdout, done.stderr
