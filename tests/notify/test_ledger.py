"""A state is told when it begins, not while it lasts, and not again within its cooldown; an event once."""

import pytest

from coinmon.model.moment import MINUTE, iso
from coinmon.notify.ledger import COOLDOWN
from coinmon.store.history import History


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
    assert say(plain.signal(), at=plain.now + COOLDOWN + 1) == ["BTC/USDT"]


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
