"""Order books and liquidations of one venue: streamed where it can be, else books are asked for now and then."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from time import monotonic

from loguru import logger

from coinmon.clock import Clock
from coinmon.collect.live.book_shelf import Shelf, Taken, best_of, minutes_of
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError, our_stop, words_of
from coinmon.model.book import Book, Depth, Picture
from coinmon.model.instrument import KINDS, Kind
from coinmon.model.moment import MINUTE, floor
from coinmon.plugin.stream_items import StreamedBook, StreamedLiquidations, StreamItem, StreamState
from coinmon.plugin.wire_tap import Channel
from coinmon.secrets import redacted
from coinmon.supervise import Supervisor

_POLL_INTERVAL_S = 60.0
"""Seconds between two questions for a book that is not streamed."""
_CHECK_LEVELS = 5
"""Levels that are asked for to see whether a stream that says nothing still has the venue's book."""
_STREAM_LATENESS_S = 1.0
"""Seconds that a stream may be behind an answer."""
_FIRST_BOOK_TIMES = 6
"""Times the patience that the first book of a stream may take, which may need an answer of a busy interface."""
_BOOK_TIMEOUT_S = 10.0
_MAX_CONCURRENT_BOOKS = 4
_BOOK_LEVELS = 1000
_MAX_PAUSE_S = 60.0


