"""Which of Binance's websocket roots brings which channel; no connection may mix them (EXCHANGES 3.2)."""

from collections.abc import AsyncGenerator, Sequence

from coinmon.exchange import Channel, Instrument, WireTap
from coinmon_exchanges._stream.rows import StreamItem
from coinmon_exchanges._stream.socket import streamed
from coinmon_exchanges.binance import books, liquidations, trades


async def stream(
    venue: str,
    instruments: Sequence[Instrument],
    channels: Sequence[Channel],
    spot_url: str,
    usdm_url: str,
    fetch: books.Fetch,
    proxy: str | None,
    tap: WireTap | None,
) -> AsyncGenerator[list[StreamItem], None]:
    """fetch: asks for a book's snapshot."""
    spot, perp = ([each for each in instruments if each.kind == kind] for kind in ("spot", "perp"))
    links = []
    begun: books.Begun = {}
    if "trades" in channels:
        links += trades.links(f"{spot_url}/ws", spot, 500) + trades.links(f"{usdm_url}/market/ws", perp, 200)
    if "book" in channels:
        links += books.links(f"{spot_url}/ws", spot, "spot", fetch, begun)
        links += books.links(f"{usdm_url}/public/ws", perp, "perp", fetch, begun)
    if "liquidations" in channels:
        links += liquidations.links(f"{usdm_url}/market/ws", perp)
    batches = streamed(links, trades.CONNECTION_RULES, trades.read, proxy, venue, tap)
    try:
        async for batch in batches:
            yield batch
    finally:
        # questions that are under way end with the stream
        for each in begun.values():
            each.stop()
        await batches.aclose()
