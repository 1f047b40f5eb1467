"""What is followed: what venues list now or listed last, the symbols wanted of it, and tracks that go on."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from coinmon.collect.live.book_feed import BookFeed
from coinmon.collect.track.persist import persist
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import ConfigError, NoDataError, VenueBlocked
from coinmon.model.derivatives import Liquidation, Ticker
from coinmon.model.multiples import in_coins
from coinmon.store.cursors import Position
from coinmon.store.history import History

from ..conftest import acme, ids


class Silent:
    requests = 0

    async def instruments(self):
        await asyncio.sleep(30)


class Broken:
    requests = 0

    def __init__(self, answer):
        self.answer = answer

    async def instruments(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_spot_and_perp_of_every_venue_that_has_the_pair(follow, plain):
    venues = {
        "acme": acme(plain, "BTC/USDT", "BTC/USDT:USDT", "ETH/USDT"),
        "other": acme(plain, "BTC/USD", venue="other"),
    }
    watch = follow(venues=venues)
    assert ids(watch) == ["acme:BTC/USDT", "acme:BTC/USDT:USDT", "other:BTC/USD"]
    assert [str(pair) for pair in watch.pairs] == ["BTC/USDT"]
    assert watch.failed == {}


def test_names_that_mean_one_pair_are_one_and_what_is_excluded_is_left_out(follow, plain):
    venues = {"acme": acme(plain, "BTC/USDT", "ETH/USDT", "SOL/USDT")}
    names = ("BTCUSDT", "btc/usdt", "acme:BTC", "ETHUSDT", "SOL")
    watch = follow(venues=venues, names=names, exclude=("ETH", "NOSUCH"))
    assert [str(pair) for pair in watch.pairs] == ["BTC/USDT", "SOL/USDT"]


def test_an_unknown_symbol_is_one_line(follow, plain):
    with pytest.raises(ConfigError, match=r"^BTCUSTD: no such pair on acme; did you mean BTCUSDT\?$"):
        follow(venues={"acme": acme(plain, "BTC/USDT")}, names=("BTCUSTD",))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (VenueBlocked("acme: 451 from here"), "acme: 451 from here"),
        (RuntimeError("oops"), "acme: instruments raised RuntimeError: oops"),
        (None, "acme: instruments: instruments returned None; expected a list of Instrument"),
        ([{"symbol": "BTC/USDT"}], "acme: instruments: it listed a dict that is not an Instrument of its own"),
        ([], "acme: instruments: it listed no instruments"),
    ],
    ids=["blocked", "raises", "nothing", "something else", "an empty list"],
)
def test_a_venue_that_cannot_list_is_followed_by_what_it_listed_last(follow, plain, answer, why):
    good = acme(plain, "BTC/USDT", venue="good")
    assert ids(follow(venues={"acme": acme(plain, "BTC/USDT"), "good": good})) == ["acme:BTC/USDT", "good:BTC/USDT"]
    watch = follow(venues={"acme": Broken(answer), "good": good})
    assert ids(watch) == ["acme:BTC/USDT", "good:BTC/USDT"]
    assert watch.failed == {"acme": why}


def test_a_silent_venue_is_not_waited_for_longer_than_patience(follow, plain):
    watch = follow(venues={"acme": acme(plain, "BTC/USDT"), "quiet": Silent()}, patience=0.05)
    assert ids(watch) == ["acme:BTC/USDT"]
    assert "quiet: no answer to instruments" in watch.failed["quiet"]


def test_nobody_at_all_answers(follow):
    with pytest.raises(
        NoDataError, match=r"no venue could be asked what it lists.*\n.*quiet: no answer to instruments"
    ):
        follow(venues={"quiet": Silent()}, patience=0.05)


def test_tracks_go_on_over_a_new_listing_and_one_that_was_delisted_is_dropped(follow, plain):
    venues = {"acme": acme(plain, "BTC/USDT", "BTC/USDT:USDT")}
    first = follow(venues=venues)
    venues["acme"].listed.pop()
    second = follow(before=first, venues=venues)
    assert ids(second) == ["acme:BTC/USDT"]
    assert second.tracks["acme"][0] is first.tracks["acme"][0]


def test_a_new_tick_size_begins_again_where_the_store_ends(follow, plain, database):
    venue = acme(plain, "BTC/USDT")
    first = follow(venues={"acme": venue})
    (track,) = first.tracks["acme"]
    track.take(plain.page((1, -3000, 20, 1), (2, -61, 20, 1), (3, -30, 20, 1)), plain.start - 1)
    persist(database, [track], plain.start - plain.minute, 1e9)
    venue.listed = [replace(venue.listed[0], tick_size=venue.listed[0].tick_size / 5)]
    (renewed,) = follow(before=first, venues={"acme": venue}).tracks["acme"]
    assert renewed is not track
    assert str(renewed.instrument.tick_size) == "0.1"
    assert Position(renewed.boundary_id, renewed.start) == Position(2, plain.start - plain.minute)


@pytest.fixture
def market(plain):
    """Four pairs with 24 h volumes: in quote, in base only, small, unknown; and one in another quote."""
    symbols = ("BTC/USDT", "ETH/USDT", "DOGE/USDT", "NEW/USDT", "ETH/BTC")
    venue = acme(plain, *symbols, "BTC/USDT:USDT")
    figures = {"acme:BTC/USDT": Ticker(0, 10.0, quote_volume=900.0), "acme:ETH/USDT": Ticker(0, 10.0, volume=100.0)}

    async def tickers(_):
        return {**figures, "acme:DOGE/USDT": Ticker(0, 1.0, quote_volume=5.0)}

    venue.tickers = tickers
    return {"acme": venue, "other": acme(plain, "ETH/USDT", "XRP/USDT", venue="other")}


@pytest.mark.parametrize(
    ("wanted", "pairs"),
    [
        ({}, ["BTC", "DOGE", "ETH", "NEW"]),
        ({"exclude": ("DOGEUSDT", "acme:NEW")}, ["BTC", "ETH"]),
        ({"min_quote_volume": 5.0}, ["ETH", "BTC", "DOGE"]),
        ({"limit": 2}, ["ETH", "BTC"]),
        ({"limit": 1, "exclude": ("ETH",)}, ["BTC"]),
    ],
    ids=str,
)
def test_all_of_an_exchange_filtered_by_volume_number_and_name(follow, market, wanted, pairs):
    watch = follow(venues=market, all="acme", **wanted)
    assert [pair.base for pair in watch.pairs] == pairs
    assert all(each.kind == "spot" for each in watch.instruments)
    assert ("other:ETH/USDT" in ids(watch)) == ("ETH" in pairs)


def test_all_in_another_quote(follow, market):
    assert [str(pair) for pair in follow(venues=market, all="acme", quote="BTC").pairs] == ["ETH/BTC"]


@pytest.mark.parametrize(
    ("wanted", "error", "told"),
    [
        ({"all": "acme", "min_quote_volume": 1e9}, ConfigError, "symbols: nothing is left to follow after exclude and"),
        ({"all": "nowhere"}, ConfigError, "symbols.all: 'nowhere' is not among the exchanges: acme, other"),
        ({"all": "acme", "quote": "EUR"}, NoDataError, "symbols.all: acme: it lists no EUR pair"),
        ({"all": "other", "limit": 1}, ConfigError, "symbols.min_quote_volume and symbols.limit: other tells no 24 h"),
    ],
)
def test_all_of_what_is_not_there(follow, market, wanted, error, told):
    with pytest.raises(error) as caught:
        follow(venues=market, **wanted)
    assert told in str(caught.value)


def test_volumes_that_cannot_be_had_are_no_data(follow, market):
    async def refuse(_):
        raise RuntimeError("later")

    market["acme"].tickers = refuse
    with pytest.raises(NoDataError, match=r"^symbols\.all: acme: tickers raised RuntimeError: later$"):
        follow(venues=market, all="acme", limit=1)


def test_what_a_scan_follows_stands_for_the_pair_whatever_is_listed_later(follow, plain, database):
    follow(venues={"acme": acme(plain, "BTC/USD")})
    venue = acme(plain, "BTC/USD", "BTC/USDT")
    venue.preferred_quotes = ("USD",)
    assert ids(follow(venues={"acme": venue})) == ["acme:BTC/USD"]
    universe = History(database).universe({"acme"}, {"USD": "USDT"})
    assert [each.id for each in universe.meant(universe.resolve("BTCUSDT"))] == ["acme:BTC/USD"]
    assert [each.id for each in universe.meant(universe.resolve("acme:BTC/USDT"))] == ["acme:BTC/USDT"]
    assert ids(follow(venues={"acme": venue}, names=("acme:BTC/USDT",))) == ["acme:BTC/USDT"]


def test_thousands_of_a_coin_are_read_as_the_coin(follow, plain, database):
    (track,) = follow(venues={"acme": acme(plain, "1000PEPE/USDT:USDT")}, names=("PEPE",)).tracks["acme"]
    track.take(plain.page((1, -3000, 20, 1), (2, -61, 20, -2)), plain.start)
    persist(database, [track], plain.start, 1e9)
    history, coin = History(database), in_coins(track.instrument)
    start = plain.start - 50 * plain.minute
    native, coins = (history.bars(each, start, plain.start, levels=True) for each in (track.instrument, coin))
    assert coin.id == track.instrument.id
    assert (coin.base, coin.tick_size) == ("PEPE", track.instrument.tick_size / 1000)
    assert coins.tick_size == coin.tick_size
    assert coins.volume.sum() == 3000 == 1000 * native.volume.sum()
    assert coins.quote_volume.tolist() == native.quote_volume.tolist()
    assert coins.close.tolist() == native.close.tolist()
    assert coins.levels.sell.sum() == 2000
    assert history.profile(coin, start, plain.start).sell.sum() == 2000


def test_liquidations_that_are_not_stored_yet_outlive_a_change_of_what_is_followed(plain):
    """Those since the last sample were lost whenever a venue listed another one."""

    async def main():
        clock = SimpleNamespace(now=lambda: plain.start)
        feed = BookFeed(Venue("acme", SimpleNamespace(), clock), clock, streams=False)
        stays, goes, comes = (
            Track(replace(plain.instrument(), symbol=f"{base}/USDT:USDT", kind="perp"), number, plain.start)
            for number, base in enumerate(("BTC", "ETH", "SOL"))
        )
        await feed.follow([stays, goes], books=False)
        forced = [Liquidation(plain.start, -1, 100.0, 2.0, "1")]
        for shelf in feed._shelves.values():
            shelf.liquidations = [*forced]
        await feed.follow([stays, comes], books=False)
        return feed.take(plain.start, (1.0,)).liquidations, feed.take(plain.start, (1.0,)).liquidations, forced

    taken, again, forced = asyncio.run(main())
    assert taken == {0: forced, 1: forced}
    assert not again
