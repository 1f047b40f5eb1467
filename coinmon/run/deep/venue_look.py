"""One venue while it is looked at: what it lists, and questions that end in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError
from coinmon.model.derivatives import Ticker
from coinmon.model.instrument import Instrument, Kind
from coinmon.run.deep.wire_notes import WireNotes
from coinmon.run.doctor import Finding

_CALL_TIMEOUT_S = 15.0
_MAX_SAMPLED = 60
"""Instruments of a kind whose day is asked for: some venues need a request for each."""
_DEAREST = "BTC"


class CannotTell(CoinmonError):
    """A check that could not be made; the text says why."""


@dataclass(slots=True)
class VenueLook:
    """until: the monotonic clock's time after which nothing is asked any more.

    stored: this venue's instruments in the database; followed: ids of those that a scan follows.
    """

    venue: Venue
    clock: Clock
    notes: WireNotes
    until: float
    stored: Sequence[Instrument] = ()
    followed: frozenset[str] = frozenset()
    instruments: Sequence[Instrument] = ()
    _volumes: dict[Kind, Mapping[str, float]] = field(default_factory=dict)

    @property
    def left_s(self) -> float:
        return self.until - monotonic()

    async def ask(self, method: str, *arguments: Any) -> Any:
        """Await one of the exchange's methods. Raises CannotTell where it has none or no time is left, CoinmonError."""
        if not self.venue.has(method):
            raise CannotTell(f"the venue does not give it ({method})")
        if self.left_s <= 0:
            raise CannotTell("no time was left")
        return await self.venue.call(method, *arguments, deadline=min(_CALL_TIMEOUT_S, self.left_s))

    def of_kind(self, kind: Kind) -> list[Instrument]:
        """Its instruments of a kind, bitcoin's first."""
        return sorted((each for each in self.instruments if each.kind == kind), key=lambda each: each.base != _DEAREST)

    async def by_volume(self, kind: Kind) -> list[Instrument]:
        """Those of some that traded in the last 24 hours, the busiest first; as listed where no volume is told."""
        some = self.of_kind(kind)[:_MAX_SAMPLED]
        if not self.venue.has("tickers") or not some:
            return some
        if kind not in self._volumes:
            tickers: Mapping[str, Ticker] = await self.ask("tickers", some)
            self._volumes[kind] = {id: _worth(each) for id, each in tickers.items()}
        worth = self._volumes[kind]
        traded = [each for each in some if worth.get(each.id, 0) > 0]
        return sorted(traded, key=lambda each: -worth[each.id])

    def found(self, check: str, status: str, detail: str, expected: str, cure: str | None = None) -> Finding:
        return Finding(self.venue.name, check, status, detail, cure, expected)


def _worth(ticker: Ticker) -> float:
    """24 h volume in quote currency, 0 where it is not told."""
    if ticker.quote_volume is not None:
        return ticker.quote_volume
    return (ticker.volume or 0.0) * ticker.last
