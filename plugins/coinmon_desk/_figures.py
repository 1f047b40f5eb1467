"""A pair's row of the board: figures with their words, tones and what they sort by."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coinmon.command import MINUTE, Market, MarketReader, View, rough, significant, with_sign

Cell = dict[str, Any]
"""t: text; k: tone; s: what it sorts by; w: why."""

_SPARKS, _SPARK_MINUTES = 24, 120
"""Points of a sparkline, over two hours."""


def cell(text: str, sort: Any = None, tone: str = "", why: str = "") -> Cell:
    made: Cell = {"t": text, "s": sort}
    if tone:
        made["k"] = tone
    if why:
        made["w"] = why
    return made


def money(value: float | None) -> str:
    """+1.25M, -80k; unknown: -."""
    return "-" if value is None else rough(value, sign=True)


def price(value: float | None) -> str:
    """At most eight significant digits."""
    if value is None or not value > 0:
        return "-"
    return significant(value)


def signed(value: float | None) -> str:
    return "" if not value else "up" if value > 0 else "down"


def change(value: float | None) -> Cell:
    return cell("-" if value is None else f"{with_sign(value, 2)}%", value, signed(value))


def flow_cells(event: Mapping[str, Any], venues: Sequence[str]) -> dict[str, Cell]:
    """What the `flow` event says: price, each venue's net flow, ratio, consensus, coverage."""
    made: dict[str, Cell] = {"price": cell(price(event["price"]), event["price"])}
    ratios = []
    for name in venues:
        each = event["venues"].get(name)
        if each is None or not each["listed"]:
            made[f"flow:{name}"] = cell("·")
            continue
        short = each["coverage"] is not None and each["coverage"] < 1
        why = f"{each['complete']}/{each['minutes']}" if short else ""
        text = money(each["net_flow"]) + ("*" if short else "")
        made[f"flow:{name}"] = cell(text, each["net_flow"], signed(each["net_flow"]), why)
        ratios += [each["ratio"]] * (each["ratio"] is not None)
    made["ratio"] = cell(_span(ratios), max(ratios, default=None))
    verdict = event["consensus"]
    tone = "" if verdict is None else "up" if "bull" in verdict else "down" if "bear" in verdict else ""
    order = {"strong_bull": 2, "lean_bull": 1, "mixed": 0, "lean_bear": -1, "strong_bear": -2}
    made["consensus"] = cell(verdict or "-", order.get(verdict or ""), tone, str(event["consensus_reason"] or ""))
    share = event["coverage"]
    text = "-" if share is None else f"{math.floor(100 * share)}%"
    made["seen"] = cell(text, share, "" if share == 1 else "warn", str(event["consensus_reason"] or ""))
    return made


def _span(values: Sequence[float]) -> str:
    if not values:
        return "-"
    low, high = min(values), max(values)
    first, last = f"{low:.2f}", f"{high:.2f}"
    return first if first == last else f"{first}-{last}"


def market_cells(reader: MarketReader, market: Market) -> dict[str, Cell]:
    """What takes a look at the store: changes, CVD, open interest, funding."""
    views = market.merged
    first = next(iter(views.values()))
    made = {"hour": change(_moved(first, 60)), "day": change(_moved(first, 1440))}
    for kind, name in (("spot", "cvd_spot"), ("perp", "cvd_perp")):
        merged = next((each for each in views.values() if each.instrument.kind == kind), None)
        view, without = (None, "") if merged is None else _with_minutes(market, merged, _SPARK_MINUTES)
        made[name] = _sparkline(view)
        if without:
            made[name] |= {"w": f"-{without}"}
    results = {
        name: [reader.result(name, view) for view in market.perp.values()]
        for name in ("open_interest", "funding")
        if name in reader.indicators
    }
    made["oi"] = change(_held([vars(each) for each in results.get("open_interest", ())]))
    rates = [rate for each in results.get("funding", ()) if (rate := vars(each)["rate"]) is not None]
    rate = float(np.median(rates)) if rates else None
    made["funding"] = cell("-" if rate is None else f"{with_sign(100 * rate, 4)}%", rate, signed(rate))
    return made


def _with_minutes(market: Market, merged: View, minutes: int) -> tuple[View, str]:
    """The markets of a kind that have the minutes as one, and which have not."""
    bars = merged.bars(minutes)
    if not len(bars) or bars.has_flow.all():
        return merged, ""
    there, others = market.with_minutes(merged.instrument.kind, int(bars.time[0]), int(bars.time[-1]) + MINUTE)
    if not there or not others:
        return merged, ""
    return market.together(there), ", ".join(each.instrument.id for each in others)


def _moved(view: View, minutes: int) -> float | None:
    """Percent from the price that many minutes ago; None where none is known of then."""
    bars = view.bars(minutes)
    priced = bars[bars.close > 0]
    if not len(priced) or bars.close[0] <= 0:
        return None
    return float(100 * (priced.close[-1] / bars.open[0] - 1)) if bars.open[0] > 0 else None


def _sparkline(view: View | None) -> Cell:
    """CVD of two hours; a hole is None, and nothing is added up across it as if it were known."""
    if view is None:
        return {"t": "·", "s": None, "line": []}
    bars = view.bars(_SPARK_MINUTES)
    seen = bars.has_flow
    flow = np.where(seen, bars.buy_quote - bars.sell_quote, 0.0)
    total = np.cumsum(flow)
    ends = np.arange(_SPARK_MINUTES // _SPARKS - 1, len(bars), _SPARK_MINUTES // _SPARKS)
    known = [bool(seen[end - _SPARK_MINUTES // _SPARKS + 1 : end + 1].any()) for end in ends.tolist()]
    line = [round(float(total[end]), 2) if yes else None for end, yes in zip(ends.tolist(), known, strict=True)]
    last = float(total[-1]) if seen.any() else None
    return {"t": money(last), "s": last, "k": signed(last), "line": line}


def _held(found: Sequence[Mapping[str, Any]]) -> float | None:
    """Percent of all venues' open interest together, of those that know how it changed."""
    known = [(each["open_interest"], each["change"]) for each in found if each["change"] is not None]
    before = sum(held - moved for held, moved in known)
    return 100 * sum(moved for _, moved in known) / before if before > 0 else None
