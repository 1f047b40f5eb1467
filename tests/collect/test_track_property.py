"""In whatever pages and rounds trades come, late or over restarts: each is counted once, in its own minute."""

from bisect import bisect_left
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinmon.clock import Clock
from coinmon.collect.track.persist import persist
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.model.bars import Coverage
from coinmon.store.bars import read_bars
from coinmon.store.cursors import read_positions
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments

MINUTES = 4
ROW = st.tuples(st.integers(0, MINUTES * 60 - 1), st.integers(1, 40), st.sampled_from([-2.0, -0.25, 0.5, 1.0]))
FRESH = count()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('track') / 'coinmon.db'}")
    yield database
    database.close()


@pytest.mark.parametrize("case", ["late trades", "restarts"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_each_trade_is_counted_once(case, store, plain, data):
    rows = data.draw(st.lists(ROW, max_size=12))
    late = data.draw(st.lists(st.integers(0, 9 if case == "late trades" else 0), min_size=12, max_size=12))
    order = sorted((row[0] + by, place) for place, (row, by) in enumerate(zip(rows, late, strict=False)))
    # ids are digests, as some venues' are: they say nothing of the order
    told = [((7919 * (place + 1)) % 65_537, *rows[place]) for _, place in order]
    venue = plain.listed(plain.instrument(f"B{next(FRESH)}/USDT"), per_page=data.draw(st.integers(1, 5)))
    # market time stands still after the last round, so every round reads all there is
    reader = Venue("acme", venue, Clock(plain.start + 10 * plain.minute, 0, 0))
    with store.write() as connection:
        ((number, instrument),) = sync_instruments(connection, venue.listed, 0).values()
    track = Track(instrument, number, plain.start)
    for minute in range(1, MINUTES + 2):
        end = plain.start + minute * plain.minute
        venue.rows = told[: bisect_left(order, (60 * minute + data.draw(st.integers(0, 9)),))]
        plain.run(reader.read([track], end, 5.0))
        persist(store, [track], end, 1e9)
        if case == "restarts" and data.draw(st.booleans()):
            with store.read() as connection:
                track = Track.resume(instrument, number, read_positions(connection).get(number), plain.start)
    with store.read() as connection:
        bars = read_bars(connection, number, instrument, 0, 2**62)
    assert plain.seen(bars) == plain.volumes(told)
    assert set(bars.coverage.tolist()) == {Coverage.TRADES}
