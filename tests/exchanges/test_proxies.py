"""Proxies, over real HTTP and SOCKS: the setting, the environment, their exceptions, and no password in sight."""

import asyncio
import base64
import socket
import struct
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest
from aiohttp import web

from coinmon import ConfigError, VenueError
from coinmon_exchanges._http.proxy import ccxt_settings, proxy_for
from coinmon_exchanges.ccxt_generic.venue import CcxtGeneric
from coinmon_exchanges.okx.venue import Okx

VENUE = "http://okx.example.invalid"
TIME = {"code": "0", "msg": "", "data": [{"ts": "1700000000000"}]}


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def http_proxy(status=200):
    """A forward proxy that answers for the venue itself and notes what it was asked."""
    asked = []

    async def serve(request):
        asked.append((request.path_qs, request.headers.get("Host"), request.headers.get("Proxy-Authorization")))
        return web.json_response(TIME, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


@asynccontextmanager
async def socks_proxy(target_port):
    """A SOCKS5 server that leads every name to `target_port` on loopback and notes the names."""
    asked = []

    async def pipe(source, sink):
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    async def serve(reader, writer):
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            asked.append((await reader.readexactly((await reader.readexactly(1))[0])).decode())
        else:
            asked.append(socket.inet_ntoa(await reader.readexactly(4)))
        await reader.readexactly(2)
        inward, outward = await asyncio.open_connection("127.0.0.1", target_port)
        writer.write(b"\x05\x00\x00\x01" + socket.inet_aton("127.0.0.1") + struct.pack(">H", target_port))
        await asyncio.gather(pipe(reader, outward), pipe(inward, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


async def time_through(venue):
    try:
        return await venue.server_time()
    finally:
        await venue.close()


@pytest.mark.parametrize("make", [Okx, lambda name, **more: CcxtGeneric(name, id="okx", **more)])
def test_an_http_proxy_from_the_setting(make):
    async def script():
        async with http_proxy() as (port, asked):
            venue = make("okx", url=VENUE, proxy=f"http://ann:s3cret@127.0.0.1:{port}")
            assert await time_through(venue) == 1_700_000_000_000
            assert asked[0][1] == "okx.example.invalid"
            assert asked[0][2].startswith("Basic ")

    asyncio.run(script())


@pytest.mark.parametrize("make", [Okx, lambda name, **more: CcxtGeneric(name, id="okx", **more)])
def test_a_socks_proxy_that_resolves_names_itself(make):
    async def script():
        async with http_proxy() as (target, _), socks_proxy(target) as (port, asked):
            venue = make("okx", url=VENUE, proxy=f"socks5h://127.0.0.1:{port}")
            assert await time_through(venue) == 1_700_000_000_000
            assert asked == ["okx.example.invalid"]

    asyncio.run(script())


def test_the_environments_proxy_serves_unless_the_host_is_excepted(monkeypatch):
    async def script():
        async with http_proxy() as (port, asked):
            monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{port}")
            assert await time_through(Okx("okx", url=VENUE)) == 1_700_000_000_000
            monkeypatch.setenv("NO_PROXY", ".example.invalid")
            with pytest.raises(VenueError, match="cannot connect"):
                await time_through(Okx("okx", url=VENUE, timeout=2.0))
            assert len(asked) == 1

    asyncio.run(script())


@pytest.mark.parametrize("make", [Okx, lambda name, **more: CcxtGeneric(name, id="okx", **more)])
@pytest.mark.parametrize("user", ["用户:密码", "ann:pa ss%2Fword", "%E7%94%A8:%D0%BF"])
def test_a_user_and_a_password_may_be_any_text(make, user):
    async def script():
        async with http_proxy() as (port, asked):
            venue = make("okx", url=VENUE, proxy=f"http://{user}@127.0.0.1:{port}")
            assert await time_through(venue) == 1_700_000_000_000
            kind, sent = asked[0][2].split()
            assert kind == "Basic"
            assert base64.b64decode(sent).decode() == unquote(user)

    asyncio.run(script())


def test_a_socks_proxy_that_cannot_take_them_says_so():
    with pytest.raises(ConfigError, match=r"exchanges\.okx\.proxy: .*ASCII") as caught:
        Okx("okx", proxy="socks5://用户:密码@127.0.0.1:1")
    assert "密码" not in str(caught.value)


def test_which_proxy_for_which_address(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://all:1080")
    assert proxy_for("https://api.binance.com", None) == "socks5://all:1080"
    monkeypatch.setenv("https_proxy", "http://secure:3128")
    assert proxy_for("https://api.binance.com", None) == "http://secure:3128"
    assert proxy_for("https://api.binance.com", "http://mine:1") == "http://mine:1"
    for loopback in ("http://127.0.0.1:8022", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"):
        assert proxy_for(loopback, None) is None
        assert proxy_for(loopback, "http://mine:1") is None


def test_ccxt_gets_one_setting_for_rest_and_one_for_websockets():
    assert ccxt_settings("http://a:1") == {"httpsProxy": "http://a:1", "wssProxy": "http://a:1"}
    assert ccxt_settings("socks5h://a:1") == {"socksProxy": "socks5h://a:1", "wsSocksProxy": "socks5h://a:1"}
    assert ccxt_settings(None) == {}


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "ftp://u:s3cret@host:1", "http://u:s3cret@:1", "socks5://u:s3cret@host", "http://h:99999"]
)
@pytest.mark.parametrize("make", [Okx, lambda name, **more: CcxtGeneric(name, id="okx", **more)])
def test_a_malformed_proxy_is_a_config_error_without_the_password(make, proxy):
    with pytest.raises(ConfigError) as caught:
        make("okx", proxy=proxy)
    text = str(caught.value)
    assert text.startswith("exchanges.okx.proxy: ")
    assert "socks5h://host:port" in text
    assert "s3cret" not in text


def test_a_malformed_proxy_in_the_environment_names_the_variable(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://u:s3cret@host:1")
    with pytest.raises(ConfigError, match=r"^HTTPS_PROXY: ") as caught:
        Okx("okx")
    assert "s3cret" not in str(caught.value)


def test_a_proxy_that_is_not_there_is_told_without_its_password():
    async def told(venue):
        with pytest.raises(VenueError) as caught:
            await time_through(venue)
        assert "s3cret" not in str(caught.value)
        assert "\n" not in str(caught.value)

    async def script():
        async with http_proxy() as (port, _):
            pass
        proxies = [f"{scheme}://ann:s3cret@127.0.0.1:{port}" for scheme in ("http", "socks5h")]
        natives = [Okx("okx", url=VENUE, proxy=proxy) for proxy in proxies]
        generics = [CcxtGeneric("okx", url=VENUE, proxy=proxy) for proxy in proxies]
        await asyncio.gather(*(told(venue) for venue in (*natives, *generics)))

    asyncio.run(script())
