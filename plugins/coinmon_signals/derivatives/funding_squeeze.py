"""One side pays dearly for its positions and goes on building them."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import SILENT, Bilingual, Codes, Frame, Market, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import Comparisons
from coinmon_signals._evidence import HOLD, worded
from coinmon_signals._views import NO_PERP
from coinmon_signals.derivatives._perpetuals import annualised, growths, is_beyond


def funding_squeeze(
    market: Market,
    *,
    high: Annotated[float, Field(gt=0, description="annualised funding that longs pay, fraction a year")] = 0.3,
    low: Annotated[float, Field(lt=0, description="annualised funding that shorts pay, fraction a year")] = -0.2,
    window: Annotated[int, Field(gt=0, le=1440, description="minutes over which positions grow")] = 240,
    min_times: Annotated[float, Field(gt=0, description="growth of open interest in times its usual change")] = 4.0,
    max_age: Annotated[int, Field(gt=0, description="minutes after which a funding sample is too old")] = 30,
) -> list[Signal] | Silent:
    """A squeeze is being set up: extreme funding and open interest that still grows (grade C; B on two venues).

    A venue counts whose annualised funding is beyond high or low and whose open interest grew over the window by
    min_times the median size of its changes before. The direction is against those who pay. It lasts while both are at
    80% of that. Source: `funding` and `open_interest`, as sampled.
    """
    rates: dict[str, float] = {}
    times: dict[str, float] = {}
    for name, view in market.perp.items():
        rate = view.of("funding", max_age=max_age).annualised
        held = view.of("open_interest", window=window, limit=0)
        if rate is not None and held.change is not None and held.noise:
            rates[name], times[name] = rate, held.change / held.noise
    if not rates:
        waits = bool(market.perp or market.down)
        return Silent(
            Bilingual("等待资金费率与持仓量", "waits for funding and open interest") if waits else NO_PERP, waits=waits
        )
    for limit, longs in ((high, True), (low, False)):
        way = 1 if longs else -1
        there = [n for n, rate in rates.items() if way * rate > way * HOLD * limit and times[n] > HOLD * min_times]
        if there:
            strong = [n for n in there if way * rates[n] > way * limit and times[n] > min_times]
            return [_signal(market, longs, {n: rates[n] for n in there}, {n: times[n] for n in there}, len(strong))]
    return Silent(
        Bilingual(
            f"年化资金费率 {worded(rates, '.1%')}（界限 {with_sign(low, '.0%')}、{with_sign(high, '.0%')}），"
            f"持仓增长为常态的 {worded(times, '.1f')} 倍（需 {min_times:g}）",
            f"funding a year {worded(rates, '.1%')} (limits {with_sign(low, '.0%')} and {with_sign(high, '.0%')}), "
            f"open interest grew {worded(times, '.1f')} times the usual (needs {min_times:g})",
        )
    )


def _signal(market: Market, longs: bool, rates: dict[str, float], times: dict[str, float], strong: int) -> Signal:
    who = ("多头" if longs else "空头", "Longs" if longs else "Shorts")
    return Signal(
        name="funding_squeeze",
        pair=str(market.pair),
        grade="B" if strong > 1 else "C",
        direction="bearish" if longs else "bullish",
        title=Text("挤仓风险", "Squeeze Setup"),
        reading=Text(
            f"{who[0]}付出年化 {worded(rates, '.0%')} 的资金费率仍在加仓。",
            f"{who[1]} pay {worded(rates, '.0%')} a year and still build positions.",
        ),
        advice=Text(f"警惕{who[0]}被挤。", f"Beware of a squeeze of {who[1].lower()}."),
        evidence={"annualised": rates, "open_interest_times": times},
        key=f"funding_squeeze:{market.pair}:{'long' if longs else 'short'}",
        begins=strong > 0,
        cooldown=8 * 60 * 60_000,
    )


def columns(frame: Frame, *, high: float, low: float, window: int, min_times: float, max_age: int) -> Codes:
    """What `funding_squeeze` says of each moment of the frame."""
    frame.settings("funding")
    frame.settings("open_interest")
    perps, compare = frame.lanes("perp"), Comparisons(frame.count)
    if not perps:
        return np.full(frame.count, SILENT, np.int8)
    ready = np.zeros(frame.count, bool)
    there, strong = (np.zeros((2, frame.count), np.int64) for _ in range(2))
    for each in perps.values():
        held, rate = each.of("open_interest", window=window), each.of("funding", max_age=max_age)["annualised"]
        told = (held["noise"] > 0) & np.isfinite(rate)
        ready |= told
        with np.errstate(invalid="ignore", divide="ignore"):
            times = np.where(told, held["change"] / held["noise"], np.nan)
        grows, jumps = compare.above(times, HOLD * min_times), compare.above(times, min_times)
        for i, (limit, way) in enumerate(((high, 1), (low, -1))):
            holds = told & grows & compare.above(way * rate, way * HOLD * limit)
            there[i] += holds
            strong[i] += holds & jumps & compare.above(way * rate, way * limit)
    holds = there > 0
    first = np.argmax(holds, axis=0)
    begun = np.take_along_axis(strong, first[None], axis=0)[0]
    return compare.codes(ready, np.asarray(holds.any(axis=0)), begun > 0, begun > 1, first == 1)


def quiet(market: Market, *, high: float, low: float, window: int, min_times: float, max_age: int) -> bool:
    """Whether no perpetual may have both a rate and a growth that keep the signal on."""
    rates = annualised(market, max_age)
    dear = [name for name, rate in rates.items() if is_beyond(rate, HOLD * high) or is_beyond(-rate, -HOLD * low)]
    grew = growths(market, window) if dear else {}
    return not any(is_beyond(grew[name], HOLD * min_times) for name in dear)


@hookimpl
def register_signals(register: Any) -> None:
    register("funding_squeeze", funding_squeeze, columns=columns, quiet=quiet, horizon="1d")
