"""What waits is sent: once, in time, over restarts, and one output's trouble is no other's."""

import asyncio
from time import monotonic

import pytest
from loguru import logger

from coinmon import DeliveryThrottled, Message
from coinmon.errors import DeliveryAside, DeliverySplit
from coinmon.model.moment import DAY, MINUTE
from coinmon.notify import attempt as tries
from coinmon.notify.batching import Batch
from coinmon.plugin.plugin_thread import PluginThread
from coinmon.store.deliveries import Waiting
from coinmon.store.lease import leased
from coinmon.store.outbox import Due
from coinmon.store.retention import forget_told


@pytest.fixture
def log():
    lines = []
    sink = logger.add(lines.append, format="{message}")
    yield lines
    logger.remove(sink)


def test_what_is_sent_is_sent_once_and_told(say, outbox, rows, plain):
    robot = plain.output()
    say(plain.signal(), outputs=["robot"])
    box = outbox(robot=robot)
    box.flush()
    box.flush(after=3600)
    assert robot.got == ["BTC/USDT"]
    ((state, attempts, _, error),) = rows()
    assert (state, attempts, error) == ("sent", 1, None)
    (event,) = box.told
    assert (event.output, event.state) == ("robot", "sent")


def test_a_failure_is_tried_again_later_and_later_until_it_works(say, outbox, rows, plain):
    robot = plain.output(*[plain.retry("busy")] * 12)
    say(plain.signal(), outputs=["robot"])
    box = outbox(robot=robot)
    waits = [0.0]
    for attempt in range(1, 13):
        box.flush(after=waits[-1])
        ((state, attempts, wait, error),) = rows()
        assert (state, attempts, error) == ("waiting", attempt, "busy")
        box.flush(after=wait - 0.001)
        assert len(robot.tried) == attempt, "not before its time"
        waits.append(0.001)
        assert 0.75 * min(600, 2**attempt) <= wait <= 1.25 * min(600, 2**attempt)
    box.flush(after=0.001)
    assert robot.got == ["BTC/USDT"]
    assert [(each.state, each.attempts) for each in box.told] == [("waiting", n) for n in range(1, 13)] + [("sent", 13)]


def test_a_wait_that_the_robot_names_holds_for_all_that_waits_for_it(say, outbox, rows, plain):
    robot, other = plain.output(plain.retry("too fast", retry_after=600.0)), plain.output()
    say(plain.signal(), plain.signal("ETH/USDT"), outputs=["robot", "other"])
    box = outbox(robot=robot, other=other)
    box.flush()
    box.flush(after=599)
    assert robot.tried == ["BTC/USDT"]
    assert other.got == ["BTC/USDT", "ETH/USDT"]
    box.flush(after=1)
    assert sorted(robot.got) == ["BTC/USDT", "ETH/USDT"]


def test_a_robot_that_is_down_is_asked_less_often_however_much_waits(say, outbox, plain):
    robot = plain.output(*[plain.retry("down")] * 1000)
    say(*(plain.signal(key=str(each)) for each in range(50)), outputs=["robot"])
    box = outbox(robot=robot)
    for _ in range(600):
        box.flush(after=1)
    assert len(robot.tried) < 12


def test_what_waits_for_one_hides_nothing_of_another(say, outbox, plain):
    dead, alive = plain.output(*[plain.retry("down")] * 9), plain.output()
    say(*(plain.signal(key=str(each)) for each in range(300)), outputs=["dead"])
    say(plain.signal("ETH/USDT", key="new"), pairs=(), outputs=["dead", "alive"])
    outbox(dead=dead, alive=alive).flush()
    assert alive.got == ["ETH/USDT"]


def test_a_refusal_is_final_and_the_next_message_is_sent(say, outbox, rows, plain):
    robot = plain.output(plain.refused("no such token"))
    say(plain.signal(), plain.signal("ETH/USDT"), outputs=["robot"])
    box = outbox(robot=robot)
    box.flush()
    box.flush(after=3600)
    assert robot.tried == ["BTC/USDT", "ETH/USDT"]
    assert [(state, error) for state, _, _, error in rows()] == [("refused", "no such token"), ("sent", None)]


def test_a_message_that_an_output_cannot_take_does_not_stop_the_others(say, outbox, rows, plain, monkeypatch):
    monkeypatch.setattr(tries.random, "uniform", lambda low, high: 1.0)
    robot = plain.output(KeyError("title"), None, None, KeyError("title"))
    say(*(plain.signal(key=str(each)) for each in range(3)), outputs=["robot"])
    box = outbox(robot=robot)
    box.flush()
    assert rows()[0][2] == tries.backoff_s(0), "seconds until it is tried again"
    box.flush(after=10)
    assert [state for state, *_ in rows()] == ["waiting", "sent", "sent"]
    assert rows()[0][3] == "KeyError: 'title'"


def test_a_restart_goes_on_where_it_stopped(say, outbox, rows, plain):
    say(plain.signal(), plain.signal("ETH/USDT"), outputs=["robot"])
    first = plain.output(None, plain.retry("down"))
    outbox(robot=first).flush()
    assert [state for state, *_ in rows()] == ["sent", "waiting"]
    second = plain.output()
    outbox(robot=second).flush(after=5)
    assert second.got == ["ETH/USDT"]
    assert [(state, attempts) for state, attempts, *_ in rows()] == [("sent", 1), ("sent", 2)]


