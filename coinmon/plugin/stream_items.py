"""What a stream brings: pages of trades, books, liquidations, and whether it is live."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from coinmon.model.book import Book
from coinmon.model.derivatives import Liquidation
from coinmon.model.instrument import Instrument
from coinmon.model.streamed import StreamedMany
from coinmon.plugin.trade_page import TradePage
from coinmon.plugin.wire_tap import Channel


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
