"""An index of when signals ended: each cycle asks for those that ended lately, among all that were ever told."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("signals_by_ended", "signals", ["ended"])
