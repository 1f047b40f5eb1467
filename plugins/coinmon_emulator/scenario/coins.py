"""The coins of the scenarios, and what a venue's `listing` says of the markets it has in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from coinmon_emulator.market.market import MarketKind


@dataclass(frozen=True, slots=True)
class MadeUpCoin:
    """A base: its price at the start, its usual trade and open interest in quote, its size of a swap's contract."""

    base: str
    price: float
    price_decimals: int
    trade_quote: float
    open_interest_quote: float
    contract_exponent: int
    """A swap counted in contracts has 10^this of the base in one."""
    lots: Mapping[MarketKind, int] = field(default_factory=lambda: {"spot": 2, "perp": 2})
    """Decimals of a lot where the venue's listing names none."""
    walks_with: str = ""
    """The coin whose price it follows: thousands of a coin, and a coin that was renamed."""
    quiet: bool = False
    """A trade now and then, and an open interest that stays as it is."""


@dataclass(frozen=True, slots=True)
class OddMarket:
    """A market that is not like the others of its venue, as every venue has some."""

    coin: str
    kind: MarketKind
    native: str = ""
    """Its name where it is not made as those of the others."""
    quote: str = "USDT"
    price_decimals: int | None = None
    lot: int | None = None
    """Decimals of a lot; below 0 for tens and hundreds."""
    contract_exponent: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    """What the venue's list says of it otherwise."""
    begins_hours: float | None = None
    """When it is listed, in hours after the start of the clock; None if it always was."""
    ends_hours: float | None = None
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How many pairs of trades a minute has, and how large a trade is against the coin's usual."""

    low: int
    high: int
    size: float


@dataclass(frozen=True, slots=True)
class MadeUpListing:
    """One kind of market at one venue: how it writes names and numbers, and how busy it is in each scenario."""

    native: Callable[[str, str], str]
    """The venue's name of a base and a quote."""
    lots: Mapping[str, int]
    """Decimals of a lot by base; below 0 for tens and hundreds."""
    pace: Pace
    quiet: Pace
    wide: Pace | None = None
    """In the scenario `wide`, which lists nothing of markets that have none."""
    quote: str = "USDT"
    ticks: Mapping[str, int] = field(default_factory=dict)
    """Decimals of a price by base, where they are not the coin's own."""
    price_text: int = 0
    """Decimals that prices are written with at least."""
    size_text: int = 0
    contracts: bool = False
    """Whether sizes are counted in contracts."""
    usual_funding_hours: int = 8
    funding_hours: Mapping[str, int] = field(default_factory=dict)
    """Where it is not the usual number, by base."""
    empty_minutes: float = 0.0
    """Share of minutes without a trade."""
    one_page: bool = False
    """Its page of recent trades must cover the minutes before the start: few and small trades."""
    open_interest_share: float = 0.0
    """Of the coin's open interest."""
    load: int = 0
    """Instruments in the scenario `load`."""


COINS = (
    MadeUpCoin("BTC", 96_400, 2, 3000, 6e9, -2),
    MadeUpCoin("ETH", 3_320, 2, 2000, 3e9, -1),
    MadeUpCoin("SOL", 142, 2, 1200, 9e8, 0),
    MadeUpCoin("XRP", 2.08, 4, 1000, 6e8, 2),
    MadeUpCoin("DOGE", 0.1402, 5, 700, 4e8, 3),
    MadeUpCoin("ADA", 0.3921, 4, 500, 2e8, 2),
)
ODD_COINS = (
    MadeUpCoin("PEPE", 0.00000812, 8, 600, 2e8, 7, {"spot": 0, "perp": -6}),
    MadeUpCoin("1000PEPE", 0.00812, 6, 600, 2e8, 0, {"perp": 0}, walks_with="PEPE"),
    MadeUpCoin("币安人生", 0.1824, 4, 300, 4e7, 0, {"spot": 1, "perp": 0}),
    MadeUpCoin("SLERF", 0.0712, 5, 120, 2e6, 0, {"spot": 1, "perp": 0}, quiet=True),
    MadeUpCoin("MATIC", 0.3794, 4, 400, 9e7, 1, {"spot": 1, "perp": 0}),
    MadeUpCoin("POL", 0.3794, 4, 400, 9e7, 1, {"spot": 1, "perp": 0}, walks_with="MATIC"),
    MadeUpCoin("MEGA", 0.4120, 4, 300, 2e7, 1, {"spot": 1, "perp": 0}),
    MadeUpCoin("XAU", 4127.4, 1, 900, 3e8, -2, {"spot": 3, "perp": 3}),
    MadeUpCoin("TSLA", 412.30, 2, 700, 5e7, -1, {"spot": 3, "perp": 2}),
    MadeUpCoin("TSLAX", 412.10, 2, 300, 5e7, -1, {"spot": 3, "perp": 2}, walks_with="TSLA"),
    MadeUpCoin("EUR", 1.1640, 4, 600, 4e7, 1, {"spot": 1, "perp": 0}),
)
"""Coins of the odd markets, behind the others: a thousand units, a Chinese name, a quiet one, a rename, no coins."""
QUIET_SHARE = 0.97
"""Minutes of a quiet coin in which nothing trades."""
