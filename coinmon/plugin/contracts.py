"""What a plugin is to the core: exchanges, indicators, signals and outputs.

An exchange or output is a class called once as `cls(name, **settings)`: `name` is its key in the configuration, and its
keyword-only parameters are its settings (their annotations validate, their defaults are the defaults). A parameter
named `proxy`, `lang`, `timezone` or `sessions` that is not set takes the value set for the whole of coinmon.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from coinmon.market.market import Market
from coinmon.model.bars import Bars
from coinmon.model.book import Book
from coinmon.model.derivatives import Funding, OpenInterest, Ticker
from coinmon.model.instrument import Instrument
from coinmon.plugin.archives import Archives
from coinmon.plugin.stream_items import Stream
from coinmon.plugin.trade_page import Cursor, TradePage
from coinmon.plugin.wire_tap import Channel, WireTap


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
        core's, by `trades`. A channel that the venue lacks is left out. Several run side by side: spot and perpetuals
        are asked for apart, and so are trades and books.
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
