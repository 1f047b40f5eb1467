"""Resources: the report of a pair and the latest signals, as JSON."""

import asyncio

import orjson

from coinmon.command import CoinmonError, MarketReader
from coinmon_mcp._tools.toolbox import CallFailed, Toolbox

SIGNALS = "coinmon://signals/latest"
_REPORT = "coinmon://report/"
TEMPLATES = [(f"{_REPORT}{{symbol}}", "report", "One market as of now: flow, consensus, signals, a line an indicator.")]


class Resources:
    """What is there to read."""

    def __init__(self, desk: MarketReader, toolbox: Toolbox) -> None:
        self._desk = desk
        self._toolbox = toolbox

    async def listed(self) -> list[tuple[str, str, str]]:
        """Address, name and description of each."""
        return [
            (SIGNALS, "latest signals", "Signals of the last 24 hours, newest first."),
            *((address_of(symbol), f"report {symbol}", f"{symbol} as of now.") for symbol in await self.symbols()),
        ]

    async def symbols(self) -> list[str]:
        """The pairs of which something is stored, as BTCUSDT."""
        return [pair.replace("/", "") for pair in await asyncio.to_thread(self._pairs)]

    async def known(self, uri: str) -> bool:
        return uri == SIGNALS or (uri.startswith(_REPORT) and await asyncio.to_thread(self._resolves, uri))

    async def read(self, uri: str) -> str:
        """Raises CallFailed for what is not there."""
        if uri == SIGNALS:
            answer = await self._toolbox.call("get_signals", {})
        elif uri.startswith(_REPORT):
            answer = await self._toolbox.call("get_report", {"symbol": uri.removeprefix(_REPORT)})
        else:
            raise CallFailed(f"no such resource; there is {SIGNALS} and {_REPORT}SYMBOL")
        return orjson.dumps(answer).decode()

    def _pairs(self) -> list[str]:
        try:
            return [str(pair) for pair in self._desk.pairs()]
        except CoinmonError:
            return []

    def _resolves(self, uri: str) -> bool:
        try:
            self._desk.market(uri.removeprefix(_REPORT))
        except CoinmonError:
            return False
        return True


def address_of(symbol: str) -> str:
    """The report of a pair such as BTCUSDT."""
    return f"{_REPORT}{symbol}"
