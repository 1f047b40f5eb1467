"""Minutes that are not over: what streams brought of them, and whether that is all of it."""

import numpy as np
import pytest

from coinmon import Streamed, StreamedMany, TradePage
from coinmon.collect.live.forming import FormingMinutes, merged_minutes


@pytest.fixture
def btc(plain):
    return plain.instrument("BTC/USDT")


def page(plain, *rows):
    """Rows of (id, seconds after the start, ticks, signed quantity)."""
    return TradePage(plain.trades(*rows), joined=True, first_id=rows[0][0])


def prices(minute, instrument):
    return [round(each / float(instrument.tick_size)) for each in (minute.open, minute.high, minute.low, minute.close)]


def test_nothing_is_kept_while_nobody_looks(plain, btc):
    forming = FormingMinutes()
    forming.take(Streamed(btc, page(plain, (1, 0, 10, 1))))
    assert forming.changed() == []
    assert forming._news == []


def test_what_the_tracks_had_and_what_streams_bring_is_one_minute(plain, btc):
    forming = FormingMinutes()
    known = page(plain, (1, 0.5, 10, 1), (2, 0.6, 14, -2)).trades
    forming.begin([(btc, known, True)], plain.start + 1000)
    (seeded,) = forming.changed()
    assert prices(seeded, btc) == [10, 14, 10, 14]
    # the stream begins anew and tells the second trade again
    forming.take(Streamed(btc, page(plain, (2, 0.6, 14, -2), (3, 2, 8, 4))))
    (minute,) = forming.changed()
    assert (minute.time, prices(minute, btc), minute.buy, minute.sell) == (plain.start, [10, 14, 8, 8], 5, 2)
    assert minute.whole
    assert forming.changed() == []


def test_a_minute_that_was_not_heard_from_its_beginning_says_so(plain, btc):
    forming = FormingMinutes()
    forming.begin([], plain.start + 30_000)
    rows = page(plain, (7, 31, 10, 1), (8, 61, 11, 1)).trades
    forming.take(StreamedMany([btc], np.zeros(2, np.int64), rows, None))
    first, second = forming.changed()
    assert (first.whole, second.whole) == (False, True)


def test_venues_together_are_as_merged_bars_are(plain, btc):
    forming = FormingMinutes()
    forming.begin([], plain.start)
    eth = plain.instrument("ETH/USDT")
    both = page(plain, (1, 0, 10, 1), (2, 1, 12, 1), (9, 2, 30, -3)).trades
    forming.take(StreamedMany([btc, eth], np.array([0, 0, 1]), both, None))
    one = merged_minutes(forming.changed(), "all:BTC/USDT")
    assert prices(one, btc) == [10, 30, 10, 12]
    assert (one.buy, one.sell, one.whole) == (2, 3, True)


def test_who_looks_is_told_as_soon_as_something_comes(plain, btc):
    told = []
    forming = FormingMinutes()
    forming.begin([], plain.start, lambda: told.append(1))
    forming.take(Streamed(btc, page(plain, (1, 0, 10, 1))))
    assert told == [1]
    forming.end()
    forming.take(Streamed(btc, page(plain, (2, 1, 10, 1))))
    assert told == [1]
