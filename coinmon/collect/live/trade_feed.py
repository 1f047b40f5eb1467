"""A venue's stream: it feeds the tracks, its gaps are repaired at once, its silence is looked into."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from time import monotonic

from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.live.forming import FormingMinute, FormingMinutes, open_minute
from coinmon.collect.live.page_buffer import PageBuffer
from coinmon.collect.live.stall_detector import CHECK_INTERVAL_TIMES, StallDetector
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError, our_stop, words_of
from coinmon.model.instrument import KINDS, Instrument, Kind
from coinmon.model.moment import floor
from coinmon.model.streamed import StreamedMany
from coinmon.plugin.stream_items import Streamed, StreamItem, StreamState
from coinmon.plugin.stream_pace import StreamPace
from coinmon.plugin.trade_page import Cursor
from coinmon.plugin.wire_tap import Channel
from coinmon.secrets import redacted
from coinmon.supervise import Supervisor

_CHANNELS: Sequence[Channel] = ("trades",)
_TRIES = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Pauses before tries to repair a gap; a venue's pages may lag behind its stream."""
_MAX_CONCURRENT_REPAIRS = 8
_REPAIR_TIMEOUT_S = 10.0
_UNREPAIRED_TIMEOUT_S = 600.0
"""Seconds that streamed trades wait for a venue that does not answer to tell what was before them."""
_RESTART_AFTER_S, _MAX_RESTART_AFTER_S = 120.0, 3600.0
"""Seconds after which a stream that left some instruments silent is begun anew, and the longest if that does not help:
the others are read anew each time."""
_MAX_PAUSE_S = 60.0


