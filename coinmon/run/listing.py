"""What the venues list, asked for again now and then while a scan goes on."""

import asyncio
from collections.abc import Sequence

from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.pairs_wanted import LISTING_SECONDS
from coinmon.collect.venue import Venue
from coinmon.collect.watchlist import Watchlist, begin
from coinmon.config.load import Config
from coinmon.errors import CoinmonError
from coinmon.model.moment import MINUTE, floor
from coinmon.secrets import redacted
from coinmon.store.database import Database
from coinmon.supervise import Supervisor

_RELIST_MS, _RETRY_LISTING_MS = 6 * 60 * MINUTE, 2 * MINUTE
"""Market time after which the venues are asked again what they list, and after which one that did not answer is."""


class Listing:
    """The watchlist of a scan. first_timeout: seconds that the first one waits for silent venues."""

    def __init__(
        self,
        config: Config,
        venues: Sequence[Venue],
        database: Database,
        clock: Clock,
        first_timeout: float,
        supervisor: Supervisor,
    ) -> None:
        self._config = config
        self._venues = venues
        self._database = database
        self._clock = clock
        self._timeout = first_timeout
        self._supervisor = supervisor
        self._watchlist: Watchlist | None = None
        self._listed_at = 0
        self._lock = asyncio.Lock()
        self._relisting: asyncio.Task[None] | None = None

    async def watchlist(self) -> Watchlist:
        """What is followed; a list that is old, or lacks a venue, is renewed behind the cycles and not waited for."""
        async with self._lock:
            now = self._clock.now()
            if self._watchlist is None:
                timeout, self._timeout = self._timeout, LISTING_SECONDS
                self._watchlist = await self._begin(now, timeout)
                self._listed_at = now
            if self._relisting and self._relisting.done():
                self._relisting = None
            failed = self._watchlist.failed
            lacks = any(each.unlisted or (each.name in failed and not each.blocked) for each in self._venues)
            if self._relisting is None and now - self._listed_at > (_RETRY_LISTING_MS if lacks else _RELIST_MS):
                self._relisting = self._supervisor.once("lists of the venues", self._renew(now))
                self._listed_at = now
            return self._watchlist

    def close(self) -> None:
        if self._relisting:
            self._relisting.cancel()

    async def _renew(self, now: int) -> None:
        try:
            self._watchlist = await self._begin(now, LISTING_SECONDS)
        except CoinmonError as error:
            why = redacted("; ".join(str(error).splitlines()))
            if self._supervisor.is_news(error, f"lists {why}"):
                logger.warning("the venues' lists could not be renewed: {}", why)

    async def _begin(self, now: int, timeout: float) -> Watchlist:
        config = self._config
        start = floor(now) - config.window * MINUTE
        return await begin(
            self._venues,
            self._database,
            config.symbols,
            config.quotes,
            now,
            start,
            self._watchlist,
            timeout,
            config.shard,
        )
