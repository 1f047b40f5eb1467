"""Which minutes and samples are stored, and what is to be asked for again."""

import numpy as np
import pytest

from coinmon import Coverage, Funding, OpenInterest
from coinmon.model.moment import DAY, HOUR, MINUTE
from coinmon.store import schema
from coinmon.store.bars import write_bars
from coinmon.store.instruments import sync_instruments
from coinmon.store.samples import AT_ONCE, newest_times, read_known, write_series
from coinmon.store.seen import counts, gaps, is_complete, sample_gaps


@pytest.fixture
def two(database, plain):
    """Two instruments: what is asked of the second is nothing to the first."""
    with database.write() as connection:
        numbered = sync_instruments(connection, [plain.instrument(), plain.instrument("ETH/USDT")], plain.start)
        (first, btc), (second, _) = numbered.values()
        write_bars(connection, first, btc, plain.bars(*range(20)))
    return first, second


@pytest.fixture
def store(database, plain, two):
    def run(*minutes, coverage=Coverage.TRADES):
        with database.write() as connection:
            write_bars(connection, two[1], plain.instrument("ETH/USDT"), plain.bars(*minutes, coverage=coverage))

    return run


def test_each_minute_is_counted_by_what_is_known_of_it(database, plain, two, store):
    store(0, 1, 2)
    store(3, coverage=Coverage.KLINES)
    store(5, 9, coverage=Coverage.PARTIAL)
    found = counts(database, two[1], plain.start, plain.start + 9 * MINUTE)
    assert {kind: count for kind, count in found.items() if count} == {
        Coverage.TRADES: 3, Coverage.KLINES: 1, Coverage.PARTIAL: 1, Coverage.MISSING: 4,
    }  # fmt: skip


def test_a_stretch_is_complete_where_each_minute_is_split_and_half_of_them_have_levels(database, plain, two, store):
    store(0, 1)
    store(2, 3, coverage=Coverage.KLINES)
    store(5, coverage=Coverage.PARTIAL)

    def whole(minutes, levels):
        return is_complete(database, two[1], plain.start, plain.start + minutes * MINUTE, levels=levels)

    assert [whole(minutes, levels=True) for minutes in (2, 4, 5, 6)] == [True, True, False, False]
    store(4, coverage=Coverage.KLINES)
    assert [whole(5, levels) for levels in (False, True)] == [True, False]
    assert not whole(6, levels=False)


def test_stretches_that_lie_close_together_are_asked_for_together(database, plain, two, store):
    def missing(until, since=0):
        found = gaps(database, two[1], plain.start, plain.start + until * MINUTE, partial_since=plain.start + since)
        return [tuple((each - plain.start) // MINUTE for each in one) for one in found]

    assert missing(9) == [(0, 9)]
    store(*range(2, 501))
    assert missing(502) == [(0, 502)], "499 minutes apart"
    store(501)
    assert missing(503) == [(0, 2), (502, 503)], "500 minutes apart"
    store(*range(502, 1005), *range(1006, 1010))
    assert missing(1012) == [(0, 2), (1005, 1012)]


def test_minutes_that_are_partly_known_are_asked_for_again_where_that_helps(database, plain, two, store):
    store(0, 1, 2, coverage=Coverage.PARTIAL)
    start = plain.start
    for since, expected in ((0, [(0, 3)]), (2, [(2, 3)]), (3, [])):
        found = gaps(database, two[1], start, start + 3 * MINUTE, partial_since=start + since * MINUTE)
        assert [tuple((each - start) // MINUTE for each in one) for one in found] == expected


@pytest.mark.parametrize(
    ("what", "sample", "longest"),
    [("open_interest", lambda time: OpenInterest(time, 1.0), 10 * MINUTE),
     ("funding", lambda time: Funding(time, 0.0001), 8 * HOUR + MINUTE)],
)  # fmt: skip
def test_samples_lack_where_they_are_further_apart_than_the_venues_pauses(database, plain, two, what, sample, longest):
    start, first = plain.start, plain.start + longest
    second, end = first + longest + 1, first + 2 * longest + 1
    with database.write() as connection:
        write_series(connection, two[0], [sample(start + 7)], start)
        write_series(connection, two[1], [sample(first), sample(second)], start)
    assert sample_gaps(database, two[1], what, start, end) == [(first, second)]
    assert sample_gaps(database, two[1], what, start, end + 1) == [(first, second), (second, end + 1)]


def test_the_last_row_is_each_instruments_own(database, plain, two, store):
    with database.read() as connection:
        assert newest_times(connection, schema.bars) == {two[0]: plain.start + 19 * MINUTE}
    store(3)
    with database.read() as connection:
        assert newest_times(connection, schema.bars) == {
            two[0]: plain.start + 19 * MINUTE, two[1]: plain.start + 3 * MINUTE,
        }  # fmt: skip


def test_history_was_known_when_it_happened_or_since_a_scan_has_it(database, plain, two):
    with database.write() as connection:
        write_series(connection, two[1], [Funding(plain.start, 0.0001)], plain.start + DAY)
        write_series(connection, two[1], [Funding(plain.start + 1, 0.0001)], plain.start + DAY, plain.start + DAY)
    with database.read() as connection:
        times, known = read_known(connection, two[1], plain.start, plain.start + DAY)["funding"]
    np.testing.assert_array_equal(times, [plain.start, plain.start + 1])
    np.testing.assert_array_equal(known, [AT_ONCE, plain.start + DAY])
