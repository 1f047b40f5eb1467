"""What goes wrong between us and a venue: who is told what, and how long it takes."""

import asyncio
import importlib
import time
from dataclasses import replace
from importlib import import_module

import pytest
from aiohttp import ClientSession

from coinmon import DecodeError, VenueBlocked, VenueBusy, VenueError
from coinmon_exchanges._http.answer import Throttled

from .refused import refused

NAMES = ("binance", "okx", "bybit", "coinbase", "hyperliquid")
MINUTE = 60_000


@pytest.mark.parametrize("name", NAMES)
def test_a_geo_block_asks_the_network_once_and_again_after_its_pause(emulated, name, monkeypatch):
    now = 0.0
    monkeypatch.setattr("coinmon_exchanges._http.refusal.monotonic", lambda: now)

    async def script():
        nonlocal now
        async with emulated(faults=f"{name}:451") as market:
            venue = getattr(market, name)
            error, _ = await refused(venue.server_time())
            assert type(error) is VenueBlocked
            assert str(error).startswith(f"{name} /")
            # Binance is two hosts, and the other may answer
            hosts = 2 if name == "binance" else 1
            for _ in range(hosts - 1):
                error, _ = await refused(venue.server_time())
            again, seconds = await refused(venue.server_time())
            assert type(again) is VenueBlocked
            assert venue.requests == hosts
            assert seconds < 0.05
            now += 899
            await refused(venue.server_time())
            assert venue.requests == hosts
            now += 2
            for _ in range(2 * hosts):
                await refused(venue.server_time())
            assert venue.requests == 2 * hosts, "asked again, once"
            now += 901
            await refused(venue.server_time())
            assert venue.requests == 2 * hosts, "the second pause is longer"

    asyncio.run(script())


@pytest.mark.parametrize("name", NAMES)
def test_a_firewalls_page_passes(emulated, name, monkeypatch):
    """A 403 with a page is no word of the venue's: it is asked again, after a pause that grows while pages come."""
    later = 0.0
    for module in ("refusal", "budget"):
        monkeypatch.setattr(f"coinmon_exchanges._http.{module}.monotonic", lambda: time.monotonic() + later)

    async def script():
        nonlocal later
        async with emulated(faults=f"{name}:403") as market:
            venue = getattr(market, name)
            error, _ = await refused(venue.server_time())
            assert type(error) is VenueBusy
            assert "HTTP 403" in str(error)
            assert venue.requests == 1
            later += 20
            await refused(venue.server_time())
            assert venue.requests == 1, "not before the pause is over"
            later += 11
            error, _ = await refused(venue.server_time())
            assert "wait 60 s" in str(error), "the pause has doubled"
            async with ClientSession() as session:
                (await session.post(f"{market.url}/emulator/faults", json={"spec": ""})).raise_for_status()
            later += 61
            assert await venue.server_time() == market.clock.now()

    asyncio.run(script())


@pytest.mark.parametrize(("fault", "first_s"), [("403", 30), ("451", 900)])
@pytest.mark.parametrize("name", ["okx", "bybit", "coinbase", "hyperliquid"])
def test_requests_that_are_refused_together_are_refused_once(emulated, name, fault, first_s, monkeypatch):
    """Each is told so with its own path in the words; a pause that doubled for each would last for hours."""
    later = 0.0
    for module in ("refusal", "budget"):
        monkeypatch.setattr(f"coinmon_exchanges._http.{module}.monotonic", lambda: time.monotonic() + later)

    async def script():
        nonlocal later
        async with emulated(faults=f"{name}:{fault}") as market:
            venue = getattr(market, name)
            errors = await asyncio.gather(*(refused(ask()) for ask in (venue.server_time, venue.instruments)))
            assert len({str(error).split(": HTTP")[0] for error, _ in errors}) > 1 or name == "hyperliquid"
            sent = venue.requests
            assert sent > 1
            later += first_s + 1
            await refused(venue.server_time())
            assert venue.requests == sent + 1

    asyncio.run(script())


@pytest.mark.parametrize(("host", "refused", "left"), [("fapi", "perp", "spot"), ("api/", "spot", "perp")])
@pytest.mark.parametrize(("fault", "kind"), [("451", VenueBlocked), ("503", VenueError)])
def test_one_failing_host_of_binance_leaves_the_other_alone(emulated, host, refused, left, fault, kind):
    async def script():
        async with emulated(faults=f"binance:{fault}/{host}") as market:
            binance = market.binance
            assert not binance.failing
            listed = await binance.instruments()
            assert {each.kind for each in listed} == {left}
            ((which, error),) = binance.failing.items()
            assert (which, type(error)) == (refused, kind)
            assert f"HTTP {fault}" in str(error)
            assert await binance.server_time() == market.clock.now()
            tickers = await binance.tickers([*listed, replace(listed[0], kind=refused)])
            assert set(tickers) == {each.id for each in listed}

    asyncio.run(script())