class TradeFeed:
    """Follows one venue. reconnects: connections lost so far. repaired: gaps that were filled; holes: that were not.
    streamed: trades that came.

    Spot and perpetuals have a stream each: what befalls the socket of one is nothing to the other.
    patience: seconds of silence of an instrument that are looked into.
    """

    def __init__(self, venue: Venue, clock: Clock, patience: float = 8.0, supervisor: Supervisor | None = None) -> None:
        self._forming = FormingMinutes()
        self._pace = StreamPace()
        self.reconnects = 0
        self.repaired = 0
        self.holes = self.streamed = 0
        self.lag: int | None = None
        self._joined: set[str] = set()
        self._venue = venue
        self._clock = clock
        self._tracks: Mapping[str, Track] = {}
        self._held = PageBuffer()
        self._stalled: set[str] = set()
        self._complaint = ""
        self._supervisor = supervisor or Supervisor()
        self._look_task = f"{venue.name}: stall detector"
        self._repairing: dict[str, asyncio.Task[None]] = {}
        self._behind: dict[str, tuple[Cursor | None, float]] = {}
        self._began: dict[Kind, float] = {}
        self._restart_after: dict[Kind, float] = {}
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT_REPAIRS)
        self._stalls = StallDetector(venue, patience, self._stall, self._doubted, self._hand_over, self._supervisor)

    @property
    def live(self) -> int:
        """Instruments that are streamed now."""
        return sum(track.live for track in self._tracks.values())

    @property
    def waiting(self) -> int:
        """Instruments whose streamed trades wait for a gap to be filled."""
        return sum(track.joiner.waits for track in self._tracks.values())

    def forming(self, tell: Callable[[], None] | None, rest: float) -> list[FormingMinute]:
        """What changed of the minutes that are not over, kept while somebody is to be told of it; None: nobody is.

        rest: seconds between two looks at what the venue said.
        """
        self._pace.rest = None if tell is None else rest
        if tell is not None and not self._forming.on:
            self._hand_over()
            now = self._clock.now()
            self._forming.begin((open_minute(each, floor(now)) for each in self._tracks.values()), now, tell)
        elif tell is None and self._forming.on:
            self._forming.end()
        return self._forming.changed()

    async def follow(self, tracks: Sequence[Track]) -> None:
        """Stream these from now on; they get what came until now."""
        self._hand_over()
        wanted = {track.instrument.id: track for track in tracks}
        same = wanted.keys() == self._tracks.keys() and all(self._tracks[id] is track for id, track in wanted.items())
        if self._supervisor.runs(self._look_task) and same:
            return
        await self.close()
        self._tracks = wanted
        for kind in dict.fromkeys(track.instrument.kind for track in tracks):
            self._supervisor.start(self._stream_task(kind), partial(self._run, kind))
        if wanted:
            self._supervisor.start(self._look_task, self._look)

    async def close(self) -> None:
        repairing = [*self._repairing.values()]
        for task in repairing:
            task.cancel()
        stopped = self._supervisor.stop(*map(self._stream_task, KINDS), self._look_task)
        await asyncio.gather(stopped, *repairing, self._stalls.close(), return_exceptions=True)
        self._repairing = {}
        for kind in KINDS:
            self._dead(kind)

    def _of(self, kind: Kind) -> list[Track]:
        return [track for track in self._tracks.values() if track.instrument.kind == kind]

    def _dead(self, kind: Kind) -> None:
        tracks = self._of(kind)
        self._stalls.lost(tracks)
        for track in tracks:
            track.live = False

    def _stream_task(self, kind: Kind) -> str:
        return f"{self._venue.name}: trade stream of {kind}"

    async def _run(self, kind: Kind) -> None:
        self._pace.set()
        pause = 1.0
        while True:
            if self._venue.blocked:
                await asyncio.sleep(_MAX_PAUSE_S)
                continue
            self._began[kind] = began = monotonic()
            try:
                instruments = [track.instrument for track in self._of(kind)]
                async with aclosing(self._venue.exchange.stream(instruments, _CHANNELS)) as batches:
                    async for batch in batches:
                        self._take(batch)
                why = "it ended"
            except CoinmonError as error:
                why = str(error)
            except BaseException as error:
                if our_stop(error):
                    raise
                # a plugin's fault: its venue is polled
                why = f"{words_of(error)}"
            self._dead(kind)
            self._complain(f"stream: {why}")
            pause = 1.0 if monotonic() - began > _MAX_PAUSE_S else min(_MAX_PAUSE_S, pause * 2)
            await asyncio.sleep(pause)

    def _take(self, batch: Sequence[StreamItem]) -> None:
        now, newest = monotonic(), 0
        awake: list[Track] = []
        for each in batch:
            if isinstance(each, StreamState):
                self._state(each)
            elif isinstance(each, Streamed):
                self._speaks(each.instrument, now, awake)
                if count := len(each.data.trades):
                    self.streamed += count
                    newest = max(newest, int(each.data.trades.time[-1]))
                self._forming.take(each)
                if not self._held.add(each):
                    self._hand_over(each)
            elif isinstance(each, StreamedMany):
                for instrument in each.instruments_seen:
                    self._speaks(instrument, now, awake)
                self.streamed += len(each.trades)
                newest = max(newest, int(each.trades.time.max()))
                self._forming.take(each)
                self._held.add(each)
        if awake:
            logger.info("{}: the stream of {} speaks again", self._venue.name, _several(awake))
        if newest:
            self.lag = max(0, self._clock.now() - newest)

    def _speaks(self, instrument: Instrument, now: float, awake: list[Track]) -> None:
        id = instrument.id
        self._stalls.message_came(id, now)
        track = self._tracks.get(id)
        if track is None:
            return
        if self._stalled and id in self._stalled:
            self._stalled.discard(id)
            awake.append(track)
        track.live = True
        if track.joiner.waits:
            self._repair_soon(track)

    def _hand_over(self, *last: Streamed) -> None:
        """Give the tracks the pages that are kept for them, then this one."""
        for each in (*self._held.drain(), *last):
            track = self._tracks.get(each.instrument.id)
            if track is not None:
                track.joiner.stream(each.data)
                if track.joiner.waits:
                    self._repair_soon(track)

    def _state(self, state: StreamState) -> None:
        tracks = [self._tracks[each.id] for each in state.instruments if each.id in self._tracks]
        lost = any(track.live for track in tracks) and not state.live
        for track in tracks:
            # one that is known to say nothing is polled until it speaks, whatever the venue acknowledges
            track.live = state.live and track.instrument.id not in self._stalled
            self._stalls.message_came(track.instrument.id, monotonic())
        if lost:
            self.reconnects += 1
            logger.warning("{}: stream of {} lost: {}", self._venue.name, _several(tracks), redacted(state.why))
        elif not state.live:
            self._complain(f"stream: {state.why}")
        elif tracks:
            self._complaint = ""

    def _complain(self, text: str) -> None:
        """Log what is wrong once, until it is something else."""
        if text != self._complaint:
            self._complaint = text
            logger.warning("{}: {}; polled meanwhile", self._venue.name, redacted(text))

    def _repair_soon(self, track: Track) -> None:
        id = track.instrument.id
        if id not in self._behind or self._behind[id][0] != track.cursor:
            # polling may have closed the gap before: what was read since then shows it, and this one has its own time
            self._behind[id] = track.cursor, monotonic()
        if id not in self._repairing:
            self._repairing[id] = self._supervisor.once(f"{self._venue.name}: stream repair", self._repair(track))
            self._repairing[id].add_done_callback(lambda _: self._repairing.pop(id, None))

    async def _repair(self, track: Track) -> None:
        """Fill a gap by REST, or declare it: when the venue answers, most times, and still does not have it."""
        answers = 0
        for pause in _TRIES:
            await asyncio.sleep(pause)
            try:
                async with self._slots:
                    if await self._venue.repair(track, _REPAIR_TIMEOUT_S):
                        # the first join of a stream with what was read before it is no gap
                        self.repaired += track.instrument.id in self._joined
                        self._joined.add(track.instrument.id)
                        return
                answers += 1
            except CoinmonError as error:
                logger.debug("{}: gap not filled yet: {}", track.instrument.id, redacted(str(error)))
        lacks = answers > len(_TRIES) / 2
        if track.joiner.waits and (lacks or monotonic() - self._behind[track.instrument.id][1] > _UNREPAIRED_TIMEOUT_S):
            self.holes += 1
            logger.warning("{}: trades are missing and cannot be had", track.instrument.id)
            track.joiner.accept_hole()

    async def _look(self) -> None:
        tracks = list(self._tracks.values())
        while True:
            await asyncio.sleep(self._stalls.patience * CHECK_INTERVAL_TIMES)
            stalled = {track.instrument.kind for track in tracks if track.instrument.id in self._stalled}
            self._restart_after = {kind: self._restart_after.get(kind, _RESTART_AFTER_S) for kind in stalled}
            for kind, pause in self._restart_after.items():
                if monotonic() - self._began.get(kind, 0.0) > pause:
                    self._restart_after[kind] = min(_MAX_RESTART_AFTER_S, 2 * pause)
                    self._begin_anew(kind)
            self._stalls.look(tracks)

    def _doubted(self, tracks: Sequence[Track]) -> None:
        logger.debug("{}: the stream of {} is silent, and no ticker tells why", self._venue.name, _several(tracks))
        self._complain("a part of the stream is silent, and no ticker tells why")

    def _stall(self, proven: Sequence[Track], silent: Sequence[Track]) -> None:
        """Poll what is silent until it speaks, and begin its stream anew."""
        fresh = [track for track in proven if track.instrument.id not in self._stalled]
        kinds = {track.instrument.kind for track in proven}
        for track in silent:
            if track.instrument.kind in kinds:
                track.live = False
                self._stalled.add(track.instrument.id)
        self.reconnects += 1
        if fresh:
            text = "{}: the venue trades {}, its stream is silent: polled until it speaks"
            logger.warning(text, self._venue.name, _several(fresh))
        for kind in kinds:
            self._begin_anew(kind)

    def _begin_anew(self, kind: Kind) -> None:
        self._dead(kind)
        self._supervisor.restart(self._stream_task(kind))


def _several(tracks: Sequence[Track]) -> str:
    first = tracks[0].instrument.id
    return first if len(tracks) == 1 else f"{len(tracks)} instruments ({first}, ...)"