class BookFeed:
    """Follows one venue. resyncs: books that were lost and had to be begun again.

    Spot and perpetuals have a stream each: what befalls the socket of one is nothing to the other.
    patience: seconds of silence of a book that are looked into; a book is used for twice as long.
    """

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        *,
        streams: bool,
        patience: float = 10.0,
        supervisor: Supervisor | None = None,
    ) -> None:
        self.resyncs = 0
        self._patience = patience
        self._begun: dict[Kind, float] = {}
        self._venue = venue
        self._clock = clock
        self._streams = streams
        self._books = False
        self._shelves: dict[str, Shelf] = {}
        self._leftover: list[Shelf] = []
        self._supervisor = supervisor or Supervisor()
        self._polling: asyncio.Task[None] | None = None
        self._complaint = ""

    @property
    def live(self) -> int:
        """Books that are streamed now."""
        return sum(self._fresh(shelf) for shelf in self._shelves.values())

    def _fresh(self, shelf: Shelf) -> bool:
        return shelf.book is not None and monotonic() - shelf.last_update_at < 2 * self._patience

    def _silent(self, shelf: Shelf) -> bool:
        """Whether a stream that should bring its book has said nothing for long."""
        since = shelf.acknowledged
        return since is not None and monotonic() - max(since, shelf.last_update_at) >= self._patience

    async def follow(self, tracks: Sequence[Track], *, books: bool) -> None:
        """These from now on; without books only the liquidations of perps."""
        wanted = {track.instrument.id: track for track in tracks if books or track.instrument.kind == "perp"}
        if books == self._books and wanted.keys() == self._shelves.keys():
            for id, track in wanted.items():
                self._shelves[id].track = track
            return
        await self.close()
        self._books = books
        before, self._shelves = self._shelves, {id: Shelf(track) for id, track in wanted.items()}
        # what was streamed and is not stored yet comes once: of those that are followed no longer too
        self._leftover += [shelf for id, shelf in before.items() if id not in wanted and shelf.liquidations]
        for id, shelf in self._shelves.items():
            if id in before:
                shelf.liquidations = before[id].liquidations
                shelf.pictures = before[id].pictures
        if self._streams:
            for kind in dict.fromkeys(track.instrument.kind for track in wanted.values()):
                self._supervisor.start(self._stream_task(kind), partial(self._run, kind))

    async def close(self) -> None:
        polling = [self._polling] if self._polling else []
        for task in polling:
            task.cancel()
        stopped = self._supervisor.stop(*(self._stream_task(kind) for kind in KINDS))
        await asyncio.gather(stopped, *polling, return_exceptions=True)
        self._polling = None

    def poll(self) -> None:
        """Ask for the books that are not streamed and are due, behind the caller."""

        def is_due(shelf: Shelf) -> bool:
            pause = self._patience if self._silent(shelf) else float("inf") if self._fresh(shelf) else _POLL_INTERVAL_S
            return monotonic() - shelf.requested_at >= pause

        due = [shelf for shelf in self._shelves.values() if is_due(shelf)]
        if due and (self._polling is None or self._polling.done()):
            self._polling = self._supervisor.once(f"{self._venue.name}: order books asked for", self.ask(due))

    async def ask(self, due: Sequence[Shelf] | None = None) -> None:
        """Ask the venue for books, all of them where not told."""
        if not self._books or not self._venue.has("book"):
            return
        slots = asyncio.Semaphore(_MAX_CONCURRENT_BOOKS)

        async def one(shelf: Shelf) -> None:
            async with slots:
                if self._venue.blocked or self._venue.down:
                    return
                shelf.requested_at = requested_at = monotonic()
                silent = self._silent(shelf)
                levels = _CHECK_LEVELS if silent and self._fresh(shelf) else _BOOK_LEVELS
                try:
                    found = await self._venue.call("book", shelf.track.instrument, levels, deadline=_BOOK_TIMEOUT_S)
                except CoinmonError as error:
                    self._complain(f"book: {error}")
                    return
                if levels == _BOOK_LEVELS:
                    shelf.answer = found
                if silent:
                    await self._compare(shelf, found, requested_at)

        await asyncio.gather(*(one(shelf) for shelf in (self._shelves.values() if due is None else due)))

    async def _compare(self, shelf: Shelf, found: Book, requested_at: float) -> None:
        """Of a silent stream: whether what it brought is the venue's book still."""
        if shelf.book is not None and best_of(shelf.book) == best_of(found):
            shelf.last_update_at = requested_at
            return
        await asyncio.sleep(_STREAM_LATENESS_S)
        patience = self._patience * (_FIRST_BOOK_TIMES if shelf.book is None else 1)
        if self._silent(shelf) and monotonic() - self._begun.get(shelf.track.instrument.kind, 0.0) >= patience:
            self._begin_anew(shelf)

    def take(self, now: int, percents: Sequence[float], *, at_once: bool = False) -> Taken:
        """Samples as of `now`, and the pictures of minutes that are over. at_once: of this moment, for there is one."""
        taken = Taken()
        for shelf in self._shelves.values():
            number, instrument = shelf.track.number, shelf.track.instrument
            over = shelf.pictures and floor(shelf.pictures[0].time) < floor(now)
            if over:
                taken.pictures[number] = Picture.mean_of(shelf.pictures, floor(shelf.pictures[0].time) + MINUTE)
                shelf.pictures = []
            book = shelf.book if self._fresh(shelf) else shelf.answer
            shelf.answer = None
            if book is not None:
                depth = Depth.of(book, now, percents)
                picture = Picture.of(book, now, instrument.tick_size)
                if depth is not None and picture is not None:
                    taken.depth[number] = depth
                    shelf.pictures.append(picture)
                    if at_once:
                        taken.pictures[number] = picture
            if shelf.liquidations:
                taken.liquidations[number] = shelf.liquidations
                shelf.liquidations = []
            minutes = minutes_of(shelf, now)
            if minutes:
                taken.observed_minutes[number] = minutes
        for shelf in self._leftover:
            taken.liquidations[shelf.track.number] = shelf.liquidations
            taken.gone[shelf.track.number] = shelf.track
        self._leftover = []
        return taken

    def put_back(self, taken: Taken) -> None:
        """Give back what could not be stored: of it, `take` returns again what no later message repeats."""
        there = {shelf.track.number for shelf in self._shelves.values()}
        lost = {number: some for number, some in taken.liquidations.items() if number not in there}
        self._leftover += [Shelf(taken.gone[number], liquidations=[*some]) for number, some in lost.items()]
        for shelf in self._shelves.values():
            number = shelf.track.number
            shelf.liquidations = [*taken.liquidations.get(number, ()), *shelf.liquidations]
            if shelf.listening is not None and number in taken.observed_minutes:
                shelf.listening = taken.observed_minutes[number][0]

    def _stream_task(self, kind: Kind) -> str:
        return f"{self._venue.name}: stream of {kind} order books"

    async def _run(self, kind: Kind) -> None:
        pause = 1.0
        channels: list[Channel] = ["book", "liquidations"] if self._books else ["liquidations"]
        while True:
            if self._venue.blocked:
                await asyncio.sleep(_MAX_PAUSE_S)
                continue
            self._begun[kind] = began = monotonic()
            instruments = [shelf.track.instrument for shelf in self._of(kind)]
            try:
                async with aclosing(self._venue.exchange.stream(instruments, channels)) as batches:
                    async for batch in batches:
                        for each in batch:
                            self._take(each)
            except CoinmonError as error:
                self._complain(f"books: {error}")
            except BaseException as error:
                if our_stop(error):
                    raise
                # a plugin's fault: its books are asked for
                self._complain(f"books: {words_of(error)}")
            self._deaf(kind)
            pause = 1.0 if monotonic() - began > _MAX_PAUSE_S else min(_MAX_PAUSE_S, pause * 2)
            await asyncio.sleep(pause)

    def _take(self, each: StreamItem) -> None:
        if isinstance(each, StreamState):
            self._state(each)
        elif isinstance(each, StreamedBook | StreamedLiquidations):
            shelf = self._shelves.get(each.instrument.id)
            if shelf is None:
                return
            if isinstance(each, StreamedBook):
                shelf.book, shelf.last_update_at = each.book, monotonic()
            else:
                shelf.liquidations += each.liquidations

    def _state(self, state: StreamState) -> None:
        for instrument in state.instruments:
            shelf = self._shelves.get(instrument.id)
            if shelf is None:
                continue
            if state.channel == "liquidations":
                shelf.listening = (shelf.listening or self._clock.now()) if state.live else None
            elif state.channel == "book":
                shelf.acknowledged = monotonic() if state.live else None
                if not state.live and shelf.book is not None:
                    self.resyncs += 1
                    logger.debug("{}: its book is begun again: {}", instrument.id, redacted(state.why))
                    shelf.book = None
        if state.live:
            self._complaint = ""

    def _of(self, kind: Kind) -> list[Shelf]:
        return [shelf for shelf in self._shelves.values() if shelf.track.instrument.kind == kind]

    def _deaf(self, kind: Kind) -> None:
        for shelf in self._of(kind):
            shelf.book, shelf.acknowledged, shelf.listening = None, None, None

    def _begin_anew(self, shelf: Shelf) -> None:
        """The venue's book has moved on and its stream did not say so."""
        kind = shelf.track.instrument.kind
        if self._supervisor.runs(self._stream_task(kind)):
            logger.warning(
                "{}: its book's stream is silent: begun anew, asked for meanwhile", shelf.track.instrument.id
            )
            self._deaf(kind)
            self.resyncs += 1
            self._supervisor.restart(self._stream_task(kind))

    def _complain(self, text: str) -> None:
        """Log what is wrong once, until it is something else."""
        if text != self._complaint:
            self._complaint = text
            logger.warning("{}: {}", self._venue.name, redacted(text))
