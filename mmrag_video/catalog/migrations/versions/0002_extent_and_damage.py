"""What a recording lacks, and its extent in columns that the database can add up."""

from datetime import timedelta
from fractions import Fraction

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """To this version."""
    with op.batch_alter_table("recording") as table:
        table.add_column(sa.Column("damage", sa.Text(), nullable=False, server_default=""))
        table.add_column(
            sa.Column("duration_us", sa.BigInteger(), nullable=False, server_default="0")
        )
        table.add_column(sa.Column("clock_end", sa.DateTime()))
    with op.batch_alter_table("recording") as table:
        table.alter_column("damage", server_default=None)
        table.alter_column("duration_us", server_default=None)
    recording = sa.table(
        "recording",
        sa.column("id", sa.String),
        sa.column("duration", sa.String),
        sa.column("duration_us", sa.BigInteger),
        sa.column("clock_start", sa.DateTime),
        sa.column("clock_end", sa.DateTime),
    )
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(recording.c.id, recording.c.duration, recording.c.clock_start)
    ).all()
    for identity, duration, start in rows:
        microseconds = round(Fraction(duration) * 1_000_000)
        end = None if start is None else start + timedelta(microseconds=microseconds)
        connection.execute(
            sa.update(recording)
            .where(recording.c.id == identity)
            .values(duration_us=microseconds, clock_end=end)
        )
