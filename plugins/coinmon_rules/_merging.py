"""Whether an indicator says something of all venues' markets together."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from coinmon.command import Bars, GivenInstrument, GivenSource, Instrument, NoAnswer, Pair, PluginConfig
from coinmon.signal import Market, View

_PAIR = Pair("BTC", "USDT")
_NOON_MS = 1_768_478_400_000


def why_never_merged(chosen: PluginConfig, kind: str) -> str:
    """Why it has no answer of all venues together, whatever is stored; empty where it has one.

    Two venues' order books, or funding rates, are not one: markets of which nothing is known say so.
    """
    return "" if chosen.offer.merges else _asked(chosen.offer.target, "perp" if kind == "perp" else "spot")


@cache
def _asked(target: Callable[..., Any], kind: Literal["spot", "perp"]) -> str:
    lot = Decimal("0.1")
    listed = [Instrument(venue, kind, "BTC", "USDT", "BTCUSDT", "BTC/USDT", lot, lot) for venue in ("a", "b")]
    nothing = GivenSource({each.id: GivenInstrument(each, Bars.empty(lot)) for each in listed})
    market = Market(_PAIR, _NOON_MS, ["a", "b"], [View(each, _NOON_MS, nothing, None, _PAIR) for each in listed])
    try:
        target(market.merged[kind])
    except NoAnswer as error:
        return str(error)
    except Exception:
        # what else it raises over nothing says nothing of what it does over something
        return ""
    return ""
