"""What a plugin is to the core: exchanges, indicators, signals and outputs.

An exchange or output is a class called once as `cls(name, **settings)`: `name` is its key in the configuration, and its
keyword-only parameters are its settings (their annotations validate, their defaults are the defaults). A parameter
named `proxy`, `lang`, `timezone` or `sessions` that is not set takes the value set for the whole of coinmon.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from coinmon.market.market import Market
from coinmon.model.bars import Bars
from coinmon.model.book import Book
from coinmon.model.derivatives import Funding, Liquidation, OpenInterest, Ticker
from coinmon.model.instrument import Instrument, Kind
from coinmon.model.streamed import StreamedMany
from coinmon.model.trades import Trades
from coinmon.plugin.wire_tap import Channel, WireTap


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading an instrument's trades goes on.

    last_id: id of the last trade read; None: nothing read yet, begin as near to `since` (ms UTC) as the venue can.
    """

    since: int
    last_id: int | None = None


@dataclass(frozen=True, slots=True)
class TradePage:
    """One answer: trades in the order they happened, all newer than the cursor.

    joined: proven (by ids or by overlap) that no trade is missing between the cursor and the first trade here; for a
    cursor without `last_id`: that the page reaches back to `since`.
    more: the venue has further trades now; ask again with the next cursor.
    whole: no trade is known to be missing inside the page; where one is, `joined` is False too.

    Of a stream, `joined` is proven relative to its page before, and two more are set. first_id: the first trade that
    the page covers, where ids run +1 (a row may be several fills, and its id is the last of them; without rows: the
    next trade to come); None: the venue's ids prove nothing. until: no trade before this moment (ms UTC) is missing
    that the page does not cover; 0: its last row's time.
    """

    trades: Trades
    joined: bool
    more: bool = False
    whole: bool = True
    first_id: int | None = None
    until: int = 0

    def cursor_after(self, cursor: Cursor) -> Cursor:
        return Cursor(cursor.since, int(self.trades.id[-1])) if len(self.trades) else cursor


@dataclass(frozen=True, slots=True)
class Streamed:
    """What a stream brought of one instrument: of the channel `trades` a page without a hole inside."""

    instrument: Instrument
    data: TradePage


@dataclass(frozen=True, slots=True)
class StreamedBook:
    """Of the channel `book`: the whole book as it is now, kept by the venue's own rule.

    Where its sequence breaks, a StreamState says so; the next book is sound again.
    """

    instrument: Instrument
    book: Book


@dataclass(frozen=True, slots=True)
class StreamedLiquidations:
    """Of the channel `liquidations`: some, in the order they came."""

    instrument: Instrument
    liquidations: Sequence[Liquidation]


@dataclass(frozen=True, slots=True)
class StreamState:
    """From here on the stream brings a channel of these instruments (`live`: the venue acknowledged it), or does not.

    why: what happened, in words for the log; empty while all is well.
    """

    channel: Channel
    instruments: Sequence[Instrument]
    live: bool
    why: str = ""


StreamItem = Streamed | StreamedMany | StreamedBook | StreamedLiquidations | StreamState
Stream = AsyncGenerator[Sequence[StreamItem], None]


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of history that a venue publishes.

    data: what is in it. native_id: of which instrument; kind: None where the name does not say. start, end: the whole
    minutes that it is complete for, ms UTC.
    ids_run: its trade ids run on by one, so that a hole shows; else the venue's klines have to prove the trades.
    """

    name: str
    data: Literal["trades", "bars", "open_interest", "funding"]
    native_id: str
    kind: Kind | None
    start: int
    end: int
    url: str = ""
    ids_run: bool = True


ArchivePart = TradePage | Bars | Sequence[OpenInterest] | Sequence[Funding]
"""What reading an archive yields, by its `data`. A page of trades that is not `joined` follows a hole."""


class Archives(Protocol):
    """A venue's public files of history: `Exchange.archives`."""

    def covering(self, instrument: Instrument, start: int, end: int) -> Sequence[Archive]:
        """The files for [start, end), ms UTC. Of several of the same time and data the first is the best."""
        ...

    def recognise(self, path: Path) -> Archive | None:
        """What a file on disk is, by its name and first line; None for one that is not this venue's.

        Raises DecodeError for one that cannot be opened.
        """
        ...

    def instrument(self, archive: Archive, path: Path) -> Instrument | None:
        """Whose file on disk it is, where the venue cannot be asked: grids as its numbers show; None: cannot tell."""
        ...

    async def fetch(self, archive: Archive, to: Path, progress: Callable[[int], None]) -> None:
        """Download, compare with the published checksum if there is one, and only then put the file at `to`.

        progress: told the bytes of each piece. Raises NotPublished, WrongChecksum, and as `Exchange`
        methods do.
        """
        ...

    def read(self, archive: Archive, path: Path, instrument: Instrument) -> Iterator[ArchivePart]:
        """The contents in blocks that bound the memory, trades in order of time.

        Raises DecodeError for a file that is damaged or of something else, FinerGrid for prices between the ticks.
        """
        ...


