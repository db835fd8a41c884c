"""Settings of cameras that were made on the page or by a command, beside those of the settings."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from mmrag_video.catalog.database import Database
from mmrag_video.catalog.work_schema import CameraSettingRow
from mmrag_video.settings import CameraSettings


class CameraSettingTable:
    """Those in one catalog. Every method raises CatalogError if the file cannot be used.

    A camera whose settings were all taken back stays here with none: whoever applies them to known
    recordings has to see that they are gone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, CameraSettings]:
        """By camera; the fields that were set are the `model_fields_set` of each."""
        with self._database.reading() as session:
            rows = session.scalars(select(CameraSettingRow).order_by(CameraSettingRow.camera))
            return {row.camera: CameraSettings.model_validate(row.settings) for row in rows}

    def change(self, camera: str, values: Mapping[str, Any]) -> None:
        """Set these fields of a camera, as JSON has them; None takes one back."""
        with self._database.writing() as session:
            row = session.get(CameraSettingRow, camera)
            known = {} if row is None else row.settings
            changed = {
                name: value for name, value in {**known, **values}.items() if value is not None
            }
            session.merge(CameraSettingRow(camera=camera, settings=changed))
