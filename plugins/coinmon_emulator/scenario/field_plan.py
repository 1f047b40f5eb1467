"""The scenario `field`: markets change while one looks at them, at moments that the seed draws.

Contract sizes, price grids and funding intervals change, markets end and begin, a coin gets another name. What was
done is told beside the planted events, and the trades go on as if nothing were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from coinmon_emulator.market.clock import utc_text
from coinmon_emulator.market.market import MINUTE, Attribute, AttributeChange, Listed, MarketKind
from coinmon_emulator.scenario.coins import MadeUpCoin, OddMarket
from coinmon_emulator.scenario.listing import LISTINGS, odd_market
from coinmon_emulator.venues.folders import VENUES

SPREAD_MINUTES = 360
"""Minutes after the start of the clock within which everything happens."""
FIRST_MINUTE = 4
FIELD_COINS = (
    MadeUpCoin("FTM", 0.6120, 4, 500, 8e7, 1, {"spot": 1, "perp": 0}),
    MadeUpCoin("SONIC", 0.6120, 4, 500, 8e7, 1, {"spot": 1, "perp": 0}, walks_with="FTM"),
    MadeUpCoin("NEWT", 0.2210, 4, 400, 3e7, 1, {"spot": 1, "perp": 0}),
)
"""One that becomes another, and one that is new."""
NO_COINS = ("XAU", "TSLA", "TSLAX", "EUR")
PLACES = tuple(LISTINGS)


@dataclass(frozen=True, slots=True)
class FieldEvent:
    """One change of one market."""

    kind: str
    at: int
    instrument: Listed
    value: int | None = None

    def told(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "pair": f"{self.instrument.base}{self.instrument.quote}",
            "start": utc_text(self.at),
            "end": utc_text(self.at),
            "start_ms": self.at,
            "end_ms": self.at,
            "venues": {},
            "instruments": [self.instrument.key],
            "size": 0.0,
            "side": None,
            "value": self.value,
        }


def changed(seed: int, start: int, instruments: Sequence[Listed]) -> tuple[list[Listed], list[FieldEvent]]:
    """The markets as they change from `start` on, and what happens to them in order of time."""
    rng = np.random.default_rng([seed, 31])
    begin = start - start % MINUTE

    def moment() -> int:
        return begin + int(rng.integers(FIRST_MINUTE, SPREAD_MINUTES)) * MINUTE

    ended, begun, renamed = moment(), moment(), moment()
    markets = [replace(one, followed=True) if one.base in FOLLOWED else one for one in instruments]
    quiet_end = int(rng.integers(0, len(PLACES)))
    markets = [
        replace(one, until_ms=ended) if one.base == "DOGE" and (one.venue, one.kind) == PLACES[quiet_end] else one
        for one in markets
    ]
    for coin, first, last in (("FTM", None, renamed), ("SONIC", renamed, None), ("NEWT", begun, None)):
        for venue, kind in PLACES:
            quote = LISTINGS[venue, kind].quote
            one = odd_market(venue, OddMarket(coin, kind, quote=quote), start, FIELD_COINS)
            listed_ms, until_ms = first or one.listed_ms, last or one.until_ms
            markets.append(replace(one, followed=True, listed_ms=listed_ms, until_ms=until_ms))
    for venue, kind, base, name, values in _attributes(rng):
        for place, one in enumerate(markets):
            if (one.venue, one.kind, one.base, one.quote) == (venue, kind, base, "USDT"):
                changes = one.changes
                for step, value in enumerate(values):
                    at = moment() if step == 0 else min(changes[-1].at + 60 * MINUTE, begin + SPREAD_MINUTES * MINUTE)
                    changes = (*changes, AttributeChange(at, name, value(one)))
                first_tick = 10 if name == "tick" else one.tick
                markets[place] = replace(one, changes=changes, tick=first_tick)
    return markets, sorted(_events(markets, begin), key=lambda event: event.at)


FOLLOWED = ("PEPE", "1000PEPE", "币安人生", "SLERF", "MATIC", "POL", "MEGA")
"""Of the odd markets those of real coins: a scan of the field follows them too."""


def _attributes(
    rng: np.random.Generator,
) -> Iterator[tuple[str, MarketKind, str, Attribute, list[Callable[[Listed], int]]]]:
    """What changes: the market, the attribute, and what each value is made of."""
    for base in ("SOL", "XRP"):
        way = int(rng.choice((-1, 1)))
        yield "okx", "perp", base, "contract_exponent", [partial(_resized, way)]
    finer: tuple[tuple[str, MarketKind, str], ...] = (
        ("binance", "spot", "ETH"), ("bybit", "perp", "ADA"), ("okx", "spot", "ADA"),
    )  # fmt: skip
    for venue, kind, base in finer:
        yield venue, kind, base, "tick", [lambda one: 1]
    for venue in VENUES:
        if (venue, "perp") in PLACES:
            yield venue, "perp", "XRP", "funding_hours", [lambda one: 4, lambda one: 1]


def _resized(way: int, one: Listed) -> int:
    return (one.contract_exponent or 0) + way


def _events(markets: Sequence[Listed], begin: int) -> Iterator[FieldEvent]:
    for one in markets:
        for change in one.changes:
            yield FieldEvent(change.name, change.at, one, change.value)
        if begin < one.until_ms < begin + SPREAD_MINUTES * MINUTE:
            yield FieldEvent("delisted", one.until_ms, one)
        if begin < one.listed_ms < begin + SPREAD_MINUTES * MINUTE:
            yield FieldEvent("listed", one.listed_ms, one)
