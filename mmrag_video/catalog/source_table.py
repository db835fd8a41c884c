"""Sources that were added on the page or by a command, beside those of the settings."""

from sqlalchemy import delete, select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.work_schema import SourceRow
from mmrag_video.settings import SourceSettings


class SourceTable:
    """The sources in one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, SourceSettings]:
        """By name."""
        with self._database.reading() as session:
            rows = session.scalars(select(SourceRow).order_by(SourceRow.name))
            return {row.name: SourceSettings.model_validate(row.settings) for row in rows}

    def put(self, name: str, source: SourceSettings) -> None:
        """Add one, or change it."""
        with self._database.writing() as session:
            session.merge(SourceRow(name=name, settings=source.model_dump(mode="json")))

    def remove(self, name: str) -> bool:
        """Take one away; what was ingested from it stays. Whether there was one."""
        with self._database.writing() as session:
            removed = session.execute(delete(SourceRow).where(SourceRow.name == name))
            return bool(removed.rowcount)  # type: ignore[attr-defined]
