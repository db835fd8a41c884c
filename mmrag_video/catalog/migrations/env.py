"""Alembic's entry: runs on the connection that opening the catalog hands over."""

from alembic import context

from mmrag_video.catalog.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
context.run_migrations()
