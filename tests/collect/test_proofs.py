"""What a page proves at its very edges: one id too few, and trades in the very millisecond asked for."""

from types import SimpleNamespace

import numpy as np
import pytest

from coinmon import Cursor, Trades
from coinmon_exchanges import _continuity


def page(*ids, time=1000):
    count = len(ids)
    made = np.array(ids, np.int64)
    times = np.full(count, time, np.int64)
    trades = Trades(made, times, np.ones(count, np.int64), np.ones(count), np.ones(count, np.int8))
    return SimpleNamespace(ids=made, times=times, at=np.arange(count), trades=trades)


@pytest.mark.parametrize(("before", "joined"), [(5, True), (6, False), (7, False)])
def test_a_page_of_earlier_trades_joins_where_it_ends_one_before(before, joined):
    assert _continuity.before(page(2, 3, 4), before, 0)[1] is joined


@pytest.mark.parametrize(("last", "joined"), [(2, True), (1, False), (0, False)])
def test_newer_trades_join_where_they_begin_one_after(last, joined):
    assert _continuity.after([page(3, 4, 5)], last)[1] is joined


def test_a_page_with_a_hole_inside_joins_nothing():
    assert not _continuity.before(page(1, 2, 4), 5, 0)[1]
    assert not _continuity.after([page(3, 5)], 2)[1]


@pytest.mark.parametrize(("moment", "reaches"), [(1001, True), (1000, False), (999, False)])
def test_only_an_older_trade_shows_that_a_page_reaches_back(moment, reaches):
    assert _continuity.since(page(1, 2), moment, is_all=False) is reaches
    assert _continuity.overlapping(page(1, 2), Cursor(moment)).joined is reaches
