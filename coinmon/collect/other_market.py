"""Names that stand for another market than before: a new coin, or the old one in new units (a redenomination).

Venues use tickers again. What was stored under such a name must not be added to what comes now, so it is kept apart
where one of these holds:

- the venue says that the market began a day or more after this installation first met one of that name;
- it was not listed for a day or longer;
- it was not listed for less, or nothing of it was stored for an hour to a month, and its price is `PRICE_TIMES` another
  one's. After a longer time a coin may have become so dear, or so cheap, itself.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Connection, func, select

from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, MINUTE
from coinmon.store.database import Database
from coinmon.store.instruments import APART, read_instruments
from coinmon.store.schema import bars, instruments

PRICE_TIMES = 8.0
"""No coin's price is this many times higher or lower after a pause of the market; units of redenominations are tens."""
_SILENT_MS, _LONG_AGO_MS = 60 * MINUTE, 30 * DAY
_TICKER_S = 10.0


class HasTime(Protocol):
    @property
    def time(self) -> int: ...


Timed = TypeVar("Timed", bound=HasTime)
_Priced = tuple[Instrument, int, float]
"""An instrument, its last stored minute and the price in it."""


async def other_markets(
    venues: Sequence[Venue], database: Database, listed: Mapping[str, Sequence[Instrument]], now: int
) -> dict[str, int]:
    """Ids of listed instruments under whose name another market is stored, and when that ended, ms UTC."""
    found, doubtful = await database.looked_up(lambda connection: _stored(connection, listed, now))
    for venue in venues:
        found |= await _of_another_price(venue, doubtful.get(venue.name, ()))
    return found


def _stored(
    connection: Connection, listed: Mapping[str, Sequence[Instrument]], now: int
) -> tuple[dict[str, int], Mapping[str, Sequence[_Priced]]]:
    """What is surely another market, and by venue those of which only the price can tell."""
    stored = {f"{row.venue}:{row.symbol}": row for row in connection.execute(select(instruments))}
    found: dict[str, int] = {}
    doubtful: dict[str, list[_Priced]] = defaultdict(list)
    for each in (one for several in listed.values() for one in several):
        row = stored.get(each.id)
        if row is None:
            continue
        if row.first_seen and row.first_seen + DAY < each.listed_at <= now:
            found[each.id] = each.listed_at
        elif row.delisted_at is not None and now - row.delisted_at >= DAY:
            found[each.id] = row.delisted_at
        elif row.delisted_at is not None or row.followed_at is not None:
            at, price = _last(connection, row.id)
            if price and (row.delisted_at is not None or _SILENT_MS < now - at < _LONG_AGO_MS):
                doubtful[each.venue].append((each, at, price * float(row.tick_size)))
    return found, doubtful


def span_of_name(connection: Connection, number: int, instrument: Instrument) -> tuple[int, int]:
    """From when until when the venue's name stands for this market, ms UTC: what is older or newer is another's."""
    ends = _ends_before(connection, instrument)
    end = ends.get(number, sys.maxsize)
    return max((each for each in ends.values() if each < end), default=0), end


def market_of_file(connection: Connection, number: int, instrument: Instrument, end: int) -> tuple[int, Instrument]:
    """The market that had the name at a file's end: this one, or one before it."""
    ends = _ends_before(connection, instrument)
    before = [(at, each) for each, at in ends.items() if at >= end and each != number]
    if not before:
        return number, instrument
    number = min(before)[1]
    return number, read_instruments(connection)[number]


def _ends_before(connection: Connection, instrument: Instrument) -> dict[int, int]:
    """By row number the ends of the markets that had the venue's name for this one, and have a name of their own."""
    same = (instruments.c.venue, instruments.c.kind, instruments.c.native_id)
    whose = instrument.venue, instrument.kind, instrument.native_id
    query = select(instruments.c.id, instruments.c.base, instruments.c.delisted_at)
    rows = connection.execute(query.where(*(column == value for column, value in zip(same, whose, strict=True))))
    return {row.id: row.delisted_at for row in rows if APART in row.base and row.delisted_at is not None}


def within(span: tuple[int, int], samples: Sequence[Timed]) -> list[Timed]:
    return [each for each in samples if span[0] <= each.time < span[1]]


def _last(connection: Connection, number: int) -> tuple[int, int]:
    """The last stored minute and its close in ticks; zeros: none."""
    newest = select(func.max(bars.c.time)).where(bars.c.instrument == number).scalar_subquery()
    query = select(bars.c.time, bars.c.close).where(bars.c.instrument == number, bars.c.time == newest)
    row = connection.execute(query).first()
    return (0, 0) if row is None else (row.time, row.close)


async def _of_another_price(venue: Venue, doubtful: Sequence[_Priced]) -> dict[str, int]:
    if not doubtful or not venue.has("tickers"):
        return {}
    try:
        found = await venue.call("tickers", [each for each, _, _ in doubtful], deadline=_TICKER_S)
    except CoinmonError:
        # not known: asked again with the next list
        return {}
    return {
        each.id: at + MINUTE
        for each, at, before in doubtful
        if (ticker := found.get(each.id)) is not None
        and ticker.last > 0
        and not 1 / PRICE_TIMES < ticker.last / before < PRICE_TIMES
    }
