"""What several plugins are given, none of them can change."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from coinmon.market.read_only import _holds_none, read_only
from coinmon.model.bars import Bars
from coinmon.model.book import Depth, Near, Picture
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, WhaleTrade
from coinmon.model.levels import Levels


@dataclass
class Made:
    """As a plugin's author writes one, whose annotations are no promise."""

    figure: float
    rows: Any


def test_no_array_can_be_written_to_wherever_it_is():
    arrays = [np.zeros(3) for _ in range(5)]
    a, b, c, d, e = arrays
    read_only([1.0, (a, "x"), {"b": b}, [Made(c, [d])], Made(1.0, {"e": (e,)})])  # type: ignore[arg-type]
    for each in arrays:
        with pytest.raises(ValueError, match="read-only"):
            each[0] = 1.0
    rows = read_only([Bars.missing(Decimal(1), np.arange(2))])[0]
    assert not rows.close.flags.writeable
    assert not rows.levels.start.flags.writeable


def test_types_that_are_passed_over_hold_no_array():
    for kind in (Depth, Near, OpenInterest, Funding, WhaleTrade, Liquidation):
        assert _holds_none(kind), kind
    for kind in (Bars, Levels, Picture, Made, np.ndarray, list):
        assert not _holds_none(kind), kind
