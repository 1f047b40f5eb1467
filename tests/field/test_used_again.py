"""Names that venues use again, for another coin or for the coin in new units: nothing of the two is ever added up."""

import asyncio
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from coinmon.clock import Clock
from coinmon.collect.other_market import market_of_file, span_of_name, within
from coinmon.collect.venue import Venue
from coinmon.collect.watchlist import Watchlist, begin
from coinmon.config.load import SymbolsConfig
from coinmon.model.derivatives import OpenInterest
from coinmon.model.moment import DAY, HOUR, MINUTE
from coinmon.store.bars import write_bars
from coinmon.store.database import Database, open_database
from coinmon.store.history import History
from coinmon.store.instruments import read_instruments
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running
from coinmon_exchanges.binance.venue import Binance
from coinmon_exchanges.bybit.venue import Bybit
from coinmon_exchanges.coinbase.venue import Coinbase
from coinmon_exchanges.hyperliquid.venue import Hyperliquid
from coinmon_exchanges.okx.venue import Okx

ALL: dict[str, Any] = {
    "binance": Binance, "okx": Okx, "bybit": Bybit, "coinbase": Coinbase, "hyperliquid": Hyperliquid,
}  # fmt: skip
FIRST, WITHOUT, LATER = STARTS_AT, STARTS_AT + HOUR, STARTS_AT + 30 * HOUR
SAYS_WHEN = {"binance:perp", "okx:spot", "okx:perp", "bybit:perp"}
"""Venues and kinds whose lists say when a market began."""


def changed_market() -> Scenario:
    """SOL costs fifty times as much from an hour on; XRP is not listed for a day; ETH begins anew after 28 h."""
    market = Scenario("default", 1)
    shift = np.zeros(market.paths.minutes + 2)
    shift[(STARTS_AT - market.paths.begin) // MINUTE + 60 :] = math.log(50)
    market.paths.shifts["SOL"] = shift
    return market


async def looked_at(database: Database, market: Any, at: int, faults: str, *, stores: bool) -> Watchlist:
    """What a scan that begins at a moment follows of all venues; stores: and the last minutes of each."""
    async with running(market, clock=EmulatedClock(at, 0.0), faults=faults) as emulator:
        clock = Clock(at, 0, 0)
        settings = emulator.config()["exchanges"]
        made = [
            Venue(name, one(name, **{key: each for key, each in settings[name].items() if key != "enabled"}), clock)
            for name, one in ALL.items()
        ]
        try:
            names = ("BTC", "ETH", "SOL", "XRP", "PEPE")
            watch = await begin(made, database, SymbolsConfig(names=names), {"USD": "USDT", "USDC": "USDT"}, at, at)
            for venue in made if stores else ():
                for track in watch.tracks[venue.name]:
                    if track.instrument.base in ("BTC", "SOL"):
                        minute = at // MINUTE * MINUTE
                        bars = await venue.exchange.bars(track.instrument, minute - 5 * MINUTE, minute)
                        with database.write() as connection:
                            write_bars(connection, track.number, track.instrument, bars)
            return watch
        finally:
            await asyncio.gather(*(venue.close() for venue in made))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The three looks, and the database after them."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('again') / 'coinmon.db'}")
    market = changed_market()
    looks = [
        asyncio.run(looked_at(database, market, FIRST, "", stores=True)),
        asyncio.run(looked_at(database, market, WITHOUT, "*:unlisted=XRP", stores=False)),
    ]
    market._instruments = [
        replace(one, listed_ms=STARTS_AT + 28 * HOUR) if one.base == "ETH" else one for one in market.instruments
    ]
    for each in market.instruments:
        assert each.base != "ETH" or each.listed_ms > FIRST + DAY
    looks.append(asyncio.run(looked_at(database, market, LATER, "", stores=False)))
    yield looks, database
    database.close()


def kept_apart(database: Database) -> set[str]:
    with database.read() as connection:
        return {each.id for each in read_instruments(connection).values() if "~" in each.base}


@pytest.mark.parametrize("venue", ALL)
def test_each_venues_markets_that_are_others_now_are_kept_apart(told: Any, venue: str) -> None:
    looks, database = told
    before = {each.id: each for each in looks[0].instruments if each.venue == venue}
    apart = {id for id in kept_apart(database) if id.startswith(f"{venue}:")}
    expected = {
        id.replace(each.base, f"{each.base}~{day}", 1)
        for id, each in before.items()
        for base, day, holds in (
            # in the second look the price was another already
            ("SOL", "20260115", True),
            ("XRP", "20260115", True),
            ("ETH", "20260116", f"{venue}:{each.kind}" in SAYS_WHEN),
        )
        if each.base == base and holds
    }
    assert apart == expected
    assert {each.id for each in looks[2].instruments if each.venue == venue} == set(before)


def test_what_was_stored_is_read_under_the_name_of_the_old_market_alone(told: Any) -> None:
    looks, database = told
    history = History(database)
    stored = {each.id: each for each in history.instruments}
    old = [each for id, each in stored.items() if each.base == "SOL~20260115"]
    assert len(old) == 8
    for each in old:
        now = stored[each.id.replace("SOL~20260115", "SOL")]
        assert history.span(each) is not None
        assert history.span(now) is None
        assert now.first_seen > each.first_seen
    assert all(history.span(stored[each.id]) for each in looks[2].instruments if each.base == "BTC")


def test_history_that_is_brought_goes_to_the_market_that_had_the_name_then(told: Any) -> None:
    _, database = told
    with database.read() as connection:
        rows = read_instruments(connection)
        number = {each.id: one for one, each in rows.items()}
        old, now = number["okx:SOL~20260115/USDT:USDT"], number["okx:SOL/USDT:USDT"]
        (since, end), (begin, until) = (span_of_name(connection, each, rows[each]) for each in (now, old))
        assert (begin, since) == (0, until)
        assert until == STARTS_AT // MINUTE * MINUTE
        assert end > LATER
        assert market_of_file(connection, now, rows[now], until)[0] == old
        assert market_of_file(connection, now, rows[now], until + 1)[0] == now
    samples = [OpenInterest(until - 1, 1.0), OpenInterest(until, 2.0)]
    assert (within((begin, until), samples), within((since, end), samples)) == (samples[:1], samples[1:])
