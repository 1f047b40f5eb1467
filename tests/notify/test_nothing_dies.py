"""Outputs that misbehave in ways of their own: each is an error in the log, and none ends a sender or the loop."""

import asyncio
import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from aiohttp import web
from pydantic import SecretStr

from coinmon import DeliveryAside, DeliveryRefused, DeliveryRetry, DeliveryThrottled, Message
from coinmon.notify import signal_state
from coinmon.store.lease import take
from coinmon.store.outbox import write_signals
from coinmon.supervise import Supervisor
from coinmon_outputs.dingtalk import DingTalk
from coinmon_outputs.feishu import Feishu
from coinmon_outputs.webhook import WebHook
from coinmon_outputs.wecom import WeCom

TEXT = {"zh": "涨", "en": "up"}
EVENT = {"event": "signal", "id": "s0", "time": "2026-01-15T12:00:00Z", "pair": "BTC/USDT", "grade": "A",
         "signal": "surge", "title": TEXT, "reading": TEXT}  # fmt: skip


class Panic(BaseException):
    """As a library written in Rust raises it."""


def test_parts_that_are_no_number_are_that_messages_failure(say, outbox, plain, rows):
    output = plain.output()
    output.parts = lambda message: [1, 2]
    box = outbox(robot=output)
    say(plain.signal(), outputs=["robot"])
    box.flush()
    ((state, attempts, _, error),) = rows()
    assert (state, attempts) == ("waiting", 1)
    assert "parts returned list" in error
    del output.parts
    box.flush(after=10)
    assert output.got == ["BTC/USDT"]


@pytest.mark.parametrize(
    "raised", [asyncio.CancelledError(), Panic("at the disco"), SystemExit(1), KeyboardInterrupt()]
)
def test_what_an_output_raises_once_is_retried(say, outbox, plain, rows, raised):
    output = plain.output(raised)
    box = outbox(robot=output)
    say(plain.signal(), outputs=["robot"])
    box.flush()
    assert rows()[0][0] == "waiting"
    box.flush(after=10)
    assert output.got == ["BTC/USDT"]


def test_one_that_blocks_is_left_behind_by_who_sends_once(say, outbox, plain, rows, monkeypatch):
    free, blocking, other = threading.Event(), plain.output(), plain.output()
    monkeypatch.setattr("coinmon.notify.attempt.POST_TIMEOUT_S", 0.05)
    monkeypatch.setattr("coinmon.plugin.plugin_thread._CANCEL_S", 0.05)

    async def send(message):
        free.wait(20)

    blocking.send = send
    say(plain.signal(), outputs=["blocking", "other"])
    box = outbox(blocking=blocking, other=other)
    began = time.monotonic()
    box.flush()
    free.set()
    assert time.monotonic() - began < 10
    assert [(state, error) for state, _, _, error in rows()] == [("waiting", "its code blocks"), ("sent", None)]


@pytest.mark.parametrize(
    ("raised", "state", "wait_s"),
    [
        (DeliveryRefused("half a character: \ud800, and \x00"), "refused", (0, 0)),
        (DeliveryRetry("\udfff" * 100_000, float("nan")), "waiting", (1, 4)),
        (DeliveryRetry("late", "soon"), "waiting", (1, 4)),
        (DeliveryRetry("late", -5), "waiting", (1, 4)),
        (DeliveryThrottled("for ever", float("inf")), "waiting", (86_400, 86_400)),
        (DeliveryThrottled("for ever", 10**400), "waiting", (86_400, 86_400)),
        (ValueError("\ud800"), "waiting", (1, 4)),
    ],
)
def test_what_an_output_says_can_be_written_down(say, outbox, plain, rows, raised, state, wait_s):
    """What could not ended its sender after the post: it was begun anew, and posted again, for ever."""
    output = plain.output(raised)
    box = outbox(robot=output)
    say(plain.signal(), outputs=["robot"])
    box.flush()
    ((found, attempts, seconds, error),) = rows()
    assert (found, attempts) == (state, 1)
    assert wait_s[0] <= seconds <= wait_s[1] or state == "refused"
    assert len(error.encode()) <= 3_000


def test_an_output_that_blocks_holds_up_itself_alone(say, outbox, plain):
    """And what it does at last counts: it is not sent again."""
    output, other = plain.output(), plain.output()
    beats = []

    async def dozy(message):
        time.sleep(0.5)  # noqa: ASYNC251
        output.got.append(message.id)

    output.send = dozy

    async def run(box):
        async def beat():
            while True:
                beats.append(time.monotonic())
                await asyncio.sleep(0.01)

        beating = asyncio.create_task(beat())
        await box.flush()
        beating.cancel()

    box = outbox(robot=output, other=other)
    say(plain.signal(), outputs=["robot", "other"])
    asyncio.run(run(box.box))
    assert (len(output.got), other.got) == (1, ["BTC/USDT"])
    assert max(b - a for a, b in pairwise(beats)) < 0.4


