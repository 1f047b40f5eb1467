"""Open interest, funding, tickers, liquidations: what is known besides trades and books."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenInterest:
    """Open interest of a perp, one-sided (each contract counted once) on every venue.

    base: base units. value: quote currency, None where the venue does not give it.
    """

    time: int
    base: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Funding:
    """Funding of a perp at a moment: `rate` is the venue's current figure for the settlement at `next_time`.

    interval_ms: of this symbol at this venue now, None when the venue does not say; never assumed.
    """

    time: int
    rate: float
    next_time: int | None = None
    interval_ms: int | None = None
    mark: float | None = None
    index: float | None = None


@dataclass(frozen=True, slots=True)
class Ticker:
    """24-hour figures. volume: base units, quote_volume: quote currency, None where the venue does not give one."""

    time: int
    last: float
    bid: float | None = None
    ask: float | None = None
    volume: float | None = None
    quote_volume: float | None = None


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A position that was closed by force. side: of that position, +1 long, -1 short.

    price: of the order, as the venue tells it. base: base units. key: tells it from every other of the instrument.
    """

    time: int
    side: int
    price: float
    base: float
    key: str


@dataclass(frozen=True, slots=True)
class WhaleTrade:
    """One taker order of at least the whale threshold.

    trade_id: of its first fill. price: its average. base, quote: the whole order. fills: trades it was filled by.
    """

    instrument: str
    trade_id: int
    time: int
    side: int
    price: float
    base: float
    quote: float
    fills: int
