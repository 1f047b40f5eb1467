"""A venue's instrument entries to instruments; an odd entry is left out, never the venue."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from coinmon.exchange import Instrument

QUOTES = ("USDT", "USDC", "USD")
"""Quotes of the linear perps we follow."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an entry says, in the venue's own text; lot: in the venue's size unit, of `contract_size` base units."""

    base: str
    quote: str
    settle: str | None
    native_id: str
    tick: str
    lot: str
    contract_size: Decimal = Decimal(1)
    listed_at: Any = 0
    """When this market began, ms UTC, where the venue says it."""


def instruments(
    venue: str, entries: Iterable[Any], draft: Callable[[dict[str, Any], Callable[[str], str]], Draft], currency: Any
) -> list[Instrument]:
    """Spot where nothing settles, else perps; named as ccxt names them (`BTC/USDT:USDT`)."""
    found: dict[str, Instrument] = {}
    for entry in entries:
        try:
            each = draft(entry, currency)
            if not (each.base and each.quote and each.native_id):
                continue
            symbol = f"{each.base}/{each.quote}" + (f":{each.settle}" if each.settle else "")
            instrument = Instrument(
                venue,
                "perp" if each.settle else "spot",
                each.base,
                each.quote,
                each.native_id,
                symbol,
                exact(each.tick),
                exact(Decimal(each.lot) * each.contract_size),
                each.contract_size,
                listed_at=_moment(each.listed_at),
            )
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            continue
        found.setdefault(instrument.id, instrument)
    return list(found.values())


def _moment(text: Any) -> int:
    """A time in ms; 0 for anything else: an instrument is not left out for it."""
    try:
        return max(0, int(text))
    except (TypeError, ValueError):
        return 0


def exact(number: Any) -> Decimal:
    """A positive decimal without trailing zeros. Raises ValueError for anything else."""
    value = Decimal(str(number))
    if not value.is_finite() or value <= 0:
        raise ValueError(f"{number!r} is not a positive number")
    value = value.normalize()
    return value.quantize(Decimal(1)) if value.as_tuple().exponent > 0 else value  # type: ignore[operator]
