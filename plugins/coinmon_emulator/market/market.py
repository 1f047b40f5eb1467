"""What a market holds: instruments, trades in exact integer units, books, marks.

Prices and sizes are integers in powers of ten of the quote and of the base, so that every string an endpoint
answers, and every sum behind it, is exact. A size is always in the base currency, whatever the venue counts in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from coinmon_emulator.market.ladder import Ladder

Column = NDArray[np.int64]
MarketKind = Literal["spot", "perp"]
VENUES = ("binance", "okx", "bybit", "coinbase")
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, eq=False, slots=True)
class Listed:
    """One market of one venue; identity is the object itself, so it is a cheap dictionary key."""

    venue: str
    kind: MarketKind
    base: str
    quote: str
    native: str
    price_digits: int
    size_digits: int
    tick: int
    lot: int
    price_text: int
    size_text: int
    contract_exponent: int | None = None
    funding_hours: int = 8
    listed_ms: int = 1_577_836_800_000

    @property
    def key(self) -> str:
        return f"{self.venue}:{self.kind}:{self.native}"

    @property
    def quote_digits(self) -> int:
        return self.price_digits + self.size_digits


@dataclass(frozen=True, slots=True)
class Prints:
    """Trades as columns, oldest first; `first` and `last` are fill ids where a row is itself an aggregate."""

    id: Column
    time: Column
    price: Column
    size: Column
    side: Column
    first: Column | None = None
    last: Column | None = None

    def __len__(self) -> int:
        return len(self.id)

    def take(self, which: slice | NDArray[Any]) -> Prints:
        return Prints(
            self.id[which],
            self.time[which],
            self.price[which],
            self.size[which],
            self.side[which],
            None if self.first is None else self.first[which],
            None if self.last is None else self.last[which],
        )

    def rows(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Id, time, price, size, side of each trade as plain integers."""
        return zip(
            self.id.tolist(),
            self.time.tolist(),
            self.price.tolist(),
            self.size.tolist(),
            self.side.tolist(),
            strict=True,
        )

    def newest_first(self) -> Prints:
        return self.take(slice(None, None, -1))

    @staticmethod
    def join(parts: Sequence[Prints]) -> Prints:
        if len(parts) == 1:
            return parts[0]
        if not parts:
            empty = np.empty(0, np.int64)
            return Prints(empty, empty, empty, empty, empty)
        aggregated = all(part.first is not None and part.last is not None for part in parts)
        return Prints(
            np.concatenate([part.id for part in parts]),
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.price for part in parts]),
            np.concatenate([part.size for part in parts]),
            np.concatenate([part.side for part in parts]),
            np.concatenate([part.first for part in parts if part.first is not None]) if aggregated else None,
            np.concatenate([part.last for part in parts if part.last is not None]) if aggregated else None,
        )


@dataclass(frozen=True, slots=True)
class RestingOrders:
    """A book as of a moment: levels of (price, size) in integer units, best first."""

    update_id: int
    time: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class MarkPrice:
    """A perpetual's mark, index and current funding; prices are plain numbers in the quote."""

    time: int
    mark: float
    index: float
    rate: float
    next_ms: int
    settled: float
    hours: int


@dataclass(frozen=True, slots=True)
class Settlement:
    time: int
    rate: float
    mark: float


class World(Protocol):
    """A source of trades addressed by position: 0 is the first one it knows, whatever the time.

    It knows the future; only a `View` may be shown to a client.
    """

    @property
    def title(self) -> str: ...
    @property
    def instruments(self) -> Sequence[Listed]: ...
    @property
    def opens_at(self) -> int:
        """Where the clock starts unless told otherwise."""
        ...

    def begins(self, instrument: Listed) -> int:
        """Time of the first moment there is anything to know about."""
        ...

    def before(self, instrument: Listed, ms: int) -> int:
        """How many trades are earlier than `ms`."""
        ...

    def at_id(self, instrument: Listed, trade_id: int) -> int:
        """How many trades have a smaller id."""
        ...

    def rows(self, instrument: Listed, low: int, high: int) -> Prints: ...

    def aggregates(self, instrument: Listed) -> tuple[int, Column] | None:
        """First aggregate id and the position each aggregate starts at; None where every row is one."""
        ...

    def book(self, instrument: Listed, at: int, depth: int) -> RestingOrders | None: ...
    def ladder(self, instrument: Listed, step: int) -> Ladder | None:
        """The whole book at a step of 100 ms; None where books are recorded messages, or unknown."""
        ...

    def recorded(self, instrument: Listed, event: str) -> Sequence[tuple[int, bytes]] | None:
        """Binance's stream messages of an event as they were recorded; None where they are made up."""
        ...

    def liquidations(self, instrument: Listed, start: int, end: int) -> Prints:
        """Forced orders from `start` up to but without `end`; they are among the trades, ids and all."""
        ...

    def mark(self, instrument: Listed, at: int) -> MarkPrice | None: ...
    def open_interest(self, instrument: Listed, at: int) -> float | None:
        """One side, in base."""
        ...

    def settlements(self, instrument: Listed, start: int, end: int) -> list[Settlement] | None: ...
    def planted(self, until: int) -> list[dict[str, Any]]: ...
