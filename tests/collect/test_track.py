"""What a track has for the store after each kind of page, and what it says it is worth."""

import pytest

from coinmon.collect.track.track import Track
from coinmon.model.bars import Coverage
from coinmon.plugin.trade_page import Cursor
from coinmon.store.cursors import Position

WHALE = 1e9


@pytest.fixture
def at(plain):
    """A minute after the start, in ms UTC."""
    return lambda minutes: plain.start + round(minutes * plain.minute)


@pytest.fixture
def track(plain):
    return Track(plain.instrument(), 1, plain.start)


def labels(bars):
    return [Coverage(each).label for each in bars.coverage.tolist()]


def test_a_cold_start_that_reaches_back_is_proven_from_its_first_minute(plain, at, track):
    track.take(plain.page((7, -3, 20, 1), (8, 10, 21, 1), (9, 70, 22, -0.5), (10, 130, 23, 1)), at(2.5))
    settled = track.settle(at(2), WHALE)
    assert plain.seen(settled.bars) == plain.volumes([(8, 10, 21, 1), (9, 70, 22, -0.5)])
    assert labels(settled.bars) == ["trades", "trades"]
    assert settled.position == Position(9, at(2))
    assert settled.rest.id.tolist() == [10]


def test_one_that_does_not_reach_back_is_proven_from_its_first_whole_minute(plain, at, track):
    track.take(plain.page((8, 70, 21, 1), (9, 130, 22, 1), joined=False), at(3))
    assert labels(track.settle(at(3), WHALE).bars) == ["partial", "trades"]


