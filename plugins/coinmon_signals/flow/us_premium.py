"""The American venue pays more, or less, than the others do."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon.signal import Bilingual, Codes, Frame, Market, SideBySide, Signal, Silent, Text, hookimpl, with_sign
from coinmon_signals._columns import NEAR, Comparisons, Floats, rolling
from coinmon_signals._evidence import HOLD
from coinmon_signals._quiet import prices

_LEAST_SEEN = 0.95
"""Share of the minutes, now and before, in which both prices have to be known."""


def us_premium(
    market: Market,
    *,
    us_venue: Annotated[str, Field(description="the venue where American money trades")] = "coinbase",
    window: Annotated[int, Field(gt=0, le=240, description="closed minutes whose mean premium is looked at")] = 15,
    lookback: Annotated[int, Field(ge=60, le=10_080, description="minutes before, which say what is usual")] = 1440,
    min_zscore: Annotated[float, Field(gt=0, description="standard deviations of means of that length")] = 5.0,
    min_bps: Annotated[float, Field(ge=0, description="and so far from the usual premium, in 0.01 %")] = 5.0,
) -> list[Signal] | Silent:
    """Coinbase's price stands unusually far above or below that of the other venues (grade C).

    The premium of a minute is ln(close there / mean close of the other spot venues), in 0.01 % (basis points). Its mean
    over the window is compared with the means of windows of that length in the lookback: the dollar's own distance from
    its stablecoins is part of the usual. It lasts while it is 80% of that far away. Source: one-minute closes.
    """
    others = [view for name, view in market.spot.items() if name != us_venue]
    if us_venue not in market.spot or not others:
        words = Bilingual(f"需要 {us_venue} 和另一平台", f"{us_venue} and another venue have to list it")
        return Silent(words, waits=bool(market.down))
    views = [market.spot[us_venue], *others]
    rows = [view.bars(lookback + window) for view in views]
    closes = [np.where(each.close > 0, each.price(each.close), np.nan) for each in rows]
    (premium, usual, spread), (seen, past) = _measured(closes, window, lookback)
    if market.down or not (seen[-1] and past[-1]):
        return Silent(Bilingual("等待各平台的价格", "waits for the price of every venue"), waits=True)
    away = float(premium[-1] - usual[-1])
    least = max(min_bps, min_zscore * float(spread[-1]))
    if not abs(away) > HOLD * least:
        off = with_sign(away, 1)
        return Silent(
            Bilingual(
                f"{us_venue} 溢价偏离常态 {off} 个基点，需超过 {least:.1f}",
                f"the premium on {us_venue} is {off} basis points from the usual, it has to exceed {least:.1f}",
            )
        )
    up, name = away > 0, us_venue.capitalize()
    return [
        Signal(
            name="us_premium",
            pair=str(market.pair),
            grade="C",
            direction="bullish" if up else "bearish",
            title=Text(f"{name} {'溢价' if up else '折价'}", f"{name} {'Premium' if up else 'Discount'}"),
            reading=Text(
                f"{name} 价格比常态{'高' if up else '低'} {abs(away):.1f} 个基点：美国资金在{'买' if up else '卖'}。",
                f"{name} pays {abs(away):.1f} basis points {'more' if up else 'less'} than it usually does: American "
                f"money {'buys' if up else 'sells'}.",
            ),
            evidence={
                "premium_bps": float(premium[-1]), "usual_bps": float(usual[-1]), "spread_bps": float(spread[-1]),
                "venue": us_venue,
            },
            key=f"us_premium:{market.pair}:{'up' if up else 'down'}",
            begins=abs(away) > least,
        )
    ]  # fmt: skip


def _measured(
    closes: Sequence[Floats], window: int, lookback: int
) -> tuple[tuple[Floats, Floats, Floats], tuple[Any, Any]]:
    """Mean premium of the window, what is usual and its deviation, and whether each is known, at every moment.

    closes: the American venue's first; one row a minute, lookback + window of them before the first moment ends.
    """
    with np.errstate(invalid="ignore"):
        bps = 1e4 * np.log(closes[0] / np.mean(closes[1:], axis=0))
    known = np.isfinite(bps)
    counts = rolling(known, window)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = rolling(np.where(known, bps, 0.0), window) / counts
    enough = counts >= _LEAST_SEEN * window
    # windows that end where each moment's own one begins, and before that
    steps = lookback // window
    last = np.arange(lookback, len(means))
    places = last[:, None] - window * np.arange(1, steps + 1)[None, :]
    past, there = means[places], enough[places]
    n = there.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = np.where(there, past, 0.0).sum(axis=1) / n
        spread = np.sqrt(np.where(there, (past - usual[:, None]) ** 2, 0.0).sum(axis=1) / (n - 1))
    return (means[last], usual, spread), (enough[last], (n >= _LEAST_SEEN * steps) & (n > 1))


def columns(frame: Frame, *, us_venue: str, window: int, lookback: int, min_zscore: float, min_bps: float) -> Codes:
    """What `us_premium` says of each moment of the frame."""
    spot: Mapping[str, Any] = frame.instruments("spot")
    others = [each for name, each in spot.items() if name != us_venue]
    if us_venue not in spot or not others:
        return np.zeros(frame.count, np.int8)
    rows = [frame.bars(each, lookback + window) for each in (spot[us_venue], *others)]
    closes = [np.where(each.close > 0, each.price(each.close), np.nan) for each in rows]
    (premium, usual, spread), (seen, past) = _measured(closes, window, lookback)
    compare, away = Comparisons(frame.count), premium - usual
    least = np.maximum(min_bps, min_zscore * spread)
    holds = compare.above(np.abs(away), HOLD * least, np.abs(premium))
    begins = compare.above(np.abs(away), least, np.abs(premium))
    return compare.codes(seen & past, holds, begins, away > 0)


def quiet(market: Market, *, us_venue: str, window: int, lookback: int, min_zscore: float, min_bps: float) -> bool:
    """Whether the premium is surely near the usual."""
    others = [view for name, view in market.spot.items() if name != us_venue]
    if us_venue not in market.spot or not others:
        return True
    # the window now, and those that end where the one after it begins
    steps = lookback // window
    closes = partial(_closes, minutes=(steps + 1) * window)
    own, *rest = (view.side_by_side(("closes", window, steps), closes) for view in (market.spot[us_venue], *others))
    bps = 1e4 * np.log(own / np.mean(rest, axis=0)).reshape(steps + 1, window)
    known = np.isfinite(bps)
    counts = known.sum(axis=1)
    enough = counts >= _LEAST_SEEN * window
    there = enough[:-1].sum()
    if not enough[-1] or there < _LEAST_SEEN * steps or there < 2:
        return True
    means = np.where(known, bps, 0.0).sum(axis=1)[enough] / counts[enough]
    away, least = abs(float(means[-1] - means[:-1].mean())), HOLD * max(min_bps, min_zscore * means[:-1].std(ddof=1))
    return bool(away < least - NEAR * (least + abs(means[-1])))


def _closes(many: SideBySide, minutes: int) -> Sequence[Floats]:
    return list(prices(many, many.last("close", minutes)))


@hookimpl
def register_signals(register: Any) -> None:
    register("us_premium", us_premium, columns=columns, quiet=quiet, horizon="4h")
