"""What the scenarios list at Coinbase, and how busy it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, OddMarket, Pace

LOAD = 200
"""Instruments in the scenario `load`."""
FOLLOWED = True
"""Whether the configuration that the emulator writes has the venue switched on, unless it was asked for."""


def _native(base: str, quote: str) -> str:
    return f"{base}-{quote}"


MARKETS: dict[MarketKind, MadeUpListing] = {
    "spot": MadeUpListing(
        native=_native,
        lots={"BTC": 8, "ETH": 8, "SOL": 8, "XRP": 6, "DOGE": 1, "ADA": 8},
        pace=Pace(2, 9, 1.0),
        quiet=Pace(1, 3, 1.0),
        quote="USD",
        price_text=8,
        size_text=8,
        empty_minutes=0.01,
    ),
}

ENDED: dict[MarketKind, Mapping[str, Any] | None] = {"spot": {"status": "delisted", "trading_disabled": True}}
"""What the list says of a market that trades no more; None where it is not in the list."""
ODD_MARKETS: tuple[OddMarket, ...] = (
    # beside the main books against USD (EXCHANGES C18)
    OddMarket("BTC", "spot"),
    OddMarket("ETH", "spot"),
    OddMarket("PEPE", "spot", quote="USD"),
    OddMarket("MATIC", "spot", quote="USD", ends_hours=-8),
    OddMarket("POL", "spot", quote="USD", begins_hours=-6),
)
"""Markets that are there on any day beside those one looks for."""
