"""The books of every venue, sampled into the store."""

import asyncio
from collections.abc import Mapping, Sequence

from coinmon.clock import Clock
from coinmon.collect.live.book_feed import BookFeed
from coinmon.collect.live.book_shelf import Taken
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.config.load import Config
from coinmon.errors import CoinmonError
from coinmon.store import books
from coinmon.store.database import Database
from coinmon.supervise import Supervisor

_MAX_COINS_UNASKED = 8
"""Coins up to which books are followed unless it is said: each is some hundred kilobytes a minute a venue."""


class BookSampler:
    """Order books and liquidations of what is followed. goes_on: it will be sampled again and again."""

    def __init__(
        self,
        config: Config,
        venues: Sequence[Venue],
        clock: Clock,
        database: Database,
        *,
        goes_on: bool,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._settings = config.books
        self._clock = clock
        self._database = database
        self._goes_on = goes_on
        self._feeds = {
            venue.name: BookFeed(
                venue,
                clock,
                streams=goes_on and venue.has("stream") and config.exchanges[venue.name].feed != "poll",
                supervisor=supervisor,
            )
            for venue in venues
        }

    @property
    def live(self) -> int:
        """Books that are streamed now."""
        return sum(feed.live for feed in self._feeds.values())

    @property
    def resyncs(self) -> int:
        return sum(feed.resyncs for feed in self._feeds.values())

    async def sample(self, tracks: Mapping[str, Sequence[Track]]) -> None:
        """Store what is known now; what is not streamed is asked for, and waited for where this is the only time."""
        bases = {each.instrument.base for several in tracks.values() for each in several}
        wanted = len(bases) <= _MAX_COINS_UNASKED if self._settings.enabled is None else self._settings.enabled
        for name, feed in self._feeds.items():
            await feed.follow(tracks.get(name, ()), books=wanted)
        if self._goes_on:
            for feed in self._feeds.values():
                feed.poll()
        else:
            await asyncio.gather(*(feed.ask() for feed in self._feeds.values()))
        now = self._clock.now()
        taken = [feed.take(now, self._settings.percents, at_once=not self._goes_on) for feed in self._feeds.values()]
        try:
            await self._database.in_writer(lambda: self._write(taken))
        except CoinmonError:
            for feed, each in zip(self._feeds.values(), taken, strict=True):
                feed.put_back(each)
            raise

    def _write(self, taken: Sequence[Taken]) -> None:
        if not any(each.depth or each.pictures or each.liquidations or each.observed_minutes for each in taken):
            return
        with self._database.write() as connection:
            for each in taken:
                books.write_depth(connection, each.depth)
                books.write_heatmap(connection, each.pictures)
                books.write_liquidations(connection, each.liquidations, self._clock.now())
                books.write_observed_minutes(connection, each.observed_minutes)

    async def close(self) -> None:
        await asyncio.gather(*(feed.close() for feed in self._feeds.values()))
