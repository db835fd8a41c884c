"""What was exported, also from no case."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "exported_span",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "recording",
            sa.String(64),
            sa.ForeignKey("recording.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("start", sa.String(64), nullable=False),
        sa.Column("end", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    # Before, an export was noted of a case's moments alone.
    op.execute(
        'INSERT INTO exported_span (recording, start, "end", at) '
        'SELECT recording, start, "end", exported FROM case_span '
        "JOIN case_moment ON case_moment.id = case_span.moment "
        "WHERE exported IS NOT NULL AND recording IN (SELECT id FROM recording)"
    )
