"""The pure states tell what the stored one tells, and a span may be cut anywhere."""

import random

import pytest

from coinmon.evaluate.signal_states import SignalStates, fold, step
from coinmon.model.moment import MINUTE
from coinmon.model.signal import GRADES, Signal, Text
from coinmon.notify import signal_state
from coinmon.notify.events import signal_event, signal_id
from coinmon.store.database import open_database
from coinmon.store.outbox import write_signals

NOW = 28_000_000 * MINUTE
WORDS = Text("x", "x")


def script(seed):
    """What holds at each of 400 minutes: states that flap, rise and fall in grade and only go on, and events."""
    rng = random.Random(seed)
    minutes = []
    on = {}
    for _ in range(400):
        for key in "abc":
            if rng.random() < 0.15:
                on[key] = None if rng.random() < 0.5 else (rng.choice(GRADES), rng.random() < 0.7)
        holds = [
            Signal("state", "BTC/USDT", said[0], "bullish", WORDS, WORDS, key=key, begins=said[1], cooldown=7 * MINUTE)
            for key, said in on.items()
            if said is not None
        ]
        holds += [
            Signal("event", "BTC/USDT", None, "bullish", WORDS, WORDS, key=str(rng.randrange(40)), once=True)
            for _ in range(rng.random() < 0.2)
        ]
        minutes.append(holds)
    return [(NOW + i * MINUTE, holds) for i, holds in enumerate(minutes)]


def events(steps):
    return [
        signal_event(each.signal, signal_id(each.signal, each.at), each.at, each.graver_than)
        for done in steps
        for each in done.told
    ]


@pytest.mark.parametrize("seed", range(4))
def test_it_tells_what_the_stored_states_tell(seed, tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'x.db'}")
    stored = []
    for now, holds in script(seed):
        with database.write() as connection:
            news = signal_state.update(connection, holds, ["BTC/USDT"], now)
            write_signals(connection, news.rows, {})
        stored += news.events.values()
    database.close()
    found = events(fold(script(seed), SignalStates()))
    assert len(found) > 30
    order = lambda each: (each.time, each.id)  # noqa: E731
    assert sorted(found, key=order) == sorted(stored, key=order)


def test_a_span_may_be_cut_anywhere():
    whole = events(fold(script(9), SignalStates()))
    for cut in range(0, 400, 37):
        before = list(fold(script(9)[:cut], SignalStates()))
        after = list(fold(script(9)[cut:], before[-1].states if before else SignalStates()))
        assert events([*before, *after]) == whole


def test_nothing_happens_while_nothing_changes():
    (now, holds), states = script(3)[50], SignalStates()
    first = step(states, holds, now)
    again = step(first.states, holds, now + MINUTE)
    assert (again.told, again.moves, again.states) == ([], [], first.states)
