"""The venues of a pair side by side."""

from typing import Annotated, Any

from pydantic import Field

from coinmon.command import MarketReader
from coinmon_mcp._tools.tool import MarketAnswer, OfPair

_MIN_COMPARABLE_SHARE = 0.95
"""Share of the window that volumes are compared from, as the consensus compares flows."""


_COMPARED = (
    "last_price", "price_change_pct", "net_flow", "net_flow_pct", "zscore", "buy_sell_ratio", "quote_volume", "reason",
)  # fmt: skip


class Compared(OfPair):
    """Over which window."""

    window: Annotated[int, Field(ge=1, le=10_080, description="closed minutes to compare over")] = 50


class ComparedAnswer(MarketAnswer):
    """The same figures of every venue, side by side."""

    pair: str
    window: int = Field(description="closed minutes compared")
    instruments: dict[str, dict[str, Any]] = Field(
        description="by instrument id: last_price, premium_pct (against the median price), price_change_pct, net_flow, "
        "net_flow_pct, zscore, buy_sell_ratio, quote_volume, volume_share_pct (of those with the minutes; else null), "
        "coverage, reason"
    )


def compare_venues(desk: MarketReader, asked: Compared) -> dict[str, Any]:
    from statistics import median

    market = asked.market(desk)
    rows = {}
    for view in market.views:
        result = desk.result("net_flow", view, {"window": asked.window})
        full = result.model_dump(mode="json")
        rows[view.instrument.id] = {name: full[name] for name in _COMPARED} | {"coverage": full["coverage"]["share"]}
    prices = [row["last_price"] for row in rows.values() if row["last_price"]]
    # what a venue traded in half of the window is no share of what others traded in all of it
    comparable = [row for row in rows.values() if row["coverage"] >= _MIN_COMPARABLE_SHARE]
    total = sum(row["quote_volume"] for row in comparable)
    for row in rows.values():
        price = row["last_price"]
        row["premium_pct"] = 100 * (price / median(prices) - 1) if price else None
        row["volume_share_pct"] = 100 * row["quote_volume"] / total if total and row in comparable else None
    return {
        "pair": str(market.pair),
        "convention": "net flow: taker buys - taker sells, in each instrument's own quote currency, closed minutes",
        "window": asked.window,
        "instruments": rows,
    }
