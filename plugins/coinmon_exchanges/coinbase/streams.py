"""Which of Coinbase's channels brings what: matches with heartbeats, and books in batches of 50 ms (EXCHANGES 3.5)."""

from collections.abc import AsyncGenerator, Sequence

from coinmon.exchange import Channel, Instrument, WireTap
from coinmon_exchanges._stream.rows import StreamItem
from coinmon_exchanges._stream.socket import streamed
from coinmon_exchanges.coinbase import books, trades


def stream(
    venue: str,
    instruments: Sequence[Instrument],
    channels: Sequence[Channel],
    ws_url: str,
    proxy: str | None,
    tap: WireTap | None = None,
) -> AsyncGenerator[list[StreamItem], None]:
    links = trades.links(ws_url, instruments) if "trades" in channels else []
    links += books.links(ws_url, instruments) if "book" in channels else []
    return streamed(links, trades.CONNECTION_RULES, trades.read, proxy, venue, tap)
