"""What a rule costs: the fields that it looks at, and which of them are computed anew each minute."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from coinmon.command import Bars, GivenInstrument, GivenSource, Instrument, Pair, PluginConfig
from coinmon.signal import Frame, Market, View
from coinmon_rules._nodes import Field
from coinmon_rules._rule import Rule

_NOON_MS = 1_768_478_400_000


def cost(rule: Rule) -> dict[str, Any]:
    """fields: as written. looks_back: minutes. minute_by_minute: the fields that are computed once a minute."""
    wanted = list(rule.fields().values())
    return {
        "fields": [named(each) for each, _ in wanted],
        "looks_back": max((back for _, back in wanted), default=0),
        "minute_by_minute": sorted({named(each) for each, _ in wanted if not _at_once(each, rule.chosen)}),
    }


def _at_once(field: Field, chosen: Mapping[str, PluginConfig]) -> bool:
    """Whether the figures of all minutes are worked out together, which columns show over a minute of nothing."""
    if field.where in ("price", "state"):
        return field.where == "price"
    columns = chosen[field.indicator].offer.columns
    if columns is None or field.steps[0].name == "coverage":
        return columns is not None and field.path == "coverage.share"
    frame = _minute_of_nothing("perp" if field.kind == "perp" else "spot", field.venues or ("a",), chosen)
    subject = frame if field.where == "pair" else next(iter(frame.lanes(field.kind).values()))  # type: ignore[arg-type]
    try:
        return subject.of(field.indicator, **dict(field.settings)).get(field.path) is not None
    except Exception:
        # a plugin's own fault: its columns say nothing, so it is asked each minute
        return False


def _minute_of_nothing(
    kind: Literal["spot", "perp"], venues: Sequence[str], chosen: Mapping[str, PluginConfig]
) -> Frame:
    lot, pair = Decimal("0.1"), Pair("BTC", "USDT")
    listed = [Instrument(each, kind, "BTC", "USDT", "BTCUSDT", "BTC/USDT", lot, lot) for each in venues]
    nothing = GivenSource({each.id: GivenInstrument(each, Bars.empty(lot)) for each in listed})
    market = Market(pair, _NOON_MS, list(venues), [View(each, _NOON_MS, nothing, None, pair) for each in listed])
    return Frame(market, nothing, _NOON_MS, 1, chosen.__getitem__, lambda now: market)


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
