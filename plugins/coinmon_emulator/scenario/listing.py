"""What the scenarios list, as the venues' folders say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from coinmon_emulator.market.market import HOUR, NEVER_ENDS, Listed, MarketKind
from coinmon_emulator.scenario.coins import COINS, ODD_COINS, MadeUpCoin, MadeUpListing, OddMarket
from coinmon_emulator.venues.folders import VENUES, module_of

LISTINGS: dict[tuple[str, MarketKind], MadeUpListing] = {
    (venue, kind): listing for venue in VENUES for kind, listing in module_of(venue, "listing").MARKETS.items()
}
LOAD: dict[str, int] = {venue: module_of(venue, "listing").LOAD for venue in VENUES}


def listing_of(instrument: Listed) -> MadeUpListing:
    return LISTINGS[instrument.venue, instrument.kind]


def _instrument(coin: MadeUpCoin, venue: str, kind: MarketKind) -> Listed:
    listing = LISTINGS[venue, kind]
    price_digits = listing.ticks.get(coin.base, coin.price_decimals)
    lot = listing.lots.get(coin.base, coin.lots[kind])
    size_digits = max(lot, 0)
    return Listed(
        venue=venue,
        kind=kind,
        base=coin.base,
        quote=listing.quote,
        native=listing.native(coin.base, listing.quote),
        price_digits=price_digits,
        size_digits=size_digits,
        tick=1,
        lot=10**-lot if lot < 0 else 1,
        price_text=max(price_digits, listing.price_text),
        size_text=max(size_digits, listing.size_text),
        contract_exponent=coin.contract_exponent if listing.contracts else None,
        funding_hours=listing.funding_hours.get(coin.base, listing.usual_funding_hours),
    )


def all_venues() -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """Six coins on every venue."""
    return COINS, [_instrument(coin, venue, kind) for venue, kind in LISTINGS for coin in COINS]


def odd_market(venue: str, odd: OddMarket, start: int, more: Sequence[MadeUpCoin] = ()) -> Listed:
    """One of the markets that are not like the others; `start` is where the clock starts, in ms."""
    coin = {coin.base: coin for coin in (*COINS, *ODD_COINS, *more)}[odd.coin]
    listing = LISTINGS[venue, odd.kind]
    lot = odd.lot if odd.lot is not None else listing.lots.get(coin.base, coin.lots[odd.kind])
    decimals = odd.price_decimals
    price_digits = listing.ticks.get(coin.base, coin.price_decimals) if decimals is None else decimals
    plain = _instrument(coin, venue, odd.kind)
    ended: Mapping[str, Any] | None = module_of(venue, "listing").ENDED[odd.kind]
    return replace(
        plain,
        quote=odd.quote,
        native=odd.native or listing.native(coin.base, odd.quote),
        price_digits=price_digits,
        size_digits=max(lot, 0),
        lot=10**-lot if lot < 0 else 1,
        price_text=max(price_digits, listing.price_text),
        size_text=max(lot, 0, listing.size_text),
        contract_exponent=plain.contract_exponent if odd.contract_exponent is None else odd.contract_exponent,
        listed_ms=plain.listed_ms if odd.begins_hours is None else start + round(odd.begins_hours * HOUR),
        until_ms=NEVER_ENDS if odd.ends_hours is None else start + round(odd.ends_hours * HOUR),
        odd=odd.row,
        ended=ended,
        followed=False,
        unsettled=odd.unsettled,
    )


def odd_markets(start: int) -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """What every venue lists beside the markets that one looks for."""
    found = [odd_market(venue, each, start) for venue in VENUES for each in module_of(venue, "listing").ODD_MARKETS]
    return ODD_COINS, found


def wide() -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """559 instruments of each venue that is wide: 300 spot pairs, and the swaps of 259 of them."""
    invented = tuple(
        MadeUpCoin(f"C{n:03d}", round(0.5 * 1.02**n, 3), 4, 300, 5e6, 0, {"spot": 4, "perp": 2}) for n in range(1, 295)
    )
    coins = COINS + invented
    markets = [market for market, listing in LISTINGS.items() if listing.wide is not None]
    instruments = [_instrument(coin, venue, "spot") for venue, kind in markets if kind == "spot" for coin in coins]
    perps = [_instrument(coin, venue, "perp") for venue, kind in markets if kind == "perp" for coin in coins[:259]]
    return coins, instruments + perps


def many(counts: dict[str, int]) -> tuple[tuple[MadeUpCoin, ...], list[Listed]]:
    """So many instruments of each venue, half of them perpetuals where it has any; the same coins everywhere."""
    coins = COINS + tuple(MadeUpCoin(f"L{n:03d}", round(0.5 * 1.012**n, 3), 4, 300, 5e6, 0) for n in range(600))
    instruments = []
    for venue, count in counts.items():
        perps = (count + 1) // 2 if (venue, "perp") in LISTINGS else 0
        if max(perps, count - perps) > len(coins):
            raise ValueError(f"{count} instruments of {venue}: there are coins for {len(coins)} of a kind")
        instruments += [_instrument(coin, venue, "spot") for coin in coins[: count - perps]]
        instruments += [_instrument(coin, venue, "perp") for coin in coins[:perps]]
    return coins, instruments
