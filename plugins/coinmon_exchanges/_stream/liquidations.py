"""Liquidations as they are pushed, each with the side of the position that was closed (EXCHANGES 1.6, 3).

A market may go without any for hours. So that a stream that has gone silent is known for it, its connection also
carries something that is always said: a mark price, open interest, a ticker.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from coinmon.exchange import Channel, Instrument, Liquidation, StreamedLiquidations
from coinmon_exchanges._columns import base_units, numbers, strict
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link, Reader

LONG, SHORT = 1, -1
_BYBIT_CONNECTION, _BYBIT_REQUEST = 200, 10
_STALL_AFTER_S = 20.0
"""Seconds; the slowest of what is always said comes every three."""
RawLiquidation = tuple[str, int, int, Any, Any]
"""Name, time, side of the position, price and size as the venue writes them."""


class Listening(Subscribed):
    channel: Channel = "liquidations"


def _begin(link: Link) -> Subscribed:
    return Listening(dict(link.instruments), [names for _, names in link.requests])


def binance_links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    from coinmon_exchanges.binance.trades import said

    beat = [f"{each.native_id.lower()}@markPrice" for each in instruments[:1]]
    request = orjson.dumps({"method": "SUBSCRIBE", "params": ["!forceOrder@arr", *beat], "id": 1}).decode()
    return _links(url, instruments, request, _reader("Binance forceOrder stream", binance, said))


def binance(message: Any) -> Iterator[RawLiquidation]:
    """`S` is the side of the order that closed the position; coin-margined ones (st 2) come too."""
    order = message.get("o")
    if message.get("e") == "forceOrder" and message.get("st", 1) == 1:
        side = {"SELL": LONG, "BUY": SHORT}[order["S"]]
        yield order["s"], order["T"], side, order["ap"] if float(order["ap"]) else order["p"], order["z"]


def okx_links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    from coinmon_exchanges.okx.trades import said

    args = [{"channel": "liquidation-orders", "instType": "SWAP"}]
    args += [{"channel": "open-interest", "instId": each.native_id} for each in instruments[:1]]
    request = orjson.dumps({"op": "subscribe", "args": args}).decode()

    def told(message: Any, listening: Subscribed) -> list[StreamItem]:
        if message.get("event") == "subscribe":
            return [listening.everything(True, "")] if message["arg"]["channel"] == "liquidation-orders" else []
        return said(message, listening) if "event" in message else []

    return _links(url, instruments, request, _reader("OKX liquidation stream", okx, told))


def okx(message: Any) -> Iterator[RawLiquidation]:
    of_them = message.get("arg", {}).get("channel") == "liquidation-orders"
    for entry in message.get("data", ()) if of_them else ():
        for one in entry["details"]:
            # in net mode posSide says nothing, and the order's side does: it is the opposite of the position's
            position = one.get("posSide")
            if position not in ("long", "short"):
                position = {"sell": "long", "buy": "short"}[one["side"]]
            yield entry["instId"], int(one["ts"]), LONG if position == "long" else SHORT, one["bkPx"], one["sz"]


def bybit_links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    from coinmon_exchanges.bybit.trades import said

    reader = _reader(
        "Bybit liquidation stream", bybit,
        lambda message, listening: said(message, listening) if message.get("op") == "subscribe" else [],
    )  # fmt: skip
    made = []
    for at in range(0, len(instruments), _BYBIT_CONNECTION):
        part = {each.native_id: each for each in instruments[at : at + _BYBIT_CONNECTION]}
        names = list(part)
        groups = [names[first : first + _BYBIT_REQUEST] for first in range(0, len(names), _BYBIT_REQUEST)]
        asks = [{"req_id": str(at), "op": "subscribe", "args": [f"allLiquidation.{name}" for name in group]}
                for at, group in enumerate(groups)]  # fmt: skip
        requests = [(orjson.dumps(ask).decode(), group) for ask, group in zip(asks, groups, strict=True)]
        beat = {"req_id": "beat", "op": "subscribe", "args": [f"tickers.{names[0]}"]}
        requests.append((orjson.dumps(beat).decode(), []))
        made.append(Link(url, requests, part, reader, _begin, _STALL_AFTER_S))
    return made


def bybit(message: Any) -> Iterator[RawLiquidation]:
    """`S` is the side of the position: Buy was a long."""
    if str(message.get("topic", "")).startswith("allLiquidation."):
        for one in message["data"]:
            yield one["s"], one["T"], {"Buy": LONG, "Sell": SHORT}[one["S"]], one["p"], one["v"]


def _links(url: str, instruments: Sequence[Instrument], request: str, read: Reader) -> list[Link]:
    """One connection: these two venues tell every instrument's in one stream."""
    part = {each.native_id: each for each in instruments}
    return [Link(url, [(request, list(part))], part, read, _begin, _STALL_AFTER_S)] if part else []


def _reader(
    what: str, told: Callable[[Any], Iterator[RawLiquidation]], said: Callable[[Any, Subscribed], list[StreamItem]]
) -> Reader:
    @strict(what)
    def read(texts: Sequence[str], listening: Subscribed) -> list[StreamItem]:
        messages: list[Any] = parsed(texts)
        news = [state for each in messages for state in said(each, listening)]
        found: dict[str, list[Liquidation]] = {}
        for message in messages:
            alike: Counter[RawLiquidation] = Counter()
            for one in told(message):
                instrument = listening.instrument(one[0])
                if instrument is None:
                    continue
                # two that are alike in one message are two; the same message again brings nothing new
                alike[one] += 1
                found.setdefault(one[0], []).append(_liquidation(one, instrument, alike[one]))
        for name, several in found.items():
            instrument = listening.instrument(name)
            assert instrument is not None
            news.append(StreamedLiquidations(instrument, several))
        return news

    return read


def _liquidation(told: RawLiquidation, instrument: Instrument, number: int) -> Liquidation:
    _, time, side, price, size = told
    amount, base = float(numbers([price])[0]), float(base_units([size], instrument.contract_size)[0])
    if amount <= 0 or base <= 0:
        raise ValueError("a liquidation without price or size")
    key = f"{time} {'L' if side == LONG else 'S'} {size}@{price}" + (f" {number}" if number > 1 else "")
    return Liquidation(int(time), side, amount, base, key)
