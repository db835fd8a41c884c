"""Users with their logins and tokens, the audit log, cases; what was done and cannot be read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """To this version."""
    _make_users()
    _make_audit()
    _make_cases()
    _make_done_jobs()
    op.drop_index("ix_ingest_run_recording", "ingest_run")
    op.create_index("ix_ingest_run_recording", "ingest_run", ["recording", "index"])
    op.add_column("worker", sa.Column("unreadable", sa.JSON(), nullable=False, server_default="[]"))


def _make_users() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "login",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("user", sa.Integer(), _of("user"), nullable=False, index=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("user", sa.Integer(), _of("user"), nullable=False, index=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("used", sa.DateTime()),
        sqlite_autoincrement=True,
    )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False, index=True),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )


def _make_cases() -> None:
    op.create_table(
        "case",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_moment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case", sa.Integer(), _of("case"), nullable=False, index=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("confidence", sa.String(16)),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("exported", sa.DateTime()),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_span",
        sa.Column("moment", sa.Integer(), _of("case_moment"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("recording", sa.String(64), nullable=False),
        sa.Column("start", sa.String(64), nullable=False),
        sa.Column("end", sa.String(64), nullable=False),
        sa.Column("found_start", sa.String(64), nullable=False),
        sa.Column("found_end", sa.String(64), nullable=False),
        sa.Column("best", sa.String(64)),
        sa.Column("best_end", sa.String(64)),
    )
    op.create_index("ix_case_span_recording", "case_span", ["recording"])


def _make_done_jobs() -> None:
    op.create_table(
        "done_job",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("begun", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.DateTime(), nullable=False, index=True),
        sa.Column("footage", sa.Double(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO done_job (job, begun, ended, footage, frames) "
        "SELECT id, begun, ended, total_seconds, frames FROM job "
        "WHERE state = 'done' AND begun IS NOT NULL AND ended IS NOT NULL"
    )


def _of(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
