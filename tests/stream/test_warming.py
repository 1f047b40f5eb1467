"""A window whose beginning is not seen yet is warming; one with a hole is not."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from coinmon import MINUTE, Bars, Coverage, Seen
from coinmon.market.result import SeenReport

START = 1_700_000_040_000


@pytest.mark.parametrize(
    ("known", "warming"),
    [
        (range(38, 50), True),
        (range(50), False),
        (range(40), False),
        ([*range(10, 20), *range(30, 50)], False),
        ([], False),
    ],
)
def test_only_a_missing_beginning_is_warming(known, warming):
    times = START + np.array(list(known), np.int64) * MINUTE
    bars = replace(Bars.missing(Decimal("0.1"), times), coverage=np.full(len(times), Coverage.TRADES, np.uint8))
    seen = Seen.of(bars, START, START + 50 * MINUTE)
    assert seen.warming is warming
    assert SeenReport.of(seen).model_dump()["warming"] is warming


@pytest.mark.parametrize(("since", "warming"), [(0, False), (START - MINUTE, False), (START + 49 * MINUTE, True)])
def test_nothing_seen_as_yet_is_warming_where_it_is_followed_for_less_than_the_window(since, warming):
    seen = Seen.of(Bars.missing(Decimal("0.1"), np.array([], np.int64)), START, START + 50 * MINUTE, since)
    assert (seen.complete, seen.minutes) == (0, 50)
    assert seen.warming is warming
