"""One venue: its instruments, its state, and one round of reading."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.track.reconcile import SAME_VOLUME
from coinmon.collect.track.track import Track
from coinmon.errors import CoinmonError, DecodeError, VenueBlocked, our_stop, words_of
from coinmon.model.bars import Bars
from coinmon.model.instrument import Kind
from coinmon.model.moment import MINUTE
from coinmon.plugin.contracts import Cursor, Exchange

_MAX_CONCURRENT_READS = 32
"""Instruments read at the same time; the venue's own budgets pace the requests."""
_MAX_CONCURRENT_WINDOWS = 32
"""Instruments whose windows of trades are read at once; of more some would wait for the pages of others."""
_LATEST_KLINE_MS = 30 * MINUTE
"""Where a venue tells no trades, a minute's kline is asked for again this long; later it will not come."""
_MAX_FIRST_ROUND_PAGES = 200
"""Pages of earlier trades that a whole round may read; each instrument gets its share."""
BLOCKED_PAUSES_S = 900.0, 6 * 3600.0
"""The first and the longest pause after a venue refused this network."""
_CLOSE_ENOUGH = 2000
"""ms that two clocks may differ without a word: some venues tell whole seconds."""
_LAST_WORDS = 1.0
"""Seconds that what is cancelled gets to end."""


@dataclass(frozen=True, slots=True)
class VenueStatus:
    """How a venue's round went.

    status: ok, degraded (some instruments failed), down (all did), blocked (asked again much later).
    """

    status: str
    requests: int
    seconds: float
    instruments: int
    error: str | None = None


