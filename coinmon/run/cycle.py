"""One cycle: collect, compute, decide, write, tell."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

from loguru import logger
from msgspec import UNSET

from coinmon.clock import Clock
from coinmon.collect.derivatives import sample
from coinmon.collect.exchange_apart import venues_of
from coinmon.collect.history.before import BeforeStart
from coinmon.collect.live.book_sampler import BookSampler
from coinmon.collect.live.trade_feed import TradeFeed
from coinmon.collect.pairs_wanted import LISTING_SECONDS
from coinmon.collect.track.persist import persist, undisturbed
from coinmon.collect.venue import Venue, VenueState, VenueStatus
from coinmon.collect.watchlist import Watchlist
from coinmon.config.build import make
from coinmon.config.load import Config
from coinmon.errors import ConfigError, our_stop, words_of
from coinmon.evaluate.computing import Computation, computed
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.stored_markets import market_then
from coinmon.market.kept.stretches import KeptStretches
from coinmon.model.events import (
    Event,
    FlowEvent,
    ScanFinished,
    ScanStarted,
    SignalEvent,
    ToldEvent,
    VenueEvent,
    WhaleEvent,
    as_json,
    kind_of,
)
from coinmon.model.moment import MINUTE, floor, iso
from coinmon.notify.outbox import Outbox
from coinmon.notify.routing import routes
from coinmon.plugin.contracts import Message, Output
from coinmon.record.recorder import Recorder
from coinmon.run.judge import Judged, judge
from coinmon.run.listing import Listing
from coinmon.run.scan_health import health
from coinmon.run.signal_writer import SignalWriter
from coinmon.secrets import redacted
from coinmon.store.database import Database
from coinmon.store.history import History
from coinmon.store.lease import LeaseLost
from coinmon.supervise import Supervisor, gathered

_FIRST_ROUND_TIMEOUT_S = 60.0
"""Seconds that the first round may take: it brings the whole window."""
_FIRST_LISTING_TIMEOUT_S = 12.0
"""Seconds that a monitor waits for silent venues before it begins without them; longer where nobody answered."""
_DATABASE_PAUSES_S = 0.5, 2.0
"""Seconds after which what a cycle found is judged and written again where the database failed."""
_SAMPLE_TIMEOUT_S, _SEND_NOW_TIMEOUT_S = 30.0, 20.0

ReadProgress = Callable[[int, int], None]
"""Called with instruments read and instruments in all."""


class Scan:
    """The monitor. tell: gets every event as it happens. goes_on: more cycles will come. recorder: of the wire."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        database: Database,
        tell: Callable[[Event], None],
        progress: ReadProgress = lambda _done, _all: None,
        *,
        goes_on: bool = False,
        supervisor: Supervisor | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._database = database
        self._tell_user = tell
        self._progress = progress
        self._goes_on = goes_on
        self.supervisor = tasks = supervisor or Supervisor()
        self._venues = venues_of(config.exchanges, clock)
        self.recorder = recorder
        if recorder:
            recorder.listen({venue.name: venue.exchange for venue in self._venues})
        # a single scan is over before a stream could bring a minute
        self.feeds = {
            venue.name: TradeFeed(venue, clock, supervisor=tasks)
            for venue in self._venues
            if goes_on and venue.has("stream") and config.exchanges[venue.name].feed != "poll"
        }
        self._sampling = BookSampler(config, self._venues, clock, database, goes_on=goes_on, supervisor=tasks)
        self._before = BeforeStart(config, self._venues, clock, database, tasks, goes_on=goes_on)
        self._outputs: dict[str, Output] = make(config.outputs)
        self._evaluator = Evaluator(config, [venue.name for venue in self._venues])
        self._routes = routes(config, self._outputs)
        then = partial(market_then, config, database)
        self.outbox = Outbox(database, self._outputs, self._routes, clock, self._tell, market=then, supervisor=tasks)
        self.signal_writer = SignalWriter(database, self._routes, config.shard)
        patience = _FIRST_LISTING_TIMEOUT_S if goes_on else LISTING_SECONDS
        self._listing = Listing(config, self._venues, database, clock, patience, tasks)
        self._cycle, self._kept = 0, KeptStretches()
        self._unsampled: set[str] = set()
        self._sending: set[asyncio.Task[None]] = set()

    async def cycle(self) -> None:
        """Bring everything up to the last closed minute and say what there is to say."""
        began = monotonic()
        self._cycle += 1
        watch = await self._listing.watchlist()
        if self.recorder:
            self.recorder.follows(watch.instruments)
        now = self._clock.now()
        self._tell(
            ScanStarted(
                time=iso(now), cycle=self._cycle, pairs=len(watch.pairs), instruments=len(watch.instruments),
                venues=[venue.name for venue in self._venues], all_of=self._config.symbols.all or UNSET,
            )
        )  # fmt: skip
        # states are judged as of the closed minute that was read, as a replay judges them: an alert has one id for ever
        closed = floor(now)
        try:
            down = await self._collect(watch, closed)
            now = min(self._clock.now(), closed + MINUTE - 1)
            await asyncio.to_thread(self._evaluator.refresh)
            flows, news = await self._judged_and_written(watch, closed, down)
        finally:
            self._before.turns.release()
        await self._before.look(watch.pairs, watch.tracks)
        self.outbox.wake()
        for flow in flows:
            self._tell(flow)
        for event in news.values():
            self._tell(event, durable=True)
        self._tell(
            ScanFinished(
                time=iso(now),
                cycle=self._cycle,
                seconds=round(monotonic() - began, 3),
                pairs=len(flows),
                signals=sum(isinstance(event, SignalEvent) for event in news.values()),
                whales=sum(isinstance(event, WhaleEvent) for event in news.values()),
                coverage=sum(flow.coverage or 0.0 for flow in flows) / len(flows) if flows else None,
                failing_plugins={**self._evaluator.failures, **self.signal_writer.failures},
                health=health(
                    self.feeds.values(),
                    self._sampling,
                    self._before.as_json(),
                    self.supervisor,
                    behind_ms=self._clock.now() - now,
                    waiting=len(self._sending),
                ),
            )
        )

    async def _judged_and_written(
        self, watch: Watchlist, now: int, down: Mapping[str, str]
    ) -> tuple[Sequence[FlowEvent], dict[str, ToldEvent]]:
        """What is said as of `now`, written; tried again where the database failed, since a minute comes once."""
        for pause in (*_DATABASE_PAUSES_S, None):
            try:
                read_until = self._clock.now()
                judged = await computed(partial(self._evaluate, watch, now, down))
                write = partial(self.signal_writer.write, watch, judged, now, read_until)
                return judged.flows, await self._database.in_writer(write)
            except ConfigError as error:
                if pause is None or isinstance(error, LeaseLost):
                    raise
                if self.supervisor.repeats.is_news(error.fault):
                    logger.error("{}; tried again", error)
                await asyncio.sleep(pause)
        raise AssertionError

    async def sample_derivatives(self) -> None:
        """Open interest and funding of all perps followed."""
        watch = await self._listing.watchlist()
        problems = await sample(self._venues, watch.tracks, self._database, _SAMPLE_TIMEOUT_S)
        for what in problems.keys() - self._unsampled:
            logger.warning("{}: {}", what, redacted(problems[what]))
        self._unsampled = set(problems)

    async def sample_books(self) -> None:
        """Order books and liquidations of everything followed."""
        await self._sampling.sample((await self._listing.watchlist()).tracks)

    def usage(self) -> Mapping[str, Mapping[str, tuple[float, float]]]:
        """By venue: its rate budgets by name, used now and the limit."""
        return {venue.name: venue.exchange.usage() for venue in self._venues if venue.has("usage")}

    async def close(self) -> None:
        """Finish what is being told and free the venues."""
        self._listing.close()
        if self._sending:
            await asyncio.wait(self._sending, timeout=5)
        await self.supervisor.close()
        self.outbox.close()
        await self._before.close()
        await asyncio.gather(self._sampling.close(), *(feed.close() for feed in self.feeds.values()))
        await asyncio.gather(*(venue.close() for venue in self._venues))
        if self.recorder:
            await self.recorder.close()

    async def _collect(self, watch: Watchlist, end: int) -> dict[str, str]:
        """Read and store every venue, side by side; those that are down."""
        seconds = self._seconds()
        deadline = max(_FIRST_ROUND_TIMEOUT_S, seconds) if self._cycle == 1 else max(5.0, 0.75 * seconds)
        read, everything = 0, len(watch.instruments)
        unread = {venue.name for venue in self._venues}

        def done(count: int) -> None:
            nonlocal read
            read += count
            self._progress(read, everything)

        async def one(venue: Venue) -> tuple[str, VenueStatus]:
            tracks = watch.tracks.get(venue.name, ())
            if not tracks and venue.name in watch.failed:
                unread.discard(venue.name)
                state: VenueState = "blocked" if venue.blocked else "down"
                return venue.name, VenueStatus(state, venue.exchange.requests, 0.0, 0, watch.failed[venue.name])
            if venue.name in self.feeds:
                await self.feeds[venue.name].follow(tracks)
            feed = self.feeds.get(venue.name)
            streams = feed is not None and (feed.live > 0 or self._cycle == 1)
            status = await venue.read(tracks, end, deadline, done, warmed=self._before.warms(venue), streams=streams)
            unread.discard(venue.name)
            if not unread:
                # what is written behind the cycles from here on is not judged with
                await self._before.turns.hold()
            async with undisturbed(tracks) as free:
                now = self._clock.now()
                await self._database.in_writer(
                    partial(persist, self._database, free, end, self._config.whale_threshold, now)
                )
            self._before.begin(venue, tracks)
            return venue.name, status

        self._progress(0, everything)
        statuses = dict(await gathered(*(one(venue) for venue in self._venues)))
        self._progress(everything, everything)
        for name, status in statuses.items():
            self._tell(
                VenueEvent(
                    time=iso(self._clock.now()), venue=name, status=status.status, requests=status.requests,
                    seconds=round(status.seconds, 3),
                    instruments=status.instruments,
                    error=None if status.error is None else redacted(status.error),
                    streamed=self.feeds[name].live if name in self.feeds else None,
                )
            )  # fmt: skip
        # why it is down is said once, by its own event, and not again with the flow of every pair
        words = {"down": "", "blocked": "blocked"}
        return {name: words[each.status] for name, each in statuses.items() if each.status in words}

    def _seconds(self) -> float:
        """Real seconds between two cycles."""
        return self._config.interval / 1000 / max(self._clock.speed, 1e-9)

    def _evaluate(self, watch: Watchlist, now: int, down: Mapping[str, str], within: Computation[Any]) -> Judged:
        since = watch.since if self._goes_on else {}
        with self._database.still() as stored:
            within.on_abandon(stored.cut)
            history = History(stored)
            may_tell = self.signal_writer.may_tell
            return judge(self._config, self._evaluator, watch, history, now, down, since, may_tell, self._kept)

    def _tell(self, event: Event, durable: bool = False) -> None:
        """Pass an event on; outputs get durable ones through the outbox."""
        self._tell_user(event)
        if durable:
            return
        for name, output in self._outputs.items():
            if self._routes[name].takes(event):
                task = self.supervisor.once(f"passing events on to {name}", self._send_now(name, output, event))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _send_now(self, name: str, output: Output, event: Event) -> None:
        """Tell an output something that is gone when it fails: the next cycle brings its like."""
        about = getattr(event, "pair", None) or getattr(event, "venue", None) or ""
        id = f"{kind_of(event)}-{self._cycle}-{about}"
        sender = self.outbox.senders[name]
        try:
            if await sender.claim():
                await sender.thread.call(lambda: output.send(Message(id, as_json(event))), _SEND_NOW_TIMEOUT_S)
        except BaseException as error:
            if our_stop(error):
                raise
            text = redacted(words_of(error))
            if self.supervisor.is_news(error, f"{name} {text}"):
                logger.bind(plugin=name).warning("output {}: {}", name, text)
