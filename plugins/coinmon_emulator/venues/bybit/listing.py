"""What the scenarios list at Bybit, and how busy it is there."""

from __future__ import annotations

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, Pace

LOAD = 400
"""Instruments in the scenario `load`."""


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
