"""The venues as they list things on any day: what is followed, what is not, and what an odd row costs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from coinmon import Cursor, Instrument
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running
from coinmon_exchanges.binance.venue import Binance
from coinmon_exchanges.bybit.venue import Bybit
from coinmon_exchanges.coinbase.venue import Coinbase
from coinmon_exchanges.okx.venue import Okx

CLASSES: dict[str, Any] = {"binance": Binance, "okx": Okx, "bybit": Bybit, "coinbase": Coinbase}
PERPS = ("binance", "okx", "bybit")
MARKETS = {name: Scenario(name, 1) for name in ("default",)}
MINUTE = 60_000


def on_the_day(script: Callable[..., Awaitable[Any]], *names: str, faults: str = "") -> Any:
    """What a coroutine function finds of each venue at the start of the default world, by venue's name."""

    @asynccontextmanager
    async def venues() -> Any:
        market = MARKETS["default"]
        async with running(market, clock=EmulatedClock(market.opens_at, 0.0), faults=faults) as emulator:
            settings = emulator.config()["exchanges"]
            made = {name: CLASSES[name](name, **settings[name]) for name in names or CLASSES}
            try:
                yield made
            finally:
                for each in made.values():
                    await each.close()

    async def run() -> Any:
        async with venues() as made:
            return {name: await script(venue) for name, venue in made.items()}

    return asyncio.run(run())


async def listed(venue: Any) -> dict[str, Instrument]:
    return {each.id.partition(":")[2]: each for each in await venue.instruments()}


def test_coins_are_followed_and_nothing_else() -> None:
    found = on_the_day(listed)
    everything = {base for each in found.values() for base in (one.base for one in each.values())}
    assert everything.isdisjoint({"XAU", "TSLA", "TSLAX", "EUR"}), "gold, stocks and currencies are no coins"
    # coin-margined and dated contracts, what is not open yet, and what has ended
    assert not {"BTC/USD:BTC", "MATIC/USDT", "MATIC/USDT:USDT", "MATIC/USD"} & {
        id for each in found.values() for id in each
    }
    assert "MEGA/USDT:USDT" not in found["binance"].keys() | found["bybit"].keys()
    assert [each.native_id for each in found["binance"].values() if each.base == "BTC"] == ["BTCUSDT", "BTCUSDT"]
    # in dollars, in USDC, beside the main book against USD, and with a name that is not ASCII
    assert "BTC/USD:USD" in found["okx"]
    assert "BTC/USDC:USDC" in found["bybit"]
    assert {"BTC/USD", "BTC/USDT"} <= found["coinbase"].keys()
    assert {"币安人生/USDT", "币安人生/USDT:USDT"} <= found["binance"].keys()


def test_a_thousand_of_a_coin_and_the_coin_have_the_same_price() -> None:
    async def prices(venue: Any) -> dict[str, float]:
        instruments = [each for each in await venue.instruments() if each.base in ("PEPE", "1000PEPE")]
        found = {}
        for each in instruments:
            now = MARKETS["default"].opens_at // MINUTE * MINUTE
            bars = await venue.bars(each, now - 30 * MINUTE, now)
            found[each.symbol] = float(bars.close[-1]) * float(each.tick_size)
        return found

    found = on_the_day(prices)
    for venue, each in found.items():
        for symbol, price in each.items():
            of_one = price / 1000 if symbol.startswith("1000") else price
            assert of_one == pytest.approx(8.12e-6, rel=0.2), (venue, symbol)
    assert "1000PEPE/USDT:USDT" in found["binance"].keys() & found["bybit"].keys()
    assert "PEPE/USDT:USDT" in found["okx"]


@pytest.mark.parametrize("shape", ["odd", "null", "missing", "broken", "delisted", "unlisted"])
def test_one_odd_coin_costs_that_coin(shape: str) -> None:
    async def known(venue: Any) -> tuple[set[str], set[str], set[str]]:
        instruments = await venue.instruments()
        perps = [each for each in instruments if each.kind == "perp"]
        if venue.name not in PERPS:
            return {each.id for each in instruments}, set(), set()
        held, rates = await venue.open_interest(perps), await venue.funding(perps)
        return {each.id for each in instruments}, set(held), set(rates)

    whole, twisted = on_the_day(known), on_the_day(known, faults=f"*:{shape}=SOL")
    for venue in CLASSES:
        for before, after in zip(whole[venue], twisted[venue], strict=True):
            lost = {id for id in before if id not in after}
            assert {id.partition(":")[2].partition("/")[0] for id in lost} <= {"SOL"}, (venue, lost)
            assert after <= before


def test_what_is_no_row_costs_nothing() -> None:
    async def known(venue: Any) -> tuple[set[str], set[str], set[str], set[str]]:
        instruments = await venue.instruments()
        perps = [each for each in instruments if each.kind == "perp"]
        tickers = set(await venue.tickers(instruments)) if hasattr(venue, "tickers") else set()
        if venue.name not in PERPS:
            return {each.id for each in instruments}, tickers, set(), set()
        held, rates = await venue.open_interest(perps), await venue.funding(perps)
        return {each.id for each in instruments}, tickers, set(held), set(rates)

    assert on_the_day(known, faults="*:strange") == on_the_day(known)


def test_what_is_no_row_of_a_page_of_trades_or_minutes_costs_nothing() -> None:
    async def known(venue: Any) -> Any:
        found = {}
        now = MARKETS["default"].opens_at // MINUTE * MINUTE
        for each in await venue.instruments():
            if each.base == "BTC" and each.quote in ("USDT", "USD"):
                page = await venue.trades(each, Cursor(now - MINUTE, None))
                bars = await venue.bars(each, now - 5 * MINUTE, now)
                rows = [(column.tolist()) for column in (page.trades.id, page.trades.qty, bars.time, bars.volume)]
                found[each.id] = (*rows, page.joined)
        return found

    whole = on_the_day(known)
    assert all(len(each[2]) == 5 for found in whole.values() for each in found.values())
    assert on_the_day(known, faults="*:strange") == whole


def test_a_coin_before_its_first_settlement_has_no_figures_and_the_others_have_theirs() -> None:
    async def known(venue: Any) -> tuple[set[str], set[str]]:
        perps = [each for each in await venue.instruments() if each.kind == "perp"]
        return {each.base for each in perps}, {
            id.partition(":")[2].partition("/")[0] for id in await venue.funding(perps)
        }

    bases, funded = on_the_day(known, "okx")["okx"]
    assert "MEGA" in bases
    assert bases - funded == {"MEGA"}


@pytest.mark.parametrize("venue", ["binance", "okx"])
def test_a_coin_that_has_ended_keeps_its_files(venue: str) -> None:
    async def asked(made: Any) -> Any:
        day = MARKETS["default"].opens_at // 86_400_000 * 86_400_000 - 86_400_000
        (pattern,) = [each for each in await made.instruments() if each.symbol == "POL/USDT"]
        from dataclasses import replace

        native = pattern.native_id.replace("POL", "MATIC")
        gone = replace(pattern, base="MATIC", native_id=native, symbol="MATIC/USDT")
        return made.archives.covering(gone, day, day + 86_400_000)

    assert on_the_day(asked, venue)[venue]
