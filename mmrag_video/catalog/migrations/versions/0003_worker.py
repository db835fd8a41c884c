"""The worker's queue and sources, saved searches and their hits, recordings that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """To this version."""
    with op.batch_alter_table("recording") as table:
        for name in ("kept", "live"):
            table.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            )
    with op.batch_alter_table("recording") as table:
        for name in ("kept", "live"):
            table.alter_column(name, server_default=None)
    _make_queue()
    _make_saved_searches()


def _make_queue() -> None:
    op.create_table(
        "source",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("settings", sa.JSON(), nullable=False),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("path", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("source", sa.Text(), nullable=False, index=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("growing", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("worker", sa.Text()),
        sa.Column("heartbeat", sa.DateTime()),
        sa.Column("done_seconds", sa.Double(), nullable=False),
        sa.Column("total_seconds", sa.Double(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("found", sa.DateTime(), nullable=False),
        sa.Column("let_go", sa.Boolean(), nullable=False),
        sa.Column("begun", sa.DateTime()),
        sa.Column("ended", sa.DateTime(), index=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_turn", "job", ["state", "turn"])
    worker = op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("heartbeat", sa.DateTime()),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("told", sa.Date()),
        sa.Column("let_go", sa.Integer(), nullable=False),
    )
    op.bulk_insert(worker, [{"id": 1, "paused": False, "name": "", "activity": "", "let_go": 0}])


def _make_saved_searches() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "saved_score",
        sa.Column("search", sa.Integer(), _of_a_saved_search(), primary_key=True),
        sa.Column("recording", sa.String(64), primary_key=True),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("index", sa.String(16), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("noted", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_saved_score_camera", "saved_score", ["search", "camera", "noted"])
    op.create_index("ix_saved_score_noted", "saved_score", ["search", "noted"])
    op.create_table(
        "hit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("search", sa.Integer(), _of_a_saved_search(), nullable=False),
        sa.Column("recording", sa.String(64), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("start", sa.String(64), nullable=False),
        sa.Column("end", sa.String(64), nullable=False),
        sa.Column("best", sa.String(64), nullable=False),
        sa.Column("wall_start", sa.DateTime()),
        sa.Column("wall_end", sa.DateTime()),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("clock_origin", sa.String(32), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("found", sa.DateTime(), nullable=False),
        sa.Column("continues", sa.Integer()),
        sa.Column("delivery", sa.String(16), nullable=False, index=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.UniqueConstraint("search", "recording", "start"),
        sqlite_autoincrement=True,
    )


def _of_a_saved_search() -> sa.ForeignKey:
    return sa.ForeignKey("saved_search.id", ondelete="CASCADE")
