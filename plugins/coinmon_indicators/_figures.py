"""Numbers that may be unknown, and how people read them."""

import math
from collections.abc import Iterable

from coinmon.indicator import Bilingual, significant, with_sign

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_DOLLARS = frozenset({"USD", "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "USDD", "USDE", "DAI", "PYUSD"})


def known(value: float) -> float | None:
    """The value, or None where it is not a finite number."""
    return float(value) if math.isfinite(value) else None


def quotient(above: float | None, below: float | None) -> float | None:
    """above / below; None where one is unknown, the denominator is 0 or the result is not finite."""
    return None if above is None or not below else known(above / below)


def because(reasons: Iterable[str]) -> Bilingual | None:
    """One reason of several; None of none."""
    several = list(dict.fromkeys(reasons))
    return Bilingual.listed(several, "; ", "；") if several else None


def compact(value: float | None, sign: bool = False) -> str:
    """Three significant digits with a unit: 1.25M, 97k; with `sign`: +500k. Unknown: -."""
    if value is None:
        return "-"
    size = abs(value)
    scale, unit = next(((scale, unit) for scale, unit in _UNITS if size >= 0.9995 * scale), (1.0, ""))
    shown = significant(size / scale, 3)
    mark = "" if float(shown.replace(",", "")) == 0 else "-" if value < 0 else "+" if sign else ""
    return f"{mark}{shown}{unit}"


def money(value: float | None, currency: str) -> str:
    """An amount with its currency: $1.25M for anything that is worth a dollar, else 1.25M EUR."""
    if value is None:
        return "-"
    shown = compact(value)
    if currency not in _DOLLARS:
        return f"{shown} {currency}"
    return f"-${shown[1:]}" if shown.startswith("-") else f"${shown}"


def price(value: float | None) -> str:
    """A price with thousands separators and at most eight significant digits, never in powers of ten."""
    return "-" if value is None else significant(value)


def percent(value: float | None, digits: int = 2) -> str:
    """+1.25%, and 0.00% for what rounds to nothing. Unknown: -."""
    return "-" if value is None else f"{with_sign(value, digits)}%"


def plain(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
