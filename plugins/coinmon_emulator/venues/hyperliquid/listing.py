"""What the scenarios list at Hyperliquid, and how busy it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, OddMarket, Pace

LOAD = 0
"""Instruments in the scenario `load`, unless it says how many."""
FOLLOWED = False
"""Whether the configuration that the emulator writes has the venue switched on, unless it was asked for."""


def _native(base: str, quote: str) -> str:
    return base


MARKETS: dict[MarketKind, MadeUpListing] = {
    "perp": MadeUpListing(
        native=_native,
        lots={"BTC": 5, "ETH": 4, "SOL": 2, "XRP": 0, "DOGE": 0, "ADA": 0},
        pace=Pace(2, 9, 1.0),
        quiet=Pace(1, 3, 1.0),
        quote="USDC",
        # five figures
        ticks={"BTC": 0, "ETH": 1, "SOL": 2, "XRP": 4, "DOGE": 5, "ADA": 5},
        price_text=1,
        size_text=1,
        usual_funding_hours=1,
        open_interest_share=0.1,
    ),
}

ENDED: dict[MarketKind, Mapping[str, Any] | None] = {"perp": {"isDelisted": True}}
"""What the list says of a market that trades no more; None where it is not in the list."""
ODD_MARKETS: tuple[OddMarket, ...] = (
    OddMarket("1000PEPE", "perp", "kPEPE", "USDC", lot=0),
    OddMarket("SLERF", "perp", quote="USDC", row={"onlyIsolated": True}),
    OddMarket("MATIC", "perp", quote="USDC", ends_hours=-8),
    OddMarket("POL", "perp", quote="USDC", begins_hours=-6),
    OddMarket("MEGA", "perp", quote="USDC", begins_hours=-1, unsettled=True),
)
"""Markets that are there on any day beside those one looks for."""
