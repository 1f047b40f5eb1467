"""Forgetting what is older than it is kept."""

from sqlalchemy import delete

from coinmon.model.moment import DAY
from coinmon.store import schema
from coinmon.store.database import Database


def forget(database: Database, now: int, days: int) -> None:
    """Delete market data older than `days`; signals and their deliveries stay, they are the record of what was said."""
    with database.write() as connection:
        for table in (schema.bars, schema.open_interest, schema.funding, schema.whale_trades):
            connection.execute(delete(table).where(table.c.time < now - days * DAY))
