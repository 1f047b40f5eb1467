"""What the scenarios list at Bybit, and how busy it is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, OddMarket, Pace

LOAD = 400
"""Instruments in the scenario `load`."""
FOLLOWED = True
"""Whether the configuration that the emulator writes has the venue switched on, unless it was asked for."""


def _native(base: str, quote: str) -> str:
    return f"{base}{quote}"


MARKETS: dict[MarketKind, MadeUpListing] = {
    # Bybit's trade pages hold 60 rows on spot and 1000 on linear: polling must be able to keep up.
    "spot": MadeUpListing(
        native=_native,
        lots={"BTC": 6, "ETH": 5, "SOL": 3, "XRP": 2, "DOGE": 1, "ADA": 2},
        pace=Pace(2, 6, 0.08),
        quiet=Pace(1, 1, 0.08),
        ticks={"BTC": 1},
        one_page=True,
    ),
    "perp": MadeUpListing(
        native=_native,
        lots={"BTC": 3, "ETH": 2, "SOL": 1, "XRP": 1, "DOGE": 0, "ADA": 0},
        pace=Pace(2, 8, 1.0),
        quiet=Pace(1, 3, 1.0),
        ticks={"BTC": 1},
        funding_hours={"DOGE": 4},
        open_interest_share=0.3,
    ),
}

DATED = {"contractType": "LinearFutures", "fundingInterval": 0, "deliveryTime": "1774598400000"}
ENDED: dict[MarketKind, Mapping[str, Any] | None] = {"spot": None, "perp": None}
"""What the list says of a market that trades no more; None where it is not in the list."""
ODD_MARKETS: tuple[OddMarket, ...] = (
    OddMarket("PEPE", "spot"),
    OddMarket("1000PEPE", "perp"),
    OddMarket("SLERF", "perp"),
    OddMarket("MATIC", "spot", ends_hours=-8),
    OddMarket("POL", "spot", begins_hours=-6),
    OddMarket("POL", "perp", begins_hours=-6),
    OddMarket("MEGA", "perp", row={"status": "PreLaunch", "isPreListing": True}, begins_hours=-1, unsettled=True),
    OddMarket("BTC", "perp", "BTCPERP", "USDC", row={"settleCoin": "USDC"}),
    OddMarket("BTC", "perp", "BTCUSDT-27MAR26", row=DATED),
    # no coins (EXCHANGES C8)
    OddMarket("XAU", "perp", row={"symbolType": "commodity"}),
    OddMarket("TSLA", "perp", row={"symbolType": "stock"}),
    OddMarket("EUR", "perp", row={"symbolType": "forex"}),
    OddMarket("TSLAX", "spot", row={"symbolType": "xstocks"}),
)
"""Markets that are there on any day beside those one looks for."""
