"""What the venues' flows say together."""

import math
from collections.abc import Sequence
from typing import Literal

FlowVerdict = Literal["strong_bull", "strong_bear", "lean_bull", "lean_bear", "mixed"]

LABELS: dict[FlowVerdict | None, tuple[str, str]] = {
    "strong_bull": ("强力看涨", "strong bullish"),
    "strong_bear": ("强力看跌", "strong bearish"),
    "lean_bull": ("倾向看涨", "leaning bullish"),
    "lean_bear": ("倾向看跌", "leaning bearish"),
    "mixed": ("震荡/分歧", "mixed"),
    None: ("待定", "unknown"),
}


def in_money(flows: Sequence[float], each: float, total: float) -> FlowVerdict:
    """Every venue beyond `each` is strong, else the sum beyond `total` leans; a flow at the threshold is not beyond."""
    if min(flows) > each:
        return "strong_bull"
    if max(flows) < -each:
        return "strong_bear"
    whole = math.fsum(flows)
    return "lean_bull" if whole > total else "lean_bear" if whole < -total else "mixed"


def in_deviations(flows: Sequence[float], scores: Sequence[float], least: float) -> FlowVerdict:
    """Every venue's flow of one sign and unusual (z at least `least` that way) is strong; unusual on average leans."""
    if min(flows) > 0 and min(scores) >= least:
        return "strong_bull"
    if max(flows) < 0 and max(scores) <= -least:
        return "strong_bear"
    whole, mean = math.fsum(flows), math.fsum(scores) / len(scores)
    return "lean_bull" if whole > 0 and mean >= least else "lean_bear" if whole < 0 and mean <= -least else "mixed"
