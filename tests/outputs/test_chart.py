"""The picture that follows a grave signal's text: small enough, true to its digest, never in the text's way."""

import base64
import hashlib
import json
import struct
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from loguru import logger
from pydantic import SecretStr

from coinmon import MINUTE, Bars, DeliveryThrottled, Instrument, Market, Pair, Trades, View
from coinmon.model.fold import fold
from coinmon_outputs import _chart
from coinmon_outputs.wecom import WeCom

pytest.importorskip("matplotlib", reason="the chart extra is not installed")

AT = 1_700_000_000_000 // MINUTE * MINUTE


class Tape:
    """Two trades a minute, of which takers buy the larger."""

    def __init__(self, traded):
        time = np.repeat(np.arange(AT - 60 * MINUTE, AT, MINUTE), 2)
        count = len(time)
        price, size = np.arange(count) + 10_000, np.tile([3.0, 1.0], count // 2)
        self.rows = fold(Trades(np.arange(count), time, price, size, np.tile([1, -1], count // 2)), traded)

    def bars(self, instrument, start, end, *, levels=False):
        return self.rows[(self.rows.time >= start) & (self.rows.time < end)]


class Untraded:
    def bars(self, instrument, start, end, *, levels=False):
        return Bars.empty(instrument.tick_size)


@pytest.fixture
def market():
    def make(source=Tape):
        views = []
        for venue in ("binance", "okx"):
            tick = Decimal("0.01")
            traded = Instrument(venue, "spot", "BTC", "USDT", "BTCUSDT", "BTC/USDT", tick, tick)
            views.append(View(traded, AT + 20_000, source(traded) if source is Tape else source()))
        return Market(Pair("BTC", "USDT"), AT + 20_000, ("binance", "okx"), views)

    return make


@pytest.fixture
def send(with_robot, wecom_robot):
    """Sends a message part by part, as the outbox does, and whole where it says so; what the robot took."""

    def run(message, answers=(), whole=False, **settings):
        wecom_robot.answers = list(answers)

        async def talk(robot):
            output = WeCom("wecom", webhook=SecretStr(f"{robot.url}?key=0b1c-key"), **settings)
            parts = [None] if whole else range(output.parts(message))
            for part in parts:
                await output.send(replace(message, part=part))
            return robot.seen

        return with_robot(wecom_robot, talk)

    return run


@pytest.fixture
def complaints():
    lines = []
    sink = logger.add(lines.append, format="{level} {message}", level="WARNING")
    yield lines
    logger.remove(sink)


@pytest.mark.parametrize("whole", [False, True])
def test_a_picture_follows_the_text_and_the_page(whole, send, message, market):
    *words, picture = send(replace(message(), market=market), whole=whole)
    assert [each["msgtype"] for each in words] == ["markdown", "text"]
    png = base64.b64decode(picture["image"]["base64"])
    assert struct.unpack(">II", png[16:24]) == (960, 576)
    assert 10_000 < len(png) < 300_000


@pytest.mark.parametrize(
    ("kind", "change"), [("signal", {"grade": "B+"}), ("signal", {"grade": None}), ("whale", {}), ("digest", {})]
)
def test_the_rest_has_none(kind, change, send, message, market):
    if kind == "digest":
        events = [message().event]
        told = message(id="d1", event="digest", reason="busy", events=events, grade="A", pair="BTC/USDT")
    else:
        told = message(kind, **change)
    assert "image" not in [each["msgtype"] for each in send(replace(told, market=market))]


def test_without_the_extra_or_a_market_there_is_none(send, message, market, monkeypatch):
    assert len(send(message())) == 2
    monkeypatch.setattr("coinmon_outputs._chart.find_spec", lambda name: None)
    assert len(send(replace(message(), market=market))) == 4, "two more texts, and no picture"


def failing():
    raise RuntimeError("the disk is full")


@pytest.mark.parametrize(
    ("source", "answers", "why"),
    [
        (lambda market: market, [{"errcode": 301019, "errmsg": "media md5 not match"}], "301019"),
        (lambda market: market, [(500, "oops", {})], "HTTP 500"),
        (lambda market: market, [{"errcode": 40058, "errmsg": "too long"}], "40058"),
        (lambda market: market, [{"errcode": -1, "errmsg": "system busy"}], "busy"),
        (lambda market: failing, [], "the disk is full"),
        (lambda market: lambda: market(Untraded), [], "no price of BTC/USDT"),
    ],
)
def test_one_that_fails_is_named_and_over(source, answers, why, send, message, market, complaints):
    ok = [{"errcode": 0}] * 2
    send(replace(message(), market=source(market)), answers=[*ok, *answers])
    (line,) = complaints
    assert line.startswith("WARNING output wecom: no picture with sig-1: ")
    assert why in line


def test_a_throttled_one_rests_with_all_that_follows(send, message, market):
    with pytest.raises(DeliveryThrottled):
        send(replace(message(), market=market), answers=[{"errcode": 0}, {"errcode": 0}, {"errcode": 45009}])


@pytest.mark.parametrize("has", [True, False])
def test_chinese_only_with_a_font_that_has_it(has, market, message, monkeypatch):
    """Where no font has a character it is left out: a box says less than nothing."""
    said = []
    fonts = [*_chart._fonts()[:1], *(["Fake Han"] if has else [])]
    monkeypatch.setattr(_chart, "_fonts", lambda: fonts)
    monkeypatch.setattr(_chart, "_without_boxes", lambda text, fonts: said.append(text) or "")
    _chart.draw(market(), message().event, "zh", ZoneInfo("UTC"))
    assert any("全球协同看涨" in text for text in said) is has
    assert any("Global Sync Bullish" in text for text in said) is not has


def test_what_no_font_has_is_left_out():
    assert _chart._without_boxes("🚨 [A+] BTC", ["DejaVu Sans"]) == "[A+] BTC"


def test_the_robot_of_the_demo_looks_as_closely():
    from coinmon_emulator.server.robots import Robots

    png = b"\x89PNG\r\n\x1a\n" + b"x" * 100
    right = {"base64": base64.b64encode(png).decode(), "md5": hashlib.md5(png).hexdigest()}

    def refusal(image):
        request = type("Request", (), {"query": {"key": "demo-token"}})()
        return Robots()._wecom_refusal(request, json.dumps({"msgtype": "image", "image": image}).encode())

    assert refusal(right) is None
    assert refusal({**right, "md5": "0" * 32}) == (301019, "media md5 not match")
    assert refusal({**right, "base64": "not base64"}) == (301019, "media md5 not match")
    for other in (b"GIF89a" + png, b"\x89PNG\r\n\x1a\n" + b"x" * 2**21):
        image = {"base64": base64.b64encode(other).decode(), "md5": hashlib.md5(other).hexdigest()}
        assert refusal(image)[0] == 40009
