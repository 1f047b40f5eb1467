"""How OKX reads its parameters, answers, and refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coinmon_emulator.market.decimals import plain
from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import LARGEST, Query, Refusal, Reply
from coinmon_emulator.venues.okx.intervals import INTERVALS

KINDS: dict[str, MarketKind] = {"SPOT": "spot", "SWAP": "perp"}


def told(data: Sequence[Any]) -> Reply:
    return Reply({"code": "0", "msg": "", "data": data})


def refuse(code: str, message: str, status: int = 200) -> Refusal:
    return Refusal(Reply({"code": code, "msg": message, "data": []}, status))


def required(query: Query, name: str) -> str:
    if not query.get(name):
        raise refuse("50014", f"Parameter {name} can not be empty.", 400)
    return query[name]


def integer(query: Query, name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if not text.isdigit():
        raise refuse("51000", f"Parameter {name} error")
    return min(int(text), LARGEST)


def limit(query: Query, default: int, most: int) -> int:
    value = integer(query, "limit")
    return min(value or default, most)


def bar(query: Query) -> CandleInterval:
    name = query.get("bar") or "1m"
    if name not in INTERVALS:
        raise refuse("51000", "Parameter bar error")
    return INTERVALS[name]


def instrument(view: WorldNow, query: Query, kind: MarketKind | None = None) -> Listed:
    name = required(query, "instId")
    for each in ("spot", "perp") if kind is None else (kind,):
        found = view.find("okx", each, name)
        if found is not None:
            return found
    raise refuse("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")


def of_type(view: WorldNow, query: Query) -> list[Listed]:
    """The instruments of `instType`, narrowed by instId, uly and instFamily."""
    name = required(query, "instType")
    if name in ("FUTURES", "OPTION", "MARGIN", "EVENTS"):
        return []
    if name not in KINDS:
        raise refuse("51000", "Parameter instType error")
    found = view.listed("okx", KINDS[name])
    if query.get("instId"):
        found = [one for one in found if one.native == query["instId"]]
        if not found:
            raise refuse("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    for family in (query.get("uly"), query.get("instFamily")):
        if family:
            found = [one for one in found if one.kind == "perp" and f"{one.base}-{one.quote}" == family]
    return found


def inst_type(one: Listed) -> str:
    return "SPOT" if one.kind == "spot" else "SWAP"


def amount(one: Listed, size: int, at: int) -> str:
    """A size as OKX counts it at a moment: base on spot, contracts of that day on swaps."""
    return plain(size, one.size_digits + one.as_of("contract_exponent", at))
