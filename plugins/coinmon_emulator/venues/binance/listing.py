"""What the scenarios list at Binance, and how busy it is there."""

from __future__ import annotations

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, Pace

LOAD = 400
"""Instruments in the scenario `load`."""


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
