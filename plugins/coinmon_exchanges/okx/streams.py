"""Which of OKX's channels brings what; all of them are on the public socket (EXCHANGES 3.3)."""

from collections.abc import AsyncGenerator, Sequence

from coinmon.exchange import Channel, Instrument, WireTap
from coinmon_exchanges._stream.rows import StreamItem
from coinmon_exchanges._stream.socket import streamed
from coinmon_exchanges.okx import books, liquidations, trades


def stream(
    venue: str,
    instruments: Sequence[Instrument],
    channels: Sequence[Channel],
    ws_url: str,
    proxy: str | None,
    tap: WireTap | None = None,
) -> AsyncGenerator[list[StreamItem], None]:
    url = f"{ws_url}/ws/v5/public"
    links = trades.links(url, instruments) if "trades" in channels else []
    links += books.links(url, instruments) if "book" in channels else []
    if "liquidations" in channels:
        links += liquidations.links(url, [each for each in instruments if each.kind == "perp"])
    return streamed(links, trades.CONNECTION_RULES, trades.read, proxy, venue, tap)
