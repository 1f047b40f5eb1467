"""What the scenarios list: pairs, ticks, lots and how busy each venue is."""

from __future__ import annotations

from dataclasses import dataclass

from coinmon_emulator.market.market import Listed


@dataclass(frozen=True, slots=True)
class MadeUpCoin:
    """A base: its price at the start, and for each market (tick decimals, lot decimals, mean trade in quote)."""

    base: str
    price: float
    price_decimals: int
    trade_quote: float
    open_interest_quote: float
    lots: dict[str, int]
    contract_exponent: int
    ticks: dict[str, int]


def _lots(binance: int, um: int, okx: int, swap: int, bybit: int, linear: int, coinbase: int) -> dict[str, int]:
    return {
        "binance:spot": binance,
        "binance:perp": um,
        "okx:spot": okx,
        "okx:perp": swap,
        "bybit:spot": bybit,
        "bybit:perp": linear,
        "coinbase:spot": coinbase,
    }


# Swap lots are base decimals: a hundredth (ADA: a tenth) of a contract of 10^contract_exponent base.
COINS = (
    MadeUpCoin(
        "BTC",
        96_400,
        2,
        3000,
        6e9,
        _lots(5, 3, 8, 4, 6, 3, 8),
        -2,
        {"binance:perp": 1, "okx:spot": 1, "okx:perp": 1, "bybit:spot": 1, "bybit:perp": 1},
    ),
    MadeUpCoin("ETH", 3_320, 2, 2000, 3e9, _lots(4, 3, 6, 3, 5, 2, 8), -1, {}),
    MadeUpCoin("SOL", 142, 2, 1200, 9e8, _lots(3, 2, 6, 2, 3, 1, 8), 0, {}),
    MadeUpCoin("XRP", 2.08, 4, 1000, 6e8, _lots(1, 1, 6, 0, 2, 1, 6), 2, {}),
    MadeUpCoin("DOGE", 0.1402, 5, 700, 4e8, _lots(0, 0, 6, -1, 1, 0, 1), 3, {}),
    MadeUpCoin("ADA", 0.3921, 4, 500, 2e8, _lots(1, 0, 6, -1, 2, 0, 8), 2, {}),
)
FUNDING_HOURS = {"binance:perp:ADAUSDT": 4, "okx:perp:DOGE-USDT-SWAP": 4, "bybit:perp:DOGEUSDT": 4}


@dataclass(frozen=True, slots=True)
class Pace:
    """How many pairs of trades a minute has, and how large a trade is against the coin's usual."""

    low: int
    high: int
    size: float


PACES = {
    "binance:spot": Pace(5, 15, 1.0),
    "binance:perp": Pace(6, 18, 1.6),
    "okx:spot": Pace(2, 6, 0.8),
    "okx:perp": Pace(2, 6, 1.2),
    # Bybit's trade pages hold 60 rows on spot and 1000 on linear: polling must be able to keep up.
    "bybit:spot": Pace(2, 6, 0.08),
    "bybit:perp": Pace(2, 8, 1.0),
    "coinbase:spot": Pace(2, 9, 1.0),
}
QUIET = {market: Pace(1, 3, pace.size) for market, pace in PACES.items()} | {"bybit:spot": Pace(1, 1, 0.08)}
# At most 8 trades a minute, so that OKX's page of 500 covers an hour.
WIDE = {"okx:spot": Pace(1, 4, 0.5), "okx:perp": Pace(1, 4, 0.5)}


def _instrument(coin: MadeUpCoin, market: str) -> Listed:
    venue, kind = market.split(":")
    price_digits = coin.ticks.get(market, coin.price_decimals)
    lot = coin.lots[market]
    size_digits = max(lot, 0)
    quote = "USD" if venue == "coinbase" else "USDT"
    swap = venue == "okx" and kind == "perp"
    native = f"{coin.base}{quote}"
    if venue in ("okx", "coinbase"):
        native = f"{coin.base}-{quote}" + ("-SWAP" if swap else "")
    padded = venue == "coinbase" or market == "binance:spot"
    return Listed(
        venue=venue,
        kind="perp" if kind == "perp" else "spot",
        base=coin.base,
        quote=quote,
        native=native,
        price_digits=price_digits,
        size_digits=size_digits,
        tick=1,
        lot=10**-lot if lot < 0 else 1,
        price_text=8 if padded else max(price_digits, 2) if market == "binance:perp" else price_digits,
        size_text=8 if padded else size_digits,
        contract_exponent=coin.contract_exponent if swap else None,
        funding_hours=FUNDING_HOURS.get(f"{market}:{native}", 8),
    )


def four_venues() -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """Six coins on the four venues, spot and (but for Coinbase) perpetual."""
    return COINS, [_instrument(coin, market) for market in PACES for coin in COINS]


def wide() -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """559 USDT instruments of OKX: 300 spot pairs, and the swaps of 259 of them."""
    invented = tuple(
        MadeUpCoin(f"C{n:03d}", round(0.5 * 1.02**n, 3), 4, 300, 5e6, {"okx:spot": 4, "okx:perp": 2}, 0, {})
        for n in range(1, 295)
    )
    coins = COINS + invented
    instruments = [_instrument(coin, "okx:spot") for coin in coins]
    return coins, instruments + [_instrument(coin, "okx:perp") for coin in coins[:259]]


def many(counts: dict[str, int]) -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """So many instruments of each venue, half of them perpetuals but on Coinbase; the same coins everywhere."""
    lots = dict.fromkeys(PACES, 2)
    coins = COINS + tuple(
        MadeUpCoin(f"L{n:03d}", round(0.5 * 1.012**n, 3), 4, 300, 5e6, lots, 0, {}) for n in range(600)
    )
    instruments = []
    for venue, count in counts.items():
        perps = 0 if venue == "coinbase" else (count + 1) // 2
        if max(perps, count - perps) > len(coins):
            raise ValueError(f"{count} instruments of {venue}: there are coins for {len(coins)} of a kind")
        instruments += [_instrument(coin, f"{venue}:spot") for coin in coins[: count - perps]]
        instruments += [_instrument(coin, f"{venue}:perp") for coin in coins[:perps]]
    return coins, instruments
