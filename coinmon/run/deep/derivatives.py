"""Perpetuals: the unit of open interest, and how often funding is settled."""

from collections.abc import Mapping, Sequence

from coinmon.model.derivatives import Funding, OpenInterest, Ticker
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, HOUR, MINUTE
from coinmon.run.deep.listing import told
from coinmon.run.deep.venue_look import CannotTell, VenueLook
from coinmon.run.doctor import Finding

_PAST_MS = 3 * HOUR
"""How far back the newest figure of the history is looked for."""
_SAME_VALUE = 0.05
"""Relative difference of value and amount times price that the time between the two explains."""
_SAME_UNIT = 2.0
"""Times that open interest may be more or less than in the newest figure of its history; contracts are 10 or more."""
_SETTLED_MS = 3 * DAY
_LATE_MS = MINUTE
"""Settlements are told up to so long after their moment."""
_MAX_INTERVALS = 4
"""Different intervals of which one market each is looked at."""


async def open_interest(look: VenueLook) -> list[Finding]:
    check, expected = "open interest", "base units of one side: times the price its value, near its own history"
    instrument = _first_perp(look)
    if instrument is None:
        return []
    now: Mapping[str, OpenInterest] = await look.ask("open_interest", [instrument])
    if instrument.id not in now:
        raise CannotTell(f"{instrument.symbol}: none was told")
    today, wrong, compared = now[instrument.id], [], []
    if today.value is not None:
        price = await _price(look, instrument)
        compared.append("its value")
        if abs(today.value / (today.base * price) - 1) > _SAME_VALUE:
            wrong.append(f"its value is {today.value:.6g}, times the price it is {today.base * price:.6g}")
    if look.venue.has("past_open_interest"):
        end = look.clock.now()
        past: Sequence[OpenInterest] = await look.ask("past_open_interest", instrument, end - _PAST_MS, end + 1)
        if past:
            compared.append("its history")
            if not 1 / _SAME_UNIT < today.base / past[-1].base < _SAME_UNIT:
                wrong.append(f"the newest of its history is {past[-1].base:.6g}")
    detail = f"{instrument.symbol}: {today.base:.6g} {instrument.base}"
    if not compared:
        raise CannotTell(f"{detail}: the venue tells neither its value nor its history")
    if wrong:
        return [look.found(check, "error", f"{detail}; {told(wrong)}", expected, "its unit changed: report this to us")]
    return [look.found(check, "ok", f"{detail}, like {' and '.join(compared)}", expected)]


async def _price(look: VenueLook, instrument: Instrument) -> float:
    if look.venue.has("funding"):
        funding: Mapping[str, Funding] = await look.ask("funding", [instrument])
        if instrument.id in funding and (mark := funding[instrument.id].mark):
            return mark
    tickers: Mapping[str, Ticker] = await look.ask("tickers", [instrument])
    if instrument.id not in tickers:
        raise CannotTell(f"{instrument.symbol}: no price was told")
    return tickers[instrument.id].last


async def funding_interval(look: VenueLook) -> list[Finding]:
    check, expected = "funding interval", "settlements as far apart as the venue says that they are"
    if _first_perp(look) is None:
        return []
    perps = look.of_kind("perp")
    now: Mapping[str, Funding] = await look.ask("funding", perps)
    different: dict[int, Instrument] = {}
    for each in perps:
        if each.id in now and (interval := now[each.id].interval_ms):
            different.setdefault(interval, each)
    if not different:
        raise CannotTell("the venue tells no interval")
    without = [f"{each.symbol} no interval" for each in perps if each.id in now and not now[each.id].interval_ms]
    wrong: list[str] = []
    right: list[str] = []
    end = look.clock.now()
    for interval, instrument in list(different.items())[:_MAX_INTERVALS]:
        past: Sequence[Funding] = await look.ask("past_funding", instrument, end - _SETTLED_MS, end + 1)
        if len(past) < 2:
            continue
        last, due = past[-1].time, now[instrument.id].next_time
        apart = last - past[-2].time
        # an interval that has just changed shows in the next settlement before it shows in the last ones
        spans = [apart] if due is None else [apart, due - last]
        fits = any(abs(span - interval) <= _LATE_MS for span in spans)
        said = f"{instrument.symbol} {interval / HOUR:g} h"
        (right if fits else wrong).append(said if fits else f"{said}, but settled {apart / HOUR:g} h apart")
    if wrong:
        cure = "rates by the year are off by as much: report this to us"
        return [look.found(check, "error", told(wrong), expected, cure)]
    if without:
        cure = "none is told there, or one that its next settlement contradicts; rates by the year are left out"
        return [look.found(check, "warning", told(right + without), expected, cure)]
    if not right:
        raise CannotTell("fewer than two settlements were told of the last three days")
    return [look.found(check, "ok", told(right), expected)]


def _first_perp(look: VenueLook) -> Instrument | None:
    return next(iter(look.of_kind("perp")), None)
