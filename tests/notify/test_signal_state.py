"""A state is told when it begins or becomes graver, not while it lasts nor again within its cooldown; an event once."""

import time
from dataclasses import replace

import pytest

from coinmon.model.moment import MINUTE, iso
from coinmon.notify import signal_state
from coinmon.notify.events import signal_event
from coinmon.store.history import History

COOLDOWN = 30 * MINUTE


@pytest.fixture
def on(database, plain):
    """Pair and end of the signals that were on at that moment, by the minute after the start."""
    return lambda minute: [
        (event["pair"], event["ended"])
        for event in History(database).signals(None, plain.now + minute * MINUTE, plain.now + minute * MINUTE + 1)
    ]


def test_a_state_is_told_once_while_it_lasts(say, plain, on):
    assert [say(plain.signal(), at=plain.now + minute * MINUTE) for minute in range(100)] == [["BTC/USDT"], *[[]] * 99]
    assert on(99) == [("BTC/USDT", None)]


def test_its_end_is_written_and_a_new_beginning_after_the_cooldown_is_news(say, plain, on):
    say(plain.signal())
    say(at=plain.now + MINUTE)
    assert on(0) == [("BTC/USDT", None)]
    assert on(2) == []
    assert say(plain.signal(), at=plain.now + COOLDOWN - MINUTE) == []
    assert on(40) == [("BTC/USDT", None)], "it went on"
    say(at=plain.now + COOLDOWN)
    assert say(plain.signal(), at=plain.now + 2 * COOLDOWN) == [], "the cooldown counts from the end"
    say(at=plain.now + 2 * COOLDOWN)
    assert say(plain.signal(), at=plain.now + 3 * COOLDOWN + 1) == ["BTC/USDT"]


def test_flapping_for_hours_is_told_once(say, plain):
    told = [
        say(*([plain.signal()] if minute % 2 else []), at=plain.now + minute * MINUTE) for minute in range(1, 6 * 60)
    ]
    assert sum(map(len, told)) == 1


def test_a_signal_may_have_a_cooldown_of_its_own(say, plain):
    brief = replace(plain.signal(), cooldown=5 * MINUTE)
    say(brief)
    say(at=plain.now + MINUTE)
    assert say(brief, at=plain.now + 6 * MINUTE) == []
    say(at=plain.now + 7 * MINUTE)
    # and another that begins with it has its own
    longer = plain.signal("ETH/USDT")
    assert say(brief, longer, at=plain.now + 12 * MINUTE + 1) == ["BTC/USDT", "ETH/USDT"]
    say(at=plain.now + 13 * MINUTE)
    assert say(brief, longer, at=plain.now + 20 * MINUTE) == ["BTC/USDT"]


def test_what_becomes_graver_is_told_once_more_and_what_becomes_lesser_is_not(say, plain, database):
    grades = ["B", "B", "A", "B", "A", "A+", "B"]
    told = [say(plain.signal(grade=grade), at=plain.now + i * MINUTE) for i, grade in enumerate(grades)]
    assert [len(each) for each in told] == [1, 0, 1, 0, 0, 1, 0]
    now, *before = History(database).signals("BTC/USDT", plain.now, plain.now + 10 * MINUTE)
    assert (now["grade"], now["graver_than"], now["ended"]) == ("A+", "A", None)
    assert [(each["grade"], each["ended"] - plain.now) for each in before] == [("A", 5 * MINUTE), ("B", 2 * MINUTE)]
    # ended, and there again at once: it is the gravest that goes on
    say(at=plain.now + 10 * MINUTE)
    assert say(plain.signal(grade="A"), at=plain.now + 11 * MINUTE) == []
    on = History(database).signals(None, plain.now + 11 * MINUTE, plain.now + 12 * MINUTE)
    assert [each["grade"] for each in on] == ["A+"]


def test_what_comes_back_graver_within_the_cooldown_is_told(say, plain):
    say(plain.signal(grade="B"))
    say(at=plain.now + MINUTE)
    assert say(plain.signal(grade="A"), at=plain.now + 2 * MINUTE) == ["BTC/USDT"]


def test_what_is_only_enough_to_go_on_does_not_begin(say, plain, on):
    weak = replace(plain.signal(), begins=False)
    assert say(weak) == []
    assert on(0) == []
    say(plain.signal(), at=plain.now + MINUTE)
    say(weak, at=plain.now + 2 * MINUTE)
    assert on(2) == [("BTC/USDT", None)]
    say(at=plain.now + 3 * MINUTE)
    say(weak, at=plain.now + 4 * MINUTE)
    assert on(5) == [], "nor does it begin again"


