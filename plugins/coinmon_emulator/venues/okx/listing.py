"""What the scenarios list at OKX, and how busy it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, OddMarket, Pace

LOAD = 559
"""Instruments in the scenario `load`."""
FOLLOWED = True
"""Whether the configuration that the emulator writes has the venue switched on, unless it was asked for."""


def _native(base: str, quote: str) -> str:
    return f"{base}-{quote}"


MARKETS: dict[MarketKind, MadeUpListing] = {
    # Swap lots are base decimals: a hundredth (ADA: a tenth) of a contract of 10^contract_exponent base.
    # Wide: at most 8 trades a minute, so that a page of 500 covers an hour.
    "spot": MadeUpListing(
        native=_native,
        lots={"BTC": 8, "ETH": 6, "SOL": 6, "XRP": 6, "DOGE": 6, "ADA": 6},
        pace=Pace(2, 6, 0.8),
        quiet=Pace(1, 3, 0.8),
        wide=Pace(1, 4, 0.5),
        ticks={"BTC": 1},
    ),
    "perp": MadeUpListing(
        native=lambda base, quote: f"{base}-{quote}-SWAP",
        lots={"BTC": 4, "ETH": 3, "SOL": 2, "XRP": 0, "DOGE": -1, "ADA": -1},
        pace=Pace(2, 6, 1.2),
        quiet=Pace(1, 3, 1.2),
        wide=Pace(1, 4, 0.5),
        ticks={"BTC": 1},
        contracts=True,
        funding_hours={"DOGE": 4},
        open_interest_share=0.25,
    ),
}

ENDED: dict[MarketKind, Mapping[str, Any] | None] = {"spot": None, "perp": None}
"""What the list says of a market that trades no more; None where it is not in the list."""
ODD_MARKETS: tuple[OddMarket, ...] = (
    OddMarket("PEPE", "spot", lot=0),
    OddMarket("PEPE", "perp"),
    OddMarket("SLERF", "perp"),
    OddMarket("MATIC", "spot", ends_hours=-8),
    OddMarket("MATIC", "perp", ends_hours=-8),
    OddMarket("POL", "spot", begins_hours=-6),
    OddMarket("POL", "perp", begins_hours=-6),
    OddMarket("MEGA", "perp", row={"ruleType": "pre_market"}, begins_hours=-1, unsettled=True),
    OddMarket("ADA", "perp", "ADA-USDC-SWAP", "USDC", row={"state": "preopen"}),
    # margined in dollars, and in the coin (EXCHANGES C6, 1.3)
    OddMarket("BTC", "perp", "BTC-USD_UM-SWAP", "USD", row={"settleCcy": "USDⓈ", "instFamily": "BTC-USD_UM"}),
    OddMarket(
        "BTC",
        "perp",
        "BTC-USD-SWAP",
        "USD",
        row={"ctType": "inverse", "ctVal": "100", "ctValCcy": "USD", "settleCcy": "BTC"},
    ),
    OddMarket("XAU", "perp", row={"instCategory": "4"}),
    OddMarket("TSLA", "perp", row={"instCategory": "3"}),
)
"""Markets that are there on any day beside those one looks for."""
