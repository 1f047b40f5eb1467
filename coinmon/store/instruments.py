"""Instruments in the database: their row numbers and their price grids."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select, update

from coinmon.model.instrument import Instrument, Kind, common_grid
from coinmon.model.moment import DAY
from coinmon.model.multiples import coin_of
from coinmon.store.outbox import rename_signals
from coinmon.store.rows import upsert
from coinmon.store.schema import bars, superseded_bars
from coinmon.store.schema import instrument_attributes as attributes
from coinmon.store.schema import instruments as table

_FIELDS = (
    "venue",
    "kind",
    "base",
    "quote",
    "native_id",
    "symbol",
    "tick_size",
    "lot_size",
    "contract_size",
    "first_seen",
)
APART = "~"
"""Between the name of a market whose name another one has now and the day it ended."""
_DECIMALS = ("tick_size", "lot_size", "contract_size")


def read_instruments(connection: Connection, *, listed: bool = False) -> dict[int, Instrument]:
    """All stored instruments by row number, or those that are listed still."""
    found = {}
    for row in connection.execute(select(table).where(table.c.delisted_at.is_(None)) if listed else select(table)):
        values = {name: getattr(row, name) for name in _FIELDS}
        values |= {name: Decimal(values[name]) for name in _DECIMALS}
        found[row.id] = Instrument(**values)
    return found


def read_grids(connection: Connection, numbers: Sequence[int]) -> dict[int, Decimal]:
    """The price grids in force, by row number: another process may have made one finer."""
    query = select(table.c.id, table.c.tick_size).where(table.c.id.in_(numbers))
    return {row.id: Decimal(row.tick_size) for row in connection.execute(query)}


def sync_instruments(
    connection: Connection, fresh: Iterable[Instrument], now: int
) -> dict[str, tuple[int, Instrument]]:
    """Store what the venues list; by instrument id, its row number and the instrument as coinmon counts it.

    Prices are stored as integers of a grid. A venue that changes its tick size must not change what they mean, so the
    grid is the greatest common divisor of all tick sizes seen, and stored prices are rescaled when it gets finer.
    """
    known = {instrument.id: (number, instrument) for number, instrument in read_instruments(connection).items()}
    result = {}
    for instrument in fresh:
        if instrument.id not in known:
            new = replace(instrument, first_seen=now)
            number = connection.execute(table.insert().returning(table.c.id), _row(new)).scalar_one()
            result[instrument.id] = (number, new)
            continue
        number, old = known[instrument.id]
        grid = common_grid([old.tick_size, instrument.tick_size])
        new = replace(instrument, first_seen=old.first_seen, tick_size=grid)
        if grid != old.tick_size:
            factor = int(old.tick_size / grid)
            for each in (bars, superseded_bars):
                prices = {name: each.c[name] * factor for name in ("open", "high", "low", "close")}
                connection.execute(update(each).where(each.c.instrument == number).values(prices))
            connection.execute(update(table).where(table.c.id == number).values(rewritten=table.c.rewritten + 1))
        if new != old:
            connection.execute(update(table).where(table.c.id == number).values(_row(new)))
            _note_attributes(connection, number, old, new, now)
        result[instrument.id] = (number, new)
    return result


def follow_listing(
    connection: Connection,
    listed: Mapping[str, Sequence[Instrument]],
    now: int,
    others: Mapping[str, int],
    failing: Collection[tuple[str, Kind]],
) -> tuple[dict[str, tuple[int, Instrument]], list[str]]:
    """`sync_instruments` of venues' whole lists, and in words what is new, gone, back or changed since the last ones.

    listed: by venue, everything it lists now. An instrument that is not listed any more keeps its row and its history.
    others: ids that stand for another market than before, and since when. failing: venues and kinds that could not be
    had; nor could a kind of which there were several and now is none.
    """
    told = [keep_apart(connection, id, at) for id, at in others.items()]
    before = {each.id: each for each in read_instruments(connection).values()}
    known_venues = {each.venue for each in before.values()}
    gone = select(table.c.id, table.c.delisted_at).where(table.c.delisted_at.is_not(None))
    gone_since = {row.id: row.delisted_at for row in connection.execute(gone)}
    numbered = sync_instruments(connection, [each for several in listed.values() for each in several], now)
    for id, (number, instrument) in numbered.items():
        if id not in before:
            told += [f"{id}: listed from now on"] if instrument.venue in known_venues else []
        elif number in gone_since:
            days = (now - gone_since[number]) / DAY
            told.append(f"{id}: listed again after {days:.1f} days")
        else:
            told += _differences(before[id], instrument)
    back = [number for number, _ in numbered.values() if number in gone_since]
    there = {number: old for number, old in read_instruments(connection).items() if number not in gone_since}
    counts = Counter((old.venue, old.kind) for old in there.values())
    kinds = {(each.venue, each.kind) for several in listed.values() for each in several}
    kinds |= {kind for kind, count in counts.items() if count == 1 and listed.get(kind[0])} - set(failing)
    for number, old in there.items():
        if (old.venue, old.kind) in kinds and old.id not in numbered:
            connection.execute(update(table).where(table.c.id == number).values(delisted_at=now))
            told.append(f"{old.id}: not listed any more; what is stored of it stays")
    if back:
        connection.execute(update(table).where(table.c.id.in_(back)).values(delisted_at=None))
    return numbered, told


def keep_apart(connection: Connection, id: str, at: int) -> str:
    """The market of this name gets a name of its own, with the day it ended: `LUNA~20220528/USDT`. In words.

    All that is stored of it goes along; so do the signals of its coin where no other venue has that any more.
    """
    number, old = next((each, one) for each, one in read_instruments(connection).items() if one.id == id)
    taken = set(connection.execute(select(table.c.symbol).where(table.c.venue == old.venue)).scalars())
    days = (datetime.fromtimestamp(at / 1000, UTC).strftime(shape) for shape in ("%Y%m%d", "%Y%m%dT%H%M%S"))
    names = [f"{old.base}{APART}{day}" for day in days]
    symbols = [f"{name}{old.symbol.removeprefix(old.base)}" for name in names]
    place = symbols[0] in taken
    query = update(table).where(table.c.id == number)
    gone = func.coalesce(table.c.delisted_at, at)
    new = {"base": names[place], "symbol": symbols[place], "followed_at": None, "delisted_at": gone}
    connection.execute(query.values(new))
    coin, kept = coin_of(old.base), coin_of(names[place])
    # what was first seen after that is the new one
    listed = select(table.c.base).where(table.c.delisted_at.is_(None), table.c.first_seen < at).distinct()
    if coin not in {coin_of(each) for each in connection.execute(listed).scalars()}:
        rename_signals(connection, coin, kept, at)
    return f"{id}: another market has this name now; what is stored of the one before is {old.venue}:{symbols[place]}"


def _differences(old: Instrument, new: Instrument) -> list[str]:
    words = {"tick_size": "price grid", "contract_size": "contract size", "native_id": "the venue's name"}
    return [
        f"{new.id}: {word} changed from {getattr(old, name)} to {getattr(new, name)}"
        for name, word in words.items()
        if getattr(old, name) != getattr(new, name)
    ]


def mark_followed(connection: Connection, numbers: Sequence[int], now: int) -> None:
    """A scan follows these: whoever reads the store chooses them where a venue has several markets of a pair."""
    if numbers:
        connection.execute(update(table).where(table.c.id.in_(numbers)).values(followed_at=now))


def chosen_instruments(connection: Connection) -> set[str]:
    """Ids of the markets that a scan followed last, one a venue, kind and base."""
    query = select(table.c.venue, table.c.symbol).where(table.c.followed_at.is_not(None)).order_by(table.c.followed_at)
    return {f"{row.venue}:{row.symbol}" for row in connection.execute(query)}


def listing_days(connection: Connection, number: int) -> tuple[int, int, int | None]:
    """When the instrument was first seen, when its venue was, and when it was delisted (None: it is listed), ms UTC."""
    own = connection.execute(
        select(table.c.venue, table.c.first_seen, table.c.delisted_at).where(table.c.id == number)
    ).one()
    first = select(func.min(table.c.first_seen)).where(table.c.venue == own.venue)
    return own.first_seen, connection.execute(first).scalar_one(), own.delisted_at


def _note_attributes(connection: Connection, number: int, old: Instrument, new: Instrument, now: int) -> None:
    """What a size of contracts, a grid or a name was until now: history is read with the attributes of its day."""
    if (old.contract_size, old.native_id) == (new.contract_size, new.native_id):
        return
    values = {name: _row(old)[name] for name in ("native_id", "contract_size")}
    upsert(connection, attributes, [{"instrument": number, "until": now, **values}])


def instrument_at(connection: Connection, number: int, instrument: Instrument, time: int) -> Instrument:
    """The instrument with the attributes that it had at `time`, as far as they were seen."""
    query = select(attributes).where(attributes.c.instrument == number, attributes.c.until > time)
    row = connection.execute(query.order_by(attributes.c.until).limit(1)).first()
    if row is None:
        return instrument
    return replace(instrument, native_id=row.native_id, contract_size=Decimal(row.contract_size))


def _row(instrument: Instrument) -> dict[str, object]:
    values = {name: getattr(instrument, name) for name in _FIELDS}
    return values | {name: format(values[name].normalize(), "f") for name in _DECIMALS}
