"""What is traded where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from math import gcd, lcm
from typing import Literal

Kind = Literal["spot", "perp"]
KINDS: tuple[Kind, ...] = ("spot", "perp")


@dataclass(frozen=True, slots=True)
class Pair:
    """Base and quote across venues; the quote is the one that every venue's quote is counted as (USD as USDT)."""

    base: str
    quote: str

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable thing of one venue.

    `tick_size` is the grid that prices are integers of, `lot_size` the grid of quantities in base units.
    `contract_size` is base units per unit of the venue's own size (1 wherever the venue already counts base).
    `first_seen` is when this installation first met it, ms UTC (0: not stored yet).
    `listed_at` is when the venue says that this market began, ms UTC (0: it does not say; it is not stored).
    """

    venue: str
    kind: Kind
    base: str
    quote: str
    native_id: str
    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    contract_size: Decimal = Decimal(1)
    first_seen: int = 0
    listed_at: int = field(default=0, compare=False)

    @property
    def id(self) -> str:
        """`binance:BTC/USDT` (spot) or `binance:BTC/USDT:USDT` (perp)."""
        return f"{self.venue}:{self.symbol}"

    def price(self, ticks: int) -> Decimal:
        return self.tick_size * int(ticks)


def common_grid(sizes: Sequence[Decimal]) -> Decimal:
    """The coarsest grid that the prices (or quantities) of all grids lie on."""
    if len(set(sizes)) == 1:
        return sizes[0]
    ratios = [each.as_integer_ratio() for each in sizes]
    below = lcm(*(by for _, by in ratios))
    return Decimal(reduce(gcd, (times * below // by for times, by in ratios))) / Decimal(below)
