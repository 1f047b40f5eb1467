"""What changed lately: one answer to "what happened in the last hour?" and "is this pump real?"."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field

from coinmon.command import MINUTE, Market, MarketReader, View, iso
from coinmon_mcp._tools.tool import MarketAnswer, OfPair, Tool

_FLOW = ("net_flow", "net_flow_pct", "buy_sell_ratio", "quote_volume", "price_change_pct", "last_price", "reason")
_MAX_WHALES, _MAX_SIGNALS = 5, 5
"""Listed; all of them are counted."""
_MAX_TOKENS = 1000
"""Of four bytes each; tokenizers make half as many again of so many figures."""


class Since(OfPair):
    """Since when."""

    minutes: Annotated[int, Field(ge=1, le=1440, description="closed minutes to look back")] = 60


class ChangedAnswer(MarketAnswer):
    """What happened to a pair."""

    pair: str
    minutes: int = Field(description="closed minutes looked at")
    price: dict[str, Any] = Field(description="instrument, last, change_pct, high, low over the minutes")
    flow: dict[str, Any] = Field(
        description="spot and perp of all venues: net_flow, net_flow_pct, buy_sell_ratio, quote_volume, coverage, "
        "`venues`: net flow by instrument id, and `without`: those that lack the minutes and are not in the sums"
    )
    openInterest: dict[str, Any] = Field(description="by instrument id: now, change_pct, quadrant, reason")
    funding: dict[str, Any] = Field(description="by instrument id: rate, annualised, next_time")
    levelsBroken: list[dict[str, Any]] = Field(
        description="key levels as they stood before, which the price of `price.instrument` has crossed and not come "
        "back over"
    )
    signals: list[dict[str, Any]] = Field(description="told in these minutes, newest first")
    whales: dict[str, Any] = Field(description="count, buy, sell (quote currency) and the newest `trades`")
    coverage: dict[str, float] = Field(description="by instrument id: share of the minutes seen, 0 to 1")


def _what_changed(desk: MarketReader, asked: Since) -> dict[str, Any]:
    market = asked.market(desk)
    view = _main(market, asked.minutes)
    return {
        "pair": str(market.pair),
        "convention": "closed minutes; net flow: taker buys - taker sells; spot leads where a move is meant to last",
        "minutes": asked.minutes,
        "price": _price(view, asked.minutes),
        "flow": {kind: _flow(desk, market, kind, asked.minutes) for kind in market.merged},
        "openInterest": _of_perps(desk, market, "open_interest", {"window": asked.minutes}, _open_interest),
        "funding": _of_perps(desk, market, "funding", {}, _funding),
        "levelsBroken": _broken(desk, asked, view),
        "signals": _signals(desk, asked, market),
        "whales": _whales(desk, market, asked.minutes),
        "coverage": {each.instrument.id: round(each.seen(each.bars(asked.minutes)).share, 4) for each in market.views},
    }


def _main(market: Market, minutes: int) -> View:
    """Of the markets that have the minutes Binance's spot, else any spot: what the price and its levels are of."""

    def rank(each: View) -> tuple[bool, bool, bool]:
        begun = bool((each.bars(minutes).close[: max(1, minutes // 10)] > 0).any())
        return not begun, each.instrument.kind != "spot", each.instrument.venue != "binance"

    return min(market.views, key=rank)


def _price(view: View, minutes: int) -> dict[str, Any]:
    bars = view.bars(minutes)
    known = bars[bars.close > 0]
    if not len(known):
        return {"instrument": view.instrument.id, "last": None, "change_pct": None, "high": None, "low": None}
    first, last = float(known.price(known.open)[0]), float(known.price(known.close)[-1])
    return {
        "instrument": view.instrument.id,
        "last": last,
        "change_pct": round(100 * (last / first - 1), 4),
        "high": float(known.price(known.high).max()),
        "low": float(known.price(known.low).min()),
    }


def _flow(desk: MarketReader, market: Market, kind: Any, minutes: int) -> dict[str, Any]:
    window = {"window": minutes}
    result, without = desk.merged_result("net_flow", market, market.merged[kind], window)
    whole = result.model_dump(mode="json")
    venues = market.spot if kind == "spot" else market.perp
    return {
        **{name: whole[name] for name in _FLOW},
        "coverage": round(whole["coverage"]["share"], 4),
        "venues": {
            each.instrument.id: desk.result("net_flow", each, window).model_dump(mode="json")["net_flow"]
            for each in venues.values()
        },
        **({"without": without} if without else {}),
    }


def _of_perps(desk: MarketReader, market: Market, name: str, settings: dict[str, Any], pick: Any) -> dict[str, Any]:
    if name not in desk.indicators:
        return {}
    return {
        view.instrument.id: pick(desk.result(name, view, settings).model_dump(mode="json"))
        for view in market.perp.values()
    }


def _open_interest(full: dict[str, Any]) -> dict[str, Any]:
    shown = {"now": full["open_interest"], **{name: full[name] for name in ("change", "change_pct", "quadrant")}}
    return shown if full["change_pct"] is not None else {**shown, "reason": full["reason"]}


def _funding(full: dict[str, Any]) -> dict[str, Any]:
    return {name: full[name] for name in ("rate", "annualised", "next_time")}


def _broken(desk: MarketReader, asked: Since, view: View) -> list[dict[str, Any]]:
    """Levels as of the window's start that lie between the price then and now; the latest broken first."""
    bars = view.bars(asked.minutes)
    known = bars[bars.close > 0]
    if "key_levels" not in desk.indicators or not len(known):
        return []
    before = desk.market(asked.symbol, view.end - asked.minutes * MINUTE)
    then = next((each for each in before.views if each.instrument.id == view.instrument.id), None)
    if then is None:
        return []
    levels = desk.result("key_levels", then).model_dump(mode="json")["levels"]
    first, last = float(known.price(known.open)[0]), float(known.price(known.close)[-1])
    low, high = min(first, last), max(first, last)
    crossed = [each for each in levels if low < each["price"] < high]
    return [
        {"name": each["name"], "price": each["price"], "direction": "up" if last > first else "down"}
        for each in sorted(crossed, key=lambda each: abs(each["price"] - last))
    ]


def _signals(desk: MarketReader, asked: Since, market: Market) -> list[dict[str, Any]]:
    start = market.now - asked.minutes * MINUTE
    found = [each for each in desk.signals(asked.symbol, start, market.now + 1) if each["event"] == "signal"]
    told = [each for each in found if each["time"] >= iso(start)]
    names = ("time", "signal", "grade", "direction")
    return [{**{name: each[name] for name in names}, "title": each["title"]["en"]} for each in told[:_MAX_SIGNALS]]


def _whales(desk: MarketReader, market: Market, minutes: int) -> dict[str, Any]:
    if "whale_trades" not in desk.indicators:
        return {}
    results = [
        (view.instrument.id, desk.result("whale_trades", view, {"window": minutes}).model_dump(mode="json"))
        for view in market.views
    ]
    known = [one for _, one in results if one["buys"] is not None]
    trades = [{"instrument": id, **each} for id, one in results for each in one["trades"]]
    return {
        "count": len(trades),
        "buy": sum(one["buy_volume"] for one in known) if known else None,
        "sell": sum(one["sell_volume"] for one in known) if known else None,
        "trades": _newest(trades),
    }


def _newest(trades: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("time", "instrument", "side", "price", "quote")
    newest = sorted(trades, key=lambda each: each["time"], reverse=True)[:_MAX_WHALES]
    return [{name: each[name] for name in names} for each in newest]


def what_changed_tools(desk: MarketReader) -> Iterator[Tool]:
    """The tool, where money flow is computed."""
    if "net_flow" in desk.indicators:
        yield Tool(
            "what_changed", "What changed", "The last minutes of a pair: price, money flow with spot and perp apart, "
            "open interest, funding, key levels broken, signals and whales. Is this move real?",
            Since, ChangedAnswer, _what_changed, core=True, max_tokens=_MAX_TOKENS,
        )  # fmt: skip
