"""An order that sweeps several prices is one whale; two of them in one millisecond, on two sides, are two."""

from decimal import Decimal
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from coinmon.collect.track.whales import find_whales
from coinmon.model.trades import Trades


def oracle(rows, threshold):
    """(first id, bought or sold, base, quote, fills) of the orders, in exact decimals; a tick is 0.5."""
    found = []
    for (_, side), fills in groupby(rows, key=lambda row: (row[1], row[3] > 0)):
        several = list(fills)
        base = sum(Decimal(abs(row[3])) for row in several)
        quote = sum(Decimal(abs(row[3])) * row[2] / 2 for row in several)
        if quote >= threshold:
            found.append((several[0][0], 1 if side else -1, base, quote, len(several)))
    return found


ROW = st.tuples(st.integers(0, 3), st.integers(1, 9), st.sampled_from([-2.0, -0.25, 0.5, 4.0]))


@given(st.lists(ROW, max_size=30), st.sampled_from([0, 1, 5, 20]))
def test_orders_are_rows_of_one_millisecond_and_side(plain, rows, threshold):
    told = [(place, *row) for place, row in enumerate(sorted(rows, key=lambda row: row[0]))]
    found = find_whales(plain.trades(*told), plain.instrument(), threshold)
    assert [(each.trade_id, each.side, each.base, each.quote, each.fills) for each in found] == oracle(told, threshold)
    assert all(each.price == each.quote / each.base for each in found)
    assert {each.instrument for each in found} <= {"acme:BTC/USDT"}


def test_one_that_arrives_in_two_pages_grows(plain):
    instrument = plain.instrument()
    first, second = (7, 1.5, 100, 4.0), (8, 1.5, 102, 4.0)
    (half,) = find_whales(plain.trades(first), instrument, 100)
    (whole,) = find_whales(plain.trades(first, second), instrument, 100)
    assert (half.trade_id, half.quote, whole.trade_id, whole.quote, whole.fills) == (7, 200.0, 7, 404.0, 2)


def test_an_order_of_exactly_the_threshold_is_a_whale(plain):
    # 2.5 in all at 80,000: 199,999.99999999997 in floats
    fills = [(place, 5, 160_000, qty) for place, qty in enumerate((0.14, 0.08, 2.28))]
    (found,) = find_whales(plain.trades(*fills), plain.instrument(), 200_000)
    assert (found.base, found.quote, found.price) == (2.5, 200_000.0, 80_000.0)


def test_its_price_is_the_venues_and_not_one_of_a_division(plain):
    (found,) = find_whales(plain.trades((1, 5, 116_543, 2.0203)), plain.instrument(), 100_000)
    assert found.price == 58_271.5
    assert found.quote / found.base == 58_271.49999999999


def test_rows_that_are_sums_and_rows_that_are_none_together(plain):
    single = plain.trades((1, 5, 100, 1.0), (2, 5, 100, 1.0))
    summed = Trades(*(getattr(single, name) for name in ("id", "time", "ticks", "qty", "side")), single.id * 3)
    assert Trades.concat([single, single]).fills is None
    assert Trades.concat([single, summed]).fill_counts.tolist() == [1, 1, 3, 6]
