"""`coinmon notify test`, a running scan and outputs with the same address share the robot's pace."""

import asyncio
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from coinmon import DeliveryThrottled
from coinmon.commands import notify
from coinmon.notify.sharing import as_read_at_start, channels_of, is_ahead, take_room
from coinmon.store.deliveries import RobotChannel
from coinmon_outputs.wecom import WeCom

CHANNELS = ("robot", "robot (by hand)")


@pytest.fixture
def by_hand(database, clock, monkeypatch):
    """`coinmon notify test` against an output that takes so many a minute; what it says is wrong."""
    monkeypatch.setattr("coinmon.notify.outbox.wall_ms", clock.now)

    def run(output, per_minute=3):
        outputs, paces = {"robot": output}, {"robot": per_minute}
        return asyncio.run(notify._try(outputs, paces, channels_of(outputs), database, clock.now()))["robot"]

    return run


def test_the_scan_counts_what_was_sent_by_hand(by_hand, say, outbox, plain):
    robot = plain.output()
    box = outbox({"robot"}, 3, robot=robot)
    assert [by_hand(robot) for _ in range(2)] == [None, None]
    say(plain.signal(), plain.signal("ETH/USDT"), outputs=["robot"])
    box.flush(after=10)
    assert len(robot.messages) == 3, "the two signals as one message: there was room for no more"
    say(plain.signal(key="later"), pairs=(), outputs=["robot"])
    box.flush(after=49.9)
    assert len(robot.messages) == 3
    box.flush(after=0.1)
    assert len(robot.messages) == 4


def test_what_the_scan_sent_leaves_no_room_by_hand(by_hand, say, outbox, plain):
    robot = plain.output()
    say(plain.signal(), outputs=["robot"])
    outbox({"robot"}, 1, robot=robot).flush()
    assert "try again in 60 s" in by_hand(robot, per_minute=1)
    assert len(robot.messages) == 1


def test_a_robot_that_was_sent_too_much_by_hand_rests_for_the_scan_too(by_hand, say, outbox, plain):
    robot = plain.output(DeliveryThrottled("robot: too many messages", 600.0))
    assert by_hand(robot) == "robot: too many messages"
    assert "try again in 600 s" in by_hand(robot)
    say(plain.signal(), outputs=["robot"])
    box = outbox({"robot"}, 3, robot=robot)
    box.flush(after=599)
    assert robot.got == []
    box.flush(after=1)
    assert robot.got == ["BTC/USDT"]


def test_what_was_sent_by_hand_before_the_clock_was_set_back_holds_up_nobody(by_hand, say, outbox, plain):
    robot = plain.output(None, None, DeliveryThrottled("robot: too many messages", 60.0))
    box = outbox({"robot"}, 3, robot=robot)
    box.flush(after=3_600)
    assert [by_hand(robot) for _ in range(3)] == [None, None, "robot: too many messages"]
    say(plain.signal(), outputs=["robot"])
    box.flush(after=-3_600)
    assert len(robot.got) == 3, "two by hand, and the alert"
    assert by_hand(robot) is None


def test_an_output_that_raises_what_ctrl_c_raises_is_a_line_by_hand(by_hand, plain):
    assert by_hand(plain.output(KeyboardInterrupt())) == "RuntimeError: it raised KeyboardInterrupt"


def test_an_output_that_fails_can_be_tried_by_hand(by_hand, say, outbox, plain):
    robot = plain.output(plain.retry("down"))
    say(plain.signal(), outputs=["robot"])
    outbox({"robot"}, 3, robot=robot).flush()
    assert by_hand(robot) is None


def test_a_message_of_several_posts_needs_room_for_all_of_them(database):
    assert take_room(database, "robot", CHANNELS, 2, 3, 1000) == 0
    assert take_room(database, "robot", CHANNELS, 2, 3, 2000) == 59_000
    assert take_room(database, "robot", CHANNELS, 1, 3, 2000) == 0
    assert take_room(database, "robot", CHANNELS, 5, 3, 70_000) == 0, (
        "more than it takes in a minute: it begins when it is free"
    )


def test_a_record_has_no_pace(by_hand, plain):
    record = plain.output()
    assert [by_hand(record, None) for _ in range(30)] == [None] * 30


def test_outputs_with_the_same_address_are_one_robot(say, outbox, plain):
    first, second, other = plain.output(), plain.output(), plain.output()
    first.robot = second.robot = "the group"
    box = outbox({"first", "second", "other"}, 3, first=first, second=second, other=other)
    for number in range(4):
        say(plain.signal(key=str(number)), pairs=(), outputs=["first", "second", "other"])
        box.flush()
    assert len(first.messages) + len(second.messages) == 3
    assert len(other.messages) == 3
    # the two take turns at their robot: what one has no room for now goes in the next minute
    for _ in range(2):
        box.flush(after=60)
    for each in (first, second, other):
        assert sum(len(message.event.get("events", [0])) for message in each.messages) == 4


def test_an_address_makes_the_robot_and_is_not_shown():
    urls = [f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}" for key in ("k1", "k1", "k2")]
    a, b, c = (WeCom(f"w{n}", webhook=SecretStr(url)).robot for n, url in enumerate(urls))
    assert a == b != c
    assert "k1" not in a
    robots = {name: SimpleNamespace(robot=robot) for name, robot in (("x", "a"), ("y", "b"), ("z", "a"))}
    assert channels_of(robots) == {
        "x": ("x", "z", "x (by hand)", "z (by hand)"),
        "y": ("y", "y (by hand)"),
        "z": ("z", "x", "x (by hand)", "z (by hand)"),
    }


def test_a_channel_is_from_before_the_clock_was_set_back_where_its_last_post_is():
    assert [is_ahead(RobotChannel(posts), 10) for posts in ((), (5, 9), (5, 10), (5, 20))] == [
        False,
        False,
        False,
        True,
    ]
    # a post that was under way may have arrived as late as now; what lies ahead is brought back by as much
    found = [as_read_at_start(RobotChannel(posts, 30), 10) for posts in ((), (5,), (5, 20))]
    assert [(tuple(each.posts), each.paused_until) for each in found] == [((), 30), ((10,), 30), ((-5, 10), 20)]
