"""What a search of an index can find, as conditions on the catalog's rows.

`index` is an index's fingerprint; None means the active one.
"""

from sqlalchemy import ColumnElement, and_, exists, select

from mmrag_video.catalog.records import RunState
from mmrag_video.catalog.schema import IndexRow, RecordingRow, RunRow


def is_index(index: str | None) -> ColumnElement[bool]:
    """Of a run: it writes to this index."""
    if index is not None:
        return RunRow.index == index
    return RunRow.index == select(IndexRow.fingerprint).where(IndexRow.active).scalar_subquery()


def is_found() -> ColumnElement[bool]:
    """Of a run: searches of its index, whichever that is, find its frames."""
    return and_(RunRow.state == RunState.COMPLETE.value, ~RunRow.superseded)


def findable_in(index: str | None) -> ColumnElement[bool]:
    """Of a run: searches of this index find its frames."""
    return and_(is_index(index), is_found())


def is_findable(index: str | None) -> ColumnElement[bool]:
    """Of a recording."""
    return exists().where(RunRow.recording == RecordingRow.id, findable_in(index))
