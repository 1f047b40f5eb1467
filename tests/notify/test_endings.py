"""An end is told once: after the cooldown, or as soon as the price has refuted the signal; one event pages once."""

import pytest

from coinmon.model.events import as_json
from coinmon.model.moment import MINUTE, iso
from coinmon.notify import signal_state
from coinmon.notify.endings import ending, endings
from coinmon.store.history import read_signals
from coinmon.store.outbox import ToldRow, write_signals
from tests.notify.conftest import NOW, Told, signal

PAIR = "BTC/USDT"
STOOD = {
    "price": 100.0,
    "support": {"name": "pdVAL", "price": 98.0, "distance_pct": -2.0},
    "resistance": {"name": "dVAH", "price": 103.0, "distance_pct": 3.0},
}


@pytest.fixture
def minute(database):
    """What is told of ends in the minute after so many, where `on` are the signals that hold then."""

    def run(after, *on, price=None):
        now = NOW + round(after * MINUTE)
        with database.write() as connection:
            over = endings(connection, {PAIR: price}, now)
            for several, pairs in ((on, [PAIR]), (over, [])):
                news = signal_state.update(connection, several, pairs, now, situations={PAIR: STOOD})
                write_signals(connection, news.rows, {})
        return [each for each in map(as_json, news.events.values()) if each["event"] == "signal_ended"]

    return run


def test_an_end_is_told_once_when_the_signal_cannot_go_on_any_more(minute):
    assert [minute(0, signal()), minute(1), minute(31)] == [[], [], []]
    (event,) = minute(32, price=101.0)
    assert (event["outcome"], event["minutes"], event["signal"], event["grade"]) == ("ended", 1, "surge", "A")
    assert (event["price_then"], event["price"], event["change_pct"], event["level"]) == (100.0, 101.0, 1.0, None)
    assert [minute(33, price=90.0), minute(90)] == [[], []]


def test_one_that_ended_before_the_clock_was_set_back_waits_for_nothing(minute):
    assert [minute(180, signal()), minute(181)] == [[], []]
    # two minutes are no step back: clocks differ by as much
    assert [minute(179.5), minute(179)] == [[], []]
    assert [event["outcome"] for event in minute(0)] == ["ended"]


def test_a_signal_that_is_there_again_in_its_cooldown_has_not_ended(minute):
    assert [minute(0, signal()), minute(1), minute(20, signal()), minute(40, signal()), minute(41)] == [[]] * 5
    assert minute(71) == []
    assert minute(72)[0]["minutes"] == 41


def test_one_that_the_price_refutes_has_failed_at_once_and_that_is_all(minute):
    assert minute(0, signal()) == []
    assert minute(1, signal(), price=98.0) == []
    (event,) = minute(2, signal(), price=97.9)
    assert (event["outcome"], event["level"]["name"], event["change_pct"]) == ("failed", "pdVAL", -2.1)
    assert [minute(3, signal(), price=97.0), minute(4), minute(40)] == [[], [], []]


def test_a_signal_that_became_graver_goes_on(minute):
    assert [minute(0, signal(grade="B")), minute(1, signal(grade="A")), minute(40, signal(grade="A"))] == [[]] * 3


def test_what_happens_once_has_no_end(minute):
    assert [minute(0, signal(once=True)), minute(40)] == [[], []]


def test_ends_are_not_signals_to_whoever_reads_signals(minute, database):
    minute(0, signal())
    minute(1)
    assert minute(32)
    with database.read() as connection:
        assert [each["event"] for each in read_signals(connection, PAIR, 0, NOW * 2)] == ["signal"]


def test_signals_of_a_pair_and_a_minute_page_once(say, outbox):
    robot, log = Told(), Told()
    box = outbox(paced={"robot"}, robot=robot, log=log)
    several = (signal(name="consensus"), signal(name="sync", grade="A+"), signal("ETH/USDT"))
    say(*several, outputs=("robot", "log"))
    box.flush()
    assert robot.got == ["BTC/USDT", "ETH/USDT"]
    event = robot.messages[0].event
    assert (event["signal"], [each["signal"] for each in event["also"]]) == ("sync", ["consensus"])
    assert robot.messages[0].id == event["id"]
    assert len(log.got) == 3


def test_signals_that_end_together_are_told_together(say, outbox):
    def end(name, grade, level):
        told = {"signal": name, "grade": grade, "direction": "bullish", "time": iso(NOW - MINUTE), "situation": STOOD}
        return ending(ToldRow(name, PAIR, NOW, told | {"title": {"zh": "涨", "en": "up"}}), 97.0, level, NOW)

    robot = Told()
    box = outbox(paced={"robot"}, robot=robot)
    say(end("a", "B", STOOD["support"]), end("b", "A", STOOD["support"]), end("c", "A+", None), outputs=("robot",))
    box.flush()
    told = [[each["signal"] for each in (one.event, *one.event.get("also", ()))] for one in robot.messages]
    assert sorted(told) == [["b", "a"], ["c"]], "one that failed and one that is over are two messages"


def test_what_points_another_way_is_a_message_of_its_own(say, outbox):
    from dataclasses import replace

    robot = Told()
    box = outbox(paced={"robot"}, robot=robot)
    say(signal(name="up"), replace(signal(name="down"), direction="bearish"), outputs=("robot",))
    box.flush()
    assert len(robot.got) == 2


def test_an_end_of_more_than_two_days_ago_is_not_told_and_one_of_less_is(minute, database):
    hours = 60
    assert [minute(0, signal()), minute(1), minute(1 + 48 * hours + 1)] == [[], [], []]
    assert [minute(72 * hours, signal()), minute(72 * hours + 1)] == [[], []]
    with database.read() as connection:
        (over,) = endings(connection, {}, NOW + (72 + 47) * hours * MINUTE)
    assert (over.once, over.grade) == (True, None), "it is told once, and rings for nobody"
