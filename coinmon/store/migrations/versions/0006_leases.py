"""Leases with a token that fences off a former holder, and indices of what lasts and what waits alone."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("lock_file", sa.String),
    )
    op.create_index("signals_lasting", "signals", ["key"], **_where("ended IS NULL"))
    op.drop_index("deliveries_by_state", "deliveries")
    op.create_index("deliveries_waiting", "deliveries", ["output", "next_attempt"], **_where("state = 'waiting'"))
