"""Cameras that were given another name, and whatever in the catalog goes by a camera's name."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.people_schema import UserRow
from mmrag_video.catalog.schema import CameraRow, RecordingRow
from mmrag_video.catalog.work_schema import (
    CameraNameRow,
    CameraSettingRow,
    HitRow,
    SavedScoreRow,
    SavedSearchRow,
)
from mmrag_video.errors import UsageError


def name_now(session: Session, named: str) -> str:
    """The name of the camera that files call so."""
    row = session.get(CameraNameRow, named)
    return named if row is None else row.name


class RenamedCameras:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used.

    Each former name leads to the present one, however often a camera was renamed. A former name
    is no other camera's: its files may still arrive under it, and its frames may still have it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self, named: str) -> str:
        """The name of the camera that files call so."""
        with self._database.reading() as session:
            return name_now(session, named)

    def former(self, *, pending: bool = False) -> dict[str, str]:
        """Present names by former ones; `pending`: only those that frames may still have."""
        query = select(CameraNameRow).order_by(CameraNameRow.was)
        if pending:
            query = query.where(~CameraNameRow.carried_out)
        with self._database.reading() as session:
            return {row.was: row.name for row in session.scalars(query)}

    def also(self, cameras: Sequence[str]) -> tuple[str, ...]:
        """These names, and the former ones of the same cameras."""
        query = select(CameraNameRow.was).where(CameraNameRow.name.in_(cameras))
        with self._database.reading() as session:
            return (*cameras, *session.scalars(query))

    def rename(self, camera: str, name: str) -> None:
        """Give a camera another name, all at once; what the frame store holds has to follow.

        Users and saved searches keep their cameras by the new name. The audit log tells what was,
        and stays. Raises UsageError if there is no such camera, or another has or had the name.
        """
        with self._database.writing() as session:
            if session.get(CameraRow, camera) is None:
                raise UsageError(f"There is no camera named {camera!r} that has recordings.")
            _check_is_free(session, camera, name)
            session.add(CameraRow(name=name))
            session.flush()
            for column in (RecordingRow.camera, SavedScoreRow.camera, HitRow.camera):
                session.execute(update(column.class_).where(column == camera).values(camera=name))
            session.execute(delete(CameraRow).where(CameraRow.name == camera))
            for row in session.scalars(select(UserRow)):
                row.cameras = _replaced(row.cameras, camera, name)
            for search in session.scalars(select(SavedSearchRow)):
                search.cameras = _replaced(search.cameras, camera, name)
            _move_settings(session, camera, name)
            _lead_on(session, camera, name)

    def note_carried_out(self, was: str, name: str) -> None:
        """Note that no frame has the former name any more."""
        with self._database.writing() as session:
            session.execute(
                update(CameraNameRow)
                .where(CameraNameRow.was == was, CameraNameRow.name == name)
                .values(carried_out=True)
            )


def _check_is_free(session: Session, camera: str, name: str) -> None:
    """Raise UsageError if anything that is not this camera's goes by the name.

    Also if its camera is gone: a user who was given it would see the renamed one.
    """
    row = session.get(CameraNameRow, name)
    if row is not None and row.name == camera:
        return  # the camera had it before
    given = [
        *session.scalars(select(UserRow.cameras)),
        *session.scalars(select(SavedSearchRow.cameras)),
    ]
    is_taken = (
        row is not None
        or any(name in cameras for cameras in given)
        or any(
            session.scalar(select(exists().where(column == name)))
            for column in (CameraRow.name, HitRow.camera, SavedScoreRow.camera)
        )
    )
    if is_taken:
        raise UsageError(
            f"{name!r} is the name of another camera, or was, or a user or a saved search was given"
            " it; choose another name."
        )


def _replaced(cameras: Iterable[str], was: str, name: str) -> list[str]:
    return [name if camera == was else camera for camera in cameras]


def _move_settings(session: Session, camera: str, name: str) -> None:
    row = session.get(CameraSettingRow, camera)
    if row is not None:
        session.merge(CameraSettingRow(camera=name, settings=row.settings))
        session.delete(row)


def _lead_on(session: Session, camera: str, name: str) -> None:
    """Let this name and all former ones lead to the new name, which is no former one any more."""
    session.execute(delete(CameraNameRow).where(CameraNameRow.was == name))
    session.execute(
        update(CameraNameRow)
        .where(CameraNameRow.name == camera)
        .values(name=name, carried_out=False)
    )
    session.add(CameraNameRow(was=camera, name=name, carried_out=False))