@pytest.mark.parametrize("broken", ["spot", "perp"])
@pytest.mark.parametrize("name", ["binance", "okx", "bybit"])
def test_an_answer_of_another_shape_costs_its_own_kind(emulated, name, broken, monkeypatch):
    """Of the lists and of the tickers: spot and perpetuals are asked for apart, and one of them may be in trouble."""
    session = importlib.import_module(f"coinmon_exchanges.{name}.venue").HostSession
    get = session.get

    async def twisted(self, endpoint, params, *rest):
        reply = await get(self, endpoint, params, *rest)
        said = params.get("instType") or params.get("category") or endpoint[:4]
        return {} if {"SPOT": "spot", "publ": "spot"}.get(said, said) == broken or (
            broken == "perp" and said in ("SWAP", "linear", "fapi")) else reply  # fmt: skip

    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            whole = await venue.instruments()
            monkeypatch.setattr(session, "get", twisted)
            found = await venue.instruments()
            assert {each.kind for each in found} == {"spot", "perp"} - {broken}
            ((which, error),) = venue.failing.items()
            assert (which, type(error)) == (broken, DecodeError)
            tickers = await venue.tickers(whole)
            assert {each.kind for each in whole if each.id in tickers} == {"spot", "perp"} - {broken}

    asyncio.run(script())


def test_where_both_hosts_of_binance_fail_it_fails(emulated):
    async def script():
        async with emulated(faults="binance:451") as market:
            error, _ = await refused(market.binance.instruments())
            assert type(error) is VenueBlocked
            assert not market.binance.failing
            assert type((await refused(market.binance.server_time()))[0]) is VenueBlocked

    asyncio.run(script())


def test_a_passing_failure_is_retried_and_a_lasting_one_told(emulated):
    async def passing(market, venue):
        assert await venue.server_time() == market.clock.now()

    async def lasting(market, venue):
        error, _ = await refused(venue.server_time())
        assert type(error) is VenueError
        assert "(3 tries)" in str(error)
        assert venue.requests == 3

    async def meet(fault):
        async with emulated(faults=f"*:{fault}") as market:
            await asyncio.gather(*(lasting(market, getattr(market, name)) for name in NAMES))
        async with emulated(faults=f"*:{fault}@0+0.3") as market:
            await asyncio.gather(*(passing(market, getattr(market, name)) for name in NAMES))

    async def script():
        await asyncio.gather(*(meet(fault) for fault in ("500", "503", "cut", "garbage", "html")))

    asyncio.run(script())


def test_silence_ends_after_the_timeout(emulated):
    async def silent(venue):
        error, seconds = await refused(venue.server_time())
        assert type(error) is VenueError
        assert "no answer within 0.2 s" in str(error)
        assert 0.6 < seconds < 3

    async def script():
        async with emulated(faults="*:silence", timeout=0.2) as market:
            await asyncio.gather(*(silent(getattr(market, name)) for name in NAMES))

    asyncio.run(script())


def test_a_port_where_nobody_listens_is_told_plainly(emulated):
    async def script():
        async with emulated() as market:
            pass
        from coinmon_exchanges.okx.venue import Okx

        okx = Okx("okx", url=f"{market.url}/okx")
        error, _ = await refused(okx.server_time())
        assert "cannot connect" in str(error)
        await okx.close()

    asyncio.run(script())


def test_a_short_pause_is_sat_out_a_long_one_handed_on(emulated):
    async def sat_out(market, venue):
        start = time.monotonic()
        assert await venue.server_time() == market.clock.now()
        assert time.monotonic() - start > 0.9
        assert venue.requests == 2

    async def handed_on(venue):
        error, seconds = await refused(venue.server_time())
        assert type(error) is VenueBusy
        assert error.retry_after == 30
        # not a moment of the 30 s is waited; a busy machine takes a while to load the library
        assert seconds < 5
        again, seconds = await refused(venue.server_time())
        assert type(again) is VenueBusy
        assert 28 < again.retry_after <= 30
        assert venue.requests == 1  # a venue that asked for peace is left in peace

    # what is timed is the waiting and not the loading of a library
    import_module("ccxt.async_support")

    async def script():
        async with emulated(faults="*:429=30") as market:
            await asyncio.gather(*(handed_on(getattr(market, name)) for name in NAMES))
        async with emulated(faults=",".join(f"{name}:429=1?n=1" for name in NAMES)) as market:
            await asyncio.gather(*(sat_out(market, getattr(market, name)) for name in NAMES))

    asyncio.run(script())


def test_a_binance_ban_says_how_long(emulated):
    async def script():
        async with emulated(faults="binance:418=120") as market:
            error, _ = await refused(market.binance.server_time())
            assert (type(error), error.retry_after) == (VenueBusy, 120)

    asyncio.run(script())


def test_no_pause_is_for_ever(emulated):
    """One absurd answer, or a ban until a moment by another clock, shut the venue until the next start."""
    assert Throttled("until 2093", 2e9).seconds == 3 * 86_400
    assert [VenueBusy("", said).retry_after for said in (float("inf"), float("nan"), "soon", 10**400)] == [
        3 * 86_400, 60, 60, 3 * 86_400,
    ]  # fmt: skip

    async def script():
        async with emulated(faults="binance:429=99999999999") as market:
            error, _ = await refused(market.binance.server_time())
            assert (type(error), error.retry_after) == (VenueBusy, 3 * 86_400)

    asyncio.run(script())


def test_pauses_add_up_to_no_more_than_a_few_seconds(emulated):
    async def script():
        async with emulated(faults="okx:429") as market:
            error, seconds = await refused(market.okx.server_time())
            assert type(error) is VenueBusy
            assert seconds < 5

    asyncio.run(script())


def test_a_closed_venue_says_so(emulated):
    async def script():
        async with emulated() as market:
            for name in (*NAMES, "generic"):
                venue = getattr(market, name)
                await venue.server_time()
                await venue.close()
                await venue.close()
                with pytest.raises(VenueError, match="closed"):
                    await venue.server_time()

    asyncio.run(script())
