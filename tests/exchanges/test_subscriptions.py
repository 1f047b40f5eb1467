"""A subscription to many instruments of which the venue does not have one: the others are streamed (EXCHANGES C9)."""

import json

import pytest

from coinmon import StreamState
from coinmon_exchanges._stream.rows import Subscribed
from coinmon_exchanges.binance import books as binance_books
from coinmon_exchanges.binance import liquidations as binance_liquidations
from coinmon_exchanges.binance import trades as binance_trades
from coinmon_exchanges.bybit import books as bybit_books
from coinmon_exchanges.bybit import liquidations as bybit_liquidations
from coinmon_exchanges.bybit import trades as bybit_trades
from coinmon_exchanges.coinbase import books as coinbase_books
from coinmon_exchanges.coinbase import trades as coinbase_trades
from coinmon_exchanges.hyperliquid import trades as hyperliquid_trades
from coinmon_exchanges.okx import books as okx_books
from coinmon_exchanges.okx import liquidations as okx_liquidations
from coinmon_exchanges.okx import trades as okx_trades

NAMES = [f"C{number}USDT" for number in range(17)]


def state_of(link):
    return link.begin(link) if link.begin else Subscribed(dict(link.instruments), [names for _, names in link.requests])


def live(link, read, answer):
    """The instruments that stream and those that are refused, after every request and what follows from it."""
    subscribed = state_of(link)
    waiting = [text for text, names in link.requests if names]
    streaming, refused = set(), set()
    for _ in range(100):
        if not waiting:
            return streaming, refused
        for state in read([json.dumps(answer(json.loads(waiting.pop(0))))], subscribed):
            assert isinstance(state, StreamState)
            (streaming if state.live else refused).update(each.native_id for each in state.instruments)
        waiting += subscribed.requests_due()
    raise AssertionError("it asks for ever")


@pytest.mark.parametrize("venue", [bybit_trades, bybit_books, bybit_liquidations])
@pytest.mark.parametrize("bad", [{NAMES[3]}, {NAMES[0], NAMES[16]}, set(NAMES), set()])
def test_a_topic_that_bybit_does_not_have_refuses_no_other(instrument, venue, bad):
    made = [instrument("bybit", "X/USDT:USDT", name, "0.1", "0.1") for name in NAMES]
    (link,) = venue.links("ws://x", made)

    def answer(request):
        wrong = [topic for topic in request["args"] if topic.rsplit(".", 1)[1] in bad]
        said = f"error:handler not found,topic:{wrong[0]}" if wrong else ""
        return {"success": not wrong, "ret_msg": said, "req_id": request["req_id"], "op": "subscribe"}

    assert live(link, link.read or venue.read, answer) == (set(NAMES) - bad, bad)


@pytest.mark.parametrize("venue", [binance_trades, binance_books])
@pytest.mark.parametrize("bad", [{NAMES[3]}, {NAMES[0], NAMES[16]}, set(NAMES), set()])
def test_a_stream_that_binance_does_not_take_refuses_no_other(instrument, venue, bad):
    made = [instrument("binance", "X/USDT", name, "0.1", "0.1") for name in NAMES]
    (link,) = venue.links("ws://x", made, *((200,) if venue is binance_trades else ("spot", None, {})))

    def answer(request):
        wrong = any(stream.split("@")[0].upper() in bad for stream in request["params"])
        refusal = {"error": {"code": 2, "msg": "Invalid request: invalid stream"}}
        return {"id": request["id"]} | (refusal if wrong else {"result": None})

    assert live(link, link.read or venue.read, answer) == (set(NAMES) - bad, bad)


def test_liquidations_of_binance_are_refused_as_a_whole(instrument):
    made = [instrument("binance", "X/USDT:USDT", name, "0.1", "0.1") for name in NAMES]
    (link,) = binance_liquidations.links("ws://x", made)
    refusal = {"error": {"code": 2, "msg": "Invalid request: invalid stream"}}

    def answer(refused):
        return lambda request: {"id": request["id"]} | (refusal if request["id"] in refused else {"result": None})

    assert live(link, link.read, answer({1})) == (set(), set(NAMES))
    assert live(link, link.read, answer({2})) == (set(NAMES), set())


@pytest.mark.parametrize("venue", [coinbase_trades, coinbase_books])
@pytest.mark.parametrize("bad", [{NAMES[3]}, {NAMES[0], NAMES[16]}, set()])
def test_a_product_that_coinbase_does_not_have_refuses_no_other(instrument, venue, bad):
    made = [instrument("coinbase", "X/USD", name, "0.1", "0.1") for name in NAMES]
    (link,) = venue.links("ws://x", made)

    def answer(request):
        wrong = [name for name in request["product_ids"] if name in bad]
        if wrong:
            return {"type": "error", "message": "Failed to subscribe", "reason": f"{wrong[0]} is not a valid product"}
        channels = [{"name": name, "product_ids": request["product_ids"]} for name in request["channels"]]
        return {"type": "subscriptions", "channels": channels}

    assert live(link, link.read or venue.read, answer) == (set(NAMES) - bad, bad)


