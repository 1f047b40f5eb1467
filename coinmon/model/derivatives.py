"""Open interest, funding, tickers, liquidations: what is known besides trades and books."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any, TypeVar

_SECONDS, _LAST_MS = range(10**9, 4_102_444_800), 4_102_444_800_000
"""2001 to 2100 in seconds, and 2100 in ms: a time of another unit is of no moment that is read."""
_TOO_LARGE = 2**63
_OPTIONAL = ("value", "next_time", "interval_ms", "mark", "index")
_ABOVE_ZERO = frozenset(_OPTIONAL) | {"price"}
"""A nought in these is a venue's word for what it does not know: a mark before a market opens or after it settled."""


@dataclass(frozen=True, slots=True)
class OpenInterest:
    """Open interest of a perp, one-sided (each contract counted once) on every venue.

    base: base units. value: quote currency, None where the venue does not give it.
    """

    time: int
    base: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Funding:
    """Funding of a perp at a moment: `rate` is the venue's current figure for the settlement at `next_time`.

    interval_ms: of this symbol at this venue now, None when the venue does not say; never assumed.
    """

    time: int
    rate: float
    next_time: int | None = None
    interval_ms: int | None = None
    mark: float | None = None
    index: float | None = None


SAMPLED = {"open_interest": ("base",), "funding": ("rate", "interval_ms")}
"""The fields that are told of samples of many markets side by side."""


@dataclass(frozen=True, slots=True)
class Ticker:
    """24-hour figures. volume: base units, quote_volume: quote currency, None where the venue does not give one."""

    time: int
    last: float
    bid: float | None = None
    ask: float | None = None
    volume: float | None = None
    quote_volume: float | None = None


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A position that was closed by force. side: of that position, +1 long, -1 short.

    price: of the order, as the venue tells it. base: base units. key: tells it from every other of the instrument.
    """

    time: int
    side: int
    price: float
    base: float
    key: str


@dataclass(frozen=True, slots=True)
class WhaleTrade:
    """One taker order of at least the whale threshold.

    trade_id: of its first fill. price: its average. base, quote: the whole order. fills: trades it was filled by.
    """

    instrument: str
    trade_id: int
    time: int
    side: int
    price: float
    base: float
    quote: float
    fills: int


Sample = TypeVar("Sample", bound=OpenInterest | Funding | Liquidation)


def storable(samples: Iterable[Sample]) -> list[Sample]:
    """Those whose moment is one and whose figures are numbers; of the others nothing is known.

    Open interest and sizes are not below zero. A figure that may lack is left out where it is no number, or a nought
    that stands for an unknown one.
    """
    return [sound for each in samples if (sound := _sound(each)) is not None]


def _sound(sample: Sample) -> Sample | None:
    is_below = not isinstance(sample, Funding) and sample.base < 0
    if sample.time in _SECONDS or not 0 < sample.time <= _LAST_MS or is_below:
        return None
    odd = [each.name for each in fields(sample) if not _is_known(sample, each.name)]
    if not odd:
        return sample
    lacking: dict[str, Any] = dict.fromkeys(odd)
    return replace(sample, **lacking) if set(odd).issubset(_OPTIONAL) else None


def _is_known(sample: Sample, name: str) -> bool:
    value = getattr(sample, name)
    if value is None or isinstance(value, str):
        return True
    is_nothing = isinstance(sample, OpenInterest) and value == sample.base == 0
    if name in _ABOVE_ZERO and value <= 0 and not is_nothing:
        return False
    return isfinite(value) and abs(value) < _TOO_LARGE
