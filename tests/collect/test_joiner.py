"""A streamed page joins what was read only where no id lies between them."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from coinmon.collect.live import trade_feed
from coinmon.collect.track.track import Track
from coinmon.errors import CoinmonError


@pytest.mark.parametrize(("first", "joins"), [(4, True), (5, True), (6, False), (7, False)])
def test_one_missing_trade_makes_a_page_wait(first, joins, plain):
    track = Track(plain.instrument(), 1, plain.start)
    track.take(plain.page((3, 1, 20, 1), (4, 2, 20, 1)), plain.start + 3000)
    streamed = plain.page(*((id, id, 20, 1) for id in range(first, 9)))
    track.joiner.stream(replace(streamed, first_id=first, until=plain.start + 9000))
    assert track.joiner.waits is not joins
    assert track.trades.id.tolist() == ([3, *range(4, 9)] if joins else [3, 4])


@pytest.mark.parametrize(("seconds", "joins"), [(2, True), (4.5, False)])
def test_a_page_of_another_numbering_waits_and_one_that_was_read_before_does_not(seconds, joins, plain):
    """Both have ids far behind; only the one is of a later moment than all that was read."""
    track = Track(plain.instrument(), 1, plain.start)
    track.take(plain.page((5000, 2, 20, 1)), plain.start + 2500)
    track.joiner.stream(replace(plain.page((7, seconds, 20, 1)), first_id=7))
    assert track.joiner.waits is not joins
    quiet = replace(plain.page(), first_id=8, until=plain.start + round(seconds * 1000))
    track.joiner.stream(quiet)
    assert track.caught_up == plain.start + 2500
    if not joins:
        track.take(replace(plain.page((6, 4, 20, 1), (7, seconds, 20, 1)), joined=False), plain.start + 5000)
        assert track.joiner.join()
        assert track.trades.id.tolist() == [5000, 6, 7]


def test_pages_that_wait_are_joined_in_their_order_once_what_lies_before_them_was_read(plain):
    track = Track(plain.instrument(), 1, plain.start)
    track.take(plain.page((3, 1, 20, 1)), plain.start + 1500)
    for ids in ((5, 6), (7, 8)):
        page = plain.page(*((id, id, 20, 1) for id in ids))
        track.joiner.stream(replace(page, first_id=ids[0]))
    assert track.trades.id.tolist() == [3]
    track.take(plain.page((4, 4, 20, 1)), plain.start + 4500)
    assert track.joiner.join()
    assert not track.joiner.waits
    assert track.trades.id.tolist() == [3, 4, 5, 6, 7, 8]
    assert track.caught_up == plain.start + 8000, "the last trade's time"


def test_a_stream_without_proof_waits_after_a_gap_until_a_page_was_read(plain):
    track = Track(plain.instrument(), 1, plain.start)
    track.take(plain.page((3, 1, 20, 1)), plain.start + 1500)
    track.joiner.stream(plain.page((8, 5, 20, 1), joined=False))
    assert track.joiner.waits
    track.take(plain.page((4, 3, 20, 1)), plain.start + 4000)
    assert track.joiner.join()
    assert track.trades.id.tolist() == [3, 4, 8]


def test_a_stream_without_proof_is_put_where_its_times_are_and_repeats_nothing(plain):
    track = Track(plain.instrument(), 1, plain.start)
    track.take(plain.page((1, 1, 20, 1)), plain.start + 1500)
    for id in (3, 5):
        track.joiner.stream(plain.page((id, id, 20, 1)))
    track.joiner.stream(plain.page((2, 2, 20, 1), (3, 3, 20, 1), (4, 4, 20, 1)))
    assert track.trades.id.tolist() == [1, 2, 3, 4, 5]


def test_a_gap_has_its_own_time_though_polling_closed_an_older_one(plain, monkeypatch):
    """It was declared a hole after seconds: counted from the beginning of the gap before it."""
    now, holes = [0.0], []
    monkeypatch.setattr(trade_feed, "monotonic", lambda: now[0])
    monkeypatch.setattr(trade_feed, "_TRIES", (0.0,))

    async def unanswered(track, deadline):
        raise CoinmonError("no answer")

    async def main():
        clock = SimpleNamespace(now=lambda: plain.start)
        venue = SimpleNamespace(name="acme", repair=unanswered)
        feed = trade_feed.TradeFeed(venue, clock)
        joiner = SimpleNamespace(waits=True, accept_hole=lambda: holes.append(now[0]))
        track = SimpleNamespace(instrument=plain.instrument(), cursor="before the first gap", joiner=joiner)

        async def tried(at):
            now[0] = at
            feed._repair_soon(track)
            await asyncio.wait(list(feed._repairing.values()))
            await asyncio.sleep(0)

        await tried(0.0)
        track.cursor = "read by polling, before the second"
        for seconds in (599.0, 601.0, 1100.0, 1199.0, 1200.0):
            await tried(seconds)

    asyncio.run(main())
    assert holes == [1200.0], "ten minutes after the second one began"
