"""`coinmon plugins new`: each kind is written, found in the folder, and works as it stands."""

import asyncio
import re
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from coinmon import Bars, DeliveryRetry, Instrument, Market, Message, Pair, View
from coinmon.cli import run
from coinmon.config.load import Config, load_config
from coinmon_indicators.flow.net_flow import net_flow

ROOT = Path(__file__).parents[2]
NOW = 1_768_478_430_000
NAMES = {"exchange": "my_venue", "indicator": "my_share", "signal": "my_lead", "output": "my_post"}


@pytest.fixture
def config(tmp_path, monkeypatch) -> Any:
    monkeypatch.chdir(tmp_path)
    for kind, name in NAMES.items():
        assert run(["plugins", "new", kind, name, "--dir", "mine"]) == 0
    (tmp_path / "config.yaml").write_text("plugins: {dir: mine}\noutputs: {my_post: {webhook: 'http://127.0.0.1:9'}}\n")
    yield load_config(None, environ={}, cwd=tmp_path)
    for name in NAMES.values():
        sys.modules.pop(f"coinmon_plugin_dir_{name}", None)


def test_each_is_found_under_its_name(config):
    assert {
        (each.kind, each.name) for each in config.catalog.offers.values() if each.distribution == "plugin_dir"
    } == set(NAMES.items())
    assert not [each for each in config.catalog.broken if each.distribution == "plugin_dir"]


def made(config: Config, kind: str) -> Any:
    chosen = getattr(config, f"{kind}s")[NAMES[kind]]
    return chosen.offer.target, chosen.settings


def test_the_exchange_the_indicator_and_its_panel_work(config):
    target, settings = made(config, "exchange")
    exchange = target("my_venue", **settings)
    (instrument,) = asyncio.run(exchange.instruments())
    bars = asyncio.run(exchange.bars(instrument, NOW - 7_200_000, NOW))
    view = View(instrument, NOW, SimpleNamespace(bars=lambda _, start, end, levels=False: bars))
    share, settings = made(config, "indicator")
    result = share(view, **settings)
    assert result.share == pytest.approx(0.6)
    assert [mark.value[0] for mark in result.panel(view).marks] == [pytest.approx(60)]


def test_the_signal_works(config):
    """It asks for results by the names that they have; tests/docs runs the same text on a market."""
    target, settings = made(config, "signal")
    blank = net_flow(View(Instrument("binance", "spot", "BTC", "USDT", "B", "BTC/USDT", Decimal(1), Decimal(1)), NOW,
                          SimpleNamespace(bars=lambda one, *_, **__: Bars.empty(one.tick_size))))  # fmt: skip

    def one(kind: str, ratio: float) -> Any:
        flow = blank.model_copy(update={"buy_sell_ratio": ratio, "net_flow": 1.0})
        return SimpleNamespace(instrument=SimpleNamespace(venue="binance", kind=kind), of={"net_flow": flow}.get)

    market = Market(Pair("BTC", "USDT"), NOW, ["binance"], [one("spot", 2.0), one("perp", 1.0)])
    assert [each.key for each in target(market, **settings)] == ["my_lead:BTC/USDT"]


def test_the_output_works(config):
    target, settings = made(config, "output")
    with pytest.raises(DeliveryRetry, match="my_post: no answer"):
        asyncio.run(target("my_post", **settings).send(Message("m", {"event": "signal"})))


def test_what_it_writes_is_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^```python\n(.*?)^```$", (ROOT / "plugins/README.md").read_text("utf-8"), re.M | re.S)
    shown = {"indicator": "buy_share", "signal": "spot_leads", "output": "post", "exchange": "sine"}
    for (kind, name), example in zip(shown.items(), examples, strict=True):
        assert run(["plugins", "new", kind, name]) == 0
        assert (tmp_path / "my_plugins" / f"{name}.py").read_text("utf-8") == example


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["signal", "Loud"], "Loud: a plugin's name is lower-case letters"),
        (["signal", "class"], "class: a plugin's name is lower-case letters"),
        (["signal", "whale"], "signal whale is taken by signals.whale of coinmon"),
        (["robot", "mine"], "'robot' is not one of"),
        (["signal", "twice"], "my_plugins/twice.py: File exists"),
    ],
)
def test_what_cannot_be_written(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_plugins").mkdir()
    (tmp_path / "my_plugins" / "twice.py").touch()
    assert run(["plugins", "new", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert (tmp_path / "my_plugins" / "twice.py").read_text() == ""
