"""One venue: its instruments, its state, and one round of reading."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

from coinmon.clock import Clock
from coinmon.collect.track.track import Track
from coinmon.collect.track_reader import TrackReader
from coinmon.errors import CoinmonError, DecodeError, VenueBlocked, our_stop, words_of
from coinmon.model.instrument import Kind
from coinmon.plugin.contracts import Exchange

_MAX_CONCURRENT_READS = 32
"""Instruments read at the same time; the venue's own budgets pace the requests."""
_MAX_CONCURRENT_WINDOWS = 32
"""Instruments whose windows of trades are read at once; of more some would wait for the pages of others."""
_MAX_FIRST_ROUND_PAGES = 200
"""Pages of earlier trades that a whole round may read; each instrument gets its share."""
BLOCKED_PAUSES_S = 900.0, 6 * 3600.0
"""The first and the longest pause after a venue refused this network."""
_CANCEL_TIMEOUT_S = 1.0
"""Seconds that what is cancelled gets to end."""


VenueState = Literal["ok", "degraded", "down", "blocked"]


@dataclass(frozen=True, slots=True)
class VenueStatus:
    """How a venue's round went.

    status: ok, degraded (some instruments failed), down (all did), blocked (asked again much later).
    """

    status: VenueState
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
        self.clock = clock
        self._misread = False
        self._reader = TrackReader(self, clock)
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
        """Kinds of instruments that the venue does not tell, and why, while it tells of the other."""
        return getattr(self.exchange, "failing", {})

    @property
    def unlisted(self) -> bool:
        """Whether it may list more, or something else, when it is asked again: a price grid may change at any time."""
        return (
            self._misread
            or bool(self._reader.contradicted)
            or any(not isinstance(error, VenueBlocked) for error in self.failing.values())
        )

    @property
    def preferred_quotes(self) -> Sequence[str]:
        return getattr(self.exchange, "preferred_quotes", ())

    async def call(self, method: str, *arguments: Any, deadline: float) -> Any:
        """Await one of the exchange's methods. Raises CoinmonError, whatever the plugin raised, naming the venue."""
        try:
            asked = getattr(self.exchange, method)
            # where it runs apart, its thread has the deadline, and a moment more to say who blocks it
            apart = getattr(self.exchange, "apart", False)
            async with asyncio.timeout(None if apart else deadline):
                answer = await (asked(*arguments, deadline=deadline) if apart else asked(*arguments))
            self._blocked_pause = 0.0
            return answer
        except VenueBlocked as error:
            # of several hosts one may refuse while another answers
            if not any(isinstance(each, VenueBlocked) for each in self.failing.values()):
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

        def status(name: VenueState, error: str | None = None) -> VenueStatus:
            self.down = name in ("down", "blocked")
            return VenueStatus(name, self.exchange.requests - sent, monotonic() - began, len(tracks), error)

        dead = await self._knock(deadline)
        if dead is not None:
            return status("blocked" if self.blocked else "down", dead)
        errors = await self._read_all(tracks, end, began + deadline, done, warmed=warmed, streams=streams)
        if self.blocked:
            return status("blocked", self.blocked)
        if errors and len(errors) >= len(tracks):
            return status("down", errors[0])
        errors = errors or [str(error) for error in self.failing.values()]
        if not errors:
            return status("ok")
        return status("degraded", f"{errors[0]} (and {len(errors) - 1} more)" if errors[1:] else errors[0])

    async def _knock(self, deadline: float) -> str | None:
        """One cheap question first: a dead venue is not asked for every instrument again. Why it is dead, or None."""
        if self.blocked or not self.has("server_time"):
            return self.blocked
        try:
            await self._reader.compare_clocks(min(10.0, deadline / 4))
        except CoinmonError as error:
            if self.down or self.blocked:
                return str(error)
        return None

    async def _read_all(
        self, tracks: Sequence[Track], end: int, until: float, done: Callable[[int], None], *, warmed: bool,
        streams: bool,
    ) -> list[str]:  # fmt: skip
        """Read every track side by side, `until` the monotonic clock says so; what went wrong, in words."""
        deadline = until - monotonic()
        errors: list[str] = []
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
                try:
                    await self._reader.read(
                        track, end, look_back, until - monotonic(), streams=streams, split=self._split,
                        tracks=len(tracks),
                    )  # fmt: skip
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
                await asyncio.wait(tasks, timeout=_CANCEL_TIMEOUT_S)
        return errors

    async def repair(self, track: Track, deadline: float) -> bool:
        """Read what is missing before what was streamed; whether nothing is now."""
        return await self._reader.repair(track, deadline)

    async def close(self) -> None:
        if self.has("close"):
            try:
                await self.call("close", deadline=5)
            except CoinmonError:
                return
