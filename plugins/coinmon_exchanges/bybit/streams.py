"""Which of Bybit's topics brings what; spot and linear perpetuals have a socket each (EXCHANGES 3.4)."""

from collections.abc import AsyncGenerator, Sequence

from coinmon.exchange import Channel, Instrument, WireTap
from coinmon_exchanges._stream.rows import StreamItem
from coinmon_exchanges._stream.socket import streamed
from coinmon_exchanges.bybit import books, liquidations, trades
from coinmon_exchanges.bybit.decode import CATEGORIES


def stream(
    venue: str,
    instruments: Sequence[Instrument],
    channels: Sequence[Channel],
    ws_url: str,
    proxy: str | None,
    tap: WireTap | None = None,
) -> AsyncGenerator[list[StreamItem], None]:
    links = []
    for kind, category in CATEGORIES.items():
        url, wanted = f"{ws_url}/v5/public/{category}", [each for each in instruments if each.kind == kind]
        links += trades.links(url, wanted) if "trades" in channels else []
        links += books.links(url, wanted) if "book" in channels else []
        links += liquidations.links(url, wanted) if "liquidations" in channels and kind == "perp" else []
    return streamed(links, trades.CONNECTION_RULES, trades.read, proxy, venue, tap)
