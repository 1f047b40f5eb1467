"""Who said no: a firewall, a country's law, a limit or the venue; and complaints inside a good status."""

import asyncio

import pytest
from aiohttp import web

from coinmon import Cursor, DecodeError, VenueBlocked, VenueBusy, VenueError
from coinmon_exchanges._http.answer import Firewalled, HttpAnswer, Refused, ReplyRules, Throttled, Transient, payload
from coinmon_exchanges.binance.codes import check_code as binance_code
from coinmon_exchanges.bybit.venue import _check_code as bybit_code
from coinmon_exchanges.okx.venue import _check_code as okx_code

from .refused import refused

NAMES = ("binance", "okx", "bybit", "coinbase", "hyperliquid")
MINUTE = 60_000


BAN = b'{"code":-1003,"msg":"Way too much request weight used; IP banned until 1789000090000. Please use ..."}'


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Date": "Thu, 10 Sep 2026 00:26:40 GMT"}, BAN, 90.0),
        ({"Date": "Thu, 10 Sep 2026 00:26:40 GMT", "Retry-After": "7"}, BAN, 7.0),
        # a date, by the venue's clock
        ({"Date": "Thu, 10 Sep 2026 00:26:40 GMT", "Retry-After": "Thu, 10 Sep 2026 00:28:40 GMT"}, b"", 120.0),
        ({"Date": "soon", "Retry-After": "Thu, 10 Sep 2099 00:28:40 GMT"}, b"", 3 * 86_400.0),
        ({"Retry-After": "later"}, b"", 60.0),
        ({}, b'{"code":-1003,"msg":"Too many requests"}', 60.0),
    ],
)
@pytest.mark.parametrize("status", [418, 429])
def test_a_ban_lasts_as_long_as_it_says(headers, body, seconds, status):
    with pytest.raises(Throttled) as caught:
        payload(HttpAnswer("/api", status, headers, body), ReplyRules(pause=60.0))
    assert caught.value.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, b"<html><title>ERROR: The request could not be satisfied</title></html>", Firewalled),
        (520, b"<html>Web server is returning an unknown error</html>", Firewalled),
        (200, b"<html>error code: 1015</html>", Firewalled),
        (403, b'{"code":0,"msg":"Service unavailable from a restricted location"}', VenueBlocked),
        (451, b"", VenueBlocked),
        (403, b'{"retCode":10006,"retMsg":"access too frequent"}', Throttled),
        (403, b'{"message":"Forbidden"}', Refused),
        # a gateway that gave up waiting is no word of the venue's about what was asked
        (408, b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}', Transient),
    ],
)
def test_who_said_no(status, body, kind):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        payload(HttpAnswer("/api", status, {}, body), ReplyRules(pause=1.0))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("check", "status", "body", "kind"),
    [
        (binance_code, 400, b'{"code":-1000,"msg":"An unknown error occurred"}', Transient),
        (binance_code, 200, b'{"code":-1001,"msg":"Internal error"}', Transient),
        (binance_code, 400, b'{"code":-1003,"msg":"Too many requests"}', Throttled),
        (binance_code, 400, b'{"code":-1121,"msg":"Invalid symbol."}', Refused),
        (binance_code, 200, b'{"code":-1121,"msg":"Invalid symbol."}', Refused),
        (okx_code, 400, b'{"code":"50004","msg":"API endpoint request timeout"}', Transient),
        (okx_code, 400, b'{"code":"50011","msg":"Too Many Requests"}', Throttled),
        (okx_code, 404, b'{"code":"51001","msg":"Instrument ID does not exist."}', Refused),
        (bybit_code, 400, b'{"retCode":10016,"retMsg":"Server error"}', Transient),
        (bybit_code, 404, b"<html>nginx</html>", Refused),
        (bybit_code, 404, b"[]", Refused),
    ],
)
def test_a_code_says_whether_it_passes_whatever_the_status(check, status, body, kind):
    """One that passes and was taken for a final no declared a hole in the trades of a USD-M perpetual."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        payload(HttpAnswer("/api", status, {}, body), ReplyRules(pause=1.0, check=check))
    assert type(caught.value) is kind
    assert str(caught.value).startswith("/api: ")


@pytest.mark.parametrize("told", [0, -7, 1_768_478_400, 1_768_478_400_000_000, 10**23, None, "soon"])
def test_a_clock_of_another_unit_is_not_believed(wire, told):
    """In seconds it would be fifty years behind ours, and each minute would wait until it is over there."""

    def answer(path, query):
        if path.startswith("/okx"):
            return {"code": "0", "data": [{"ts": told}]}
        seconds = told / 1000 if isinstance(told, int) else told
        return {"serverTime": told, "retCode": 0, "result": {}, "time": told, "epoch": seconds}

    async def script():
        async with wire(answer) as market:
            for name in NAMES:
                with pytest.raises(DecodeError):
                    await getattr(market, name).server_time()

    asyncio.run(script())


def test_bybits_403_for_too_many_requests_is_no_geo_block(wire):
    async def script():
        busy = web.Response(text="access too frequent", status=403)
        async with wire(lambda path, query: busy) as market:
            error, _ = await refused(market.bybit.server_time())
            assert (type(error), error.retry_after) == (VenueBusy, 600)

    asyncio.run(script())


def test_complaints_inside_a_200_are_heard(wire, instrument):
    btc = instrument("okx", "BTC/USDT", "BTC-USDT", "0.1", "0.1")
    replies = []

    async def script():
        async with wire(lambda path, query: replies.pop(0)) as market:
            good = {"code": "0", "msg": "", "data": [{"ts": "7"}]}
            replies[:] = [{"code": "50026", "msg": "System error", "data": []}, good]
            assert await market.okx.server_time() == 7
            replies[:] = [{"code": "51001", "msg": "Instrument ID does not exist.", "data": []}]
            error, _ = await refused(market.okx.trades(btc, Cursor(0)))
            assert str(error) == "okx /okx/api/v5/market/trades: code 51001: Instrument ID does not exist."
            replies[:] = [{"retCode": 10001, "retMsg": "params error: symbol invalid", "result": {}}]
            error, _ = await refused(market.bybit.server_time())
            assert "retCode 10001: params error: symbol invalid" in str(error)

    asyncio.run(script())


def test_json_of_another_shape_is_a_decode_error(wire, instrument):
    okx = {"code": "0", "data": [{"px": "1"}]}
    bybit = {"retCode": 0, "result": {"list": [{"price": None}]}, "time": 5}

    async def script():
        def answer(path, query):
            return okx if path.startswith("/okx") else bybit if path.startswith("/bybit") else [{"p": 1}]

        async with wire(answer) as market:
            for name in NAMES:
                btc = instrument(name, "BTC/USDT", "BTC-USDT", "0.1", "0.1")
                with pytest.raises(DecodeError):
                    await getattr(market, name).trades(btc, Cursor(0))
                with pytest.raises(DecodeError):
                    await getattr(market, name).bars(btc, 0, MINUTE)

    asyncio.run(script())


NO_LISTS = [
    *((name, b"{}") for name in NAMES),
    ("okx", b'{"code":"0","data":{}}'),
    ("bybit", b'{"retCode":0,"time":5,"result":{"list":{}}}'),
    ("bybit", b'{"retCode":0,"time":5,"result":{"list":null}}'),
]


def test_what_is_no_list_does_not_say_that_nothing_traded(wire, instrument):
    """An empty object or a null: minutes without trades would be proven by it."""

    async def script():
        body = b""

        def answer(path, query):
            return web.Response(body=body)

        async with wire(answer) as market:
            for name, body in NO_LISTS:  # noqa: B007
                venue, btc = getattr(market, name), instrument(name, "BTC/USDT", "BTC-USDT", "0.1", "0.1")
                for asked in (
                    venue.trades(btc, Cursor(MINUTE, 7)),
                    venue.trades(btc, Cursor(MINUTE)),
                    venue.bars(btc, 0, MINUTE),
                ):
                    with pytest.raises((VenueError, DecodeError)):
                        await asked

    asyncio.run(script())
