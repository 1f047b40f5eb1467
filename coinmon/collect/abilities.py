"""What a venue can give: what its plugin defines, and how far each kind of data goes by the plugin's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coinmon.config.load import PluginConfig
from coinmon.plugin.contracts import Exchange

_DATA = (
    ("klines", "bars"),
    ("trades", "trades"),
    ("trade history", "earlier_trades"),
    ("stream", "stream"),
    ("books", "book"),
    ("open interest", "open_interest"),
    ("open interest history", "past_open_interest"),
    ("funding", "funding"),
    ("funding history", "past_funding"),
    ("24 h figures", "tickers"),
    ("files", "archives"),
    ("clock", "server_time"),
    ("recording", "record"),
)
"""Kinds of data, and the member of an exchange that gives each."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One kind of data. detail: how far it goes and what is known of it; for one that is not given: why."""

    data: str
    given: bool
    detail: str = ""


def abilities(exchange: Exchange, kinds: tuple[str, ...]) -> list[Ability]:
    """Asks nobody. A plugin that says nothing of itself is told by what it defines."""
    told: Mapping[str, str | None] = getattr(exchange, "abilities", {})
    found = [Ability("markets", True, told.get("markets") or ", ".join(kinds))]
    for data, member in _DATA:
        given = getattr(exchange, member, None) is not None and told.get(data, "") is not None
        found.append(Ability(data, given, (told.get(data) or "") if given else ""))
    split = bool(getattr(exchange, "split_in_bars", False))
    found.insert(2, Ability("taker split in klines", split))
    budgets = exchange.usage() if hasattr(exchange, "usage") else {}
    limits = ", ".join(f"{name} {limit:g}" for name, (_, limit) in budgets.items())
    found.append(Ability("limits", bool(limits), limits or "not told by the plugin"))
    found.append(Ability("regions", bool(told.get("regions")), told.get("regions") or "not told by the plugin"))
    return [*found, _signals(found)]


def _signals(found: list[Ability]) -> Ability:
    """What the signals can make of it."""
    has = {each.data: each.given for each in found}
    if has["trades"] and (has["taker split in klines"] or has["trade history"] or has["stream"]):
        return Ability("signals", True, "all that its markets allow: bought and sold volume of whole minutes")
    if has["trades"]:
        return Ability("signals", True, "minutes whose trades were all seen while coinmon ran; the others are partial")
    return Ability("signals", False, "price and volume alone: nothing tells who bought and who sold")


def as_json(name: str, chosen: PluginConfig | None, plugin: str, found: list[Ability]) -> dict[str, Any]:
    """One venue as `coinmon exchanges --json` shows it. chosen: None where it is not switched on."""
    return {
        "name": name,
        "plugin": plugin,
        "on": chosen is not None,
        "abilities": {each.data: {"given": each.given, "detail": each.detail} for each in found},
    }
