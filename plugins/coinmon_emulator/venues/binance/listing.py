"""What the scenarios list at Binance, and how busy it is there."""

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
    "spot": MadeUpListing(
        native=_native,
        lots={"BTC": 5, "ETH": 4, "SOL": 3, "XRP": 1, "DOGE": 0, "ADA": 1},
        pace=Pace(5, 15, 1.0),
        quiet=Pace(1, 3, 1.0),
        price_text=8,
        size_text=8,
    ),
    "perp": MadeUpListing(
        native=_native,
        lots={"BTC": 3, "ETH": 3, "SOL": 2, "XRP": 1, "DOGE": 0, "ADA": 0},
        pace=Pace(6, 18, 1.6),
        quiet=Pace(1, 3, 1.6),
        ticks={"BTC": 1},
        price_text=2,
        funding_hours={"ADA": 4},
        open_interest_share=0.45,
    ),
}

DATED = {"pair": "BTCUSDT", "contractType": "CURRENT_QUARTER", "deliveryDate": 1_774_598_400_000}
ENDED: dict[MarketKind, Mapping[str, Any] | None] = {"spot": {"status": "BREAK"}, "perp": {"status": "SETTLING"}}
"""What the list says of a market that trades no more; None where it is not in the list."""
ODD_MARKETS: tuple[OddMarket, ...] = (
    OddMarket("PEPE", "spot"),
    OddMarket("1000PEPE", "perp"),
    OddMarket("币安人生", "spot"),
    OddMarket("币安人生", "perp"),
    OddMarket("MATIC", "spot", ends_hours=-8),
    OddMarket("MATIC", "perp", ends_hours=-8),
    OddMarket("POL", "spot", begins_hours=-6),
    OddMarket("POL", "perp", begins_hours=-6),
    OddMarket("SLERF", "perp"),
    OddMarket("MEGA", "perp", row={"status": "PENDING_TRADING"}, begins_hours=-1, unsettled=True),
    # what the interface of USD-M answers too: coin-margined and dated contracts, gold (EXCHANGES C10, 1.2)
    OddMarket("BTC", "perp", "BTCUSD_PERP", "USD", row={"pair": "BTCUSD", "marginAsset": "BTC"}),
    OddMarket("BTC", "perp", "BTCUSDT_260327", row=DATED),
    OddMarket("XAU", "perp", row={"contractType": "TRADIFI_PERPETUAL", "underlyingType": "COMMODITY"}),
)
"""Markets that are there on any day beside those one looks for."""
