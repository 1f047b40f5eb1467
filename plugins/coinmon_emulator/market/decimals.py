"""Integers in powers of ten to the decimal strings that venues write."""

from __future__ import annotations

from decimal import Decimal


def fixed(value: int, digits: int, places: int) -> str:
    """`value` x 10^-digits with exactly `places` decimals; what does not fit is cut off."""
    if places < digits:
        value = value // 10 ** (digits - places)
        digits = places
    text = str(abs(value))
    if digits:
        text = text.zfill(digits + 1)
        text = f"{text[:-digits]}.{text[-digits:]}"
    elif places:
        text += "."
    text += "0" * (places - digits)
    return f"-{text}" if value < 0 else text


def plain(value: int, digits: int) -> str:
    """`value` x 10^-digits without trailing zeros: 4330000 with 2 digits is 43300."""
    if digits <= 0:
        return str(value * 10**-digits)
    text = str(value)
    if value < 0:
        return f"-{plain(-value, digits)}"
    if len(text) <= digits:
        text = text.zfill(digits + 1)
    tail = text[-digits:].rstrip("0")
    return f"{text[:-digits]}.{tail}" if tail else text[:-digits]


def number(value: int, digits: int) -> float:
    """`value` x 10^-digits as the float nearest to it."""
    return float(value) / 10.0**digits


def units(value: float, digits: int) -> int:
    """A plain number in integer units."""
    found: int = round(value * 10.0**digits)
    return found


def finer(step: str) -> str:
    """A step of prices divided by ten, as text: 0.010 is 0.0010, 10 is 1."""
    return f"{Decimal(step).scaleb(-1):f}"
