"""Hours rolled up into one row each, which no change to their minutes survives."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_FORGET = "DELETE FROM hours WHERE instrument = {row}.instrument AND time = {row}.time - {row}.time % 3600000;"
_ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def upgrade() -> None:
    op.create_table(
        "hours",
        sa.Column("instrument", sa.Integer, sa.ForeignKey("instruments.id"), primary_key=True),
        sa.Column("time", sa.BigInteger, primary_key=True),
        sa.Column("bars", sa.LargeBinary, nullable=False),
        sa.Column("levels", sa.LargeBinary),
    )
    # the database itself sees to it: no writer, of whatever version, can leave an hour that its minutes contradict
    postgres = op.get_bind().dialect.name == "postgresql"
    for event, rows in _ROWS.items():
        name, body = f"bars_{event.lower()}", " ".join(_FORGET.format(row=row) for row in rows)
        begin = f"CREATE TRIGGER {name} AFTER {event} ON bars FOR EACH ROW"
        if postgres:
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"
            )
            op.execute(f"{begin} EXECUTE FUNCTION {name}()")
        else:
            op.execute(f"{begin} BEGIN {body} END")
