"""A world without trades: what a recording holds is given as it was recorded, and nothing is made up beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coinmon_emulator.market.ladder import Ladder
from coinmon_emulator.market.market import Column, Listed, MarkPrice, Prints, RestingOrders, Settlement


class EmptyWorld:
    def __init__(self, title: str, instruments: Sequence[Listed], opens_at: int) -> None:
        self.title = title
        self.instruments = instruments
        self.opens_at = opens_at

    def begins(self, instrument: Listed) -> int:
        return self.opens_at

    def before(self, instrument: Listed, ms: int) -> int:
        return 0

    def at_id(self, instrument: Listed, trade_id: int) -> int:
        return 0

    def rows(self, instrument: Listed, low: int, high: int) -> Prints:
        return Prints.join([])

    def aggregates(self, instrument: Listed) -> tuple[int, Column] | None:
        return None

    def book(self, instrument: Listed, at: int, depth: int) -> RestingOrders | None:
        return None

    def ladder(self, instrument: Listed, step: int) -> Ladder | None:
        return None

    def recorded(self, instrument: Listed, event: str) -> Sequence[tuple[int, bytes]] | None:
        return ()

    def liquidations(self, instrument: Listed, start: int, end: int) -> Prints:
        return Prints.join([])

    def mark(self, instrument: Listed, at: int) -> MarkPrice | None:
        return None

    def open_interest(self, instrument: Listed, at: int) -> float | None:
        return None

    def settlements(self, instrument: Listed, start: int, end: int) -> list[Settlement] | None:
        return None

    def planted(self, until: int) -> list[dict[str, Any]]:
        return []
