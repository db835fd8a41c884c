"""What is set and asked for on the page: cameras' settings and names, a new index."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "camera_setting",
        sa.Column("camera", sa.Text(), primary_key=True),
        sa.Column("settings", sa.JSON(), nullable=False),
    )
    op.create_table(
        "camera_name",
        sa.Column("was", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("carried_out", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "reindexing",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("asked", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("wish", sa.String(16), nullable=False),
        sa.Column("begun", sa.DateTime()),
        sa.Column("ended", sa.DateTime()),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
