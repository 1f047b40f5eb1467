"""A venue whose prices are a formula."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from coinmon import MINUTE, Bars, Coverage, Instrument, hookimpl


class Acme:
    """The Acme exchange: BTC/USDT and ETH/USDT spot, one bar a minute, no trades."""

    def __init__(self, name: str, *, level: float = 50_000.0, proxy: str | None = None) -> None:
        self.name = name
        self.requests = 0
        self._level = level

    async def instruments(self) -> Sequence[Instrument]:
        self.requests += 1
        return [
            Instrument(
                venue=self.name, kind="spot", base=base, quote="USDT", native_id=f"{base}USDT",
                symbol=f"{base}/USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"),
            )
            for base in ("BTC", "ETH")
        ]  # fmt: skip

    async def bars(self, instrument: Instrument, start: int, end: int) -> Bars:
        """Volume 10 to 16 a minute, three fifths of it bought, at a price that goes up and down every hour."""
        self.requests += 1
        times = np.arange(-(-start // MINUTE) * MINUTE, end, MINUTE, dtype=np.int64)
        minutes = times // MINUTE
        price = np.rint((self._level + 10 * (minutes % 60)) * 100).astype(np.int64)
        volume = 10.0 + minutes % 7
        quote = volume * price / 100
        unknown = np.full(len(times), np.nan)
        return Bars(
            instrument.tick_size, times, price, price, price, price, volume, quote, np.full(len(times), 3, np.int64),
            0.6 * volume, 0.6 * quote, unknown, unknown, np.full(len(times), Coverage.KLINES, np.uint8),
        )  # fmt: skip

    async def close(self) -> None:
        pass


@hookimpl
def register_exchanges(register: Any) -> None:
    register("acme", Acme)