def test_states_of_a_pair_that_is_no_longer_followed_end(say, plain, on, database):
    say(plain.signal(), plain.signal("ETH/USDT"), plain.signal("SOL/USDT"), pairs=("BTC/USDT", "ETH/USDT", "SOL/USDT"))
    with database.write() as connection:
        signal_state.update(
            connection, [plain.signal("ETH/USDT")], ["ETH/USDT"], plain.now + MINUTE, lambda pair: pair == "SOL/USDT"
        )
    # another scanner's pair, or one that could not be looked at, is as it was
    assert {pair for pair, _ in on(2)} == {"BTC/USDT", "ETH/USDT"}


def test_states_are_apart_by_name_pair_and_key(say, plain):
    several = [plain.signal(), plain.signal("ETH/USDT"), plain.signal(name="slump"), plain.signal(key="other")]
    assert say(*several) == ["BTC/USDT", "ETH/USDT", "BTC/USDT", "BTC/USDT"]
    assert say(*several, at=plain.now + MINUTE) == []


def test_the_same_twice_in_one_cycle_is_told_once(say, plain):
    assert say(plain.signal(), plain.signal()) == ["BTC/USDT"]


def test_a_pair_that_could_not_be_looked_at_keeps_its_states(say, plain, on):
    say(plain.signal(), plain.signal("ETH/USDT"))
    say(pairs=("ETH/USDT",), at=plain.now + MINUTE)
    assert on(5) == [("BTC/USDT", None)]


def test_a_single_event_is_told_once_for_ever(say, plain, on):
    whale = plain.signal(name="whale", grade=None, once=True, key="acme 17")
    assert say(whale) == ["BTC/USDT"]
    assert say(whale, at=plain.now + 10 * COOLDOWN) == []
    assert on(1) == []


def test_what_was_on_as_of_a_moment_is_not_told_what_came_later(say, plain, database):
    say(plain.signal())
    say(at=plain.now + 2 * MINUTE)
    (event,) = History(database).signals("BTC/USDT", plain.now, plain.now + MINUTE)
    assert event["ended"] is None
    (event,) = History(database).signals("BTC/USDT", plain.now, plain.now + 3 * MINUTE)
    assert (event["time"], event["ended"]) == (iso(plain.now), plain.now + 2 * MINUTE)
    assert History(database).signals("ETH/USDT", plain.now, plain.now + MINUTE) == []


def test_cooldown_uses_the_views_time_not_the_wall_clock(say, plain, monkeypatch):
    say(plain.signal())
    say(at=plain.now + MINUTE)
    wall = time.time()
    # a day passes on the wall, and not a minute of the market
    monkeypatch.setattr(time, "time", lambda: wall + 86_400)
    assert say(plain.signal(), at=plain.now + MINUTE + COOLDOWN) == []
    say(at=plain.now + 2 * COOLDOWN)
    # half an hour of the market passes, and no time on the wall
    assert say(plain.signal(), at=plain.now + 3 * COOLDOWN + 1) == ["BTC/USDT"]


def test_what_ended_before_the_clock_was_set_back_silences_nothing(say, plain):
    """It counted as going on until the clock was there again, and was not told."""
    ahead = plain.now + 3 * 3_600_000
    assert say(plain.signal(), at=ahead) == ["BTC/USDT"]
    assert say(at=ahead + 60_000) == []
    assert say(plain.signal(), at=plain.now) == ["BTC/USDT"]


def test_what_is_on_is_found_by_its_name(say, plain, database):
    say(plain.signal(), plain.signal("ETH/USDT"), plain.signal(name="dip"))
    with database.read() as connection:
        found = signal_state.active_by_name(connection)
    assert {name: {each.pair for each in told.values()} for name, told in found.items()} == {
        "surge": {"BTC/USDT", "ETH/USDT"}, "dip": {"BTC/USDT"},
    }  # fmt: skip


def test_a_cooldown_is_told_to_a_part_of_a_minute(plain):
    event = signal_event(replace(plain.signal(), cooldown=MINUTE * 3 // 2), "1", plain.now)
    assert event.cooldown_minutes == 1.5
