"""Streams of liquidations: what all venues have in common; each venue reads its own messages.

A market may go without any liquidation for hours. So that a dead stream is noticed, its connection also carries
something that is always pushed, such as a mark price, and is opened again after `STALL_TIMEOUT_S` without it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from coinmon.exchange import Channel, Instrument, Liquidation, StreamedLiquidations
from coinmon_exchanges._columns import base_units, numbers, strict
from coinmon_exchanges._entries import each_readable
from coinmon_exchanges._stream.rows import StreamItem, Subscribed, parsed
from coinmon_exchanges._stream.socket import Link, Reader

LONG, SHORT = 1, -1
STALL_TIMEOUT_S = 20.0
"""Where something is pushed at least every ten seconds."""
HEARTBEATS = 3
"""Markets whose prices are heard beside liquidations: one of them may have ended."""
RawLiquidation = tuple[str, int, int, Any, Any]
"""Native id, time, side of the position that was closed, price and size as the venue writes them."""


class LiquidationSubscription(Subscribed):
    channel: Channel = "liquidations"


def begin(link: Link) -> Subscribed:
    return LiquidationSubscription(dict(link.instruments), [names for _, names in link.requests])


def one_link(url: str, instruments: Sequence[Instrument], request: str, read: Reader) -> list[Link]:
    """One connection, where a venue pushes the liquidations of all instruments in one stream."""
    part = {each.native_id: each for each in instruments}
    return [Link(url, [(request, list(part))], part, read, begin, STALL_TIMEOUT_S)] if part else []


def reader(
    what: str,
    liquidations_in: Callable[[Any], Iterator[RawLiquidation]],
    states_in: Callable[[Any, Subscribed], list[StreamItem]],
) -> Reader:
    """what: the name for errors. liquidations_in, states_in: what a message holds of either."""

    @strict(what)
    def read(texts: Sequence[str], subscribed: Subscribed) -> list[StreamItem]:
        messages: list[Any] = parsed(texts)
        items = [state for each in messages for state in states_in(each, subscribed)]
        found: dict[str, list[Liquidation]] = {}
        # one of another shape costs itself; where nothing can be read the stream is of another format
        for several in each_readable(messages, lambda message: _of_message(liquidations_in(message), subscribed)):
            for name, one in several:
                found.setdefault(name, []).append(one)
        for name, liquidations in found.items():
            instrument = subscribed.instrument(name)
            assert instrument is not None
            items.append(StreamedLiquidations(instrument, liquidations))
        return items

    return read


def _of_message(raw: Iterator[RawLiquidation], subscribed: Subscribed) -> list[tuple[str, Liquidation]]:
    alike: Counter[RawLiquidation] = Counter()

    def read(one: RawLiquidation) -> tuple[str, Liquidation] | None:
        instrument = subscribed.instrument(one[0])
        # an order of size 0 has closed nothing
        if instrument is None or float(one[4]) == 0:
            return None
        # two that are alike in one message are two; the same message again brings nothing new
        alike[one] += 1
        return one[0], _liquidation(one, instrument, alike[one])

    return [each for each in each_readable(raw, read) if each]


def _liquidation(raw: RawLiquidation, instrument: Instrument, number: int) -> Liquidation:
    _, time, side, price, size = raw
    amount, base = float(numbers([price])[0]), float(base_units([size], instrument.contract_size)[0])
    if amount <= 0 or base <= 0:
        raise ValueError("a liquidation without price or size")
    key = f"{time} {'L' if side == LONG else 'S'} {size}@{price}" + (f" {number}" if number > 1 else "")
    return Liquidation(int(time), side, amount, base, key)