def answers(venue, request, bad):
    """What a venue says of a request in which it does not want the bad ones."""
    if venue in (okx_trades, okx_books):
        named = [each["instId"] for each in request["args"]]
        text = "channel:{},instId:{} doesn't exist"
        channel = request["args"][0]["channel"]
        return [
            {"event": "error", "code": "60018", "msg": text.format(channel, name)}
            if name in bad
            else {"event": "subscribe", "arg": {"channel": channel, "instId": name}}
            for name in named
        ]
    if venue is hyperliquid_trades:
        if request["subscription"]["coin"] in bad:
            return [{"channel": "error", "data": f"Invalid subscription {json.dumps(request['subscription'])}"}]
        return [{"channel": "subscriptionResponse", "data": request}]
    if venue is coinbase_trades:
        wrong = [name for name in request["product_ids"] if name in bad]
        if wrong:
            return [{"type": "error", "message": "Failed to subscribe", "reason": f"{wrong[0]} is not a valid product"}]
        return [{"type": "subscriptions", "channels": [{"name": "matches", "product_ids": request["product_ids"]}]}]
    streams = request.get("params") or request["args"]
    wrong = any(bad & {stream.split("@")[0].upper(), stream.rsplit(".", 1)[-1]} for stream in streams)
    if venue is binance_trades:
        return [
            {"id": request["id"]} | ({"error": {"code": 2, "msg": "invalid stream"}} if wrong else {"result": None})
        ]
    return [{"success": not wrong, "ret_msg": "", "req_id": request["req_id"], "op": "subscribe"}]


@pytest.mark.parametrize(
    "venue", [binance_trades, bybit_trades, okx_trades, okx_books, coinbase_trades, hyperliquid_trades]
)
def test_what_a_venue_does_not_want_to_stream_is_asked_for_again_after_half_an_hour(instrument, venue, monkeypatch):
    """The connection may live for weeks, and the refusal have been of a market that was listed a minute ago."""
    now, bad, streaming = 0.0, {NAMES[3], NAMES[9]}, {}
    monkeypatch.setattr("coinmon_exchanges._stream.rows.monotonic", lambda: now)
    made = [instrument("v", "X/USDT", name, "0.1", "0.1") for name in NAMES]
    (link,) = venue.links("ws://x", made, *((200,) if venue is binance_trades else ()))
    subscribed, read = state_of(link), link.read or venue.read

    def ask(waiting):
        sent = []
        while waiting:
            sent.append(waiting.pop(0))
            for message in answers(venue, json.loads(sent[-1]), bad):
                for state in read([json.dumps(message)], subscribed):
                    streaming.update({each.native_id: state.live for each in state.instruments})
            waiting += subscribed.requests_due()
        return sent

    ask([text for text, _ in link.requests])
    assert {name for name, live in streaming.items() if not live} == bad
    now += 1799
    assert not subscribed.requests_due()
    now += 2
    asked = ask([*subscribed.requests_due()])
    assert all(any(name.lower() in text.lower() for name in bad) for text in asked)
    assert 1 <= len(asked) <= 2
    assert {name for name, live in streaming.items() if not live} == bad
    bad = set()
    now += 1801
    ask([*subscribed.requests_due()])
    assert streaming == dict.fromkeys(NAMES, True)
    now += 10_000
    assert not subscribed.requests_due()


def test_what_keeps_a_liquidation_stream_alive_is_pushed_though_nothing_happens(instrument):
    """Open interest of a quiet swap is not (EXCHANGES C3); a mark price is, every 10 s at the latest."""
    made = [instrument("v", "X/USDT:USDT", name, "0.1", "0.1") for name in NAMES]
    (okx,) = okx_liquidations.links("ws://x", made)
    prices = ["mark-price"] * 3
    assert [each["channel"] for each in json.loads(okx.requests[0][0])["args"]] == ["liquidation-orders", *prices]
    (binance,) = binance_liquidations.links("ws://x", made)
    # by a request of their own: one that is refused takes no liquidation with it
    assert [json.loads(text)["params"] for text, _ in binance.requests] == [
        ["!forceOrder@arr"],
        [f"{name.lower()}@markPrice" for name in NAMES[:3]],
    ]
    assert min(okx.data_timeout, binance.data_timeout) > 15
    (bybit,) = bybit_liquidations.links("ws://x", made)
    beats = [json.loads(text)["args"] for text, names in bybit.requests if not names]
    assert beats == [[f"tickers.{name}"] for name in NAMES[:5]]
    assert bybit.data_timeout >= 60
