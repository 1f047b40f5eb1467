"""Samples that are kept: moments in ms, figures that fit 63 bits, and no nought that stands for an unknown price."""

import pytest

from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, storable


@pytest.mark.parametrize(
    ("time", "base", "is_kept"),
    [
        (0, 1.0, False),
        (-1, 1.0, False),
        (10**12, 0.0, True),
        (10**9 - 1, 1.0, True),
        (10**9, 1.0, False),
        (10**12, 1.0, True),
        (10**12, 2.0**62, True),
        (10**12, 2.0**63, False),
    ],
)
def test_a_moment_in_seconds_and_a_figure_beyond_63_bits_are_left_out(time, base, is_kept):
    sample = OpenInterest(time, base)
    assert storable([sample]) == ([sample] if is_kept else [])


def test_a_nought_that_stands_for_an_unknown_price_is_no_price():
    """Binance's mark of a contract that settles is "0.00000000", and its next settlement 0 (EXCHANGES 1.2)."""
    known = Funding(10**12, 0.0, mark=5.0)
    assert storable([Funding(10**12, 0.0, 0, 0, 5.0, 0.0), Funding(10**12, 0.0, mark=5.0, index=-1.0)]) == [known] * 2
    assert storable([OpenInterest(10**12, 3.0, 0.0)]) == [OpenInterest(10**12, 3.0)]
    assert storable([OpenInterest(10**12, 0.0, 0.0)]) == [OpenInterest(10**12, 0.0, 0.0)]
    assert storable([Liquidation(10**12, 1, 0.0, 2.0, "key")]) == []
