"""Answers that broke a scan once, twisted as the cases beside this repository twist them."""

import asyncio
import importlib.util
import shutil
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from coinmon import VenueBusy
from coinmon.cli import run
from coinmon.model.symbols import Universe
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running
from coinmon_exchanges.binance.venue import Binance

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases at {CASES}")


@pytest.fixture
def rules(tmp_path):
    """The rules of a case, loaded from a copy: they write beside themselves."""

    def load(case):
        path = shutil.copy(CASES / case / "rules.py", tmp_path / "rules.py")
        spec = importlib.util.spec_from_file_location("rules", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


async def serving(handler):
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def test_a_ban_that_only_its_text_ends_is_waited_for(rules, monkeypatch):
    case = rules("ban-without-retry-after")
    later = 0.0
    for module in ("refusal", "budget"):
        monkeypatch.setattr(f"coinmon_exchanges._http.{module}.monotonic", lambda: time.monotonic() + later)
    asked = []

    async def handler(request):
        case.T0, case.UNTIL = time.time() - 20, time.time() + 190
        asked.append(request.path)
        status, headers, body = case.pre("/binance" + request.path, {})
        return web.Response(status=status, headers=headers, body=body)

    async def script():
        nonlocal later
        runner, url = await serving(handler)
        venue = Binance("binance", spot_url=url, futures_url=url, kinds=("spot",))
        try:
            for wait, requests in ((0, 1), (60, 1), (120, 1), (20, 2)):
                later += wait
                with pytest.raises(VenueBusy):
                    await venue.server_time()
                assert len(asked) == requests, "no request before the time that the answer names"
        finally:
            await venue.close()
            await runner.cleanup()

    asyncio.run(script())


@pytest.mark.parametrize("name", ["PERP", "SWAP", "perp", "1INCH"])
def test_a_coin_that_is_called_as_a_mark_is_found_by_its_name_alone(rules, name):
    case = rules("bare-perp-swap")
    market = Scenario("default", 1)

    async def listed():
        async with running(market, clock=EmulatedClock(market.opens_at, 0.0)) as emulator, ClientSession() as client:

            async def handler(request):
                async with client.get(f"{emulator.url}/binance{request.path_qs}") as answer:
                    status, headers, body = case.rest("/binance", {}, answer.status, {}, await answer.read())
                    return web.Response(status=status, headers=headers, body=body)

            runner, url = await serving(handler)
            venue = Binance("binance", spot_url=url, futures_url=url)
            try:
                return await venue.instruments()
            finally:
                await venue.close()
                await runner.cleanup()

    universe = Universe(asyncio.run(listed()), {"USDC": "USDT"})
    wanted = universe.resolve(name)
    assert (str(wanted.pair), wanted.kind) == (f"{name.upper()}/USDT", None)


def test_a_number_with_a_leading_zero_is_what_it_looks_like(capsys):
    assert run(["--config", str(CASES / "yaml-octal-interval" / "config.yaml"), "config", "show"]) == 0
    (line,) = [each for each in capsys.readouterr().out.splitlines() if each.startswith("interval\t")]
    assert line.split("\t")[1] == "60s"


def test_a_password_with_a_slash_or_a_blank_is_shown_nowhere(capsys, tmp_path):
    config = tmp_path / "c.yaml"
    for text in ("http://user:s3/cretpw@127.0.0.1:1", "http://us er:s3cret pw@127.0.0.1:1"):
        config.write_text(f'proxy: "{text}"\n')
        for words in (["check"], ["show"], ["show", "--db", "postgresql://cm:s3/cretpw@127.0.0.1:5999/cm"]):
            run(["--config", str(config), "config", *words])
            told = capsys.readouterr()
            assert "cret" not in told.out + told.err
