"""The outbox and the bundled robots against group robots on loopback: bursts, bans, kills."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from pydantic import SecretStr

from coinmon import DeliveryRefused, DeliveryRetry, DeliveryThrottled, Message
from coinmon.config.load import NotifyConfig
from coinmon.notify.outbox import Outbox
from coinmon.notify.routing import Route
from coinmon.store.deliveries import read_channel
from coinmon_emulator.server.robots import SECRET, TOKEN, Robots
from coinmon_outputs.dingtalk import DingTalk
from coinmon_outputs.feishu import Feishu
from coinmon_outputs.webhook import WebHook
from coinmon_outputs.wecom import WeCom

CAMPAIGN = Path(__file__).parents[2] / "benchmarks" / "faults" / "delivery_campaign.py"
KINDS = {"dingtalk": DingTalk, "wecom": WeCom, "feishu": Feishu, "webhook": WebHook}
TEXT = {"zh": "涨 🚀", "en": "up"}


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def event(number=0, grade="A", **changes):
    return {"event": "signal", "id": f"s{number}", "time": "2026-01-15T12:00:00Z", "pair": "BTC/USDT", "grade": grade,
            "signal": "surge", "title": TEXT, "reading": TEXT, **changes}  # fmt: skip


def with_robots(talk, **settings):
    """Runs `talk(robots, outputs)` while the robots listen; the outputs lead to them."""

    async def main():
        robots = Robots(**settings)
        application = web.Application()
        robots.attach(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls = robots.settings(f"http://127.0.0.1:{runner.addresses[0][1]}")
        outputs = {
            name: KINDS[name](name, **{key: SecretStr(value) for key, value in each.items()})
            for name, each in urls.items()
        }
        try:
            return await talk(robots, outputs)
        finally:
            await runner.cleanup()

    return asyncio.run(main())


def test_every_robot_takes_what_its_output_sends():
    async def talk(robots, outputs):
        for output in outputs.values():
            await output.send(Message("s0", event()))
        return robots.arrivals

    arrivals = with_robots(talk, keyword="coinmon")
    assert [(each.robot, each.pages_all) for each in arrivals] == [
        ("dingtalk", True), ("wecom", False), ("wecom", True), ("feishu", True), ("webhook", False),
    ]  # fmt: skip
    assert all("s0" in each.text and "BTC" in each.text for each in arrivals)
    assert "**" not in arrivals[3].text


@pytest.mark.parametrize(
    ("name", "cure"),
    [("dingtalk", r"outputs\.dingtalk\.secret"), ("feishu", r"outputs\.feishu\.secret"), ("webhook", "HTTP 401")],
)
def test_a_wrong_secret_is_found_out_and_not_shown(name, cure):
    async def talk(robots, outputs):
        robots.secret = "another"
        await outputs[name].send(Message("s0", event()))

    # what a gateway may say as well is said again, with the cure, until it is mended: no message is lost
    with pytest.raises(DeliveryRetry if name == "webhook" else DeliveryRefused, match=cure) as caught:
        with_robots(talk)
    assert SECRET not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(("name", "most"), [("dingtalk", 20), ("wecom", 10), ("feishu", 5)])
def test_a_robot_that_is_sent_too_much_says_so_and_dingtalk_bans(name, most):
    """20 messages a minute, of which WeCom's are two each (one pages); Feishu takes five a second."""
    moment = [1_700_000_000.0]

    async def talk(robots, outputs):
        output = outputs[name]
        for number in range(most):
            await output.send(Message(f"s{number}", event()))
        with pytest.raises(DeliveryThrottled):
            await output.send(Message("s", event()))
        moment[0] += 61
        if name == "dingtalk":
            with pytest.raises(DeliveryThrottled):
                await output.send(Message("s", event()))
            moment[0] += 600
        await output.send(Message("s", event()))

    # without secrets: the time is made up
    with_robots(talk, clock=lambda: moment[0], secret="")


def test_500_signals_in_a_minute_are_at_most_18_messages_in_each_and_every_one_is_named(database, say, clock, plain):
    route = Route(frozenset({"signal"}), False, NotifyConfig(), None, frozenset(), ZoneInfo("UTC"))
    now = [plain.now]
    type(clock).moment = plain.now

    async def talk(robots, outputs):
        box = Outbox(database, outputs, dict.fromkeys(outputs, route), clock, lambda event: None, wall=clock.now)
        for second in range(300):
            type(clock).moment = now[0] = plain.now + second * 1000
            if second < 50:
                several = (plain.signal(key=f"{second} {each}") for each in range(10))
                say(*several, pairs=(), at=now[0], outputs=list(outputs))
            if second < 60 or second % 20 == 0:
                await box.flush()
        return robots.arrivals

    arrivals = with_robots(talk, clock=lambda: now[0] / 1000, secret="")
    with database.read() as connection:
        told = [row[0] for row in connection.exec_driver_sql("SELECT id FROM signals")]
        assert connection.exec_driver_sql("SELECT DISTINCT state FROM deliveries").all() == [("sent",)]
    assert len(told) == 500
    for robot in KINDS:
        times = [each.at for each in arrivals if each.robot == robot]
        assert max(sum(start <= each < start + 60 for each in times) for start in times) <= 18
        text = "\n".join(each.text for each in arrivals if each.robot == robot)
        assert not [id for id in told if id not in text]


def test_messages_arrive_once_however_often_the_sender_is_killed():
    """The short form of the campaign; benchmarks/faults/delivery_campaign.py is the long one."""
    command = [sys.executable, str(CAMPAIGN), "--kills", "2", "--signals", "24", "--seed", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_sender_that_dies_at_the_picture_repeats_the_picture_and_not_the_text(database, say, clock, plain):
    """Words, page and picture are three messages, each counted, in this order."""
    pytest.importorskip("matplotlib", reason="the chart extra is not installed")
    route = Route(frozenset({"signal"}), False, NotifyConfig(), None, frozenset(), ZoneInfo("UTC"))
    asked, sent, stops = [], [], []

    def market(event):
        asked.append(event["id"])
        if len(asked) == 1:
            # the sender is stopped here, from outside: nothing that it does afterwards is written down
            loop, task = stops[0]
            loop.call_soon_threadsafe(task.cancel)
            time.sleep(0.3)
        raise LookupError("nothing is stored")

    async def talk(robots, outputs):
        chosen = {"wecom": outputs["wecom"]}
        box = Outbox(database, chosen, {"wecom": route}, clock, lambda event: None, wall=clock.now, market=market)
        stops.append((asyncio.get_running_loop(), asyncio.current_task()))
        try:
            await box.flush()
        finally:
            sent.append([each.body["msgtype"] for each in robots.arrivals])

    say(plain.signal(), outputs=["wecom"])
    with pytest.raises(asyncio.CancelledError):
        with_robots(talk)
    with_robots(talk)
    assert (len(asked), sent) == (2, [["markdown", "text"], []])
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT DISTINCT state FROM deliveries").all() == [("sent",)]
        assert len(read_channel(connection, "wecom").posts) == 4
