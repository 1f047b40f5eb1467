"""How a number is written for people."""

import math


def significant(value: float, digits: int = 8) -> str:
    """At most so many significant digits, with thousands separators and never in powers of ten: 42,150 and 0.00001234.

    Digits before the point are all written. The value is finite.
    """
    if value == 0:
        return "0"
    text = f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_sign(value: float, digits: int) -> str:
    """+1.5 and -1.5; what rounds to nothing has no sign: 0.0, which is neither more nor less."""
    text = f"{value:+.{digits}f}"
    return text if float(text) else text[1:]
