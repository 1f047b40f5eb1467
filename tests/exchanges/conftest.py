"""What the venue tests share: instruments, the emulator with the venues pointed at it, and a wire to misbehave on."""

import json
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web

from coinmon import Instrument
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running
from coinmon_exchanges.binance.venue import Binance
from coinmon_exchanges.bybit.venue import Bybit
from coinmon_exchanges.ccxt_generic.venue import CcxtGeneric
from coinmon_exchanges.coinbase.venue import Coinbase
from coinmon_exchanges.hyperliquid.venue import Hyperliquid
from coinmon_exchanges.okx.venue import Okx

REAL = Path(__file__).parents[3] / "shared" / "real"


def _instrument(venue, symbol, native_id, tick, lot, contract_size="1"):
    base, quote = symbol.split(":")[0].split("/")
    kind = "perp" if ":" in symbol else "spot"
    return Instrument(
        venue, kind, base, quote, native_id, symbol, Decimal(tick), Decimal(lot), contract_size=Decimal(contract_size)
    )


@pytest.fixture(scope="session")
def instrument():
    return _instrument


@pytest.fixture
def recorded():
    """`recorded("responses/okx.json")`: a file of recorded market data; skips where the folder is absent."""

    def load(name):
        if not REAL.is_dir():
            pytest.skip(f"no recorded market data at {REAL}")
        return json.loads((REAL / name).read_text())

    return load


def _venues(url, **settings):
    return SimpleNamespace(
        binance=Binance("binance", spot_url=f"{url}/binance", futures_url=f"{url}/binance", **settings),
        okx=Okx("okx", url=f"{url}/okx", **settings),
        bybit=Bybit("bybit", url=f"{url}/bybit", **settings),
        coinbase=Coinbase("coinbase", url=f"{url}/coinbase", **settings),
        hyperliquid=Hyperliquid("hyperliquid", url=f"{url}/hyperliquid", **settings),
        generic=CcxtGeneric("generic", id="okx", url=f"{url}/okx", **settings),
    )


@pytest.fixture
def emulated():
    """The emulator with a standing clock (unless told otherwise) and every venue class pointed at it."""

    @asynccontextmanager
    async def run(faults="", speed=0.0, limits=True, scenario="default", **settings):
        market = Scenario(scenario, 1)
        clock = EmulatedClock(market.opens_at, speed)
        async with running(market, clock=clock, faults=faults, limits=limits) as emulator:
            venues = _venues(emulator.url, timeout=settings.pop("timeout", 5.0), **settings)
            try:
                yield SimpleNamespace(**vars(venues), clock=clock, url=emulator.url, market=market)
            finally:
                for venue in vars(venues).values():
                    await venue.close()

    return run


@pytest.fixture
def wire():
    """A loopback server whose every answer is the test's: `answer(path, query)` gives JSON data or a web.Response."""

    @asynccontextmanager
    async def run(answer, **settings):
        asked = []

        async def serve(request):
            asked.append((request.path, dict(request.query)))
            reply = answer(request.path, dict(request.query))
            return reply if isinstance(reply, web.StreamResponse) else web.json_response(reply)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        venues = _venues(f"http://127.0.0.1:{runner.addresses[0][1]}", timeout=settings.pop("timeout", 5.0), **settings)
        try:
            yield SimpleNamespace(**vars(venues), asked=asked, port=runner.addresses[0][1])
        finally:
            for venue in vars(venues).values():
                await venue.close()
            await runner.cleanup()

    return run