class Exchange(Protocol):
    """A venue. The core calls every method with a deadline and catches what it raises.

    A venue that lacks something does not define the method (`getattr(exchange, "open_interest", None)` is asked).
    Everything is in base units, quote currency and ms UTC; contracts were converted here, taker side is the
    aggressor's. Raises VenueBlocked when it refuses this place, VenueBusy when it asks to wait, VenueError for
    the rest; DecodeError for an answer that does not follow the venue's format.
    """

    requests: int
    """Requests sent so far."""

    archives: Archives
    """The venue's public files of history; absent where there are none."""

    # Optional class attributes:
    # default = False: not used unless it is configured.
    # split_in_bars = True: its klines carry the taker split; they are asked for beside trades and have the last word.
    # trades_of_any_age = True: its REST interface gives trades from any moment on, however old: history is read there.
    # preferred_quotes = ("USD", ...): which of several instruments that count as one pair is followed here.
    # abilities = {"trade history": "three months", "open interest": None}: how far each kind of data of `coinmon
    # exchanges` goes, in words; None: not given, although the method is there.
    # Optional attribute of a venue with several hosts:
    # failing: Mapping[Kind, VenueError]: the kinds whose host refuses this network or could not be asked for its list,
    # while another host answers. `instruments` then gives the others', and VenueBlocked is about these alone.

    async def instruments(self) -> Sequence[Instrument]:
        """All trading spot and linear perp instruments of the kinds wanted."""
        ...

    async def bars(self, instrument: Instrument, start: int, end: int) -> Bars:
        """One-minute klines that open in [start, end), ms UTC, closed ones only.

        Coverage KLINES with the taker split, PARTIAL with NaN `buy` and `buy_quote` where the venue has none.
        """
        ...

    async def trades(self, instrument: Instrument, cursor: Cursor) -> TradePage:
        """The next trades after the cursor."""
        ...

    async def earlier_trades(self, instrument: Instrument, before_id: int, since: int) -> TradePage:
        """The page of trades that ends just before trade `before_id`; joined: it does end there without a hole.

        more: there are still earlier ones that are not older than `since`.
        """
        ...

    def stream(self, instruments: Sequence[Instrument], channels: Sequence[Channel]) -> Stream:
        """Batches as they come, each instrument's in order, until it is closed.

        Reconnecting, its backoff and the venue's limits are the stream's own affair; repairing what was missed is the
        core's, by `trades`. A channel that the venue lacks is left out.
        """
        ...

    async def open_interest(self, instruments: Sequence[Instrument]) -> Mapping[str, OpenInterest]:
        """Current one-sided open interest by instrument id."""
        ...

    async def funding(self, instruments: Sequence[Instrument]) -> Mapping[str, Funding]:
        """Current funding by instrument id."""
        ...

    async def past_open_interest(self, instrument: Instrument, start: int, end: int) -> Sequence[OpenInterest]:
        """One-sided open interest of [start, end), ms UTC, oldest first, as far back as the venue has it."""
        ...

    async def past_funding(self, instrument: Instrument, start: int, end: int) -> Sequence[Funding]:
        """Rates that were settled in [start, end), ms UTC, at the moment of settlement, oldest first."""
        ...

    async def tickers(self, instruments: Sequence[Instrument]) -> Mapping[str, Ticker]:
        """24 h figures by instrument id."""
        ...

    async def book(self, instrument: Instrument, depth: int) -> Book:
        """At least `depth` levels a side where the venue has them."""
        ...

    def record(self, tap: WireTap) -> None:
        """From now on tell `tap` every frame and every answer; called once, before anything is asked."""
        ...

    async def server_time(self) -> int:
        """The venue's clock, ms UTC."""
        ...

    def usage(self) -> Mapping[str, tuple[float, float]]:
        """Rate budgets by name: used now, and the limit."""
        ...

    async def close(self) -> None:
        """Free its connections."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell. `id` is unique and visible, so that a repeated delivery is recognised.

    event: the JSON object of `coinmon scan --json` (`event` names its kind), with both languages where there is text;
    `from_json` gives it typed.
    Of kind `digest` it is several told together: `events` holds them in order, `reason` says why they are: `digest`
    (a digest was asked for), `quiet` (held back overnight), `busy` (too many at once) or `late` (could not be sent).
    part: which part to send, of an output that has `parts`; None: all of them.
    market: reads the event's pair as it was at the event's time, for a picture of it; it reads the database, so call it
    in a thread. None where there is no such market. Raises CoinmonError.
    """

    id: str
    event: Mapping[str, Any]
    part: int | None = None
    market: Callable[[], Market] | None = field(default=None, compare=False, repr=False)


class Output(Protocol):
    """A channel. `wants` names the kinds of event it takes by default; `events` in its configuration overrides it."""

    wants: frozenset[str]

    # Optional class attribute:
    # digests = frozenset({"B+", "B"}): grades that are told in a digest where `digest` is not configured.
    # Optional attribute: robot: str, the same for outputs that lead to the same robot, which are paced together.
    # Optional method: how many posts a message takes. Each is then sent on its own, counted, and not repeated when a
    # later one fails.
    # def parts(self, message: Message) -> int: ...

    async def send(self, message: Message) -> None:
        """Deliver, or raise DeliveryRetry (or one of its kinds) or DeliveryRefused."""
        ...
