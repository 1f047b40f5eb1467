"""What Binance's empty answer to an id means: nothing came after it, or it is no id any more.

USD-M skips ids older than 48 h, and a market may be numbered anew.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coinmon.exchange import Instrument

_BELIEVED_S = 3600.0
"""Seconds that an empty answer is believed which follows the newest trade there was."""


class NewestTrades:
    """ask: for trades of an instrument, with parameters."""

    def __init__(self, ask: "Callable[[Instrument, Mapping[str, Any]], Awaitable[Any]]") -> None:
        self._ask = ask
        self._known: dict[str, tuple[int, float]] = {}

    def was(self, instrument: "Instrument", last_id: int) -> None:
        """The newest trade of this moment."""
        self._known[instrument.id] = last_id, monotonic()

    async def is_another(self, instrument: "Instrument", last_id: int) -> bool:
        """Whether the newest trade is a later one than `last_id`, or one of another numbering."""
        from coinmon_exchanges import _continuity
        from coinmon_exchanges.binance import decode

        known, at = self._known.get(instrument.id, (-1, 0.0))
        if known == last_id and monotonic() - at < _BELIEVED_S:
            return False
        newest = decode.agg_trades(await self._ask(instrument, {"limit": 1}), instrument).ids
        if _continuity.numbered_anew(newest, last_id) or (newest > last_id).any():
            return True
        self.was(instrument, last_id)
        return False
