"""What a source of markets must answer: a tape or a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from coinmon_emulator.market.ladder import Ladder
from coinmon_emulator.market.market import Column, Listed, MarkPrice, Prints, RestingOrders, Settlement


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
