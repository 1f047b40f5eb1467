"""Reading backwards: each page begins before the one that was read last, and it ends where nothing more is proven."""

import pytest

from coinmon.clock import Clock
from coinmon.collect.history.past_trades import read_past
from coinmon.collect.track.earlier_trades import read_earlier
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.plugin.trade_page import Cursor


class Backwards:
    """A venue that has the trades 1 to 9, thirty seconds apart, and tells `per_page` of them at a time."""

    requests = 0

    def __init__(self, plain, per_page, joins_to=0, stuck=False):
        self.asked = []
        self._plain, self._per_page, self._joins_to, self._stuck = plain, per_page, joins_to, stuck

    async def earlier_trades(self, instrument, before_id, since):
        self.asked.append(before_id)
        assert len(self.asked) < 20, "asked for the same again and again"
        if self._stuck:
            return self._plain.page(more=True)
        ids = range(max(1, before_id - self._per_page), before_id)
        rows = [(id, 30.0 * id - 30, 100, 1.0) for id in ids]
        return self._plain.page(*rows, joined=before_id > self._joins_to, more=ids[0] > 1)


def read(plain, venue, **how):
    track = Track(plain.instrument(), 1, plain.start, proven_from=plain.start + 5 * plain.minute)
    track.cursor = Cursor(plain.start, 9)
    joined = plain.run(read_earlier(Venue("acme", venue, Clock(0, 0, 0)), track, deadline=5.0, before_id=10, **how))
    return joined, track


@pytest.mark.parametrize(("per_page", "asked"), [(9, [10]), (4, [10, 6, 2]), (1, [10, 9, 8, 7, 6, 5, 4, 3, 2])])
def test_until_the_start_is_proven(per_page, asked, plain):
    venue = Backwards(plain, per_page)
    joined, track = read(plain, venue)
    assert joined
    assert venue.asked == asked
    assert track.proven_from_start
    assert track.trades.id.tolist() == list(range(1, 10))


def test_a_page_that_does_not_join_is_left_out(plain):
    venue = Backwards(plain, 2, joins_to=6)
    joined, track = read(plain, venue)
    assert not joined
    assert venue.asked == [10, 8, 6]
    assert track.trades.id.tolist() == [6, 7, 8, 9]
    assert track.proven_from == plain.start + 3 * plain.minute


def test_a_venue_that_says_more_and_gives_nothing_is_asked_once(plain):
    venue = Backwards(plain, 2, stuck=True)
    joined, track = read(plain, venue)
    assert not joined
    assert venue.asked == [10]
    assert track.proven_from == plain.start + 5 * plain.minute


def test_no_more_pages_than_allowed_and_none_without_room(plain):
    venue, rooms = Backwards(plain, 2), []

    async def room():
        rooms.append(len(venue.asked))

    joined, track = read(plain, venue, max_pages=2, room=room)
    assert joined
    assert venue.asked == [10, 8]
    assert rooms == [0, 1]
    assert track.oldest_id == 6
    assert not track.proven_from_start


@pytest.mark.parametrize("before", [7, 8])
def test_a_past_of_its_own_ends_right_before_the_trade_it_is_asked_to_end_at(before, plain):
    venue, until = Venue("acme", Backwards(plain, 4), Clock(0, 0, 0)), plain.start + 5 * plain.minute
    past, joined = plain.run(read_past(venue, plain.instrument(), 1, plain.start, until, before))
    assert joined
    assert past.trades.id.tolist() == list(range(1, before))
    assert past.cursor == Cursor(plain.start, before - 1)
