"""How often old minutes of an instrument were written: what was worked out of them is kept until then."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("instruments", sa.Column("rewritten", sa.BigInteger, nullable=False, server_default="0"))
