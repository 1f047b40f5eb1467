"""One round of a venue: what it says of itself, and that one instrument's trouble is not another's."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from loguru import logger

from coinmon import Coverage, TradePage
from coinmon.clock import Clock
from coinmon.collect import track_reader
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import DecodeError, VenueBlocked, VenueBusy
from coinmon.model.fold import fold


class Wayward:
    """Answers as told, by symbol: an exception is raised, seconds are slept, anything else is the answer."""

    requests = 0

    def __init__(self, **answers):
        self.answers = answers

    async def trades(self, instrument, cursor):
        self.requests += 1
        answer = self.answers.get(instrument.base, TradePage(None, True))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        return answer


@pytest.fixture
def read(plain):
    """Status and error of a round over BTC, ETH and SOL."""

    def run(exchange, *, deadline=5.0):
        venue = Venue("acme", exchange, Clock(plain.start + plain.minute, 0, 0))
        bases = ("BTC", "ETH", "SOL")
        tracks = [Track(plain.instrument(f"{each}/USDT"), n, plain.start) for n, each in enumerate(bases)]
        status = plain.run(venue.read(tracks, plain.start + plain.minute, deadline))
        assert status.requests == exchange.requests
        return status.status, status.error

    return run


@pytest.fixture
def quiet(plain):
    return plain.page()


def test_all_well(read, quiet):
    assert read(Wayward(BTC=quiet, ETH=quiet, SOL=quiet)) == ("ok", None)


def test_a_venue_of_which_nothing_is_followed_is_well(plain):
    venue = Venue("acme", Wayward(), Clock(plain.start, 0, 0))
    assert plain.run(venue.read([], plain.start, 5.0)).status == "ok"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (VenueBusy("acme: slow down"), "acme: slow down"),
        (RuntimeError("oops"), "acme: trades raised RuntimeError: oops"),
        ("nonsense", "acme: ETH/USDT: AttributeError: 'str' object has no attribute"),
        (30.0, "acme: 1 of 3 instruments not read within 0 s"),
    ],
    ids=["busy", "raises", "nonsense", "silent"],
)
def test_one_instruments_trouble_is_its_own(read, quiet, answer, told):
    status, error = read(Wayward(BTC=quiet, ETH=answer, SOL=quiet), deadline=0.2 if answer == 30.0 else 5.0)
    assert status == "degraded"
    assert told in error


def test_down_when_nothing_could_be_read(read):
    busy = VenueBusy("acme: slow down")
    assert read(Wayward(BTC=busy, ETH=busy, SOL=busy)) == ("down", "acme: slow down")


def test_blocked_and_not_asked_again_before_a_pause_that_grows(plain, monkeypatch):
    now = 0.0
    monkeypatch.setattr("coinmon.collect.venue.monotonic", lambda: now)
    exchange = Wayward(BTC=VenueBlocked("acme: 451"))
    venue = Venue("acme", exchange, Clock(plain.start, 0, 0))
    track = Track(plain.instrument(), 1, plain.start)
    for _ in range(3):
        status = plain.run(venue.read([track], plain.start + plain.minute, 5.0))
        assert (status.status, status.error) == ("blocked", "acme: 451")
    assert exchange.requests == 1
    for pause in (900, 1800, 3600, 7200, 14400, 21600, 21600):
        asked = exchange.requests
        for later, more in ((pause - 1, 0), (2, 1)):
            now += later
            plain.run(venue.read([track], plain.start + plain.minute, 5.0))
            assert exchange.requests == asked + more, pause


def test_a_venue_whose_answers_do_not_fit_its_list_is_asked_for_it_again_soon(plain, quiet):
    """As when an instrument's tick size is changed."""
    exchange = Wayward(BTC=DecodeError("acme:BTC/USDT: price 1.05 is not a positive multiple of tick 0.1"))
    venue = Venue("acme", exchange, Clock(plain.start + plain.minute, 0, 0))
    tracks = [Track(plain.instrument(f"{each}/USDT"), 1, plain.start) for each in ("BTC", "ETH")]
    exchange.answers["ETH"] = quiet
    assert plain.run(venue.read(tracks, plain.start + plain.minute, 5.0)).status == "degraded"
    assert venue.unlisted
    exchange.answers["BTC"] = quiet
    assert plain.run(venue.read(tracks, plain.start + plain.minute, 5.0)).status == "ok"
    assert not venue.unlisted


def test_trades_that_are_not_what_the_venues_volume_says_are_partial_and_named_once(plain, database, monkeypatch):
    """A contract's size has changed: ids run on, amounts are a tenth."""
    monkeypatch.setattr(track_reader, "_RECHECK_PAUSE_S", 0.0)
    lines = []
    sink = logger.add(lines.append, format="{message}", level="WARNING")

    class Resized:
        requests = 0
        times = 10

        async def trades(self, instrument, cursor):
            rows = [(7, 10, 20, 1), (8, 70, 20, 2)]
            return plain.page(*(row for row in rows if cursor.last_id is None or row[0] > cursor.last_id))

        async def bars(self, instrument, start, end):
            seen = fold(plain.page((7, 10, 20, 1), (8, 70, 20, 2)).trades, instrument).dense(start, end)
            unknown = seen.volume * np.nan
            figures = {"volume": seen.volume * self.times, "buy": unknown, "buy_quote": unknown}
            return replace(seen, **figures, levels=None).with_coverage(Coverage.PARTIAL)

    end = plain.start + 2 * plain.minute
    exchange = Resized()
    venue = Venue("acme", exchange, Clock(end, 0, 0))

    def bars():
        track = Track(plain.instrument(), 1, plain.start)
        for _ in range(2):
            plain.run(venue.read([track], end, 5.0))
        return track.settle(end, 1e9).bars

    assert bars().coverage.tolist() == [Coverage.PARTIAL] * 2
    assert bars().volume.tolist() == [10, 20]
    assert venue.unlisted
    assert "".join(lines).count("acme:BTC/USDT: the trades of ") == 1
    exchange.times = 1
    assert bars().coverage.tolist() == [Coverage.TRADES] * 2
    assert not venue.unlisted
    logger.remove(sink)
