"""Instruments in the database: their row numbers and their price grids."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Connection, select, update

from coinmon.model.instrument import Instrument, common_grid
from coinmon.store.schema import bars
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
_DECIMALS = ("tick_size", "lot_size", "contract_size")


def read_instruments(connection: Connection) -> dict[int, Instrument]:
    """All stored instruments by row number."""
    found = {}
    for row in connection.execute(select(table)):
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
            prices = {name: bars.c[name] * factor for name in ("open", "high", "low", "close")}
            connection.execute(update(bars).where(bars.c.instrument == number).values(prices))
        if new != old:
            connection.execute(update(table).where(table.c.id == number).values(_row(new)))
        result[instrument.id] = (number, new)
    return result


def _row(instrument: Instrument) -> dict[str, object]:
    values = {name: getattr(instrument, name) for name in _FIELDS}
    return values | {name: format(values[name].normalize(), "f") for name in _DECIMALS}
