"""Bybit liquidations: `allLiquidation`, a topic for each perpetual (EXCHANGES 3.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from coinmon.exchange import Instrument
from coinmon_exchanges._stream.liquidations import LONG, SHORT, RawLiquidation, begin, reader
from coinmon_exchanges._stream.rows import StreamItem, Subscribed
from coinmon_exchanges._stream.socket import Link
from coinmon_exchanges.bybit.topics import links as topic_links
from coinmon_exchanges.bybit.topics import subscribe, subscription_states

_TOPIC = "allLiquidation."
_CONNECTION_TOPICS = 200
_HEARTBEAT_TICKERS = 5
_STALL_TIMEOUT_S = 60.0
"""Tickers are pushed when they change; of several perpetuals one changes within this time."""


def links(url: str, instruments: Sequence[Instrument]) -> list[Link]:
    made = []
    for link in topic_links(url, instruments, _TOPIC, _CONNECTION_TOPICS, READ, begin):
        tickers = list(link.instruments)[:_HEARTBEAT_TICKERS]
        # one request each: a ticker that is refused takes no other with it
        beats: list[tuple[str, Sequence[str]]] = [(subscribe("ticker", [f"tickers.{name}"]), []) for name in tickers]
        made.append(replace(link, requests=[*link.requests, *beats], data_timeout=_STALL_TIMEOUT_S))
    return made


def _liquidations_in(message: Any) -> Iterator[RawLiquidation]:
    """`S` is the side of the position: Buy was a long."""
    if str(message.get("topic", "")).startswith(_TOPIC):
        for one in message["data"]:
            yield one["s"], one["T"], {"Buy": LONG, "Sell": SHORT}[one["S"]], one["p"], one["v"]


def _states_in(message: Any, subscribed: Subscribed) -> list[StreamItem]:
    return subscription_states(message, subscribed, _TOPIC)


READ = reader("Bybit liquidation stream", _liquidations_in, _states_in)
