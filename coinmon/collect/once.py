"""Bringing a few symbols up to date outside of a scan: what a report does first."""

import asyncio

from coinmon.clock import Clock
from coinmon.collect.derivatives import sample
from coinmon.collect.exchange_apart import venues_of
from coinmon.collect.history.made_past import MadePast
from coinmon.collect.live.book_sampler import BookSampler
from coinmon.collect.track.persist import persist
from coinmon.collect.venue import Venue, VenueStatus
from coinmon.collect.watchlist import Watchlist, begin
from coinmon.config.load import Config, SymbolsConfig
from coinmon.model.moment import MINUTE, floor
from coinmon.store.database import Database

_ROUND_TIMEOUT_S = 60.0


async def collect_once(
    config: Config, clock: Clock, database: Database, symbol: str
) -> tuple[Watchlist, dict[str, VenueStatus], int]:
    """Read the window of one symbol on every configured venue, and in a demo what lies before it.

    What the venues list, how each did, and the end of the last minute that was read.
    """
    past = MadePast(config.demo_past) if config.demo_past else None
    venues = venues_of(config.exchanges, clock)
    try:
        now = clock.now()
        end = floor(now)
        start = end - config.window * MINUTE
        symbols = SymbolsConfig(names=(symbol,))
        watch = await begin(venues, database, symbols, config.quotes, now, start, follows=False)
        statuses = {}

        async def one(venue: Venue) -> None:
            tracks = watch.tracks[venue.name]
            statuses[venue.name] = await venue.read(tracks, end, _ROUND_TIMEOUT_S)
            if tracks and past:
                await past.bring(venue, tracks, database, start, config.whale_threshold)
            if tracks:
                await database.in_writer(lambda: persist(database, tracks, end, config.whale_threshold, clock.now()))

        books = BookSampler(config, venues, clock, database, goes_on=False)
        await asyncio.gather(
            *(one(venue) for venue in venues),
            sample(venues, watch.tracks, database, _ROUND_TIMEOUT_S),
            books.sample(watch.tracks),
        )
        return watch, statuses, end
    finally:
        await asyncio.gather(*(venue.close() for venue in venues))
