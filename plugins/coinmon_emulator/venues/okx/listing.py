"""What the scenarios list at OKX, and how busy it is there."""

from __future__ import annotations

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.scenario.coins import MadeUpListing, Pace

LOAD = 559
"""Instruments in the scenario `load`."""


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