def test_what_waits_for_an_output_that_is_gone_waits_for_its_return(say, outbox, plain):
    say(plain.signal(), outputs=["robot"])
    outbox(other=plain.output()).flush()
    back = plain.output()
    outbox(robot=back).flush(after=86_400)
    assert back.got == ["BTC/USDT"]


def test_more_than_the_robot_takes_in_a_minute_is_told_together(say, outbox, rows, plain):
    robot, record = plain.output(), plain.output()
    say(*(plain.signal(key=str(each)) for each in range(5)), outputs=["robot", "record"])
    outbox({"robot"}, 3, robot=robot, record=record).flush()
    assert (len(robot.messages), len(record.messages)) == (1, 5)
    (digest,) = robot.messages
    assert (digest.event["event"], digest.event["reason"], len(digest.event["events"])) == ("digest", "busy", 5)
    assert {state for state, *_ in rows()} == {"sent"}


def test_secrets_are_in_no_row_no_event_and_no_log_line(say, outbox, rows, plain, log):
    robot = plain.output(plain.retry("POST https://me:hush@x/robot?access_token=hush1 failed"), ValueError("key=hush2"))
    say(plain.signal(), outputs=["robot"])
    box = outbox(robot=robot)
    box.flush()
    box.flush(after=5)
    assert len(robot.tried) == 2
    everything = f"{rows()} {box.told} {log}"
    assert "access_token=***" in everything
    assert "hush" not in everything


AGAIN = {"message": None}


@pytest.mark.parametrize(
    ("failure", "part", "before", "state", "pause", "values", "goes_on"),
    [
        (DeliveryThrottled("slower", 5.0), 0, 0, "waiting", 5.0, AGAIN, False),
        (DeliveryThrottled("slower"), 0, 0, "waiting", 60.0, AGAIN, False),
        # of which a part has arrived goes on under its name
        (DeliveryThrottled("slower", 5.0), 1, 0, "waiting", 5.0, {}, False),
        (DeliverySplit("too long"), 2, 0, "waiting", 0.0, {"part": 0}, True),
        (DeliverySplit("too long"), 0, 6, "waiting", 0.0, {"part": 0}, True),
        (DeliverySplit("too long"), 0, 7, "refused", 0.0, {"part": 0}, False),
        (DeliverySplit("too long"), 0, 8, "refused", 0.0, {"part": 0}, False),
        (DeliveryAside("gone"), 0, 998, "waiting", None, AGAIN, True),
        (DeliveryAside("gone"), 0, 999, "refused", None, AGAIN, True),
        (None, 0, 0, "waiting", None, {"part": 1}, True),
        (None, 1, 0, "waiting", None, {"part": 2}, True),
        (None, 3, 0, "sent", None, {}, True),
    ],
)  # fmt: skip
def test_what_comes_of_an_attempt(plain, failure, part, before, state, pause, values, goes_on):
    class FourParts(plain.output):
        def parts(self, message):
            return 4

    row = Waiting(1, before, None, None, part, "s1", 0, {})
    # what joined it since was tried less often
    batch, message = Batch("s1", [row, row._replace(attempts=0)], {}, part), Message("s1", {"pair": "BTC/USDT"})
    came = asyncio.run(tries.attempt(PluginThread("output", "x"), FourParts(failure), message, batch, 0))
    assert (came.state, came.pause_s, came.values, came.goes_on) == (state, pause, values, goes_on)


def test_no_try_is_put_off_for_longer_than_it_is_said(monkeypatch):
    monkeypatch.setattr(tries.random, "uniform", lambda low, high: high)
    assert tries.backoff_s(99) * 1000 == tries.longest_retry_ms(1.0) == 750_000
    assert [tries.longest_retry_ms(speed) for speed in (60.0, 0.0)] == [45_000_000, 1]


def test_how_old_messages_were_sent_is_forgotten_and_what_waits_is_not(say, outbox, rows, database, plain):
    say(plain.signal(key="old"), at=plain.now - 7 * DAY - MINUTE, outputs=["robot"])
    say(plain.signal(key="waits"), pairs=(), at=plain.now - 7 * DAY - MINUTE, outputs=["gone"])
    say(plain.signal(key="newer"), pairs=(), at=plain.now - 7 * DAY + MINUTE, outputs=["robot"])
    box = outbox(robot=plain.output())
    box.flush()
    assert [state for state, *_ in rows()] == ["sent", "waiting", "sent"]
    forget_told(database, plain.now, 7)
    assert [state for state, *_ in rows()] == ["waiting", "sent"]


def test_a_single_flush_waits_for_another_sender_only_while_something_is_due(say, outbox, database, plain):
    say(plain.signal(), outputs=[Due("robot", plain.now + 5000)])
    robot = plain.output()
    box = outbox(robot=robot)
    with leased(database, box.box.senders["robot"]._lease, "taken"):
        began = monotonic()
        box.flush()
        assert monotonic() - began < 5
    assert robot.got == []


def test_a_sender_sleeps_until_its_robot_may_be_asked_again(say, outbox, plain):
    say(plain.signal(), outputs=["robot"])
    box = outbox(robot=plain.output(plain.retry("too fast", retry_after=600.0)))
    box.flush()
    sender = box.box.senders["robot"]
    assert asyncio.run(sender._seconds_to_next()) == pytest.approx(600.0)
    later = outbox(later=plain.output()).box.senders["later"]
    assert asyncio.run(later._seconds_to_next()) == 3600.0
    say(plain.signal(key="later"), pairs=(), outputs=[Due("later", plain.now + 90_000)])
    assert asyncio.run(later._seconds_to_next()) == 90.0
