"""The examples of plugins/README.md, loaded as files of a plugin folder and used as the core uses them."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from coinmon import MINUTE, Bars, DeliveryRefused, DeliveryRetry, Instrument, Market, Message, Pair, View
from coinmon.config.load import Config, load_config
from coinmon_indicators.flow.net_flow import net_flow

README = Path(__file__).parents[2] / "plugins" / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
NOW = 1_768_478_430_000


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    """A configuration whose plugin folder holds the examples."""
    folder = tmp_path / "mine"
    folder.mkdir()
    names = [f"readme_{number}" for number in range(len(EXAMPLES))]
    for name, source in zip(names, EXAMPLES, strict=True):
        (folder / f"{name}.py").write_text(source, "utf-8")
    (tmp_path / "config.yaml").write_text("plugins: {dir: mine}\noutputs: {post: {webhook: 'http://x'}}\n", "utf-8")
    yield load_config(None, environ={}, cwd=tmp_path)
    for name in names:
        sys.modules.pop(f"coinmon_plugin_dir_{name}", None)


def test_there_is_one_of_each_kind_and_none_is_broken(config):
    mine = [offer for offer in config.catalog.offers.values() if offer.distribution == "plugin_dir"]
    assert {(offer.kind, offer.name) for offer in mine} == {
        ("exchange", "sine"),
        ("indicator", "buy_share"),
        ("signal", "spot_leads"),
        ("output", "post"),
    }
    assert len(EXAMPLES) == 4
    assert all(offer.summary.endswith(".") for offer in mine)
    assert not [each for each in config.catalog.broken if each.distribution == "plugin_dir"]
    assert not config.warnings


def view(config: Config) -> View:
    """The example exchange's market, as of a moment."""
    chosen = config.exchanges["sine"]
    exchange = chosen.offer.target("sine", **chosen.settings)
    (instrument,) = asyncio.run(exchange.instruments())
    bars = asyncio.run(exchange.bars(instrument, NOW - 60 * MINUTE, NOW // MINUTE * MINUTE))
    return View(instrument, NOW, SimpleNamespace(bars=lambda _, start, end, levels=False: bars))


def test_the_exchange_and_the_indicator_work_together(config):
    chosen = config.indicators["buy_share"]
    result = chosen.offer.target(view(config), **chosen.settings)
    assert result.share == pytest.approx(0.6)
    assert (result.coverage.complete, result.coverage.kind) == (15, "klines")
    assert json.loads(result.model_dump_json())["as_of"] == "2026-01-15T12:00:30Z"
    (line,) = result.panel(view(config)).marks
    # of the hour that is stored the first quarter lacks a minute
    assert line.value == pytest.approx([60.0] * 3)


def test_the_indicator_says_when_nothing_is_known(config):
    chosen = config.indicators["buy_share"]
    seen = view(config)
    empty = View(seen.instrument, NOW + 600 * MINUTE, seen.source)
    result = chosen.offer.target(empty, **chosen.settings)
    assert (result.share, result.coverage.share) == (None, 0.0)
    assert result.reason


def flowing(kind: str, ratio: float | None) -> View:
    """A market with so much bought for each that is sold, in every minute; None: the takers' sides are unknown."""
    one = Instrument("binance", kind, "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal("0.1"), Decimal("0.001"))
    end = NOW // MINUTE * MINUTE
    times = np.arange(end - 60 * MINUTE, end, MINUTE)
    blank = Bars.missing(one.tick_size, times)
    full = np.ones(len(times))
    buy, price = (0.0 if ratio is None else ratio) * full, np.full(len(times), 1000)
    bars = replace(
        blank, open=price, high=price, low=price, close=price, volume=buy + full, quote_volume=100 * (buy + full),
        buy=buy, buy_quote=100 * buy, coverage=np.full(len(times), 1 if ratio is None else 2, np.uint8),
    )  # fmt: skip
    source = SimpleNamespace(bars=lambda _, start, end, levels=False: bars[(times >= start) & (times < end)])
    return View(one, NOW, source, lambda name, view: {"net_flow": net_flow}[name](view))


@pytest.mark.parametrize(
    ("spot", "perp", "told"), [(1.6, 1.0, True), (1.4, 1.0, False), (1.6, 1.2, False), (None, 1.0, False)]
)
def test_the_signal_needs_buyers_on_spot_only(config, spot, perp, told):
    market = Market(Pair("BTC", "USDT"), NOW, ["binance"], [flowing("spot", spot), flowing("perp", perp)])
    chosen = config.signals["spot_leads"]
    found = chosen.offer.target(market, **chosen.settings)
    assert [each.name for each in found] == (["spot_leads"] if told else [])
    json.dumps([each.evidence for each in found])
    assert not chosen.offer.target(Market(Pair("BTC", "USDT"), NOW, [], []), **chosen.settings)


@contextmanager
def answering(status: int, heard: list[Any]) -> Iterator[str]:
    """A web server on loopback that answers every post like this."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/in"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "raises"), [(200, None), (503, DeliveryRetry), (404, DeliveryRefused)])
def test_the_output_posts_and_tells_refusal_from_trouble(config, monkeypatch, status, raises):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    heard: list[Any] = []
    with answering(status, heard) as address:
        chosen = config.outputs["post"]
        output = chosen.offer.target("post", webhook=type(chosen.settings["webhook"])(address), timeout=5.0)
        if raises:
            with pytest.raises(raises, match=f"post: HTTP {status}"):
                asyncio.run(output.send(Message("m1", {"event": "signal"})))
        else:
            asyncio.run(output.send(Message("m1", {"event": "signal"})))
    assert heard == [{"id": "m1", "event": "signal"}]


def test_the_outputs_address_is_hidden(config):
    assert "http://x" not in repr(config.outputs["post"].settings)
