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


def with_sign(value: float, form: int | str) -> str:
    """+1.5 and -1.5; what rounds to nothing has no sign: 0.0, which is neither more nor less.

    form: digits after the point, or how Python writes such a number: ",.0f", ".1%".
    """
    text = format(value, f"+.{form}f" if isinstance(form, int) else f"+{form}")
    return text if text.strip("+-0.%") else text[1:]


def rough(value: float, sign: bool = False) -> str:
    """For a narrow column: 1.25M, -80k, 640; with `sign` +640. A thousand M is 1,000M until it is 1B."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            form = ".3g" if abs(value) < limit * 999.5 else ",.0f"
            return f"{with_sign(value / limit, form) if sign else format(value / limit, form)}{unit}"
    text = with_sign(value, 0)
    return text if sign else text.removeprefix("+")
