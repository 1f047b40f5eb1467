"""What a rule costs: the fields that it looks at, and which of them are computed anew each minute."""

from typing import Any

from coinmon_rules._nodes import Field
from coinmon_rules._rule import Rule


def cost(rule: Rule) -> dict[str, Any]:
    """fields: as written. looks_back: minutes. minute_by_minute: indicators without columns, computed once a minute."""
    wanted = list(rule.fields().values())
    slow = {
        each.indicator
        for each, _ in wanted
        if each.where not in ("price", "state") and rule.chosen[each.indicator].offer.columns is None
    }
    return {
        "fields": [named(each) for each, _ in wanted],
        "looks_back": max((back for _, back in wanted), default=0),
        "minute_by_minute": sorted(slow),
    }


def named(field: Field) -> str:
    """net_flow(binance).zscore"""
    if field.where == "state":
        return f"on({field.indicator})"
    settings = "" if field.where == "price" else ", ".join(f"{name}={value}" for name, value in field.settings)
    whose = "" if field.where == "pair" else ", ".join(field.venues or (["each"] if field.many else [])) or field.kind
    return (
        field.indicator + (f"[{settings}]" if settings else "") + (f"({whose})" if whose else "")
        + (f".{field.path}" if field.steps else "")
    )  # fmt: skip
