"""Price comes to a level that everyone watches."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from coinmon.signal import (
    ASK,
    DAY,
    HOLDS,
    MINUTE,
    SILENT,
    WAITS,
    Bilingual,
    Codes,
    Coverage,
    Frame,
    Market,
    SideBySide,
    Signal,
    Silent,
    Text,
    View,
    hookimpl,
    with_sign,
)
from coinmon_signals._candle_columns import covered, lead_instrument
from coinmon_signals._columns import NEAR, rolling
from coinmon_signals._quiet import prices
from coinmon_signals._settings import LeadVenue
from coinmon_signals._views import lead, short


def key_level_touch(
    market: Market,
    *,
    venue: LeadVenue = None,
    levels: Annotated[
        tuple[str, ...], Field(min_length=1, description="names of `key_levels`: of the day before pd, of the week pw")
    ] = ("pd high", "pd low", "pw high", "pw low"),
    window: Annotated[int, Field(gt=0, le=60, description="closed minutes in which price reaches it")] = 5,
    away: Annotated[int, Field(gt=0, le=1440, description="minutes before in which price did not")] = 60,
    approach: Annotated[float, Field(ge=0, le=5, description="how near counts as reaching, % of price")] = 0.0,
) -> list[Signal] | Silent:
    """Price reaches the high or low of yesterday or last week, after it was away from it (grade C; B of a week's).

    A level of the `key_levels` indicator, told once while price stays within reach and not again within two hours of
    that. The window and the time before must be covered to 95%, and the day or week that the level is of known whole.
    """
    view = lead(market, venue)
    if isinstance(view, Silent):
        return view
    span = Bilingual(f"最近 {window + away} 分钟", f"{window + away} minutes")
    missing = short(market, view, window + away, 0.95, span)
    if missing is not None:
        return missing
    found = _now(market, view, levels)
    if not found.known:
        names = ", ".join(levels)
        which = (
            Bilingual.listed(found.short_of)
            if found.short_of
            else Bilingual(f"价位：{names} 均未知", f"a level: none is known of {names}")
        )
        return Silent(Bilingual(f"等待 {which.zh}", f"waits for {which}"), waits=True)
    rows = view.bars(window + away + 1)
    before, rows = rows.price(rows.close)[:-1], rows[1:]
    # a price may jump over a level from one minute to the next
    low, high = np.fmin(rows.price(rows.low), before), np.fmax(rows.price(rows.high), before)
    last = float(rows.price(rows.close[rows.close > 0][-1:])[0])  # of the newest minutes some may lack
    signals, distances = [], []
    for name, level in found.known.items():
        reach = level * approach / 100
        at = (low <= level + reach) & (high >= level - reach)
        distances.append(f"{name} {level:,.10g} ({with_sign(100 * (level - last) / last, 2)}%)")
        if at[-window:].any():
            begins = not at[:-window].any()
            signals.append(_signal(market, view, found, name, level, last, begins=begins, low=low, high=high))
    shown = ", ".join(distances)
    return signals or Silent(
        Bilingual(
            f"{view.instrument.id} {window} 分钟内未触及价位：{shown}",
            f"no level reached in {window} min on {view.instrument.id}: {shown}",
        )
    )


class _Levels(NamedTuple):
    """Those wanted by name, and those whose day or week was not seen whole; of `date`, of which `coverage` was seen."""

    known: dict[str, float]
    short_of: list[Bilingual]
    date: str
    coverage: float


def _now(market: Market, view: View, levels: tuple[str, ...]) -> _Levels:
    try:
        settings = market.settings("key_levels")
    except KeyError:
        # who is asked says why it does not answer
        return _known(view, levels)
    if not _end_with_days(settings, levels):
        return _known(view, levels)
    day = view.end // DAY * DAY
    minutes = (view.end - day) // MINUTE
    before = view.once(("covered", day), lambda: int(view.between(day - DAY, day).has_flow.sum()), day)
    today = view.side_by_side(("covered", minutes), partial(_covered, minutes=minutes)) if minutes else 0
    return _of_ended(view, levels, day)._replace(coverage=(before + today) / (DAY // MINUTE + minutes))


def _covered(many: SideBySide, minutes: int) -> Sequence[int]:
    covered: Sequence[int] = (many.last("coverage", minutes) >= np.uint8(Coverage.KLINES)).sum(axis=1).tolist()
    return covered


def _known(view: View, levels: tuple[str, ...]) -> _Levels:
    # prices of highs and lows are the same in either mode; this one reads no single prices of a week
    found = view.of("key_levels", mode="synthetic")
    whole = {"pd": found.previous_day, "pw": found.previous_week, "d": found.day}
    known: dict[str, float] = {}
    short_of: list[Bilingual] = []
    for each in found.levels:
        if each.name in levels:
            whose = re.match("(pd|pw|d)[ A-Z]", each.name)
            of = whole[whose[1]] if whose else None
            if of and of.complete < 0.95 * of.minutes:
                seen = f"{each.name} {of.complete}/{of.minutes}"
                short_of.append(Bilingual(f"{seen} 分钟", f"{seen} minutes"))
            else:
                known[each.name] = each.price
    return _Levels(known, short_of, found.date, found.coverage.share)


def _of_ended(view: View, levels: tuple[str, ...], day: int) -> _Levels:
    """Those of days and weeks that had ended when the day began, at `day`, ms UTC: all of it they stay the same."""
    return view.once(("levels known", levels, day), lambda: _known(view, levels), day)


def _signal(
    market: Market, view: View, found: _Levels, name: str, level: float, last: float, *,
    begins: bool, low: Any, high: Any,
) -> Signal:  # fmt: skip
    above = last >= level
    week = name.startswith("pw")
    side = "high" if name.endswith("high") else "low" if name.endswith("low") else name
    words = {"high": "高点", "low": "低点"}
    return Signal(
        name="key_level_touch",
        pair=str(market.pair),
        grade="B" if week else "C",
        direction="neutral",
        title=Text("触及关键价位", "Key Level Touched"),
        reading=Text(
            f"触及{'上周' if week else '前日'}{words.get(side, side)} {level:,.10g}，现价 {last:,.10g}。",
            f"Price reached {name} {level:,.10g}; it is {'above' if above else 'below'} it now, at {last:,.10g}.",
        ),
        advice=Text("观察突破还是回落。", "Watch whether it breaks or turns there."),
        evidence={
            "instrument": view.instrument.id,
            "level": name,
            "price": level,
            "last_price": last,
            "lowest": float(np.nanmin(low)),
            "highest": float(np.nanmax(high)),
            "currency": view.instrument.quote,
            "coverage": found.coverage,
        },
        key=f"{view.instrument.id}:{name}:{found.date}",
        begins=begins,
        cooldown=120 * 60_000,
    )


def columns(
    frame: Frame, *, venue: str | None, levels: tuple[str, ...], window: int, away: int, approach: float
) -> Codes:
    """What `key_level_touch` says of each moment of the frame: levels of ended days are looked up once a day."""
    instrument, own, count = lead_instrument(frame, venue), frame.settings("key_levels"), frame.count
    if instrument is None:
        return np.zeros(count, np.int8)
    ready = covered(frame, instrument, window + away, 0.95)
    if not _end_with_days(own, levels):
        return np.where(ready, ASK, WAITS).astype(np.int8)
    rows = frame.bars(instrument, window + away + 1)
    before = rows.price(rows.close)[:-1]
    low, high = np.fmin(rows.price(rows.low)[1:], before), np.fmax(rows.price(rows.high)[1:], before)
    stands = np.zeros(count, np.int64)
    days = (frame.start + MINUTE * np.arange(count, dtype=np.int64)) // DAY
    edges = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), count]
    for first, after in pairwise(edges):
        view = lead(frame.market(first), venue)
        known = {} if isinstance(view, Silent) else _of_ended(view, levels, int(days[first]) * DAY).known
        if not known:
            ready[first:after] = False
        for name, level in known.items():
            reach = level * approach / 100
            at = (low <= level + reach) & (high >= level - reach)
            # moment i sees rows i to i + window + away - 1
            touched = (rolling(at[away:], window) > 0)[first:after]
            begins = (rolling(at, away) == 0)[:count][first:after]
            stands[first:after] += np.where(touched, np.where(begins, 2, 1), 0) * 3 ** levels.index(name)
    # a level is another one on the next day
    codes = np.where(stands > 0, HOLDS + stands + days * 3 ** len(levels), SILENT)
    return np.where(ready, codes, WAITS)


def quiet(
    market: Market, *, venue: str | None, levels: tuple[str, ...], window: int, away: int, approach: float
) -> bool:
    """Whether price surely reaches none of the levels of ended days and weeks, which are looked up once a day."""
    view = lead(market, venue)
    if isinstance(view, Silent) or not _end_with_days(market.settings("key_levels"), levels):
        return False
    low, high = view.side_by_side(("reached", window), partial(_reached, window=window))
    known, reach = _of_ended(view, levels, view.end // DAY * DAY).known, 1 + approach / 100 + NEAR
    # without any price the highest is NaN
    return not any(low <= each * reach and high >= each * (2 - reach) for each in known.values())


def _reached(many: SideBySide, window: int) -> Sequence[tuple[float, float]]:
    """The lowest and the highest price of the last minutes, and of the close before them."""
    close, low, high = (many.last(name, window + 1) for name in ("close", "low", "high"))
    ticks = np.concatenate((close[:, :-1], low[:, 1:], high[:, 1:]), axis=1)
    lowest = np.where(ticks > 0, ticks, np.iinfo(np.int64).max).min(axis=1)
    return list(zip(*prices(many, np.stack((lowest, ticks.max(axis=1)), axis=1)).T.tolist(), strict=True))


def _end_with_days(settings: Mapping[str, Any], levels: tuple[str, ...]) -> bool:
    """Whether the levels are those of days and weeks that are over, as those of `_of_ended` have to be."""
    ended = all(re.match("p[dw][ A-Z]", each) for each in levels) and settings["date"] is None
    return ended and settings["timezone"] == "UTC"


@hookimpl
def register_signals(register: Any) -> None:
    register("key_level_touch", key_level_touch, columns=columns, quiet=quiet, horizon="4h")