def test_a_hole_somewhere_inside_a_page_proves_nothing_before_the_pages_end(plain, at, track):
    track.take(plain.page((8, 10, 21, 1), (11, 130, 22, 1), joined=False, whole=False), at(4))
    settled = track.settle(at(4), WHALE)
    assert labels(settled.bars) == ["partial", "partial", "trades"]
    assert ((settled.bars.time - plain.start) // plain.minute).tolist() == [0, 2, 3]


def test_earlier_pages_move_the_proof_back_to_the_start(plain, at, track):
    track.take(plain.page((20, 130, 23, 1), joined=False), at(3))
    assert track.oldest_id == 20
    track.take_earlier(
        plain.page((18, 70, 22, 1), (19, 80, 22, 1), more=True),
    )
    assert labels(track.settle(at(3), WHALE).bars) == ["partial", "trades"]
    track.take_earlier(plain.page((16, -5, 21, 1), (17, 5, 21, 1)))
    settled = track.settle(at(3), WHALE)
    assert labels(settled.bars) == ["trades"] * 3
    assert plain.seen(settled.bars) == {0: (1, 0, 1), 1: (2, 0, 2), 2: (1, 0, 1)}


def test_a_first_page_that_is_all_older_proves_the_quiet_minutes_after_it(plain, at, track):
    track.take(plain.page((1, -50, 20, 1), (2, -10, 20, 1)), at(2))
    settled = track.settle(at(2), WHALE)
    assert labels(settled.bars) == ["trades", "trades"]
    assert settled.bars.volume.tolist() == [0, 0]
    assert track.cursor == Cursor(plain.start, 2)


def test_quiet_minutes_keep_the_last_price_over_rounds(plain, at, track):
    track.take(plain.page((1, 10, 20, 1)), at(1))
    track.advance(track.settle(at(1), WHALE))
    track.take(plain.page(), at(3))
    bars = track.settle(at(3), WHALE).bars
    assert labels(bars) == ["trades", "trades"]
    assert bars.close.tolist() == [20, 20]
    assert bars.volume.tolist() == [0, 0]


def test_an_answer_that_is_older_than_the_one_before_it_is_not_counted_again(plain, at, track):
    """Of a venue whose ids are digests: only the times tell that a replica is behind."""
    track.take(plain.page((97, -3, 20, 1), (13, 10, 21, 1), (55, 70, 22, 1), (24, 130, 23, 1)), at(2.5))
    track.take(plain.page((97, -3, 20, 1), (13, 10, 21, 1), (55, 70, 22, 1), joined=False), at(2.6))
    assert track.cursor.last_id == 24
    settled = track.settle(at(2), WHALE)
    assert labels(settled.bars) == ["trades", "trades"]
    assert settled.bars.volume.tolist() == [1, 1]
    track.advance(settled)
    track.take(plain.page((13, 10, 21, 1), (55, 70, 22, 1), joined=False), at(3.5))
    assert [len(each) for each in track.pending] == [1], "nor what is stored already"
    # one that lost sight of the last trade, and has newer ones, is a hole, and has those alone
    track.take(plain.page((55, 70, 22, 1), (61, 170, 23, 1), joined=False), at(3.6))
    assert [each.id.tolist() for each in track.pending] == [[24], [61]]


def test_a_hole_between_pages_leaves_the_minutes_around_it_partial(plain, at, track):
    track.take(plain.page((1, 10, 20, 1), (2, 70, 20, 1)), at(1.5))
    track.advance(track.settle(at(1), WHALE))
    track.take(plain.page((9, 130, 20, 1), (10, 190, 20, 1), joined=False), at(4))
    assert labels(track.settle(at(4), WHALE).bars) == ["partial", "partial", "trades"]


def test_after_a_hole_a_trade_of_the_moment_that_was_read_last_counts_and_an_older_one_does_not(plain, at, track):
    track.take(plain.page((1, 10, 20, 1), (2, 70, 20, 1)), at(1.5))
    track.take(plain.page((8, 69, 20, 1), (9, 70, 20, 1), (10, 130, 20, 1), joined=False), at(4))
    assert track.trades.id.tolist() == [1, 2, 9, 10]


def test_nothing_is_settled_past_what_was_read(plain, at, track):
    track.take(plain.page((1, 10, 20, 1), (2, 130, 20, 1), more=True), at(5))
    settled = track.settle(at(5), WHALE)
    assert settled.position == Position(1, at(2))
    assert len(settled.bars) == 2


def test_settling_changes_nothing_until_it_is_stored(plain, at, track):
    track.take(plain.page((1, 10, 20, 1), (2, 70, 20, 1)), at(2))
    first, second = track.settle(at(2), WHALE), track.settle(at(2), WHALE)
    assert plain.seen(first.bars) == plain.seen(second.bars)
    assert first.position == second.position
    track.advance(first)
    assert (track.start, track.boundary_id) == (at(2), 2)
    assert len(track.settle(at(2), WHALE).bars) == 0


def test_a_late_trade_is_told_apart_and_counted_once(plain, at, track):
    track.take(plain.page((1, 10, 20, 1)), at(1))
    track.advance(track.settle(at(1), WHALE))
    track.take(plain.page((2, 59, 21, 2), (3, 61, 20, 1)), at(2))
    settled = track.settle(at(2), WHALE)
    assert plain.seen(settled.late) == {0: (2, 0, 1)}
    assert plain.seen(settled.bars) == {1: (1, 0, 1)}


def test_the_stored_position_is_the_last_trade_read_even_where_ids_are_digests(plain, at, track):
    track.take(plain.page((900, 10, 20, 1), (5, 50, 20, 1), (300, 70, 20, 1)), at(1.5))
    assert track.settle(at(1), WHALE).position == Position(5, at(1))


def test_no_position_is_stored_that_would_lose_a_trade_or_count_one_twice(plain, at, track):
    track.take(plain.page((1, 10, 20, 1), (2, 61, 20, 1), (3, 59, 20, 1)), at(1.5))
    settled = track.settle(at(1), WHALE)
    assert plain.seen(settled.bars) == {0: (2, 0, 2)}
    assert settled.position == Position(None, at(1))


def test_resuming_goes_on_at_the_stored_trade(plain, at):
    track = Track.resume(plain.instrument(), 1, Position(5, at(3)), at(1))
    assert (track.start, track.cursor, track.proven_from) == (at(3), Cursor(at(3), 5), at(3))
    track.take(plain.page((6, 200, 20, 1)), at(4))
    assert labels(track.settle(at(4), WHALE).bars) == ["trades"]


def test_resuming_without_a_trade_asks_by_time_and_one_of_long_ago_begins_anew(plain, at):
    track = Track.resume(plain.instrument(), 1, Position(None, at(3)), at(1))
    assert (track.start, track.cursor) == (at(3), None)
    for position in (None, Position(5, at(3))):
        track = Track.resume(plain.instrument(), 1, position, at(4))
        assert (track.start, track.cursor, track.proven_from) == (at(4), None, None)


def test_a_restart_in_mid_minute_loses_nothing_of_that_minute(plain, at):
    rows = [(1, 10, 20, 1), (2, 65, 21, 1), (3, 80, 22, -2), (4, 110, 23, 1), (5, 130, 24, 1)]
    before = Track(plain.instrument(), 1, plain.start)
    before.take(plain.page((0, -5, 20, 1), *rows[:3]), at(1.5))
    settled = before.settle(at(1), WHALE)
    assert plain.seen(settled.bars) == plain.volumes(rows[:1])
    # killed here, with two trades of the minute in memory: the venue is asked for what follows the stored one
    after = Track.resume(plain.instrument(), 1, settled.position, at(0))
    assert after.cursor.last_id == 1
    after.take(plain.page(*[row for row in rows if row[0] > after.cursor.last_id]), at(2.5))
    again = after.settle(at(2), WHALE)
    assert plain.seen(again.bars) == plain.volumes(rows[1:4])
    assert labels(again.bars) == ["trades"]


def test_a_minute_before_the_proof_is_partial_though_all_minutes_have_trades(plain, at, track):
    track.take(plain.page((8, 10, 21, 1), (9, 70, 22, 1), joined=False), at(2))
    assert labels(track.settle(at(2), WHALE).bars) == ["partial", "trades"]
