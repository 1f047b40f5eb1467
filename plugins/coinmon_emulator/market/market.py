"""What a market holds: instruments, trades in exact integer units, books, marks.

Prices and sizes are integers in powers of ten of the quote and of the base, so that every string an endpoint
answers, and every sum behind it, is exact. A size is always in the base currency, whatever the venue counts in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]
MarketKind = Literal["spot", "perp"]
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


NEVER_ENDS = 1 << 62
Attribute = Literal["tick", "contract_exponent", "funding_hours"]


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """From a moment (ms) on, an attribute of a market has another value: venues change them while the market trades."""

    at: int
    name: Attribute
    value: int


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
    until_ms: int = NEVER_ENDS
    """When trading ends for good."""
    odd: Mapping[str, Any] = field(default_factory=dict)
    """What the venue's list says otherwise of this market than of others."""
    ended: Mapping[str, Any] | None = None
    """What the list says of it once it has ended; None where the venue lists it no more."""
    changes: tuple[AttributeChange, ...] = ()
    followed: bool = True
    """Whether the configuration that the emulator writes names it."""
    unsettled: bool = False
    """Before its first settlement: empty numbers in answers about all markets."""

    def as_of(self, name: Attribute, ms: int) -> int:
        """The value that an attribute has at a moment."""
        value: int = getattr(self, name) or 0
        for change in self.changes:
            if change.name == name and change.at <= ms:
                value = change.value
        return value

    def is_listed(self, ms: int) -> bool:
        """Whether the venue's list has it at a moment."""
        return self.listed_ms <= ms and (ms < self.until_ms or self.ended is not None)

    def trades_at(self, ms: int) -> bool:
        return self.listed_ms <= ms < self.until_ms

    def said(self, row: dict[str, Any], ms: int) -> dict[str, Any]:
        """A row of the venue's list with what is odd about this market at a moment."""
        return {**row, **self.odd, **((self.ended or {}) if ms >= self.until_ms else {})}

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
