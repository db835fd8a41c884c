"""Which parts of recordings were exported, so that whoever finds them again sees it."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from mmrag_video.catalog.case_records import CaseSpan
from mmrag_video.catalog.database import Database
from mmrag_video.catalog.schema import ExportedSpanRow, RecordingRow


class Exported:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, spans: Iterable[CaseSpan], at: datetime) -> None:
        """Note that these were part of an export; `at` is aware."""
        with self._database.writing() as session:
            note_exported(session, spans, at)

    def spans_in(self, recordings: Collection[str]) -> list[CaseSpan]:
        """What was exported of these recordings."""
        query = select(ExportedSpanRow).where(ExportedSpanRow.recording.in_(recordings))
        with self._database.reading() as session:
            return [CaseSpan(row.recording, row.start, row.end) for row in session.scalars(query)]


def note_exported(session: Session, spans: Iterable[CaseSpan], at: datetime) -> None:
    """As Exported.note, as a part of something larger. A recording that is gone is left out."""
    row = ExportedSpanRow
    for span in set(spans):
        session.execute(
            delete(row).where(
                row.recording == span.recording, row.start == span.start, row.end == span.end
            )
        )
        if session.scalar(select(exists().where(RecordingRow.id == span.recording))):
            session.add(row(recording=span.recording, start=span.start, end=span.end, at=at))
