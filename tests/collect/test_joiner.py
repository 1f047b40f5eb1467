"""A streamed page joins what was read only where no id lies between them."""

from dataclasses import replace

import pytest

from coinmon.collect.track.track import Track


@pytest.mark.parametrize(("first", "joins"), [(4, True), (5, True), (6, False), (7, False)])
def test_one_missing_trade_makes_a_page_wait(first, joins, plain):
    track = Track(plain.instrument(), 1, plain.start)
    track.take(plain.page((3, 1, 20, 1), (4, 2, 20, 1)), plain.start + 3000)
    streamed = plain.page(*((id, id, 20, 1) for id in range(first, 9)))
    track.joiner.stream(replace(streamed, first_id=first, until=plain.start + 9000))
    assert track.joiner.waits is not joins
    assert track.trades.id.tolist() == ([3, *range(4, 9)] if joins else [3, 4])
