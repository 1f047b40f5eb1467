"""Which of Hyperliquid's channels brings what: trades and books, on connections of their own."""

from collections.abc import AsyncGenerator, Sequence

from coinmon.exchange import Channel, Instrument, WireTap
from coinmon_exchanges._stream.rows import StreamItem
from coinmon_exchanges._stream.socket import streamed
from coinmon_exchanges.hyperliquid import books, trades


def stream(
    venue: str,
    instruments: Sequence[Instrument],
    channels: Sequence[Channel],
    ws_url: str,
    proxy: str | None,
    tap: WireTap | None = None,
) -> AsyncGenerator[list[StreamItem], None]:
    url = f"{ws_url}/ws"
    links = trades.links(url, instruments) if "trades" in channels else []
    links += books.links(url, instruments) if "book" in channels else []
    return streamed(links, trades.CONNECTION_RULES, trades.read, proxy, venue, tap)