def test_a_sender_that_is_told_to_end_twice_leaves_no_lease_behind(outbox, plain, database, monkeypatch):
    """The thread that takes it goes on: cancelled again meanwhile, nobody gave back what it got."""
    box, may, entered = outbox(robot=plain.output()).box, threading.Event(), threading.Event()
    names = []

    def slow(opened, name, complaint):
        names.append(name)
        entered.set()
        may.wait(5)
        return take(opened, name, complaint)

    monkeypatch.setattr("coinmon.notify.sender.take", slow)

    async def run():
        sending = asyncio.create_task(box.flush())
        await asyncio.to_thread(entered.wait, 5)
        sending.cancel()
        await asyncio.sleep(0.01)
        sending.cancel()
        await asyncio.wait({sending}, timeout=0.1)
        may.set()
        await asyncio.sleep(0.1)
        await asyncio.to_thread(lambda: take(database, names[0], "taken", patience=3).free())

    asyncio.run(run())


def test_a_task_that_dies_is_seen_and_started_again(monkeypatch):
    monkeypatch.setattr("coinmon.supervise._FIRST_RESTART_S", 0.01)
    runs = []

    async def work():
        runs.append(1)
        if len(runs) == 1:
            raise asyncio.CancelledError
        if len(runs) == 2:
            raise Panic("twice")
        await asyncio.Event().wait()

    async def main():
        supervisor = Supervisor()
        supervisor.start("sender of robot", work)
        async with asyncio.timeout(5):
            while len(runs) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        row = supervisor.as_json()["sender of robot"]
        await supervisor.close()
        return row

    assert asyncio.run(main()) == {"alive": True, "restarts": 2, "error": "Panic: twice"}


def test_a_clock_that_was_set_back_holds_up_no_message(say, outbox, plain):
    output = plain.output()
    box = outbox(robot=output)
    say(plain.signal(), outputs=["robot"], at=plain.now + 3 * 3_600_000)
    box.flush()
    assert output.got == ["BTC/USDT"]


def test_a_try_that_was_put_off_by_a_clock_that_is_set_back_waits_no_longer_than_any(say, outbox, plain, rows):
    """An alert that its channel did not take waited until the clock was there again: an hour, and not two seconds."""
    output = plain.output(DeliveryAside("HTTP 422"))
    box = outbox({"robot"}, robot=output)
    say(plain.signal(), outputs=["robot"])
    box.flush(after=3_600)
    ((state, attempts, due, _),) = rows()
    assert (state, attempts) == ("waiting", 1)
    assert 1 < due < 3
    box.flush()
    assert not output.got, "while the clock stays as it is, it rests"
    box.flush(after=-3_600)
    assert output.got == ["BTC/USDT"]


def test_a_clock_that_was_set_back_leaves_the_robot_its_room(say, outbox, plain):
    """Twenty posts an hour ahead filled each minute of the hour: nothing was sent until the clock was there again."""
    output = plain.output()
    box = outbox({"robot"}, 3, robot=output)
    for key in ("one", "two", "three"):
        say(plain.signal(key=key), pairs=(), outputs=["robot"])
    box.flush()
    assert len(output.messages) == 3
    say(plain.signal(key="four"), pairs=(), outputs=["robot"], at=plain.now - 3_600_000)
    again = outbox({"robot"}, 3, robot=output)
    again.flush(after=-3_600)
    assert len(output.messages) == 3
    again.flush(after=61)
    assert len(output.messages) == 4


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 407, 410, 413, 422, 429, 502])
def test_a_redirect_and_what_a_gateway_answers_lose_no_alert(status):
    async def answer(request):
        return web.Response(status=status, headers={"Location": "/elsewhere"}, text="<html>gateway</html>")

    async def main():
        application = web.Application()
        application.router.add_post("/robot", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = SecretStr(f"http://127.0.0.1:{runner.addresses[0][1]}/robot?access_token=x&key=y")
        try:
            for kind in (WebHook, DingTalk, WeCom, Feishu):
                with pytest.raises(DeliveryRetry):
                    await kind("robot", webhook=url).send(Message("s0", EVENT))
        finally:
            await runner.cleanup()

    asyncio.run(main())


def test_a_message_that_its_channel_does_not_take_holds_up_no_other(say, outbox, plain, rows):
    output = plain.output(DeliveryAside("HTTP 422"), None, DeliveryAside("HTTP 422"))
    box = outbox(robot=output)
    say(plain.signal("BTC/USDT"), plain.signal("ETH/USDT"), outputs=["robot"])
    box.flush()
    assert output.got == ["ETH/USDT"]
    box.flush(after=5)
    assert [row[0] for row in rows()] == ["waiting", "sent"]
    box.flush(after=20)
    assert output.got == ["ETH/USDT", "BTC/USDT"]


def test_what_one_signal_cannot_store_costs_the_others_nothing(database, plain):
    with database.write() as connection:
        for name, evidence in (("good", {"n": 1}), ("odd", {"n": object()}), ("also good", {})):
            signal = replace(plain.signal(name=name), evidence=evidence)
            try:
                with connection.begin_nested():
                    write_signals(connection, signal_state.update(connection, [signal], (), plain.now).rows, {})
            except Exception as error:
                assert name == "odd", error  # noqa: PT017
    with database.read() as connection:
        assert sorted(row[0] for row in connection.exec_driver_sql("SELECT name FROM signals")) == ["also good", "good"]


def test_two_signals_whose_ids_agree_are_both_told(monkeypatch, say, plain):
    monkeypatch.setattr("coinmon.notify.events._ID_DIGITS", 1)
    signals = [plain.signal(f"C{number}/USDT") for number in range(6)]
    assert len(say(*signals, pairs=())) == 6
