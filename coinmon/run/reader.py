"""The stored market, looked at: what a server or a notebook asks of coinmon."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.live.forming import FormingMinute
from coinmon.config.load import Config
from coinmon.errors import ConfigError, IndicatorFailed, NoDataError, our_stop, words_of
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.stored_markets import StoredMarkets
from coinmon.market.held_markets import HeldMarkets
from coinmon.market.market import Market
from coinmon.market.of_those_that_have_it import named, of_those_that_have_it
from coinmon.market.result import Result, SeenReport
from coinmon.market.view import View
from coinmon.model.events import as_json
from coinmon.model.instrument import Instrument, Pair
from coinmon.model.moment import iso
from coinmon.model.signal import Signal, Silent
from coinmon.model.symbols import Universe
from coinmon.notify.events import flow_event
from coinmon.notify.record import RecordBook
from coinmon.plugin.catalog import Offer
from coinmon.plugin.signature import check_settings
from coinmon.printable import printable
from coinmon.report.document import Report, report_of
from coinmon.run.cycle import Scan
from coinmon.run.monitor import take_scan
from coinmon.run.served_scan import ServedScan
from coinmon.store.database import Database
from coinmon.store.deliveries import read_queue
from coinmon.store.history import History
from coinmon.store.scorecards import StoredScorecard, last_scorecard
from coinmon.supervise import Supervisor

_MAX_HELD_MARKETS = 3
_MAX_HELD_BYTES = 128 * 2**20
"""Of the bars that markets keep when they were asked: a quarter of minutes of one pair is as much on eight venues."""


class MarketReader:
    """Views of what is stored, as of any moment, with indicators computed on them. Reading is safe from any thread.

    Symbols are what people type (`BTCUSDT`, `okx:BTC/USDT`, `BTCUSDT.P`); moments are ms UTC. A symbol, exchange, kind
    or setting that does not exist raises ConfigError, with near matches; data that is not there raises NoDataError.

    universe, down: what venues list, and who did not answer, asked just now. failures: of a reader before this one.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        database: Database,
        universe: Universe | None = None,
        down: Mapping[str, str] | None = None,
        failures: dict[str, str] | None = None,
    ) -> None:
        self.config = config
        self._clock = clock
        self._database = database
        self._evaluator = Evaluator(config, list(config.exchanges), failures)
        self._lock = Lock()
        self._universe, self._down = universe, down
        self._markets: StoredMarkets | None = None
        self._grids = (-1, 0.0)
        self.held = HeldMarkets(_MAX_HELD_MARKETS, _MAX_HELD_BYTES)
        self._scan: ServedScan | None = None
        self.supervisor = Supervisor()
        """Of the background tasks of whoever serves what is read; `tasks` tells of them too."""

    @property
    def indicators(self) -> Mapping[str, Offer]:
        """The indicators that are on, by name."""
        return {name: chosen.offer for name, chosen in self.config.indicators.items()}

    @property
    def has_data(self) -> bool:
        """Whether any instrument is stored."""
        try:
            self._stored_markets()
        except NoDataError:
            return False
        return True

    def now(self) -> int:
        """Market time, ms UTC."""
        return self._clock.now()

    def market(self, symbol: str, at: int | None = None) -> Market:
        """A pair on all venues; one that was asked for just before is the same object, with what it has read."""
        markets = self._stored_markets()
        wanted = markets.universe.resolve(symbol)
        moment = self._moment(at)
        with self._lock:
            return self.held.of((wanted, moment), lambda: markets.market(wanted, moment, self._down))

    def result(self, name: str, subject: View | Market, settings: Mapping[str, Any] | None = None) -> Result:
        """An indicator's result; `settings` override the configured ones for this answer."""
        chosen = self.config.indicators.get(name)
        if chosen is None:
            there = ", ".join(self.config.indicators)
            raise ConfigError(f"no indicator {name!r} is switched on; there is {there}")
        try:
            if not settings:
                found: Result = subject.of(name)
                return found
            check_settings(chosen.offer.settings, {**chosen.settings, **settings}, name)
            # not kept: others would have to be dropped for it
            answer: Result = self._evaluator.compute(name, subject, **settings)
            return answer
        finally:
            self._trim()

    def merged_result(
        self, name: str, market: Market, merged: View, settings: Mapping[str, Any] | None = None
    ) -> tuple[Result, dict[str, dict[str, int]]]:
        """An indicator's result of `merged`, made without the markets that lack its minutes; those, as JSON."""
        of_all = self.result(name, merged, settings)
        made = of_those_that_have_it(market, merged, of_all, lambda view: self.result(name, view, settings))
        return made.result, named(made.left_out)

    def line(self, name: str, subject: View | Market, lang: str) -> str:
        """What an indicator's result says of itself in a line, printable. Raises CoinmonError where its code fails."""
        result = self.result(name, subject)
        try:
            said = result.line(lang)
            if not isinstance(said, str):
                raise TypeError(f"it is a {type(said).__name__}, not text")
            return printable(str(said))
        except BaseException as error:
            if our_stop(error):
                raise
            raise IndicatorFailed(f"indicator {name}: its line raised {words_of(error)}") from error

    def report(self, symbol: str, at: int | None = None, only: Collection[str] | None = None) -> Report:
        """What `coinmon report` shows, or of `only` these indicators; `document()` is its JSON."""
        market = self.market(symbol, at)
        offers = [offer for name, offer in self.indicators.items() if only is None or name in only]
        worth = RecordBook.stored(self._database, market.now).of
        venues = {name: chosen.offer.target for name, chosen in self.config.exchanges.items()}
        try:
            return report_of(self._stored()[0], market, self._evaluator, offers, self.config.window, worth, venues)
        finally:
            self._trim()

    def scorecard(self, at: int | None = None) -> StoredScorecard | None:
        """The newest of the stored scorecards as of that moment; None where no day has ended since signals are told."""
        with self._database.read() as connection:
            return last_scorecard(connection, at=at)

    def flow(self, symbol: str, at: int | None = None) -> Mapping[str, Any]:
        """The `flow` event of a pair: money by venue and what the venues say together."""
        return as_json(flow_event(self.market(symbol, at), self.config.window, self._evaluator.flow))

    def judged(self, market: Market) -> Mapping[str, Sequence[Signal] | Silent]:
        """What each configured signal says of a pair, or why it says nothing."""
        return self._evaluator.judged(market)

    def signals(self, symbol: str | None, start: int, end: int) -> Sequence[Mapping[str, Any]]:
        """Signals that were on at some time in [start, end), newest first."""
        history, universe = self._stored()
        pair = None if symbol is None else str(universe.resolve(symbol).pair)
        return history.signals(pair, start, end)

    def forming(self, tell: Callable[[], None] | None, rest: float = 0.0) -> Sequence[FormingMinute] | None:
        """What changed of the minutes that are not over, kept while there is somebody to tell; on the event loop.

        tell: called as soon as something changes; None ends it. rest: seconds between two looks at the streams, at
        least. None where no scan of this process has them.
        """
        return self._scan.forming(tell, rest) if self._scan else None

    def usage(self) -> Mapping[str, Mapping[str, tuple[float, float]]]:
        """By venue: rate budgets of the scan of this process, used now and the limit."""
        return self._scan.usage() if self._scan else {}

    def outbox(self, since: int) -> Sequence[Mapping[str, Any]]:
        """Deliveries that wait, and those refused of signals since then (ms UTC), by output, oldest first."""
        with self._database.read() as connection:
            return read_queue(connection, since)

    def followed(self) -> Mapping[Instrument, int]:
        """The instruments of which bars are stored, and the end of the last one, ms UTC."""
        return {each: end for each, end in self._stored()[0].ends().items() if each.venue in self.config.exchanges}

    def span(self, instrument: Instrument) -> tuple[int, int] | None:
        """From the first stored bar to the end of the last, ms UTC."""
        return self._stored()[0].span(instrument)

    def lacking(self, instrument: Instrument, seen: SeenReport) -> str | None:
        """What brings the bars that a result of this coverage had to do without; None where bars are not what lacks."""
        span = self._stored()[0].span(instrument)
        start, end = round(1000 * seen.start.timestamp()), round(1000 * seen.end.timestamp())
        command = (
            f"`coinmon backfill {instrument.base}{instrument.quote} --exchange {instrument.venue} "
            f"--kind {instrument.kind} --from {seen.start:%Y-%m-%d}`"
        )
        if span is None or span[1] <= start or end <= span[0]:
            there = f"stored are {iso(span[0])} to {iso(span[1])}" if span else "nothing else is"
            return (
                f"nothing of {instrument.id} is stored for {seen.start:%Y-%m-%dT%H:%MZ} to {seen.end:%Y-%m-%dT%H:%MZ}; "
                f"{there}. {command} brings bars of the past; order books, liquidations and open interest are there "
                "from when coinmon scanned"
            )
        if seen.complete and seen.kind != "samples" and start < span[0]:
            return f"bars of {instrument.id} are stored from {iso(span[0])}; {command} brings older ones"
        return None

    def stored(self) -> tuple[Mapping[str, int], int | None]:
        """The end of each venue's last stored minute and the beginning of the newest signal, ms UTC.

        Differs from before when a scan, of whichever process, has brought something.
        """
        ends: dict[str, int] = {}
        for instrument, end in self.followed().items():
            ends[instrument.venue] = max(end, ends.get(instrument.venue, 0))
        return ends, self._stored()[0].newest_signal()

    def pairs(self) -> Sequence[Pair]:
        """The pairs of which bars are stored."""
        _, universe = self._stored()
        return sorted({universe.pair_of(each) for each in self.followed()}, key=str)

    def instruments(self, pair: Pair) -> Sequence[Instrument]:
        """Those that stand for a pair: one a venue and kind."""
        return self._stored()[1].of(pair)

    @asynccontextmanager
    async def scanning(self, tell: Callable[[Mapping[str, Any]], None]) -> AsyncIterator[None]:
        """`coinmon scan` in the background of the running event loop; `tell` gets each event's JSON object.

        Raises LeaseTaken where another process scans. A scan that dies later is begun again, when it may scan again.
        """
        lease = await asyncio.to_thread(take_scan, self._database, self.config)
        work = ServedScan(self.config, self._clock, self._database, lambda event: tell(as_json(event)), lease)
        self._scan = work
        try:
            yield
        finally:
            await work.close()

    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """The background tasks of this process, those of its scan among them, by name: alive, restarts, error."""
        return {**self.supervisor.as_json(), **(self._scan.tasks() if self._scan else {})}

    def stored_history(self) -> tuple[History, Universe]:
        """What is stored, and what the venues list. Raises NoDataError."""
        return self._stored()

    def scan_once(self) -> None:
        """One scan, and the derivatives' samples before it. For a command, which has no event loop running."""

        async def run() -> None:
            scan = Scan(self.config, self._clock, self._database, lambda event: None)
            try:
                await scan.sample_derivatives()
                await scan.cycle()
            finally:
                await scan.close()

        asyncio.run(run())

    def _trim(self) -> None:
        """A long window that was read may be too large to keep."""
        with self._lock:
            self.held.trim()

    def _stored(self) -> tuple[History, Universe]:
        markets = self._stored_markets()
        return markets.history, markets.universe

    def _stored_markets(self) -> StoredMarkets:
        """What the venues list, read again when there is more of it."""
        with self._lock:
            history = self._markets.history if self._markets else History(self._database)
            grids = history.grids()
            if self._markets is None or grids != self._grids:
                if self._markets:
                    history = History(self._database)
                self._markets = StoredMarkets(self.config, history, self._universe, self._evaluator)
                self._grids = grids
                self.held.clear()
            if not grids[0]:
                raise NoDataError("nothing is stored yet: run `coinmon scan`, or wait for the first scan to end")
            return self._markets

    def _moment(self, at: int | None) -> int:
        now = self.now()
        if at is not None and at > now:
            raise ConfigError(f"{iso(at)} has not come yet; it is {iso(now)}")
        return now if at is None else at


Desk = MarketReader
"""Its name in plugins of before."""