class Venue:
    """An exchange as the scan sees it: it may be late or wrong, but it holds up nobody."""

    def __init__(self, name: str, exchange: Exchange, clock: Clock) -> None:
        self.name = name
        self.exchange = exchange
        self._blocked: str | None = None
        self._blocked_until = float("-inf")
        self._blocked_pause = 0.0
        self._clock = clock
        self._early = 0
        self._misread = False
        self.down = False

    def has(self, method: str) -> bool:
        return getattr(self.exchange, method, None) is not None

    @property
    def blocked(self) -> str | None:
        """Why it refuses this network, until it is time to ask again: no refusal is for ever."""
        return self._blocked if monotonic() < self._blocked_until else None

    def block(self, why: str) -> None:
        """It refused: it is asked again after a pause that doubles each time, up to the longest."""
        if self.blocked is None:
            first, longest = BLOCKED_PAUSES_S
            self._blocked_pause = min(longest, self._blocked_pause * 2 or first)
            self._blocked_until = monotonic() + self._blocked_pause
        self._blocked = why

    @property
    def _split(self) -> bool:
        """Whether its klines tell the taker split."""
        return self.has("bars") and getattr(self.exchange, "split_in_bars", False)

    @property
    def failing(self) -> Mapping[Kind, CoinmonError]:
        """Kinds of instruments that a host of the venue does not tell, and why, while another host answers."""
        return getattr(self.exchange, "failing", {})

    @property
    def unlisted(self) -> bool:
        """Whether it may list more, or something else, when it is asked again: a price grid may change at any time."""
        return self._misread or any(not isinstance(error, VenueBlocked) for error in self.failing.values())

    @property
    def preferred_quotes(self) -> Sequence[str]:
        return getattr(self.exchange, "preferred_quotes", ())

    async def call(self, method: str, *arguments: Any, deadline: float) -> Any:
        """Await one of the exchange's methods. Raises CoinmonError, whatever the plugin raised, naming the venue."""
        try:
            async with asyncio.timeout(deadline):
                answer = await getattr(self.exchange, method)(*arguments)
            self._blocked_pause = 0.0
            return answer
        except VenueBlocked as error:
            if not self.failing:
                self.block(str(error))
            raise
        except CoinmonError:
            raise
        except TimeoutError:
            raise CoinmonError(f"{self.name}: no answer to {method} within {deadline:.0f} s") from None
        except BaseException as error:
            if our_stop(error):
                raise
            raise CoinmonError(f"{self.name}: {method} raised {words_of(error)}") from error

    async def read(
        self,
        tracks: Sequence[Track],
        end: int,
        deadline: float,
        done: Callable[[int], None] = lambda _: None,
        *,
        warmed: bool = False,
        streams: bool = False,
    ) -> VenueStatus:
        """Bring tracks up to `end`, as far as `deadline` seconds allow; what was read by then is in the tracks.

        warmed: somebody else brings what was before a track's beginning (`WarmUp`). streams: a stream brings what
        comes.
        """
        began, sent = monotonic(), self.exchange.requests
        self._misread = False
        errors: list[str] = []

        def status(name: str, error: str | None = None) -> VenueStatus:
            self.down = name in ("down", "blocked")
            return VenueStatus(name, self.exchange.requests - sent, monotonic() - began, len(tracks), error)

        if self.blocked:
            return status("blocked", self.blocked)
        if self.has("server_time"):
            try:
                await self._compare_clocks(min(10.0, deadline / 4))
            except CoinmonError as error:
                # one cheap question first: a dead venue is not asked for every instrument again
                if self.down or self.blocked:
                    return status("blocked" if self.blocked else "down", str(error))
        slots = asyncio.Semaphore(_MAX_CONCURRENT_READS)
        streams = streams and warmed and len(tracks) > _MAX_CONCURRENT_WINDOWS
        look_back = 0 if warmed else max(2, _MAX_FIRST_ROUND_PAGES // max(1, len(tracks)))

        async def first_klines(track: Track) -> None:
            # what fails is asked for again with the trades, which tells why
            with suppress(CoinmonError):
                async with slots, track.alone():
                    track.klines = await self.call("bars", track.instrument, track.start, end, deadline=deadline / 6)

        async def read_one(track: Track) -> None:
            async with slots:
                if self.blocked:
                    return
                left = deadline - (monotonic() - began)
                try:
                    await self._read_track(track, end, look_back, left, streams)
                except CoinmonError as error:
                    errors.append(str(error))
                    self._misread = self._misread or isinstance(error, DecodeError)
                except BaseException as error:
                    if our_stop(error):
                        raise
                    # what a plugin gave is not what its contract says
                    errors.append(f"{self.name}: {track.instrument.symbol}: {words_of(error)}")
                done(1)

        # all of a window's trades may take many minutes of requests: first what one request tells of each
        cold = [track for track in tracks if track.cursor is None and track.start < end] if self._split else []
        tasks = [asyncio.create_task(first_klines(track)) for track in cold]
        tasks += [asyncio.create_task(read_one(track)) for track in tracks]
        try:
            async with asyncio.timeout(deadline):
                await asyncio.gather(*tasks)
        except TimeoutError:
            late = sum(not task.done() or task.cancelled() for task in tasks[len(cold) :])
            errors.append(f"{self.name}: {late} of {len(tracks)} instruments not read within {deadline:.0f} s")
        finally:
            for task in tasks:
                task.cancel()
            # so that nobody is kept from its tracks by one that is not asked any more
            if tasks:
                await asyncio.wait(tasks, timeout=_LAST_WORDS)
        if self.blocked:
            return status("blocked", self.blocked)
        if errors and len(errors) >= len(tracks):
            return status("down", errors[0])
        errors = errors or [str(error) for error in self.failing.values()]
        return (
            status("degraded", f"{errors[0]} (and {len(errors) - 1} more)" if errors[1:] else errors[0])
            if errors
            else status("ok")
        )

    async def _read_track(self, track: Track, end: int, look_back: int, deadline: float, streams: bool) -> None:
        """Trades first; klines for what they do not prove, and always where klines carry the taker split."""
        async with track.alone():
            track.join()
            split = self._split and track.start < end
            if split and track.streamed and track.caught_up < end:
                # the venue's own volume tells a minute that ended quietly from one that the stream kept to itself
                track.klines = await self._klines(track, end, deadline)
                if track.agrees(end):
                    track.caught_up = end
            begins = streams and track.cursor is None and track.klines is not None
            if begins:
                # the klines tell the past and the stream the rest: a cold start waits for no page of trades
                track.begin_streamed()
            failed: CoinmonError | None = None
            if self.has("trades") and not begins and not (track.streamed and track.caught_up >= end):
                try:
                    await self._read_trades(track, look_back, deadline)
                except CoinmonError as error:
                    failed = error
                track.join()
            whole = track.proven_from is not None and track.proven_from <= track.start and track.caught_up >= end
            wanted = split or not whole or track.unverified_from is not None
            if self.has("bars") and track.start < end and track.klines is None and wanted:
                track.klines = await self._klines(track, end, deadline)
                if split and whole and _falls_short(track, end):
                    # the page was older than the kline: the minute's last trades are still to come
                    track.caught_up = end - MINUTE
                if not self.has("trades"):
                    told = int(track.klines.time[-1]) + MINUTE if len(track.klines) else 0
                    track.caught_up = max(told, end - _LATEST_KLINE_MS)
            if failed:
                raise failed

    async def _compare_clocks(self, deadline: float) -> None:
        """Our clock may be ahead of the venue's by whatever it likes."""
        asked_at = self._clock.now()
        early = max(0, asked_at - await self.call("server_time", deadline=deadline))
        if early > _CLOSE_ENOUGH >= self._early:
            text = "{}: our clock is {} s ahead of the venue's: minutes wait until they are over there"
            logger.warning(text, self.name, round(early / 1000))
        self._early = early

    async def _klines(self, track: Track, end: int, deadline: float) -> Bars:
        """Of the minutes before `end`, those included that were stored without their klines."""
        since = track.unverified_from or track.start
        found: Bars = await self.call("bars", track.instrument, since, end, deadline=deadline)
        return found

    async def repair(self, track: Track, deadline: float) -> bool:
        """Read what is missing before what was streamed; whether nothing is now."""
        async with track.alone():
            if not track.join():
                await self._read_trades(track, 0, deadline)
            return track.join()

    async def _read_trades(self, track: Track, look_back: int, deadline: float) -> None:
        first = track.cursor is None
        more = whole = True
        while more:
            # by the venue's clock: what it has not traded yet is not known to be quiet
            asked_at = self._clock.now() - self._early
            cursor = track.cursor or Cursor(track.start)
            page = await self.call("trades", track.instrument, cursor, deadline=deadline)
            more = page.more and len(page.trades) > 0
            whole = whole and page.whole
            track.take(page, asked_at)
        if not (first and whole and self.has("earlier_trades")):
            return
        for _ in range(look_back):
            if track.oldest_id is None or (track.proven_from is not None and track.proven_from <= track.start):
                return
            page = await self.call("earlier_trades", track.instrument, track.oldest_id, track.start, deadline=deadline)
            if not page.joined:
                return
            track.take_earlier(page)

    async def close(self) -> None:
        if self.has("close"):
            try:
                await self.call("close", deadline=5)
            except CoinmonError:
                return


def _falls_short(track: Track, end: int) -> bool:
    """Whether the venue's own volume of the minute before `end` is more than that of the trades at hand."""
    if track.klines is None or not len(track.klines) or int(track.klines.time[-1]) != end - MINUTE:
        return False
    return track.volume_of(end - MINUTE) < float(track.klines.volume[-1]) * (1 - SAME_VOLUME)
