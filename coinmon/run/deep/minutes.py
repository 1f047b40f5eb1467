"""The last minutes: whether a venue's trades add up to its own bars."""

import numpy as np

from coinmon.collect.track.split_at_minute import split_at_minute
from coinmon.collect.track.totals import near
from coinmon.model.bars import Bars, Coverage
from coinmon.model.fold import fold, with_quiet_minutes
from coinmon.model.instrument import Instrument, Kind
from coinmon.model.moment import MINUTE, floor, iso
from coinmon.model.trades import Trades
from coinmon.plugin.trade_page import Cursor, TradePage
from coinmon.run.deep.listing import told
from coinmon.run.deep.venue_look import CannotTell, VenueLook
from coinmon.run.doctor import Finding

_MINUTES = 3
"""Minutes that are read; the first only tells which of its last trade belongs to the second."""
_SETTLE_MS = 5_000
"""A minute is looked at so long after its end: venues publish its last trades late."""
_MAX_PAGES = 30
_SMALL = 1e-2
"""Relative difference of volumes up to which a minute lacks something, beyond which one of the two is misread."""


async def minutes(look: VenueLook, kind: Kind) -> list[Finding]:
    check, expected = f"minutes of {kind}", "trades that add up to the venue's own bar of the minute"
    if not look.of_kind(kind):
        return []
    end = floor(look.clock.now() - _SETTLE_MS)
    start = end - _MINUTES * MINUTE
    instrument, trades = await _followed(look, kind, start, end)
    theirs: Bars = (await look.ask("bars", instrument, start, end)).dense(start, end)
    trades, _ = split_at_minute(trades, theirs, instrument)
    ours = with_quiet_minutes(fold(trades, instrument), start, end, Coverage.TRADES)
    wrong, worst = _differing(ours[1:], theirs[1:])
    split = "volume and taker side" if not np.isnan(theirs.buy[1:]).any() else "volume"
    detail = f"{instrument.symbol}: {split} of {_MINUTES - 1} minutes, {len(trades)} trades"
    if not wrong:
        return [look.found(check, "ok", detail, expected)]
    cure = "report this to us, with this output: its trades or its bars are not read as they are meant"
    status = "error" if worst > _SMALL else "warning"
    return [look.found(check, status, f"{detail}; {told(wrong)}", expected, cure)]


def _differing(ours: Bars, theirs: Bars) -> tuple[list[str], float]:
    """The minutes that differ, in words, and the largest relative difference. A bar that is not there is one of 0."""
    wrong, worst = [], 0.0
    for name in ("volume", "buy"):
        mine, yours = getattr(ours, name), getattr(theirs, name)
        if name == "volume":
            yours = np.where(theirs.coverage == Coverage.MISSING, 0.0, yours)
        for at in np.flatnonzero(~near(mine, yours) & ~np.isnan(yours)).tolist():
            words = "taker buys" if name == "buy" else "volume"
            wrong.append(f"{iso(int(ours.time[at]))} {words} {mine[at]:.8g} by trades, {yours[at]:.8g} by its bar")
            worst = max(worst, abs(mine[at] - yours[at]) / max(mine[at], yours[at]))
    return wrong, worst


async def _followed(look: VenueLook, kind: Kind, start: int, end: int) -> tuple[Instrument, Trades]:
    """A market whose trades are known from `start` to `end`: bitcoin's, or one that fewer pages hold."""
    busiest = look.of_kind(kind)[0]
    trades = await _trades(look, busiest, start, end)
    if trades is not None and len(trades):
        return busiest, trades
    ranked = await look.by_volume(kind)
    for instrument in (ranked[len(ranked) // 4], ranked[len(ranked) // 2]) if ranked else ():
        trades = await _trades(look, instrument, start, end)
        if trades is not None and len(trades):
            return instrument, trades
    raise CannotTell(f"no market was found whose trades of the last {_MINUTES} minutes are all told")


async def _trades(look: VenueLook, instrument: Instrument, start: int, end: int) -> Trades | None:
    """All of [start, end) in order of time; None: not all could be read."""
    page: TradePage = await look.ask("trades", instrument, Cursor(start))
    pages, cursor = [page], page.cursor_after(Cursor(start))
    reached, asked = page.joined, 1
    while not reached and asked < _MAX_PAGES and len(pages[0].trades) and look.venue.has("earlier_trades"):
        earlier: TradePage = await look.ask("earlier_trades", instrument, int(pages[0].trades.id[0]), start)
        asked += 1
        if not earlier.joined or not len(earlier.trades):
            break
        pages.insert(0, earlier)
        reached = not earlier.more or int(earlier.trades.time[0]) < start
    while page.more and int(page.trades.time[-1]) < end and asked < _MAX_PAGES:
        page = await look.ask("trades", instrument, cursor)
        reached, cursor, asked = reached and page.joined, page.cursor_after(cursor), asked + 1
        pages.append(page)
    unread = page.more and len(page.trades) and int(page.trades.time[-1]) < end
    if not reached or unread or not all(each.whole for each in pages):
        return None
    trades = Trades.concat([each.trades for each in pages])
    trades = trades[(trades.time >= start) & (trades.time < end)]
    return trades[np.argsort(trades.time, kind="stable")]
