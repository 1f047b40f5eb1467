"""Holding a perpetual has become very dear for one side."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import (
    SILENT,
    Bilingual,
    Codes,
    Frame,
    Market,
    Signal,
    Silent,
    Text,
    hookimpl,
    say,
    with_sign,
)
from coinmon_signals._columns import Comparisons
from coinmon_signals._evidence import HOLD, worded
from coinmon_signals._views import NO_PERP
from coinmon_signals.derivatives._perpetuals import annualised, is_beyond


def funding_extreme(
    market: Market,
    *,
    high: Annotated[float, Field(gt=0, description="annualised funding that longs pay, fraction a year")] = 0.5,
    low: Annotated[float, Field(lt=0, description="annualised funding that shorts pay, fraction a year")] = -0.3,
    max_age: Annotated[int, Field(gt=0, description="minutes after which a sample is too old")] = 30,
) -> list[Signal] | Silent:
    """Extreme funding: one side is crowded and pays dearly (grade C; B when at least two venues agree).

    Annualised (simple) as the `funding` indicator tells it, each venue for itself; a venue whose settlement interval or
    rate is not known does not count. It lasts while a venue is beyond 80% of the threshold.
    """
    rates, waits = {}, []
    for name, view in market.perp.items():
        found = view.of("funding", max_age=max_age)
        if found.annualised is None:
            waits.append(Bilingual(f"{name} ({say(found.reason or '-', 'zh')})", f"{name} ({found.reason})"))
        else:
            rates[name] = found.annualised
    if not rates:
        which = Bilingual.listed(waits)
        why = Bilingual(f"等待资金费率：{which.zh}", f"waits for funding: {which}") if waits else NO_PERP
        return Silent(why, waits=bool(waits or market.down))
    signals = []
    for crowded, limit in (("long", high), ("short", low)):
        way = 1 if crowded == "long" else -1
        beyond = {name: rate for name, rate in rates.items() if way * rate > way * HOLD * limit}
        if beyond:
            strong = [name for name, rate in beyond.items() if way * rate > way * limit]
            signals.append(_signal(market, crowded, limit, rates, beyond, strong, waits))
    which = Bilingual.listed(waits)
    return signals or Silent(
        Bilingual(
            f"年化资金费率 {worded(rates, '.1%')} 在 {with_sign(low, '.0%')} 与 {with_sign(high, '.0%')} 之间"
            + (f"；等待 {which.zh}" if waits else ""),
            f"funding a year {worded(rates, '.1%')} is between {with_sign(low, '.0%')} and {with_sign(high, '.0%')}"
            + (f"; waits for {which}" if waits else ""),
        )
    )


def _signal(
    market: Market,
    crowded: str,
    limit: float,
    rates: dict[str, float],
    beyond: dict[str, float],
    strong: list[str],
    waits: Sequence[str],
) -> Signal:
    longs = crowded == "long"
    shown = worded(beyond, ".0%")
    return Signal(
        name="funding_extreme",
        pair=str(market.pair),
        grade="B" if len(strong) > 1 else "C",
        # the crowded side is the one that has to give in
        direction="bearish" if longs else "bullish",
        title=Text("资金费率极端", "Extreme Funding"),
        reading=Text(
            f"{'多头' if longs else '空头'}拥挤：年化资金费率 {shown}。",
            f"{'Longs' if longs else 'Shorts'} are crowded: funding a year is {shown}.",
        ),
        advice=Text(
            f"警惕{'多头' if longs else '空头'}踩踏，{'不宜追多' if longs else '不宜追空'}。",
            f"Beware of a squeeze of {'longs' if longs else 'shorts'}; no time to join them.",
        ),
        evidence={"annualised": rates, "limit": limit, "crowded": crowded, "unknown": waits},
        key=f"funding_extreme:{market.pair}:{crowded}",
        begins=bool(strong),
        cooldown=8 * 60 * 60_000,
    )


def columns(frame: Frame, *, high: float, low: float, max_age: int) -> Codes:
    """What `funding_extreme` says of each moment of the frame."""
    frame.settings("funding")
    compare, count = Comparisons(frame.count), frame.count
    perps = frame.lanes("perp")
    known = np.zeros(count, bool)
    beyond, strong = (np.zeros((2, count), np.int64) for _ in range(2))
    for each in perps.values():
        now = each.of("funding", max_age=max_age)["annualised"]
        known |= np.isfinite(now)
        for i, limit in enumerate((high, low)):
            way = 1 - 2 * i
            beyond[i] += way * now > way * HOLD * limit
            strong[i] += way * now > way * limit
    if not perps:
        return np.full(count, SILENT, np.int8)
    # how each side stands, as one number below 16
    state = sum((np.minimum(strong[i], 2) + (beyond[i] > 0)) * 4**i for i in (0, 1))
    codes = compare.codes(known, np.asarray(state > 0))
    return np.where(codes > SILENT, codes + state, codes)


def quiet(market: Market, *, high: float, low: float, max_age: int) -> bool:
    """Whether no rate may be beyond what keeps the signal on."""
    rates = annualised(market, max_age).values()
    return not any(is_beyond(rate, HOLD * high) or is_beyond(-rate, -HOLD * low) for rate in rates)


@hookimpl
def register_signals(register: Any) -> None:
    register("funding_extreme", funding_extreme, columns=columns, quiet=quiet, horizon="1d")
