"""What several tables share."""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, text

metadata = MetaData()


def where(condition: str) -> dict[str, Any]:
    """An index of the rows of which this holds alone. A query uses it that says the same, in literals."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def instrument() -> Column[int]:
    return Column("instrument", Integer, ForeignKey("instruments.id"), primary_key=True)


def known_at() -> Column[int]:
    """When the row could be known; NULL: as soon as it happened (a minute's bar: as soon as the minute was over)."""
    return Column("known_at", BigInteger)
