"""Cameras, recordings, indexes and ingest runs."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """To this version."""
    about = op.create_table("about", sa.Column("id", sa.String(12), primary_key=True))
    op.bulk_insert(about, [{"id": secrets.token_hex(6)}])
    op.create_table("camera", sa.Column("name", sa.Text(), primary_key=True))
    op.create_table(
        "recording",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("path", sa.LargeBinary(), nullable=False, index=True),
        sa.Column("seen", sa.DateTime(), nullable=False),
        sa.Column("camera", sa.Text(), sa.ForeignKey("camera.name"), nullable=False, index=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("duration", sa.String(64), nullable=False),
        sa.Column("average_rate", sa.String(64)),
        sa.Column("created", sa.DateTime()),
        sa.Column("modified", sa.DateTime(), nullable=False),
        sa.Column("clock_start", sa.DateTime()),
        sa.Column("clock_origin", sa.String(32), nullable=False),
        sa.Column("clock_note", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
    )
    op.create_table(
        "vector_index",
        sa.Column("fingerprint", sa.String(16), primary_key=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("sampler", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "ingest_run",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("path", sa.LargeBinary(), nullable=False, index=True),
        sa.Column("recording", sa.String(64), index=True),
        sa.Column("index", sa.String(16), nullable=False, index=True),
        sa.Column("sampler", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.DateTime()),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sqlite_autoincrement=True,
    )
