"""Depth and pictures of books, each figure by a plain loop over Decimals."""

import math
from decimal import Decimal

import numpy as np
import pytest

from coinmon.model.book import Book, Depth, Picture

TICK = Decimal("0.5")
ROW = Decimal("0.5")
NOW = 1_723_161_660_000


def side(*levels):
    return np.array(levels, np.float64).reshape(-1, 2)


def book(**known):
    bids = side((999.5, 2.0), (999.0, 1.0), (995.0, 4.0), (980.0, 8.0), (900.0, 16.0))
    asks = side((1000.5, 3.0), (1001.0, 0.5), (1010.0, 5.0), (1020.0, 7.0), (1100.0, 9.0))
    return Book(NOW, bids, asks, **known)


@pytest.mark.parametrize(("bids", "asks"), [(((1.0, 1.0),), ()), ((), ((1.0, 1.0),)), ((), ())])
def test_a_book_with_an_empty_side_has_no_mid_no_depth_and_no_picture(bids, asks):
    one = Book(NOW, side(*bids), side(*asks))
    assert one.mid is None
    assert Depth.of(one, NOW, (1.0,)) is None
    assert Picture.of(one, NOW, TICK) is None


def test_depth_is_the_sum_of_the_levels_within_a_percentage():
    depth = Depth.of(book(), NOW, (0.05, 0.5, 1.0, 2.0))
    assert (depth.time, depth.bid, depth.ask, depth.mid) == (NOW, 999.5, 1000.5, 1000.0)
    for each in depth.near:
        low, high = (Decimal(1000) * (1 + way * Decimal(str(each.percent)) / 100) for way in (-1, 1))
        bids = [(Decimal(price), Decimal(size)) for price, size in book().bids if Decimal(price) >= low]
        asks = [(Decimal(price), Decimal(size)) for price, size in book().asks if Decimal(price) <= high]
        assert each.bid_base == float(sum(size for _, size in bids))
        assert each.bid_quote == float(sum(price * size for price, size in bids))
        assert each.ask_base == float(sum(size for _, size in asks))
        assert each.ask_quote == float(sum(price * size for price, size in asks))
    # the levels at the very edges are within
    assert [each.bid_base for each in depth.near] == [2.0, 7.0, 7.0, 15.0]
    assert [each.ask_base for each in depth.near] == [3.0, 3.5, 8.5, 15.5]


@pytest.mark.parametrize(
    ("known", "bid", "ask"),
    [
        ({}, 10.0, 10.0),
        ({"known_from": 950.0, "known_to": 1030.0}, 5.0, 3.0),
        # what is known ends on the other side of the mid: nothing is
        ({"known_from": 1004.0, "known_to": 990.0}, 0.0, 0.0),
        ({"known_from": -math.inf, "known_to": math.inf}, math.inf, math.inf),
    ],
)
def test_reach_is_how_far_nothing_is_unknown(known, bid, ask):
    depth = Depth.of(book(**known), NOW, ())
    assert (depth.reach_bid, depth.reach_ask) == (bid, ask)
    assert depth.near == ()


@pytest.mark.parametrize(
    ("mid", "ticks"),
    [(100, 1), (9_000, 1), (10_001, 5), (49_999, 5), (50_001, 10), (99_999, 10), (100_001, 50), (600_000, 100)],
)
def test_a_row_is_1_5_10_50_ticks_and_at_least_a_ten_thousandth_of_the_mid(mid, ticks):
    one = Book(NOW, side((mid - 1, 1.0)), side((mid + 1, 1.0)))
    made = Picture.of(one, NOW, Decimal(1))
    assert made.row == ticks
    assert made.row >= Decimal(mid) / 10_000


def rows_of(levels, low, high):
    """Sizes by row number, from the definition."""
    found = dict.fromkeys(range(low, high + 1), 0.0)
    for price, size in levels:
        row = int(Decimal(price) // ROW)
        if row in found:
            found[row] += size
    return found


def test_a_picture_is_what_rests_in_each_row_two_percent_around_the_mid():
    made = Picture.of(book(), NOW, TICK)
    low, high = int(Decimal(980) // ROW), int(Decimal(1020) // ROW)
    assert (made.time, made.row, made.first, len(made.bids)) == (NOW, ROW, low, high - low + 1)
    assert made.bids.tolist() == list(rows_of(book().bids, low, high).values())
    assert made.asks.tolist() == list(rows_of(book().asks, low, high).values())


@pytest.mark.parametrize(("known_from", "known_to"), [(995.0, 1010.0), (995.5, 1010.5)])
def test_a_row_of_which_a_part_may_hide_something_is_unknown_unless_something_is_seen_in_it(known_from, known_to):
    made = Picture.of(book(known_from=known_from, known_to=known_to), NOW, TICK)
    for index, (bid, ask) in enumerate(zip(made.bids, made.asks, strict=True)):
        price = float(ROW) * (made.first + index)
        hidden = price + float(ROW) <= known_from or price > known_to
        assert math.isnan(bid) == (hidden and price not in book().bids[:, 0]), price
        assert math.isnan(ask) == (hidden and price not in book().asks[:, 0]), price


def test_what_is_unknown_is_so_by_prices_also_where_a_row_is_many_ticks():
    tick = Decimal("0.01")
    made = Picture.of(book(known_from=995.05, known_to=1004.95), NOW, tick)
    assert made.row == 10 * tick
    prices = [made.row * (made.first + index) for index in range(len(made.bids))]
    expected = [price + made.row <= Decimal("995.05") or price > Decimal("1004.95") for price in prices]
    assert np.isnan(np.where(made.bids == 0, 0, made.bids)).tolist() == [
        hidden and price != 980 and price != 995 for hidden, price in zip(expected, prices, strict=True)
    ]


def picture(first, bids, row="1", time=NOW):
    return Picture(time, Decimal(row), first, np.array(bids, np.float64), np.array(bids, np.float64) * 10)


def test_the_mean_of_pictures_is_of_those_that_knew_a_row():
    nan = math.nan
    mean = Picture.mean_of([picture(5, [1.0, 2.0, nan]), picture(6, [4.0, 6.0, nan])], NOW + 1)
    assert (mean.time, mean.row, mean.first) == (NOW + 1, 1, 5)
    assert mean.bids.tolist()[:3] == [1.0, 3.0, 6.0]
    assert mean.asks.tolist()[:3] == [10.0, 30.0, 60.0]
    assert math.isnan(mean.bids[3])


def test_rows_of_unlike_height_are_added_to_the_higher_ones():
    mean = Picture.mean_of([picture(11, [1.0, 2.0, 4.0, 8.0]), picture(2, [30.0, 50.0], row="5")], NOW)
    # 11 to 14 are of the row 10 to 15
    assert (mean.row, mean.first) == (5, 2)
    assert mean.bids.tolist() == [22.5, 50.0]
    assert picture(11, [1.0, 2.0, 4.0, 8.0, 16.0]).span(Decimal(5)) == (2, 3)


def test_rows_outside_of_those_asked_for_are_left_out():
    bids, asks = picture(10, [1.0, 2.0, 4.0, 8.0]).on(Decimal(1), 11, 2)
    assert bids.tolist() == [2.0, 4.0]
    assert asks.tolist() == [20.0, 40.0]
