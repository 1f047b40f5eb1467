"""A stream's silence: no trades is not the same as no data.

Silent instruments are compared with the venue's tickers. A comparison begins `patience` seconds after the one before
and is given up before the next is due, so that a stream which stalls is found out after three times the patience at
most: it has to be silent, a comparison has to begin, and to end. Where the tickers cannot be had, or two of them are
needed to tell, nobody waits for that: after `_UNSURE_TIMES` the patience an instrument that no ticker has vouched for
is polled. With the 8 s of a monitor that is 27 s, whatever the venue does and however busy its budgets are.

Time in which this process could not read is nobody's silence: where it was suspended, or the machine was busy with
others, the next look comes late, and by as much the detector's own clock stands still.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from loguru import logger

from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError
from coinmon.model.derivatives import Ticker
from coinmon.secrets import redacted
from coinmon.supervise import Supervisor

_UNSURE_TIMES = 3.25
CHECK_INTERVAL_TIMES = 0.125
"""Times the patience between two looks at who is silent."""
_MAX_SUSPECTS = 8
"""Instruments whose trades are asked for in one comparison."""


@dataclass(slots=True)
class StallDetector:
    """The watch over one venue's stream.

    stalled: called with the instruments that are proven to trade unheard, and all that are silent beside them.
    doubted: called with those whose silence nobody explains; they are not live any more. before_hand: called before a
    comparison, so that nothing that came is unknown to the tracks.
    """

    venue: Venue
    patience: float
    stalled: Callable[[Sequence[Track], Sequence[Track]], None]
    doubted: Callable[[Sequence[Track]], None]
    before_hand: Callable[[], None]
    supervisor: Supervisor = field(default_factory=Supervisor)
    _last_message_s: dict[str, float] = field(default_factory=dict)
    _vouched: dict[str, float] = field(default_factory=dict)
    _unsure: set[str] = field(default_factory=set)
    _last: tuple[float, Mapping[str, Ticker]] = (0.0, {})
    _begun: float = 0.0
    _comparing: asyncio.Task[None] | None = None
    _limit: asyncio.Timeout | None = None
    _looked: float = float("inf")
    _absent: float = 0.0

    def message_came(self, id: str, now: float) -> None:
        """It spoke, or its subscription was answered, or it is known to be lost. now: seconds of `monotonic`."""
        self._last_message_s[id] = now - self._absent
        if self._unsure:
            self._unsure.discard(id)

    def look(self, tracks: Sequence[Track]) -> None:
        """Every `CHECK_INTERVAL_TIMES` times the patience."""
        if not (self.venue.has("tickers") and self.venue.has("trades")):
            return
        self._reckon_absence()
        self._doubt(tracks)
        if monotonic() - self._begun >= self.patience and (self._comparing is None or self._comparing.done()):
            self._begun = monotonic()
            self._comparing = self.supervisor.once(f"{self.venue.name}: comparison with tickers", self._compare(tracks))

    def lost(self, tracks: Sequence[Track]) -> None:
        """Their whole stream is lost: silences that nobody explained are forgotten."""
        self._unsure -= {track.instrument.id for track in tracks}

    async def close(self) -> None:
        if self._comparing:
            self._comparing.cancel()
            await asyncio.gather(self._comparing, return_exceptions=True)

    def _now(self) -> float:
        """Seconds in which this process could read."""
        return monotonic() - self._absent

    def _reckon_absence(self) -> None:
        """Since the look before: what is more than its interval, and half of that for timers that are not exact."""
        looked, self._looked = self._looked, monotonic()
        late = self._looked - looked - self.patience * CHECK_INTERVAL_TIMES
        if late < self.patience * CHECK_INTERVAL_TIMES / 2:
            return
        self._absent += late
        now = self._now()
        # what was read between the end of the absence and this look
        self._last_message_s = {id: min(moment, now) for id, moment in self._last_message_s.items()}
        if self._limit and (when := self._limit.when()) is not None and not self._limit.expired():
            self._limit.reschedule(when + late)

    def _doubt(self, tracks: Sequence[Track]) -> None:
        latest = self._now() - self.patience * _UNSURE_TIMES
        known = (self._last_message_s, self._vouched)
        doubted = [
            track
            for track in tracks
            if track.live and all(moments.get(track.instrument.id, 0.0) < latest for moments in known)
        ]
        for track in doubted:
            track.live = False
            self._unsure.add(track.instrument.id)
        if doubted:
            self.doubted(doubted)

    def _quiet(self, track: Track) -> bool:
        return self._now() - self._last_message_s.get(track.instrument.id, 0.0) > self.patience

    async def _compare(self, tracks: Sequence[Track]) -> None:
        silent = [
            each
            for each in tracks
            if (each.live or each.instrument.id in self._unsure) and each.cursor and self._quiet(each)
        ]
        if not silent:
            return
        self.before_hand()
        try:
            async with asyncio.timeout(self.patience) as self._limit:
                proven = await self._looked_into(silent)
        except (CoinmonError, TimeoutError) as error:
            logger.debug("{}: silence not looked into: {}", self.venue.name, redacted(str(error)))
            return
        finally:
            self._limit = None
        if proven:
            self.stalled(proven, silent)

    async def _looked_into(self, silent: Sequence[Track]) -> list[Track]:
        """Those of the silent that trade."""
        asked_at, (then, before) = self._now(), self._last
        found = await self.venue.call(
            "tickers", [each.instrument for each in silent], deadline=_UNSURE_TIMES * self.patience
        )
        self._last = asked_at, found
        suspects = []
        for track in silent:
            id = track.instrument.id
            # an older one may tell of trades that were streamed
            earlier = before.get(id) if then > self._last_message_s.get(id, 0.0) else None
            if _moved(track, found.get(id), earlier):
                suspects.append(track)
            elif earlier is not None and id in found:
                self._vouch(track, asked_at)
        suspects = suspects[:_MAX_SUSPECTS]
        trades = await asyncio.gather(*(self._trades(track) for track in suspects))
        for track, some in zip(suspects, trades, strict=True):
            if not some:
                self._vouch(track, asked_at)
        if not any(trades):
            return []
        # a page may be ahead of the stream by a moment
        await asyncio.sleep(self.patience / 4)
        return [track for track, some in zip(suspects, trades, strict=True) if some and self._quiet(track)]

    async def _trades(self, track: Track) -> bool:
        """Whether the venue has trades that its stream did not bring."""
        page = await self.venue.call("trades", track.instrument, track.cursor, deadline=_UNSURE_TIMES * self.patience)
        return len(page.trades) > 0

    def _vouch(self, track: Track, moment: float) -> None:
        """Until this moment nothing traded that the stream did not bring."""
        id = track.instrument.id
        self._vouched[id] = moment
        if id in self._unsure:
            self._unsure.discard(id)
            track.live = True


def _moved(track: Track, now: Ticker | None, earlier: Ticker | None) -> bool:
    """Whether a ticker tells of a trade since the last one streamed."""
    if now is None:
        return False
    tick = float(track.instrument.tick_size)
    if track.last_price and abs(now.last - track.last_price * tick) > tick / 2:
        return True
    return earlier is not None and (now.last != earlier.last or (now.volume or 0.0) > (earlier.volume or 0.0))
