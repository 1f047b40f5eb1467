"""What rows said before they were stored otherwise.

Tables are added empty: of what was overwritten before, nobody knows.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_FLOAT = sa.Float(53)
_ROWS: dict[str, dict[str, tuple[Any, bool]]] = {
    "bars": {
        **dict.fromkeys(("open", "high", "low", "close"), (sa.BigInteger, False)),
        **dict.fromkeys(("volume", "quote_volume"), (_FLOAT, True)),
        "trades": (sa.BigInteger, False),
        **dict.fromkeys(("buy", "buy_quote", "delta_min", "delta_max"), (_FLOAT, True)),
        "coverage": (sa.SmallInteger, False),
        "known_at": (sa.BigInteger, True),
        "levels": (sa.LargeBinary, True),
    },
    "open_interest": {"base": (_FLOAT, False), "value": (_FLOAT, True), "known_at": (sa.BigInteger, True)},
    "funding": {
        "rate": (_FLOAT, False),
        **dict.fromkeys(("next_time", "interval_ms"), (sa.BigInteger, True)),
        **dict.fromkeys(("mark", "index"), (_FLOAT, True)),
        "known_at": (sa.BigInteger, True),
    },
    "whale_trades": {
        "time": (sa.BigInteger, False),
        "side": (sa.SmallInteger, False),
        **dict.fromkeys(("price", "base", "quote"), (_FLOAT, False)),
        "fills": (sa.Integer, False),
        "known_at": (sa.BigInteger, True),
    },
}
"""By table, its columns besides the key: what they hold, and whether that may be unknown."""
_TRIGGERED = ("bars", "open_interest", "funding")


def upgrade() -> None:
    for table, columns in _ROWS.items():
        op.create_table(
            f"superseded_{table}",
            sa.Column("instrument", sa.Integer, sa.ForeignKey("instruments.id"), primary_key=True),
            sa.Column("trade_id" if table == "whale_trades" else "time", sa.BigInteger, primary_key=True),
            sa.Column("until", sa.BigInteger, primary_key=True),
            *(sa.Column(name, kind, nullable=optional) for name, (kind, optional) in columns.items()),
        )
        if table in _TRIGGERED:
            _keep_what_is_overwritten(table, ("instrument", "time", *columns))
    op.create_index("superseded_whale_trades_by_time", "superseded_whale_trades", ["instrument", "time"])


def _keep_what_is_overwritten(table: str, columns: tuple[str, ...]) -> None:
    """The database itself sees to it: no writer, of whatever version, overwrites what was known without a trace."""
    postgres = op.get_bind().dialect.name == "postgresql"
    other = "IS DISTINCT FROM" if postgres else "IS NOT"
    names = [f'"{name}"' for name in columns]
    body = (
        f'INSERT INTO superseded_{table} ({", ".join(names)}, "until") '
        f"SELECT {', '.join(f'OLD.{name}' for name in names)}, NEW.known_at WHERE NOT EXISTS "
        f"(SELECT 1 FROM superseded_{table} AS held WHERE held.instrument = OLD.instrument "
        f'AND held.time = OLD.time AND held."until" = NEW.known_at);'
    )
    name = f"{table}_superseded"
    when = f"WHEN (NEW.known_at IS NOT NULL AND NEW.known_at {other} OLD.known_at)"
    begin = f"CREATE TRIGGER {name} AFTER UPDATE ON {table} FOR EACH ROW {when}"
    if postgres:
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")
        op.execute(f"{begin} EXECUTE FUNCTION {name}()")
    else:
        op.execute(f"{begin} BEGIN {body} END")
