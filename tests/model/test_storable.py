"""Samples that are kept: moments in ms, and figures that fit 63 bits."""

import pytest

from coinmon.model.derivatives import OpenInterest, storable


@pytest.mark.parametrize(
    ("time", "base", "is_kept"),
    [
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
